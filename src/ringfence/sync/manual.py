"""Commands of `ringfence sync`: pull now, find a group, confirm missing groups."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import LiteralString
from uuid import uuid4

import structlog
from psycopg.rows import tuple_row

from ringfence.clouds.placement import Placement, placement_of
from ringfence.clouds.queries import Tenant
from ringfence.database.pool import Database
from ringfence.errors import OperatorError, Unavailable
from ringfence.neutron.port import CloudError
from ringfence.security_groups.cloud_state.snapshot import LocalGroup, local_group
from ringfence.security_groups.cloud_state.unreadable import unreadable_groups
from ringfence.sync.compare import MassRemovalGuard
from ringfence.sync.drivers import Clouds
from ringfence.sync.pull import missing_groups, pull_tenant
from ringfence.sync.status import find_tenant
from ringfence.text.uuids import parse_uuid

TENANTS_AT_ONCE = 8
# How many groups of a tenant a line names
SHOWN = 3
# How many groups of one name an error names
MOST_CANDIDATES = 10

logger = structlog.get_logger(__name__)

_GROUPS: LiteralString = """
SELECT sg.id, sg.tenant_id, tenant.uuid, sg.uuid, tenant.name
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
WHERE
    (sg.name = %(name)s OR sg.uuid = %(uuid)s)
    AND (%(tenant)s::bigint IS NULL OR tenant.id = %(tenant)s)
ORDER BY sg.uuid = %(uuid)s DESC, tenant.name, sg.uuid
LIMIT 11
"""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What became of the pull of a tenant; `reason` says why it is not complete, if it is not."""

    tenant: Tenant
    line: str
    reason: str = ""

    def row(self) -> dict[str, object]:
        """Return the result as a row of a list."""
        return {
            "tenant": self.tenant.name,
            "uuid": self.tenant.uuid,
            "complete": not self.reason,
            "reason": self.reason,
            "result": self.line,
        }


async def pull_now(
    database: Database,
    tenants: Sequence[Tenant],
    guard: MassRemovalGuard,
    report: Callable[[str], None],
) -> list[Pulled]:
    """Pull tenants, some at once, and pass a line about each to `report`.

    It needs no worker and queues no job; what it writes is guarded as in a worker.
    """
    clouds = Clouds(database)
    slots = asyncio.Semaphore(TENANTS_AT_ONCE)

    async def pull(tenant: Tenant) -> Pulled:
        async with slots:
            reason, line = await _pull_one(database, clouds, tenant, guard)
        report(f"{tenant.name}: {line}")
        return Pulled(tenant, line, reason)

    try:
        results = await asyncio.gather(*map(pull, tenants))
    finally:
        await clouds.close()
    complete = [result.tenant.id for result in results if not result.reason]
    async with database.connection() as connection:
        groups = await unreadable_groups(connection, complete)
    return [
        replace(result, reason=f"rules that cannot be read in {_names(groups[result.tenant.id])}")
        if result.tenant.id in groups
        else result
        for result in results
    ]


def incomplete(results: Sequence[Pulled]) -> list[str]:
    """Return the tenants that were not pulled completely, each with the reason."""
    return [f"{each.tenant.name} ({each.reason})" for each in results if each.reason]


async def _pull_one(
    database: Database, clouds: Clouds, tenant: Tenant, guard: MassRemovalGuard
) -> tuple[str, str]:
    """Return why the tenant was not pulled, empty if it was, and the line to report."""
    try:
        counts = await pull_tenant(database, clouds, tenant.uuid, requested=False, guard=guard)
    except CloudError as error:
        return "failed", f"failed: {error}"
    except Exception as error:
        # One tenant's failure does not stop the others.
        reference = uuid4().hex[:12]
        logger.exception("pull_crashed", tenant=tenant.uuid.hex, reference=reference)
        return "failed", f"failed: {_reason(error)}, reference {reference}"
    if "touched" in counts:
        return "stopped", (
            f"stopped: {counts['missing']} groups are missing in the cloud at once; "
            f"run ringfence sync confirm {tenant.uuid.hex}"
        )
    return "", _counts_text(counts)


async def confirm_missing(
    database: Database, tenant: Tenant, *, confirmed: bool
) -> tuple[list[dict[str, object]], int]:
    """Return each group that the cloud does not have, and how many were marked ERRED.

    Each is requested from the cloud directly; they are marked only if the operator `confirmed` it.
    """
    clouds = Clouds(database)
    try:
        missing = await missing_groups(database, clouds, tenant.uuid)
        rows: list[dict[str, object]] = [
            {"name": group.name, "uuid": group.uuid, "backend_id": group.backend_id}
            for group in missing
        ]
        if not missing or not confirmed:
            return rows, 0
        done = await pull_tenant(database, clouds, tenant.uuid, requested=False, confirmed=True)
        return rows, done["missing"]
    except CloudError as error:
        raise OperatorError(f"tenant {tenant.name}: {error}") from None
    finally:
        await clouds.close()


async def find_group(
    database: Database, named: str, tenant: str | None = None
) -> tuple[LocalGroup, Placement]:
    """Return the group of this name or UUID, and the placement of its tenant.

    Raises `OperatorError`; it names the candidates if there are several.
    """
    within = None if tenant is None else await find_tenant(database, tenant)
    uuid = parse_uuid(named)
    values = {"name": named, "uuid": uuid, "tenant": within and within.id}
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=tuple_row)
        rows = await (await cursor.execute(_GROUPS, values)).fetchall()
        if not rows:
            where = f" in tenant {within.name}" if within else ""
            raise OperatorError(
                f"there is no security group {named}{where}; ringfence group list shows all"
            )
        group_id, tenant_id, tenant_uuid, found, _ = rows[0]
        if found != uuid and len(rows) > 1:
            shown = [f"{each.hex} ({name})" for *_, each, name in rows[:MOST_CANDIDATES]]
            way = "by UUID" if within else "with --tenant or by UUID"
            more = ", and more" if len(rows) > MOST_CANDIDATES else ""
            raise OperatorError(
                f"several security groups are named {named}; say which {way}: "
                f"{', '.join(shown)}{more}"
            )
        local = await local_group(connection, tenant_id, group_id)
        placement = await placement_of(connection, tenant_uuid)
    assert placement is not None  # noqa: S101 - a group has a tenant
    return local, placement


def _reason(error: Exception) -> str:
    return "the database is not available" if isinstance(error, Unavailable) else "internal error"


def _names(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _counts_text(counts: Mapping[str, int]) -> str:
    parts = [f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if number]
    return ", ".join(parts) or "no changes"
