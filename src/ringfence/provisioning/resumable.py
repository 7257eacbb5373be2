"""`ringfence load --resumable`: part after part, each in a transaction of its own.

How far a run came is written in the transaction of each part. A run is known again by the content
of its files, so one that was cut off goes on where it was, and changed files are a new run.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import LiteralString

import structlog

from ringfence.database.pool import Connection, Database
from ringfence.errors import OperatorError
from ringfence.provisioning.chunks import Part, digest_of, parts_of
from ringfence.provisioning.load import load_documents, without_collector
from ringfence.provisioning.schema import Document
from ringfence.provisioning.summary import Report

logger = structlog.get_logger(__name__)

_BEGIN: LiteralString = """
DELETE FROM load_progress WHERE changed < now() - interval '30 days' AND run <> %(run)s
"""
_LOADED: LiteralString = "SELECT parts FROM load_progress WHERE run = %(run)s"
_NOTE: LiteralString = """
INSERT INTO load_progress AS progress (run, parts) VALUES (%(run)s, %(parts)s)
ON CONFLICT (run) DO UPDATE SET parts = excluded.parts, changed = now()
"""
_END: LiteralString = "DELETE FROM load_progress WHERE run = %(run)s"

# Told after each part: bytes that are done, bytes in all, and how many groups this run saw.
Advance = Callable[[int, int, int], None]


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a run did; `before` of the `parts` were loaded by a run that was cut off."""

    report: Report
    parts: int
    before: int

    def lines(self) -> list[str]:
        """Give it as plain text."""
        loaded = f"parts: {self.before} loaded before, {self.parts - self.before} now"
        return [loaded, *self.report.lines()]


async def load_in_parts(
    database: Database, paths: Sequence[Path], advance: Advance, *, moves: Collection[str] = ()
) -> Resumed:
    """Load the files part after part; go on after the last one that an earlier run committed.

    Raises `OperatorError` at the first part with mistakes: those before it stay loaded.
    """
    with without_collector():
        return await _load_in_parts(database, paths, advance, moves)


async def _load_in_parts(
    database: Database, paths: Sequence[Path], advance: Advance, moves: Collection[str]
) -> Resumed:
    run = await asyncio.to_thread(digest_of, paths)
    parts = await asyncio.to_thread(list, parts_of(paths))
    before = await _begin(database, run)
    total = sum(part.size for part in parts)
    done = sum(part.size for part in parts[:before])
    report = Report()
    groups = 0
    number = before
    try:
        async for part, document in _read_ahead(parts[before:]):
            note = partial(_note, run=run, parts=number + 1)
            found = await _load(database, part, document, note, moves)
            number += 1
            done += part.size
            report.join(found, part.repeated)
            groups += _groups(document)
            advance(done, total, groups)
    except OperatorError as error:
        text = f"{number} of {len(parts)} parts are loaded and stay; mend this, and run it again"
        raise OperatorError(f"{error}\n{text}") from None
    async with database.connection() as connection:
        await connection.execute(_END, {"run": run})
    logger.info("loaded", files=len(paths), parts=len(parts), changed=not report.nothing_changed)
    return Resumed(report, len(parts), before)


async def _begin(database: Database, run: bytes) -> int:
    async with database.connection() as connection:
        await connection.execute(_BEGIN, {"run": run})
        cursor = await connection.execute(_LOADED, {"run": run})
        row = await cursor.fetchone()
    return row[0] if row else 0


async def _note(connection: Connection, *, run: bytes, parts: int) -> None:
    await connection.execute(_NOTE, {"run": run, "parts": parts})


async def _read_ahead(parts: Sequence[Part]) -> AsyncIterator[tuple[Part, Document]]:
    """Give the parts, checked; the next one is read while PostgreSQL works on this one."""
    waiting = iter(parts)
    reading = _reading(waiting)
    try:
        while reading is not None:
            part, task = reading
            document = await task
            reading = _reading(waiting)
            yield part, document
    finally:
        if reading is not None:
            await asyncio.wait([reading[1]])


def _reading(parts: Iterator[Part]) -> tuple[Part, "asyncio.Task[Document]"] | None:
    part = next(parts, None)
    return None if part is None else (part, asyncio.create_task(asyncio.to_thread(part.read)))


async def _load(
    database: Database,
    part: Part,
    document: Document,
    note: Callable[[Connection], Awaitable[None]],
    moves: Collection[str],
) -> Report:
    try:
        return await load_documents(database, [(part.label, document)], note, moves=moves)
    except OperatorError as error:
        raise part.placed(error) from None


def _groups(document: Document) -> int:
    projects = (project for customer in document.customers for project in customer.projects)
    return sum(len(tenant.security_groups) for project in projects for tenant in project.tenants)
