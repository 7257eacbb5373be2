"""Set the groups of a port, or of all ports of an instance.

One command is one transaction: the change, its events, and a job for each port that changes. The
routes have checked that the actor may see and change the object; the ports are read again here,
locked. `sync/port_push.py` carries the jobs out.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import LiteralString

from ringfence.access.permissions import Actor
from ringfence.access.scope import Scope
from ringfence.database.outbox import defer_for_port
from ringfence.database.pool import Connection, Database
from ringfence.errors import Conflict, Invalid, Message, PreconditionFailed
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType
from ringfence.http.preconditions import ANY
from ringfence.ports import queries
from ringfence.ports.group_changes import PortChange, change_of
from ringfence.ports.port_events import names_of, target_event
from ringfence.ports.port_traffic import GroupRules, rules_of_groups
from ringfence.ports.queries import NETWORK_OWNER, KnownGroup, Port, Target
from ringfence.ports.schemas import FIELD, clean_groups, in_entry
from ringfence.ports.states import PortState, require_at_rest, step
from ringfence.security_groups.schemas import NO_SUCH_OBJECT
from ringfence.text.json_value import Json

_SCHEDULE: LiteralString = """
UPDATE cloud_ports
SET
    state = %(state)s,
    base_security_group_ids = %(base)s,
    desired_security_group_ids = %(desired)s,
    error_message = '',
    modified = now()
WHERE id = %(id)s
"""

# The version in a tag. The suffix distinguishes documents that show one version differently.
_VERSION = re.compile(r'"v([0-9]{1,19})(?:\.[^"]*)?"')

_PORT_SECURITY_OFF = Message(
    "Port security is disabled, so the cloud refuses groups.",
    "Enable port security in OpenStack first; until then the port admits everything.",
)
_OF_THE_NETWORK = Message(
    "The port belongs to the network itself, and the cloud applies no groups to it.",
    "Set the groups of the ports of instances.",
)
_BOTH_KINDS = Message(
    "The cloud refuses stateful and stateless groups on one port.",
    "Name groups of one kind: `stateful` in OpenStack shows which it is.",
)


@dataclass(frozen=True, slots=True)
class GroupsPlan:
    """What a request changes: its ports, and those that take no groups."""

    target: Target
    named: Sequence[KnownGroup]
    known: Mapping[str, KnownGroup]
    changes: Sequence[PortChange]
    skipped: Sequence[Port]
    # Loaded for a plan that is shown
    rules: GroupRules = field(default_factory=GroupRules)

    @property
    def kept(self) -> list[str]:
        """Return the ids of the groups that stay because the actor cannot name them."""
        return sorted({group for change in self.changes for group in change.kept})


async def update_groups(
    database: Database,
    actor: Actor,
    target: Target,
    body: Json,
    tags: Collection[str] | None = None,
) -> GroupsPlan:
    """Set the groups, and return what changes. Ports that have them already get no job.

    Raises `Invalid`, `Conflict`, `PreconditionFailed` and `NotFound`.
    """
    async with database.transaction() as connection:
        plan = await _plan(connection, actor, target, body, tags)
        pending = [change for change in plan.changes if _needs_job(change)]
        for change in pending:
            values = {
                "id": change.port.id,
                "state": step(change.port.state, PortState.UPDATE_SCHEDULED),
                "base": list(change.observed),
                "desired": list(change.desired),
            }
            await connection.execute(_SCHEDULE, values)
            await defer_for_port(connection, change.port.uuid)
        if pending:
            await record_all(connection, list(_events(actor, plan, pending)))
    return plan


async def plan_groups(
    database: Database,
    actor: Actor,
    target: Target,
    body: Json,
    tags: Collection[str] | None = None,
) -> GroupsPlan:
    """Return what `update_groups` would do, and change nothing. Raises the same errors."""
    async with database.transaction() as connection:
        plan = await _plan(connection, actor, target, body, tags)
        rules = await rules_of_groups(connection, plan.changes, plan.known)
    return replace(plan, rules=rules)


def _needs_job(change: PortChange) -> bool:
    # After a failure it is not known what the cloud has: the port is read again.
    return change.port.state is PortState.ERRED or bool(change.added or change.removed)


async def _plan(
    connection: Connection,
    actor: Actor,
    target: Target,
    body: Json,
    tags: Collection[str] | None,
) -> GroupsPlan:
    uuids = clean_groups(body)
    target = await queries.lock(connection, target)
    require_at_rest([port.state for port in target.ports], target.kind.noun)
    _require_version(target, tags)
    skipped = [port for port in target.ports if refusal_of(port)]
    ports = [port for port in target.ports if not refusal_of(port)]
    _require_observed(ports)
    known = await queries.known_groups(connection, Scope.of(actor), target, uuids)
    by_uuid = {group.uuid: group for group in known}
    carried = {group for port in ports for group in port.security_group_ids or ()}
    errors = [
        in_entry(number, message)
        for number, uuid in enumerate(uuids, 1)
        if (message := _error_of(by_uuid.get(uuid), carried))
    ]
    if errors:
        raise Invalid({FIELD: errors})
    named = [by_uuid[uuid] for uuid in uuids]
    if named and not ports:
        raise Invalid({FIELD: [_no_ports(skipped)]})
    by_id = {group.backend_id: group for group in known if group.backend_id}
    changes = [change_of(port, named, by_id) for port in ports]
    for change in changes:
        _require_one_kind(change, by_id)
    return GroupsPlan(target, named, by_id, changes, skipped)


def refusal_of(port: Port) -> Message | None:
    """Return why the cloud takes no groups for a port; None if it does."""
    if port.device_owner.startswith(NETWORK_OWNER):
        return _OF_THE_NETWORK
    return _PORT_SECURITY_OFF if port.port_security_enabled is False else None


def _no_ports(skipped: Sequence[Port]) -> str:
    refused = next(filter(None, map(refusal_of, skipped)), None)
    return refused or "The instance has no ports."


def _error_of(group: KnownGroup | None, carried: Collection[str]) -> str | None:
    """Return why a group cannot be named; None if it can."""
    if group is None or not (group.is_own or group.backend_id in carried):
        return NO_SUCH_OBJECT
    if group.state in {"DELETION_SCHEDULED", "DELETING"}:
        return f"Security group {group.name} is being deleted."
    if not group.backend_id:
        return Message(
            f"Security group {group.name} is not in the cloud yet.",
            "Wait until it is OK. If it is ERRED, its error_message says what to do.",
        )
    return None


def _require_observed(ports: Sequence[Port]) -> None:
    for port in ports:
        if port.security_group_ids is None:
            raise Conflict(
                f"The groups of port {port.shown_name} are not known.",
                hint="Pull the tenant: the cloud is read, and the request can be sent again.",
            )


def _require_one_kind(change: PortChange, known: Mapping[str, KnownGroup]) -> None:
    kinds = {known[group].stateful for group in change.desired if group in known}
    if {True, False} <= kinds and change.added:
        raise Invalid({FIELD: [_BOTH_KINDS]})


def _require_version(target: Target, tags: Collection[str] | None) -> None:
    if tags is None or ANY in tags:
        return
    matches = map(_VERSION.fullmatch, tags)
    if target.version not in {int(match[1]) for match in matches if match}:
        raise PreconditionFailed(
            f"The groups of the {target.kind.noun} are not those of the version in If-Match. "
            "Fetch it again."
        )


def _events(actor: Actor, plan: GroupsPlan, pending: Sequence[PortChange]) -> Iterator[Event]:
    """Yield one event for the request, and one for each job."""
    target = plan.target
    is_port = target.kind is queries.PORT
    added, removed = (
        list(dict.fromkeys(group for change in pending for group in groups))
        for groups in (
            [group for change in pending for group in change.added],
            [group for change in pending for group in change.removed],
        )
    )
    yield target_event(
        target,
        EventType.PORT_GROUPS_CHANGED if is_port else EventType.INSTANCE_GROUPS_CHANGED,
        f"Security groups of {target.kind.noun} {target.name or target.backend_id} have been "
        "changed; the update has been scheduled.",
        {
            target.kind.noun: target.uuid.hex,
            "backend_id": target.backend_id,
            "added": names_of(added, plan.known),
            "removed": names_of(removed, plan.known),
            "kept": plan.kept,
        },
        actor,
        {
            "security_groups": {
                change.port.backend_id: {"from": list(change.observed), "to": list(change.desired)}
                for change in pending
            }
        },
    )
    for change in pending:
        yield target_event(
            target,
            EventType.GROUPS_UPDATE_SCHEDULED,
            f"Update of the security groups of port {change.port.shown_name} has been scheduled.",
            {"port": change.port.uuid.hex, "backend_id": change.port.backend_id},
            actor,
        )
