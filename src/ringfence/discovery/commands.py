"""Make what a scan found tenants, import their groups, and mark those whose project is gone.

The tenants are loaded as a provisioning document, in one transaction. Then the groups and ports of
each tenant that was never pulled are imported from the scan, a tenant at a time: no request is
sent for them, and an interrupted run is completed by the next one. Tenants that were pulled are
left to their pulls.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from ringfence.clouds.placement import Placement
from ringfence.database.pool import Database
from ringfence.discovery import queries
from ringfence.discovery.found import (
    ExistingTenant,
    Found,
    Ids,
    Selection,
    foreign_projects,
)
from ringfence.discovery.report import Report
from ringfence.discovery.scan import Advance as AdvanceScan
from ringfence.discovery.scan import Scan, scanning
from ringfence.discovery.tenants import provisioning_tree
from ringfence.errors import OperatorError
from ringfence.ports.observations import observation_time
from ringfence.provisioning import summary
from ringfence.provisioning.document import check_document
from ringfence.provisioning.load import load_documents, without_garbage_collection
from ringfence.provisioning.problems import Problems
from ringfence.sync.compare import DEFAULT_GUARD, MassRemovalGuard
from ringfence.sync.ports import store_listed_ports
from ringfence.sync.projects import no_such_project, refuse_tenant
from ringfence.sync.pull import import_listed

# This process parses groups while PostgreSQL stores those of other tenants.
TENANTS_AT_ONCE = 3

logger = structlog.get_logger(__name__)

# Called with the tenants that are done, all of them, and the groups so far
AdvanceImport = Callable[[int, int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a discovery did."""

    report: Report
    loaded: summary.Report
    imported: int
    vanished: Sequence[str]
    # Selected projects whose tenants come from a file or another site
    left: int = 0
    # Why tenants whose project is missing were not marked; empty if they were
    stopped: str = ""

    def lines(self) -> list[str]:
        """Return the outcome as `name: text` lines."""
        lines = [*self.report.lines(), *self.loaded.lines()]
        if self.imported:
            lines.append(f"imported: {self.imported:,} security groups")
        if self.left:
            lines.append(f"left as they are: {self.left:,} tenants that were not discovered")
        lines += [f"gone from the cloud: {name}" for name in self.vanished]
        return [*lines, *([f"warning: {self.stopped}"] if self.stopped else [])]


async def discover(
    database: Database,
    selection: Selection,
    advance_scan: AdvanceScan,
    advance_import: AdvanceImport,
    guard: MassRemovalGuard = DEFAULT_GUARD,
) -> Outcome:
    """Scan the cloud and make its projects tenants; raise `OperatorError`."""
    # Before the scan, which takes minutes in a large cloud
    await queries.existing_cloud(database, selection)
    async with database.connection() as connection:
        taken_at = await observation_time(connection)
    ids = Ids.of(selection.cloud)
    pulled = await queries.pulled_tenants(database, selection)
    async with scanning(
        selection, advance_scan, lambda project: ids.tenant(project) not in pulled
    ) as scan:
        existing = await queries.existing_tenants(database, selection)
        loaded = await load_tenants(database, scan.found, selection, existing)
        imported = await _import_groups(database, scan, selection, taken_at, advance_import)
        vanished, stopped = await _mark_vanished(database, scan, selection, guard)
    others = foreign_projects(existing, ids)
    left = sum(one.project.id in others for one in scan.selected)
    return Outcome(scan.report, loaded, imported, vanished, left, stopped)


async def load_nothing(selection: Selection, advance: AdvanceScan) -> Report:
    """Scan the cloud and return the report only; raise `OperatorError`."""
    async with scanning(selection, advance) as scan:
        return scan.report


async def load_tenants(
    database: Database,
    found: Found,
    selection: Selection,
    existing: Mapping[str, ExistingTenant],
) -> summary.Report:
    """Load the selected projects as tenants; loading them again changes nothing."""
    selection = replace(
        selection, cloud_entry=await queries.cloud_entry(database, found, selection)
    )
    problems = Problems()
    document = check_document(provisioning_tree(found, selection, existing), "", problems)
    problems.check()
    if document is None or not document.customers:
        return summary.Report()
    with without_garbage_collection():
        return await load_documents(database, [("", document)], known_projects=found.project_ids)


async def _import_groups(
    database: Database,
    scan: Scan,
    selection: Selection,
    taken_at: datetime,
    advance: AdvanceImport,
) -> int:
    """Import the groups of the tenants that were never pulled; return how many."""
    ids = Ids.of(selection.cloud)
    uuids = [ids.tenant(one.project.id) for one in scan.selected]
    tenants = await queries.never_pulled(database, uuids)
    done = imported = 0
    slots = asyncio.Semaphore(TENANTS_AT_ONCE)

    async def import_one(placement: Placement) -> None:
        nonlocal done, imported
        async with slots:
            groups = scan.groups_of(placement.project_backend_id)
            counts = await import_listed(database, placement, groups, taken_at)
            if scan.has_ports:
                listed = scan.ports_of(placement.project_backend_id)
                await store_listed_ports(database, placement, listed, scan.floating_ips, taken_at)
        done, imported = done + 1, imported + counts["imported"]
        advance(done, len(tenants), imported)

    try:
        async with asyncio.TaskGroup() as tasks:
            for placement in tenants:
                tasks.create_task(import_one(placement))
    except ExceptionGroup as failed:
        # The others were cancelled; the next run completes them.
        raise failed.exceptions[0] from None
    return imported


async def _mark_vanished(
    database: Database, scan: Scan, selection: Selection, guard: MassRemovalGuard
) -> tuple[list[str], str]:
    """Make tenants ERRED whose project is gone; return them, and why none were marked.

    Each project is looked up directly: a list may be cut short, a single response is not. Nothing
    is removed.
    """
    if not scan.found.is_complete:
        return [], ""
    known = scan.found.project_ids
    tenants = await queries.placements(database, selection)
    missing = [tenant for tenant in tenants if tenant.project_backend_id not in known]
    if guard.stops(len(missing), len(tenants)):
        return [], (
            f"{len(missing)} of {len(tenants)} projects are missing in the cloud at once: "
            "their tenants were not marked"
        )
    vanished = []
    for tenant in missing:
        if await scan.inventory.is_missing(tenant.project_backend_id):
            vanished.append(tenant.tenant_name)
            await _mark(database, tenant)
    return vanished, ""


async def _mark(database: Database, tenant: Placement) -> None:
    if await refuse_tenant(database, tenant, no_such_project(tenant)):
        logger.warning("project_vanished", tenant=tenant.tenant_uuid.hex)


def require_sources(selection: Selection) -> None:
    """Raise `OperatorError` for a selection that contradicts itself."""
    if selection.customer is not None and selection.by_parent:
        raise OperatorError("name a customer, or let the parent projects be customers: not both")
