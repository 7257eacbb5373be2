"""`ringfence load`: read files, match existing rows, write changes; all or nothing.

`document` reads the files, `entries` and `matching` merge and match what they name, `desired` and
`groups` compute the desired rows, `removal` finds what is to go, and `stores` writes the rows that
are new or changed.
"""

import gc
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
import structlog

from ringfence.database.connect import one_line
from ringfence.database.pool import Connection, Database
from ringfence.errors import Deadlocked, OperatorError
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.provisioning.cloud_entries import find_same_projects
from ringfence.provisioning.desired import check_token_owners, desired_rows
from ringfence.provisioning.differences import names_of
from ringfence.provisioning.document import read_documents
from ringfence.provisioning.entries import collect
from ringfence.provisioning.existing_rows import match_existing
from ringfence.provisioning.groups import desired_groups
from ringfence.provisioning.moves import AllowedMoves, apply_moves, find_moves
from ringfence.provisioning.options import DEFAULT_OPTIONS, LoadOptions
from ringfence.provisioning.problems import Problems
from ringfence.provisioning.project_checks import Findings, check_projects
from ringfence.provisioning.removal.apply import apply_removals
from ringfence.provisioning.removal.find import find_removals, find_revoked_roles
from ringfence.provisioning.removal.removals import mass_removal, require_no_mass_removal
from ringfence.provisioning.schema import Document
from ringfence.provisioning.stores import (
    store_changed_groups,
    store_clouds_and_users,
    store_organisations,
    store_roles,
    store_tenants_with_limits,
)
from ringfence.provisioning.summary import Report
from ringfence.users.commands import token_owners

logger = structlog.get_logger(__name__)

# Concurrent loads wait for each other; the number only has to be unique.
_LOCK: LiteralString = "SELECT pg_advisory_xact_lock(7264617620260001)"

# Errors that a concurrent change can cause
_CONCURRENT_CHANGES = (psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation)
# Rows of these contain digests of secrets.
_SECRET_TABLES = frozenset({"users", "tokens"})
_ROLES_KEPT = (
    "warning: no role was taken back, because no file lists roles (write 'roles: []' for none)"
)
_CHANGED_MEANWHILE = "the database changed while the files were loaded: load them again"


async def load_files(
    database: Database, paths: Sequence[Path], options: LoadOptions = DEFAULT_OPTIONS
) -> Report:
    """Load the files in one transaction; loading them again changes nothing.

    Raises `OperatorError` with a line for each problem, and then stores nothing.
    """
    with without_garbage_collection():
        report = await load_documents(database, read_documents(paths), options=options)
    logger.debug("loaded", files=len(paths), changed=not report.nothing_changed)
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
    options: LoadOptions = DEFAULT_OPTIONS,
    known_projects: Collection[str] = (),
) -> Report:
    """Load checked documents in one transaction; `then` writes last in it.

    A dry run does the same and rolls the transaction back. `known_projects` exist in their cloud:
    they are not looked up there. Raises `OperatorError` with a line for each problem, and then
    stores nothing. A concurrent change can make the first attempt fail; a second one that fails in
    the same way shows a problem of the files.
    """
    findings = await check_projects(database, read, known_projects)
    findings.same_projects = await find_same_projects(database, read)

    async def attempt() -> Report:
        async with database.transaction() as connection:
            await connection.execute(_LOCK)
            report = await load(connection, read, options, findings)
            if then is not None:
                await then(connection)
            if options.dry_run:
                raise psycopg.Rollback
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
    options: LoadOptions,
    findings: Findings,
) -> Report:
    """Load checked documents in the open transaction of `connection`."""
    problems = Problems()
    findings.add_to(problems)
    kinds = collect(read, problems)
    problems.check()
    await match_existing(connection, kinds, problems)
    problems.check()
    names = names_of(kinds.clouds, kinds.users, kinds.customers, kinds.projects)
    removals = await find_removals(connection, kinds, options, problems)
    desired = desired_rows(kinds, problems)
    allowed = AllowedMoves(options.moves, findings.same_projects)
    moved = await find_moves(connection, kinds, desired, allowed, problems)
    groups = desired_groups(kinds.groups, problems)
    owners = await token_owners(connection, list(desired.tokens))
    check_token_owners(kinds, desired, owners, problems)
    problems.check()
    await find_revoked_roles(connection, kinds, desired, removals, prune=options.prune)
    report = Report(is_detailed=options.dry_run or options.detailed)
    if not options.dry_run:
        require_no_mass_removal(removals, options)
    elif reason := mass_removal(removals, options):
        report.warnings.append(f"warning: {reason}")
    if options.prune and not kinds.lists_roles:
        report.warnings.append(_ROLES_KEPT)
    await apply_removals(connection, removals, names, report)
    await store_clouds_and_users(connection, kinds, desired, report)
    await store_organisations(connection, kinds, desired, report)
    await store_tenants_with_limits(connection, kinds, desired, names, report)
    await apply_moves(connection, moved)
    await store_changed_groups(connection, groups, desired, report, push=options.push)
    await store_roles(connection, desired, names, report)
    if not report.nothing_changed:
        await record(connection, _event(report))
    return report


def _event(report: Report) -> Event:
    counts = {
        kind: {"created": one.created, "changed": one.changed}
        | ({"removed": one.removed} if one.removed else {})
        for kind, one in report.counts.items()
    }
    return Event(EventType.LOADED, "Provisioning files have been loaded.", context=counts)
