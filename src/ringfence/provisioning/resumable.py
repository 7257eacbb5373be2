"""`ringfence load --resumable`: load JSON Lines, a batch of lines in each transaction.

Each transaction also records how many lines are loaded. A run is identified by the content of its
files: a run that was interrupted continues after the last recorded line, and changed files are a
new run.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import LiteralString

import psycopg
import structlog

from ringfence.database.pool import Connection, Database
from ringfence.errors import OperatorError
from ringfence.provisioning.json_lines import (
    Batch,
    Line,
    digest_of,
    is_json_lines,
    read_batches,
    read_lines,
)
from ringfence.provisioning.load import load_documents, without_garbage_collection
from ringfence.provisioning.options import DEFAULT_OPTIONS, LoadOptions
from ringfence.provisioning.schema import Document
from ringfence.provisioning.summary import Report

logger = structlog.get_logger(__name__)

_FORGET_OLD_RUNS: LiteralString = """
DELETE FROM load_progress WHERE changed < now() - interval '30 days' AND run <> %(run)s
"""
_LOADED: LiteralString = "SELECT lines FROM load_progress WHERE run = %(run)s"
_RECORD: LiteralString = """
INSERT INTO load_progress AS progress (run, lines) VALUES (%(run)s, %(lines)s)
ON CONFLICT (run) DO UPDATE SET lines = excluded.lines, changed = now()
"""
_END: LiteralString = "DELETE FROM load_progress WHERE run = %(run)s"

# Called after each batch with the bytes that are done, the bytes in all, and the groups so far.
Advance = Callable[[int, int, int], None]


@dataclass(frozen=True, slots=True)
class Resumed:
    """The result of a run; `before` lines were loaded by an interrupted run, `now` by this one."""

    report: Report
    before: int
    now: int

    def lines(self) -> list[str]:
        """Return the result as plain text."""
        return [f"lines: {self.before} loaded before, {self.now} now", *self.report.lines()]


async def load_resumable(
    database: Database,
    paths: Sequence[Path],
    advance: Advance,
    options: LoadOptions = DEFAULT_OPTIONS,
) -> Resumed:
    """Load JSON Lines files; continue after the last line that an interrupted run committed.

    Raises `OperatorError` for other files, and at the first batch with problems: the batches
    before it stay loaded.
    """
    for path in paths:
        if not is_json_lines(path):
            raise OperatorError(
                f"{path}: --resumable loads JSON Lines (*.jsonl): in each line a provisioning "
                "document in JSON, best with one tenant and its customer and project. Load other "
                "files without --resumable"
            )
    if options.prune:
        raise OperatorError("--prune needs all files at once: load them without --resumable")
    with without_garbage_collection():
        if not options.dry_run:
            return await _load(database, paths, advance, options)
        # A batch needs the batches before it: the transactions become parts of one.
        async with database.enclosing():
            options = replace(options, dry_run=False, detailed=True)
            resumed = await _load(database, paths, advance, options)
            raise psycopg.Rollback
        return resumed


async def _load(
    database: Database, paths: Sequence[Path], advance: Advance, options: LoadOptions
) -> Resumed:
    run = await asyncio.to_thread(digest_of, paths)
    total = sum(path.stat().st_size for path in paths)
    before = await _begin(database, run)
    lines = read_lines(paths)
    done = await asyncio.to_thread(_skip, lines, before)
    progress = _Progress()
    loaded = before
    try:
        async for batch in _read_ahead(read_batches(lines)):
            record = partial(_record, run=run, lines=loaded + batch.lines)
            report = await load_documents(database, batch.documents, record, options=options)
            loaded += batch.lines
            done += batch.size
            progress.add(report, [document for _, document in batch.documents])
            advance(done, total, progress.groups)
    except OperatorError as error:
        stays = f"{loaded} lines are loaded and stay; correct the file and run the command again"
        raise OperatorError(f"{error}\n{stays}") from None
    async with database.connection() as connection:
        await connection.execute(_END, {"run": run})
    report = progress.report
    logger.debug("loaded", files=len(paths), lines=loaded, changed=not report.nothing_changed)
    return Resumed(report, before, loaded - before)


async def _begin(database: Database, run: bytes) -> int:
    """Return how many lines an interrupted run loaded."""
    async with database.connection() as connection:
        await connection.execute(_FORGET_OLD_RUNS, {"run": run})
        cursor = await connection.execute(_LOADED, {"run": run})
        row = await cursor.fetchone()
    return row[0] if row else 0


async def _record(connection: Connection, *, run: bytes, lines: int) -> None:
    await connection.execute(_RECORD, {"run": run, "lines": lines})


def _skip(lines: Iterator[Line], count: int) -> int:
    """Skip lines; return their size in bytes."""
    return sum(len(line.text) for line in islice(lines, count))


async def _read_ahead(batches: Iterator[Batch]) -> AsyncIterator[Batch]:
    """Yield the batches; the next one is read while PostgreSQL loads this one."""
    reading = _next(batches)
    try:
        while (batch := await reading) is not None:
            reading = _next(batches)
            yield batch
    finally:
        await asyncio.gather(reading, return_exceptions=True)


def _next(batches: Iterator[Batch]) -> "asyncio.Task[Batch | None]":
    return asyncio.create_task(asyncio.to_thread(next, batches, None))


@dataclass(slots=True)
class _Progress:
    """What the batches of a run did; what several batches name is counted once."""

    report: Report = field(default_factory=Report)
    groups: int = 0
    _named: dict[str, set[object]] = field(default_factory=dict)

    def add(self, report: Report, documents: Sequence[Document]) -> None:
        named: dict[str, set[object]] = {
            "clouds": {cloud.name for document in documents for cloud in document.clouds},
            "users": {user.name for document in documents for user in document.users},
            "customers": set(),
            "projects": set(),
        }
        for customer in (customer for document in documents for customer in document.customers):
            named["customers"].add(customer.uuid or customer.name)
            for project in customer.projects:
                named["projects"].add(project.uuid or (customer.name, project.name))
                self.groups += sum(len(tenant.security_groups) for tenant in project.tenants)
        repeated = Counter[str]()
        for kind, keys in named.items():
            before = self._named.setdefault(kind, set())
            repeated[kind] = len(keys & before)
            before |= keys
        self.report.join(report, repeated)
