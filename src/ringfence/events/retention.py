"""Retention of the audit trail: drops whole months, and records an event that says so.

The role that serves can only add months (`add_months`). Dropping one needs the owner of the tables,
as which `sync/cleanup.py` and `ringfence retention run` call `remove_months`. A partition that is
in use is left to the next call, so that no request waits for long.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg import sql

from ringfence.database.audit_partitions import TABLES, Partition, read_names
from ringfence.database.pool import Connection, Database
from ringfence.errors import Unavailable
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType

NOUNS = {"events": "Events", "refusals": "Refused changes"}
LOCK_MILLISECONDS = 2_000
NOTICE_SECONDS = 60.0
DAY = timedelta(days=1)

# By table; None is for ever
Days = Mapping[str, int | None]

_ADD_MONTHS: LiteralString = "SELECT add_audit_months()"

# What a statement counts would take long in a large table. The pages of indexes and long values are
# counted with their table.
_PARTITIONS: LiteralString = """
SELECT
    class.relname::text,
    -- Before the first vacuum, nothing is known.
    CASE WHEN class.reltuples >= 0 THEN class.reltuples::bigint END,
    pg_total_relation_size(class.oid)
FROM pg_inherits AS kept
INNER JOIN pg_class AS class ON kept.inhrelid = class.oid
WHERE kept.inhparent IN ('events'::regclass, 'refusals'::regclass)
"""

_NOW: LiteralString = "SELECT now()"

_IS_OWNER: LiteralString = """
SELECT bool_and(pg_has_role(class.relowner, 'USAGE'))
FROM pg_class AS class
WHERE class.oid IN ('events'::regclass, 'refusals'::regclass)
"""

# Any number that no other lock has; held until the transaction ends.
_CLAIM: LiteralString = """
SELECT pg_try_advisory_xact_lock(7413082952) AND to_regclass(%s) IS NOT NULL
"""
_LIMIT_WAIT: LiteralString = "SELECT set_config('lock_timeout', %s, true)"

_ADD_DEFAULT: LiteralString = "SELECT add_audit_partition(%s, %s, 'DEFAULT')"

# The events belong to no tenant, so `events_tenant` finds them.
_REMOVED_BEFORE: LiteralString = """
SELECT event.context ->> 'removed', max((event.context ->> 'before')::timestamptz)
FROM events AS event
WHERE event.tenant_uuid IS NULL AND event.event_type = 'audit_trail_shortened'
GROUP BY event.context ->> 'removed'
"""


@dataclass(frozen=True, slots=True)
class Removal:
    """A partition that was dropped, or can be: its table has no rows from before `before` then."""

    table: str
    partition: str
    before: datetime
    days: int


def expired(partitions: Iterable[Partition], days: Days, now: datetime) -> list[Removal]:
    """Return the partitions whose newest possible row is older than the days of their table.

    A table whose days are None is kept for ever. The oldest come first.
    """
    return [
        Removal(each.table, each.name, each.end, limit)
        for each in sorted(partitions, key=lambda each: (each.end, each.name))
        if (limit := days[each.table]) is not None and each.end <= now - limit * DAY
    ]


async def add_months(connection: Connection) -> None:
    """Add the partitions of this month and the next ones that are missing."""
    await connection.execute(_ADD_MONTHS)


async def find_expired(connection: Connection, days: Days) -> list[Removal]:
    """Return the months that are older than the settings keep."""
    # The times of rows are the database's as well.
    ((now,),) = await (await connection.execute(_NOW)).fetchall()
    names = [row[0] for row in await (await connection.execute(_PARTITIONS)).fetchall()]
    return expired(read_names(names), days, now)


async def find_expired_without_month(connection: Connection, days: Days) -> list[Removal]:
    """Return the default partitions of which all rows have expired; only the owner may look."""
    ((now,),) = await (await connection.execute(_NOW)).fetchall()
    found = []
    for table in TABLES:
        limit, newest = days[table], await _newest_of_default(connection, table)
        if limit is not None and newest is not None:
            before = newest + timedelta(seconds=1)
            if before <= now - limit * DAY:
                found.append(Removal(table, f"{table}_default", before, limit))
    return found


async def list_months(database: Database, days: Days) -> list[dict[str, Any]]:
    """Return the partitions of both tables, the oldest first, with estimated rows and sizes."""
    async with database.connection() as connection:
        rows = await (await connection.execute(_PARTITIONS)).fetchall()
    sizes = {name: {"rows": number, "bytes": size} for name, number, size in rows}
    return [
        {
            "table": month.table,
            "partition": month.name,
            "first": month.first,
            "end": month.end,
            "expires": None if (limit := days[month.table]) is None else month.end + limit * DAY,
            **sizes[month.name],
        }
        for month in sorted(read_names(sizes), key=lambda each: (each.table, each.end))
    ]


async def is_owner(connection: Connection) -> bool:
    """Return whether the role of the connection may drop partitions."""
    row = await (await connection.execute(_IS_OWNER)).fetchone()
    return bool(row and row[0])


async def remove_months(database: Database, removals: Sequence[Removal]) -> list[Removal]:
    """Drop partitions, each in a transaction with its event; return those that were dropped.

    The database is connected as the owner. What is in use, or being removed, is left.
    """
    removed = []
    for removal in removals:
        try:
            async with database.transaction() as connection:
                if await _remove(connection, removal):
                    removed.append(removal)
        except Unavailable:
            # A lock was not free in time, or the database is away.
            continue
    return removed


async def _remove(connection: Connection, removal: Removal) -> bool:
    await connection.execute(_LIMIT_WAIT, [f"{LOCK_MILLISECONDS}ms"])
    row = await (await connection.execute(_CLAIM, [removal.partition])).fetchone()
    if not (row and row[0]):
        return False
    name = sql.Identifier(removal.partition)
    await connection.execute(sql.SQL("DROP TABLE {}").format(name))
    if removal.partition == f"{removal.table}_default":
        await connection.execute(_ADD_DEFAULT, [removal.table, removal.partition])
    before = removal.before.isoformat(timespec="seconds")
    message = f"{NOUNS[removal.table]} before {before} were removed after {removal.days} days."
    context = {"removed": removal.table, "before": before, "days": removal.days}
    await record(connection, Event(EventType.AUDIT_TRAIL_SHORTENED, message, context=context))
    return True


async def _newest_of_default(connection: Connection, table: str) -> datetime | None:
    name = sql.Identifier(f"{table}_default")
    cursor = await connection.execute(sql.SQL("SELECT max(created) FROM {}").format(name))
    row = await cursor.fetchone()
    return row[0] if row else None


async def removed_before(connection: Connection) -> dict[str, datetime]:
    """Return, by table, until when rows were removed."""
    return dict(await (await connection.execute(_REMOVED_BEFORE)).fetchall())


class RemovalNotice:
    """Until when events were removed, read at most once a minute."""

    def __init__(self) -> None:
        self._before: datetime | None = None
        self._fresh_until = float("-inf")

    async def read(self, database: Database) -> datetime | None:
        if (now := time.monotonic()) > self._fresh_until:
            async with database.connection() as connection:
                self._before = (await removed_before(connection)).get("events")
            self._fresh_until = now + NOTICE_SECONDS
        return self._before
