"""Groups that were never in the cloud although nothing is pending: loaded as `OK`, not pushed.

Every other group without a backend id is in a state that says so: its creation is scheduled, runs
or has failed.
"""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.database.pool import Connection
from ringfence.security_groups.states import State

# The one definition, for statements over `security_groups AS sg`, and the same for a row
IS_NEVER_PUSHED: LiteralString = "(sg.state = 'OK' AND sg.backend_id = '')"


def is_never_pushed(state: State, backend_id: str) -> bool:
    """Return whether a group with these values was never in the cloud, and nothing is pending."""
    return state is State.OK and not backend_id


_GROUPS: LiteralString = (
    """
SELECT sg.uuid, sg.name, tenant.name AS tenant
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
WHERE """
    + IS_NEVER_PUSHED
    + " ORDER BY tenant.name, sg.name, sg.id"
)


@dataclass(frozen=True, slots=True)
class NeverPushedGroup:
    """A group that no push has created in the cloud, with the name of its tenant."""

    uuid: UUID
    name: str
    tenant: str


async def never_pushed_groups(connection: Connection) -> list[NeverPushedGroup]:
    """Return all of them, by tenant and name."""
    cursor = connection.cursor(row_factory=class_row(NeverPushedGroup))
    await cursor.execute(_GROUPS)
    return await cursor.fetchall()
