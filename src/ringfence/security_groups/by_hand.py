"""Settling a group by hand: staff say that it is OK, or that it has failed, whatever its state.

The cloud is not asked, and what is asked for stays as it is. A job that is in flight finds its
group at rest and leaves it so (see `outcomes`); `version` and `applied_version` stay too, so what
never reached the cloud still counts as outstanding, and no pull takes it away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

from ringfence.access.permissions import Actor
from ringfence.database.pool import Database
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.http.fields import Field, Text, clean_fields
from ringfence.security_groups import queries
from ringfence.security_groups.preconditions import NONE, Preconditions
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.states import State
from ringfence.text.json_value import Json

ERROR_FIELDS: Mapping[str, Field] = {
    "error_message": Text(max_length=10_000, blank=True),
    "error_traceback": Text(max_length=100_000, blank=True),
}

# `modified` moves: a comparison that looked before leaves the group alone.
_SETTLE: LiteralString = """
UPDATE security_groups
SET
    state = %(state)s,
    error_message = %(error_message)s,
    error_traceback = %(error_traceback)s,
    creation_ended = CASE WHEN backend_id = '' THEN coalesce(creation_ended, now()) END,
    modified = now()
WHERE id = %(id)s
"""


async def set_ok(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    preconditions: Preconditions = NONE,
) -> None:
    """Take the group for OK and clear what was said of its failure."""
    await _settle(database, actor, group, _Settled(State.OK, {}, preconditions))


async def set_erred(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    body: Json,
    preconditions: Preconditions = NONE,
) -> None:
    """Take the group for failed, with the caller's words for why. Raises `Invalid`."""
    error = clean_fields(body, ERROR_FIELDS)
    await _settle(database, actor, group, _Settled(State.ERRED, error, preconditions))


@dataclass(frozen=True, slots=True)
class _Settled:
    state: State
    error: Mapping[str, str]
    preconditions: Preconditions


async def _settle(
    database: Database, actor: Actor, group: SecurityGroup, settled: _Settled
) -> None:
    state, error = settled.state, settled.error
    errors = {name: error.get(name, "") for name in ERROR_FIELDS}
    async with database.transaction() as connection:
        current = await queries.lock_in_tenant(connection, group)
        settled.preconditions.require_version(current)
        await connection.execute(_SETTLE, {"id": current.id, "state": state, **errors})
        await record(
            connection,
            Event(
                EventType.GROUP_SET_OK if state is State.OK else EventType.GROUP_SET_ERRED,
                f"Security group {current.name} has been marked as {state}.",
                actor,
                customer=current.customer_uuid,
                project=current.project_uuid,
                tenant=current.tenant_uuid,
                security_group=current.uuid,
                # The traceback is for staff alone; an event is for all who see the group.
                context={"from": current.state, "error_message": errors["error_message"]},
            ),
        )
        await documents.refresh(connection, documents.GROUPS, [current.id])
