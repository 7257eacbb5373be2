"""`ringfence load`: read files, match existing rows, write changes; all or nothing.

`document` reads the files, `entries` and `matching` merge and match what they name, `desired` and
`groups` compute the desired rows, and this module stores those that are new or changed.
"""

import gc
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
import structlog

from ringfence.clouds.commands import store_clouds, store_quotas, store_tenants
from ringfence.clouds.drift_modes import store_default_modes
from ringfence.clouds.marketplace import store_references
from ringfence.database.connect import one_line
from ringfence.database.pool import Connection, Database
from ringfence.errors import Deadlocked, OperatorError
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.organisations.commands import store_customers, store_projects
from ringfence.provisioning.cloud_entries import find_same_projects
from ringfence.provisioning.desired import Desired, changed_rows, check_token_owners, desired_rows
from ringfence.provisioning.document import read_documents
from ringfence.provisioning.entries import Kinds, collect
from ringfence.provisioning.existing_rows import match_existing
from ringfence.provisioning.groups import DesiredGroup, change, check_not_opened, desired_groups
from ringfence.provisioning.moves import AllowedMoves, apply_moves, find_moves
from ringfence.provisioning.problems import Problems
from ringfence.provisioning.project_checks import Findings, check_projects
from ringfence.provisioning.schema import Document
from ringfence.provisioning.summary import Report
from ringfence.security_groups.bulk_load import existing_rules, store_groups
from ringfence.security_groups.read_model import documents
from ringfence.users.commands import grant_roles, store_tokens, store_users, token_owners

logger = structlog.get_logger(__name__)

# Concurrent loads wait for each other; the number only has to be unique.
_LOCK: LiteralString = "SELECT pg_advisory_xact_lock(7264617620260001)"

# Errors that a concurrent change can cause
_CONCURRENT_CHANGES = (psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation)
# Rows of these contain digests of secrets.
_SECRET_TABLES = frozenset({"users", "tokens"})
_CHANGED_MEANWHILE = "the database changed while the files were loaded: load them again"


async def load_files(
    database: Database, paths: Sequence[Path], *, moves: Collection[str] = ()
) -> Report:
    """Load the files in one transaction; loading them again changes nothing.

    `moves` are names and UUIDs of tenants that may become another project in the cloud. Raises
    `OperatorError` with a line for each problem, and then stores nothing.
    """
    with without_garbage_collection():
        report = await load_documents(database, read_documents(paths), moves=moves)
    logger.info("loaded", files=len(paths), changed=not report.nothing_changed)
    return report


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Disable the garbage collector, which takes half of a load and finds no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def load_documents(
    database: Database,
    read: Sequence[tuple[str, Document]],
    then: Callable[[Connection], Awaitable[object]] | None = None,
    *,
    moves: Collection[str] = (),
    known_projects: Collection[str] = (),
) -> Report:
    """Load checked documents in one transaction; `then` writes last in it.

    `known_projects` exist in their cloud: they are not looked up there. Raises `OperatorError` with
    a line for each problem, and then stores nothing. A concurrent change can make the first attempt
    fail; a second one that fails in the same way shows a problem of the files.
    """
    findings = await check_projects(database, read, known_projects)
    findings.same_projects = await find_same_projects(database, read)

    async def attempt() -> Report:
        async with database.transaction() as connection:
            await connection.execute(_LOCK)
            report = await load(connection, read, moves, findings)
            if then is not None:
                await then(connection)
        return report

    try:
        report = await attempt()
    except (*_CONCURRENT_CHANGES, Deadlocked) as first:
        logger.warning("load_retried", reason=_describe(first))
        report = await _retry(attempt, first)
    except psycopg.errors.IntegrityError as error:
        raise OperatorError(_describe(error)) from None
    report.warnings += findings.warnings
    return report


async def _retry(
    attempt: Callable[[], Awaitable[Report]], first: psycopg.Error | Deadlocked
) -> Report:
    try:
        return await attempt()
    except Deadlocked:
        raise OperatorError(_CHANGED_MEANWHILE) from None
    except psycopg.errors.IntegrityError as error:
        refusal = _describe(error)
        is_concurrent = isinstance(error, _CONCURRENT_CHANGES) and refusal != _describe(first)
        raise OperatorError(_CHANGED_MEANWHILE if is_concurrent else refusal) from None


def _describe(error: psycopg.Error | Deadlocked) -> str:
    """Return what the database refused: the table, the constraint and the value."""
    if isinstance(error, Deadlocked):
        return str(error)
    diagnostics = error.diag
    value = diagnostics.column_name or ""
    if isinstance(error, _CONCURRENT_CHANGES) or diagnostics.table_name not in _SECRET_TABLES:
        value = diagnostics.message_detail or value
    detail = f" ({' '.join(value.split())})" if value else ""
    constraint = diagnostics.constraint_name or one_line(error)
    return (
        f"the database refuses what the files state for {diagnostics.table_name}: "
        f"{constraint}{detail}; "
        "correct the files, or report this as a defect"
    )


async def load(
    connection: Connection,
    read: Sequence[tuple[str, Document]],
    moves: Collection[str],
    findings: Findings,
) -> Report:
    """Load checked documents in the open transaction of `connection`."""
    problems = Problems()
    findings.add_to(problems)
    kinds = collect(read, problems)
    problems.check()
    await match_existing(connection, kinds, problems)
    problems.check()
    desired = desired_rows(kinds, problems)
    moved = await find_moves(
        connection, kinds, desired, AllowedMoves(moves, findings.same_projects), problems
    )
    groups = desired_groups(kinds.groups, problems)
    owners = await token_owners(connection, list(desired.tokens))
    check_token_owners(kinds, desired, owners, problems)
    problems.check()
    report = Report()
    await _store_clouds_and_users(connection, kinds, desired, report)
    await _store_organisations(connection, kinds, desired, report)
    await _store_tenants(connection, kinds, desired, report)
    await apply_moves(connection, moved)
    await _store_groups(connection, groups, report)
    if desired.grants:
        granted = await grant_roles(connection, desired.grants)
        report.add("roles", created=granted, changed=0, named=len(desired.grants))
    if not report.nothing_changed:
        await record(connection, _event(report))
    return report


async def _store_clouds_and_users(
    connection: Connection, kinds: Kinds, desired: Desired, report: Report
) -> None:
    clouds, created = changed_rows(desired.clouds, kinds.clouds.targets)
    if clouds:
        ids = await store_clouds(connection, clouds)
        await documents.refresh(connection, documents.CLOUDS, ids)
    _add(report, "clouds", created, len(clouds), len(desired.clouds))
    users, created = changed_rows(desired.users, kinds.users.targets)
    if users:
        await store_users(connection, users)
    _add(report, "users", created, len(users), len(desired.users))
    if desired.tokens:
        tokens = [(user, digest) for digest, user in desired.tokens.items()]
        stored = await store_tokens(connection, tokens)
        report.add("tokens", created=stored, changed=0, named=len(tokens))


async def _store_organisations(
    connection: Connection, kinds: Kinds, desired: Desired, report: Report
) -> None:
    customers, created = changed_rows(desired.customers, kinds.customers.targets)
    if customers:
        ids = await store_customers(connection, customers)
        await documents.refresh(connection, documents.CUSTOMERS, ids)
    _add(report, "customers", created, len(customers), len(desired.customers))
    projects, created = changed_rows(desired.projects, kinds.projects.targets)
    if projects:
        ids = await store_projects(connection, projects)
        await documents.refresh(connection, documents.PROJECTS, ids)
    _add(report, "projects", created, len(projects), len(desired.projects))


async def _store_tenants(
    connection: Connection, kinds: Kinds, desired: Desired, report: Report
) -> None:
    tenants, created = changed_rows(desired.tenants, kinds.tenants.targets)
    changed = {tenant.uuid for tenant in tenants}
    ids: list[int] = []
    if tenants:
        ids = await store_tenants(connection, tenants)
    if desired.quotas:
        changed |= await store_quotas(connection, desired.quotas)
    if desired.drift_modes:
        changed |= await store_default_modes(connection, desired.drift_modes)
    if desired.references:
        referring = await store_references(connection, desired.references)
        changed |= referring.keys()
        ids.extend(referring.values())
    if ids:
        await documents.refresh(connection, documents.TENANTS, ids)
    _add(report, "tenants", created, len(changed), len(desired.tenants))


async def _store_groups(
    connection: Connection, groups: Sequence[DesiredGroup], report: Report
) -> None:
    ruled = [one.target.uuid for one in groups if one.rules is not None and one.target.row]
    present = await existing_rules(connection, ruled)
    problems = Problems()
    for one in groups:
        check_not_opened(one, present.get(one.target.uuid, ()), problems)
    problems.check()
    found = [(one, change(one, present.get(one.target.uuid, ()))) for one in groups]
    changes = [written for _, written in found if written is not None]
    if changes:
        await store_groups(connection, changes)
    created = sum(one.target.row is None for one in groups)
    _add(report, "security groups", created, len(changes), len(groups))


def _add(report: Report, kind: str, created: int, written: int, named: int) -> None:
    report.add(kind, created=created, changed=written - created, named=named)


def _event(report: Report) -> Event:
    counts = {
        kind: {"created": one.created, "changed": one.changed}
        for kind, one in report.counts.items()
    }
    return Event(EventType.LOADED, "Provisioning files have been loaded.", context=counts)
