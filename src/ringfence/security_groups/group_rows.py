"""Inserts the rows of groups. Every statement that inserts a group is in this module.

Rules are in `rule_rows`, versions in `versions`. Each function has the documents of its groups
refreshed before the transaction commits.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.schemas import SettableFields
from ringfence.security_groups.states import State

_COLUMNS: LiteralString = """
uuid, tenant_id, name, description, backend_id, state, error_message, created, modified, version,
applied_version, is_duplicate_name
"""

# Groups of one creation time are listed in the order of their ids, which is that of `position`.
_INSERT: LiteralString = (
    """
INSERT INTO security_groups AS sg ("""
    + _COLUMNS
    + """)
SELECT
    coalesce(entry.uuid, gen_random_uuid()), entry.tenant_id, entry.name, entry.description,
    entry.backend_id, entry.state, entry.error_message, coalesce(entry.created, now()),
    coalesce(entry.modified, now()), entry.version, entry.applied_version, entry.is_duplicate_name
FROM jsonb_to_recordset(%(rows)s) AS entry (
    position integer, uuid uuid, tenant_id bigint, name text, description text, backend_id text,
    state text, error_message text, created timestamptz, modified timestamptz,
    version integer, applied_version integer, is_duplicate_name boolean
)
ORDER BY entry.position
{conflict}
RETURNING sg.id, sg.uuid, sg.name, sg.backend_id
"""
)

# A duplicate keeps the mark until it has a name of its own.
_UPDATE: LiteralString = """
UPDATE security_groups
SET
    is_duplicate_name = is_duplicate_name AND name = %(name)s,
    name = %(name)s,
    description = %(description)s
WHERE id = %(id)s
"""

_SKIP_KNOWN: LiteralString = """
ON CONFLICT (tenant_id, backend_id) WHERE backend_id <> '' DO NOTHING
"""

_UPDATE_KNOWN: LiteralString = """
ON CONFLICT (uuid) DO UPDATE
SET
    name = excluded.name,
    description = excluded.description,
    backend_id = excluded.backend_id,
    state = excluded.state,
    error_message = excluded.error_message,
    error_traceback =
    CASE WHEN sg.error_message = excluded.error_message THEN sg.error_traceback ELSE '' END,
    created = excluded.created,
    modified = excluded.modified,
    version = excluded.version,
    applied_version = excluded.applied_version,
    is_duplicate_name = excluded.is_duplicate_name
"""


# Two groups may swap their names or backend ids.
_PARK_NAMES: LiteralString = """
UPDATE security_groups AS sg SET name = sg.uuid::text, backend_id = ''
FROM jsonb_to_recordset(%(rows)s) AS entry (uuid uuid, name text, backend_id text)
WHERE
    sg.uuid = entry.uuid
    AND (sg.name <> entry.name OR sg.backend_id NOT IN ('', entry.backend_id))
"""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """The columns of a group; a UUID of None is generated, a time of None is now."""

    tenant_id: int
    name: str
    state: str
    uuid: UUID | None = None
    description: str = ""
    backend_id: str = ""
    error_message: str = ""
    created: datetime | None = None
    modified: datetime | None = None
    version: int = 1
    applied_version: int = 0
    is_duplicate_name: bool = False


@dataclass(frozen=True, slots=True)
class InsertedGroup:
    """A group that was inserted, or updated by `upsert_groups`."""

    id: int
    uuid: UUID
    name: str
    backend_id: str


async def insert_group(
    connection: Connection, tenant_id: int, uuid: UUID, fields: SettableFields
) -> int:
    """Insert a group that is to be created in the cloud, and return its id.

    Raises `UniqueViolation` if its name is taken.
    """
    row = GroupRow(tenant_id, state=State.CREATION_SCHEDULED, uuid=uuid, **asdict(fields))
    # A savepoint: a concurrent import of the same name must not abort the transaction.
    async with connection.transaction():
        (group,) = await _insert(connection, [row], "")
    return group.id


async def update_group(connection: Connection, group_id: int, fields: SettableFields) -> None:
    """Update the settable fields of a group; raises `UniqueViolation` if the name is taken."""
    async with connection.transaction():
        await connection.execute(_UPDATE, {"id": group_id, **asdict(fields)})
    documents.refresh_before_commit(connection, [group_id])


async def insert_new_groups(
    connection: Connection, rows: Sequence[GroupRow]
) -> list[InsertedGroup]:
    """Insert groups, and return those whose backend id had no row in the tenant."""
    return await _insert(connection, rows, _SKIP_KNOWN)


async def upsert_groups(connection: Connection, rows: Sequence[GroupRow]) -> list[InsertedGroup]:
    """Insert groups, or update those whose UUID has a row."""
    await connection.execute(_PARK_NAMES, {"rows": recordset(rows)})
    return await _insert(connection, rows, _UPDATE_KNOWN)


async def _insert(
    connection: Connection, rows: Sequence[GroupRow], conflict: LiteralString
) -> list[InsertedGroup]:
    entries = recordset(rows)
    for position, entry in enumerate(entries.obj):
        entry["position"] = position
    statement = _INSERT.replace("{conflict}", conflict)
    cursor = await connection.execute(statement, {"rows": entries})
    groups = [InsertedGroup(*row) for row in await cursor.fetchall()]
    documents.refresh_before_commit(connection, [group.id for group in groups])
    return groups
