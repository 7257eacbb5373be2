"""What an operator does to the sync from a shell: compare now, look ahead, confirm."""

import asyncio
from collections.abc import Callable, Sequence
from typing import LiteralString
from uuid import UUID, uuid4

import structlog
from psycopg.rows import tuple_row

from ringfence.clouds.placement import Placement, placement_of
from ringfence.clouds.queries import Tenant
from ringfence.database.pool import Database
from ringfence.errors import OperatorError, Unavailable
from ringfence.neutron.port import CloudError, GroupNotFound
from ringfence.security_groups.cloud_state import lifecycle
from ringfence.security_groups.cloud_state.bindings import CONTESTED
from ringfence.security_groups.cloud_state.snapshot import LocalGroup, local_group
from ringfence.security_groups.cloud_state.unreadable import unreadable_groups
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND, State
from ringfence.sync.compare import MassRemovalGuard, mark_hidden_remotes, unreadable_notice
from ringfence.sync.drivers import Clouds, require_own
from ringfence.sync.plan import Changes, plan, rule_from_cloud
from ringfence.sync.pull import missing_groups, pull_tenant

TENANTS_AT_ONCE = 8
# How many groups of a tenant are named in one line
SHOWN = 3

logger = structlog.get_logger(__name__)

_GROUP: LiteralString = """
SELECT sg.id, sg.tenant_id, tenant.uuid
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
WHERE sg.uuid = %s
"""


async def pull_now(
    database: Database,
    tenants: Sequence[Tenant],
    guard: MassRemovalGuard,
    told: Callable[[str], None],
) -> list[str]:
    """Compare tenants with their clouds, some at once, and tell a line of each.

    Return those that are not wholly compared, each with the reason. It takes no job and needs no
    worker; what it finds out is guarded as a worker's is.
    """
    clouds = Clouds(database)
    at_once = asyncio.Semaphore(TENANTS_AT_ONCE)

    async def pull(tenant: Tenant) -> str:
        async with at_once:
            try:
                done = await pull_tenant(
                    database, clouds, tenant.uuid, requested=False, guard=guard
                )
            except CloudError as error:
                told(f"{tenant.name}: failed: {error}")
                return "failed"
            except Exception as error:
                # No tenant keeps another from its turn.
                reference = uuid4().hex[:12]
                logger.exception("pull_crashed", tenant=tenant.uuid.hex, reference=reference)
                told(f"{tenant.name}: failed: {_reason(error)}, reference {reference}")
                return "failed"
        if "touched" in done:
            said = f"{done['missing']} groups are missing in the cloud at once"
            told(f"{tenant.name}: stopped: {said}; see ringfence sync confirm {tenant.uuid.hex}")
            return "stopped"
        told(f"{tenant.name}: {_counts(done)}")
        return ""

    try:
        reasons = dict(zip(tenants, await asyncio.gather(*map(pull, tenants)), strict=True))
    finally:
        await clouds.close()
    compared = [tenant.id for tenant, reason in reasons.items() if not reason]
    async with database.connection() as connection:
        groups = await unreadable_groups(connection, compared)
    reasons |= {
        tenant: f"rules that cannot be read in {_several(groups[tenant.id])}"
        for tenant in tenants
        if tenant.id in groups
    }
    return [f"{tenant.name} ({reason})" for tenant, reason in reasons.items() if reason]


async def confirm_missing(
    database: Database, tenant: Tenant, *, is_sure: bool
) -> tuple[list[str], int]:
    """Give lines of the groups that the cloud has no more, each asked for directly.

    Where the operator `is_sure`, they are marked as ERRED, and the number of them comes back.
    """
    clouds = Clouds(database)
    try:
        gone = await missing_groups(database, clouds, tenant.uuid)
        lines = [f"{group.name}: {group.uuid.hex}, at Neutron {group.backend_id}" for group in gone]
        if not gone or not is_sure:
            return lines, 0
        done = await pull_tenant(database, clouds, tenant.uuid, requested=False, confirmed=True)
        return lines, done["gone"]
    except CloudError as error:
        raise OperatorError(f"tenant {tenant.name}: {error}") from None
    finally:
        await clouds.close()


async def plan_push(database: Database, named: str) -> list[str]:
    """Say what a push of a group would do now: its cloud is read, and nothing is changed."""
    local, placement = await find_group(database, named)
    async with database.connection() as connection:
        asked = await lifecycle.desired_rules(connection, local.id)
    if asked.deleted_remotes or asked.pending_remotes:
        [named, *_] = (*asked.deleted_remotes, *asked.pending_remotes)
        return [f"nothing: a rule names {named}, not in the cloud"]
    if not local.backend_id:
        _, contested, rest = local.error_message.partition(CONTESTED)
        beside = [f"{contested}{rest}"] if contested else []
        return [*beside, "create the group", *lines_of(plan(asked.rules, ()))]
    clouds = Clouds(database)
    try:
        found = require_own(placement, await clouds.of(placement).get_group(local.backend_id))
    except GroupNotFound:
        return [_missing(local), *lines_of(plan(asked.rules, ()))]
    except CloudError as error:
        raise OperatorError(f"tenant {placement.tenant_name}: {error}") from None
    finally:
        await clouds.close()
    found = mark_hidden_remotes(found, asked.rules)
    lines = lines_of(plan(asked.rules, found.rules))
    if found.unreadable:
        return [unreadable_notice(found), *(lines or ["nothing else: the rest is as desired"])]
    return lines or ["nothing: the cloud has what was asked for"]


async def find_group(database: Database, named: str) -> tuple[LocalGroup, Placement]:
    """Return the group of this uuid, and where its tenant is; raises `OperatorError`."""
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=tuple_row)
        await cursor.execute(_GROUP, [_uuid(named)])
        row = await cursor.fetchone()
        if row is None:
            raise OperatorError(f"there is no security group {named}; name it by its uuid")
        group_id, tenant_id, tenant = row
        local = await local_group(connection, tenant_id, group_id)
        placement = await placement_of(connection, tenant)
    assert placement is not None  # noqa: S101 - a group has a tenant
    return local, placement


def _missing(local: LocalGroup) -> str:
    is_marked = local.state is State.ERRED and local.error_message in {NOT_FOUND, DEFAULT_NOT_FOUND}
    now = "create the group" if is_marked else "nothing yet: a pull marks the group as not found"
    return f"{now}. {GROUP_RECREATED}"


def lines_of(changes: Changes) -> list[str]:
    """Write a plan, one line a rule, in the order of its calls."""
    return [
        *(f"- {_words(rule_from_cloud(rule))}" for rule in changes.remove_before),
        *(f"+ {_words(rule_from_cloud(rule))}" for rule in changes.add),
        *(f"- {_words(rule_from_cloud(rule))}" for rule in changes.remove_after),
    ]


def _words(rule: Rule) -> str:
    ports = "" if rule.from_port is None else f" {rule.from_port}-{rule.to_port}"
    way = "from" if rule.direction == "ingress" else "to"
    protocol = rule.protocol or "any"
    return f"{rule.direction} {rule.ethertype} {protocol}{ports} {way} {_end(rule)}"


def _end(rule: Rule) -> str:
    """Return a rule's remote end in words; one without a name is still an end."""
    if rule.remote_group is not None:
        return f"group {rule.remote_group or 'without a name'}"
    if rule.remote_address_group is not None:
        return f"address group {rule.remote_address_group or 'without a name'}"
    return rule.cidr or "anywhere"


def _reason(error: Exception) -> str:
    return "the database is away" if isinstance(error, Unavailable) else "internal error"


def _several(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _counts(done: object) -> str:
    counts = dict(done) if isinstance(done, dict) else {}
    said = [f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if number]
    return ", ".join(said) or "equal"


def _uuid(text: str) -> UUID:
    try:
        return UUID(hex=text)
    except ValueError:
        raise OperatorError(f"{text} is no uuid of a security group") from None
