"""Which group in the cloud a row is: bound to an id, or left to an operator to decide.

A row is bound where evidence says so (see `sync.identity`), or an operator does. A group that
changed here since it was looked at is left alone, as in `adoptions`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from ringfence.access.permissions import Actor
from ringfence.clouds import queries as tenants
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.events.commands import record, record_all
from ringfence.events.types import Event, EventType
from ringfence.security_groups.cloud_state.refresh import lock_unchanged
from ringfence.security_groups.cloud_state.snapshot import LocalGroup
from ringfence.security_groups.events import group_event
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rule_rows import resolve_remote_groups
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND, State
from ringfence.security_groups.transaction_steps import delete_group

# Begins what a group says whose name is in the cloud without proof that it is this group.
CONTESTED: LiteralString = "In the cloud there is another group of this name"
SHOWN_IDS = 3
_OTHERWISE: LiteralString = (
    "; otherwise roll this group back to its present version, which creates it beside the other "
    "one (rename it before, which takes contract 2026-10), or delete it here, which deletes "
    "nothing in the cloud."
)

_ATTACH: LiteralString = """
UPDATE security_groups
SET
    backend_id = %(backend_id)s,
    creation_started = NULL,
    creation_ended = NULL,
    -- It is found again.
    state = CASE WHEN error_message = ANY(%(not_found)s) THEN 'OK' ELSE state END,
    error_message = CASE WHEN error_message <> ALL(%(not_found)s) THEN error_message ELSE '' END,
    modified = now()
WHERE id = %(id)s AND backend_id = %(from)s AND state IN ('OK', 'ERRED')
RETURNING id
"""

_BIND: LiteralString = """
UPDATE security_groups
SET
    backend_id = %(backend_id)s,
    creation_started = NULL,
    creation_ended = NULL,
    state = %(state)s,
    error_message = %(message)s,
    error_traceback = '',
    applied_version = CASE WHEN %(is_equal)s THEN version ELSE applied_version END,
    modified = now()
WHERE id = %(id)s
"""

_SAY: LiteralString = """
UPDATE security_groups AS sg
SET state = said.state, error_message = said.message, modified = now()
FROM jsonb_to_recordset(%(said)s) AS said (id bigint, state text, message text)
WHERE sg.id = said.id
"""

# The row that a pull made of a group, and whether anybody ever asked for anything of it
_HOLDER: LiteralString = """
SELECT
    sg.id,
    sg.uuid,
    sg.name,
    sg.state IN ('OK', 'ERRED')
    AND NOT EXISTS (
        SELECT 1 FROM security_group_versions AS version
        WHERE version.security_group_id = sg.id AND version.cause <> 'pull'
    ) AS is_import
FROM security_groups AS sg
WHERE sg.tenant_id = %(tenant)s AND sg.backend_id = %(backend_id)s
FOR UPDATE OF sg
"""

_REFERRING: LiteralString = """
SELECT DISTINCT rule.security_group_id FROM security_group_rules AS rule
WHERE rule.remote_group_id = %s
"""


@dataclass(frozen=True, slots=True)
class Contested:
    """A group at rest without backend id, and the cloud's groups of its name; none: any more."""

    local: LocalGroup
    namesakes: tuple[str, ...]

    @property
    def reason(self) -> str:
        """What the group says besides."""
        return self.local.error_message.partition(CONTESTED)[0].strip()

    @property
    def message(self) -> str:
        """What the group is to say."""
        if not self.namesakes:
            return self.reason
        ids = ", ".join(self.namesakes[:SHOWN_IDS])
        if len(self.namesakes) > SHOWN_IDS:
            ids += f" and {len(self.namesakes) - SHOWN_IDS} more"
        decide = (
            f"{CONTESTED} ({ids}), and nothing proves that it is this one: nothing is changed. "
            f"An operator decides: ringfence sync adopt {self.local.uuid.hex} BACKEND_ID takes it "
            "for this group"
        )
        # Nobody creates, renames or deletes a `default` group.
        decide += "." if self.local.name == DEFAULT_NAME else _OTHERWISE
        return f"{self.reason} {decide}".strip()

    @property
    def state(self) -> State:
        """The state in which it is to be."""
        return State.ERRED if self.message else State.OK

    @property
    def is_news(self) -> bool:
        """Whether the group says something else until now."""
        was_contested = CONTESTED in self.local.error_message
        return bool(self.namesakes or was_contested) and self.message != self.local.error_message


@dataclass(frozen=True, slots=True)
class Binding:
    """A row that becomes the cloud's group `backend_id`; `difference` of None: they are equal."""

    local: LocalGroup
    backend_id: str
    difference: Mapping[str, Any] | None
    state: State
    message: str


async def attach(connection: Connection, placement: Placement, local: LocalGroup, to: str) -> bool:
    """Bind a group to the cloud's `to` by evidence; return whether that still fits.

    The group has no backend id, or is a `default` one that Neutron made anew.
    """
    await tenants.lock(connection, placement.tenant_id)
    values = {
        "id": local.id,
        "backend_id": to,
        "from": local.backend_id,
        "not_found": [NOT_FOUND, DEFAULT_NOT_FOUND],
    }
    cursor = await connection.execute(_ATTACH, values)
    if await cursor.fetchone() is None:
        return False
    said = (
        f"Security group {local.name} is the cloud's group {to} from now on: all evidence says "
        "that it came of its creation, or is the project's default group."
    )
    context = {"backend_id": to, "from": local.backend_id, "merged": None, "difference": None}
    await record(
        connection, group_event(placement, local.uuid, EventType.GROUP_BOUND, said, context)
    )
    await _resolve(connection, local.id)
    return True


async def contest(
    connection: Connection, placement: Placement, contested: Sequence[Contested]
) -> int:
    """Say of groups what an operator has to decide, or no more; return of how many it is news."""
    await tenants.lock(connection, placement.tenant_id)
    still = await lock_unchanged(connection, [one.local for one in contested])
    said = [one for one in contested if one.local.id in still]
    if not said:
        return 0
    rows = [{"id": one.local.id, "state": one.state, "message": one.message} for one in said]
    await connection.execute(_SAY, {"said": recordset(rows)})
    told = [one for one in said if one.namesakes]
    await record_all(connection, [_told(placement, one) for one in told])
    documents.refresh_before_commit(connection, [one.local.id for one in said])
    return len(told)


@dataclass(frozen=True, slots=True)
class Holder:
    """The row that has a group in the cloud; `is_import`: nobody ever asked anything of it."""

    id: int
    uuid: UUID
    name: str
    is_import: bool


async def holder_of(connection: Connection, tenant_id: int, backend_id: str) -> Holder | None:
    """Lock and return the tenant's row that has the backend id."""
    cursor = await connection.execute(_HOLDER, {"tenant": tenant_id, "backend_id": backend_id})
    row = await cursor.fetchone()
    return Holder(*row) if row else None


async def bind(
    connection: Connection,
    placement: Placement,
    binding: Binding,
    merged: Holder | None,
    actor: Actor | None = None,
) -> None:
    """Bind a group to an id; `merged`, the row that an import made of it, goes.

    Rules of other groups that named that row name this one from now on. The caller holds the
    tenant, and has checked that the group did not change.
    """
    local = binding.local
    touched: list[int] = [] if merged is None else await delete_group(connection, merged.id)
    values = {
        "id": local.id,
        "backend_id": binding.backend_id,
        "state": binding.state,
        "message": binding.message,
        "is_equal": binding.difference is None,
    }
    await connection.execute(_BIND, values)
    said = f"Security group {local.name} is the cloud's group {binding.backend_id} from now on."
    context = {
        "backend_id": binding.backend_id,
        "from": local.backend_id,
        "merged": merged and merged.uuid.hex,
        "difference": binding.difference,
    }
    event = group_event(placement, local.uuid, EventType.GROUP_BOUND, said, context, actor)
    await record(connection, event)
    await _resolve(connection, local.id, *touched)


async def _resolve(connection: Connection, group_id: int, *touched: int) -> None:
    """Let rules that name the group's backend id name the group; render what shows it."""
    await resolve_remote_groups(connection, [group_id])
    cursor = await connection.execute(_REFERRING, [group_id])
    referring = {row[0] for row in await cursor.fetchall()}
    documents.refresh_before_commit(connection, sorted({group_id, *touched, *referring}))


def _told(placement: Placement, contested: Contested) -> Event:
    local = contested.local
    said = f"Security group {local.name} is not known to be any of the cloud's groups of this name."
    context = {"namesakes": list(contested.namesakes)}
    return group_event(placement, local.uuid, EventType.GROUP_NAME_CONTESTED, said, context)
