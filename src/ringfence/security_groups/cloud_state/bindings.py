"""Binds rows to groups in the cloud, or marks rows that an operator has to bind.

Evidence binds a row (see `sync.binding.evidence`), or an operator does. A group that changed here
since the pull read it is left alone, as in `refresh`.
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
from ringfence.security_groups.group_events import group_event
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rule_rows import resolve_remote_groups
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND, State
from ringfence.security_groups.transaction_steps import delete_group

# Begins the error of a group whose name is in the cloud, without proof that it is this group.
CONTESTED: LiteralString = "A group of this name exists in the cloud"
MAX_IDS = 3
_ALTERNATIVES: LiteralString = (
    ". Otherwise roll this group back to its present version, which creates it beside the other "
    "one (to rename it first, use contract 2026-10), or delete it here, which deletes nothing in "
    "the cloud."
)

_ATTACH: LiteralString = """
UPDATE security_groups
SET
    backend_id = %(backend_id)s,
    creation_started = NULL,
    creation_ended = NULL,
    -- The group is in the cloud again.
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

_MARK_CONTESTED: LiteralString = """
UPDATE security_groups AS sg
SET state = contested.state, error_message = contested.message, modified = now()
FROM jsonb_to_recordset(%(contested)s) AS contested (id bigint, state text, message text)
WHERE sg.id = contested.id
"""

# The row with a backend id, and whether it was only ever imported and pulled
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
    """An OK or ERRED group without a backend id, and the ids of groups of its name in the cloud.

    Without ids, the group is not contested any more.
    """

    local: LocalGroup
    candidates: tuple[str, ...]

    @property
    def reason(self) -> str:
        """The other part of the group's error."""
        return self.local.error_message.partition(CONTESTED)[0].strip()

    @property
    def message(self) -> str:
        """The new error of the group."""
        if not self.candidates:
            return self.reason
        ids = ", ".join(self.candidates[:MAX_IDS])
        if len(self.candidates) > MAX_IDS:
            ids += f" and {len(self.candidates) - MAX_IDS} more"
        advice = (
            f"{CONTESTED} ({ids}), but nothing proves that it is this one, so nothing is changed. "
            f"To bind this group to it, run: ringfence sync adopt {self.local.uuid.hex} BACKEND_ID"
        )
        # A `default` group cannot be created, renamed or deleted.
        advice += "." if self.local.name == DEFAULT_NAME else _ALTERNATIVES
        return f"{self.reason} {advice}".strip()

    @property
    def state(self) -> State:
        """The new state of the group."""
        return State.ERRED if self.message else State.OK

    @property
    def is_change(self) -> bool:
        """Whether the group has another error now."""
        was_contested = CONTESTED in self.local.error_message
        return bool(self.candidates or was_contested) and self.message != self.local.error_message


@dataclass(frozen=True, slots=True)
class Binding:
    """A row to bind to a group in the cloud; `difference` is None if they are equal."""

    local: LocalGroup
    backend_id: str
    difference: Mapping[str, Any] | None
    state: State
    message: str


async def attach(connection: Connection, placement: Placement, local: LocalGroup, to: str) -> bool:
    """Bind a group by evidence to `to`, a group in the cloud; return whether it was unchanged.

    The group has no backend id, or is a `default` group that Neutron created again.
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
    message = (
        f"Security group {local.name} has been bound to group {to} in the cloud: evidence proves "
        "that it was created for this group, or is the default group of the project."
    )
    context = {"backend_id": to, "from": local.backend_id, "merged": None, "difference": None}
    await record(
        connection, group_event(placement, local.uuid, EventType.GROUP_BOUND, message, context)
    )
    await _resolve(connection, local.id)
    return True


async def mark_contested(
    connection: Connection, placement: Placement, contested: Sequence[Contested]
) -> int:
    """Mark groups that an operator has to bind, unmark others; return how many are marked."""
    await tenants.lock(connection, placement.tenant_id)
    ids = await lock_unchanged(connection, [each.local for each in contested])
    unchanged = [each for each in contested if each.local.id in ids]
    if not unchanged:
        return 0
    rows = [
        {"id": each.local.id, "state": each.state, "message": each.message} for each in unchanged
    ]
    await connection.execute(_MARK_CONTESTED, {"contested": recordset(rows)})
    marked = [each for each in unchanged if each.candidates]
    await record_all(connection, [_contested_event(placement, each) for each in marked])
    documents.refresh_before_commit(connection, [each.local.id for each in unchanged])
    return len(marked)


@dataclass(frozen=True, slots=True)
class Holder:
    """The row that is bound to a group in the cloud; `is_import` if it was only ever imported."""

    id: int
    uuid: UUID
    name: str
    is_import: bool


async def lock_holder(connection: Connection, tenant_id: int, backend_id: str) -> Holder | None:
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
    """Bind a group to a backend id, and delete `merged`, the row that an import created for it.

    Rules of other groups that reference that row reference this one afterwards. The tenant must be
    locked, and the group unchanged.
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
    message = (
        f"Security group {local.name} has been bound to group {binding.backend_id} in the cloud."
    )
    context = {
        "backend_id": binding.backend_id,
        "from": local.backend_id,
        "merged": merged and merged.uuid.hex,
        "difference": binding.difference,
    }
    event = group_event(placement, local.uuid, EventType.GROUP_BOUND, message, context, actor)
    await record(connection, event)
    await _resolve(connection, local.id, *touched)


async def _resolve(connection: Connection, group_id: int, *touched: int) -> None:
    """Resolve rules that name the group by its backend id, and refresh the documents of all."""
    await resolve_remote_groups(connection, [group_id])
    cursor = await connection.execute(_REFERRING, [group_id])
    referring = {row[0] for row in await cursor.fetchall()}
    documents.refresh_before_commit(connection, sorted({group_id, *touched, *referring}))


def _contested_event(placement: Placement, contested: Contested) -> Event:
    local = contested.local
    message = (
        f"Security group {local.name} may be one of the groups of this name in the cloud, but "
        "nothing proves it."
    )
    context = {"namesakes": list(contested.candidates)}
    return group_event(placement, local.uuid, EventType.GROUP_NAME_CONTESTED, message, context)
