"""The partitions of the audit trail: one for each month, by name.

`events_2026_03` has the rows of a month (in UTC), `events_until_2027_01` those of all months before
one, from before the table had partitions. `events_default` has the rows of months without a
partition, which the migration `0009_audit_months` says how to add.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

from psycopg import sql

from ringfence.database.connect import Connection

TABLES = ("events", "refusals")

_NAME = re.compile(r"(events|refusals)_(until_)?([0-9]{4})_(0[1-9]|1[0-2])")
_FIRST = "MINVALUE"

_PRESENT: LiteralString = """
SELECT class.relname FROM pg_inherits AS kept
INNER JOIN pg_class AS class ON kept.inhrelid = class.oid
WHERE kept.inhparent IN (to_regclass('events'), to_regclass('refusals'))
"""


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """A partition with rows from `first`, or from any time, to before `end`."""

    table: str
    end: datetime
    first: datetime | None
    name: str

    @property
    def bounds(self) -> str:
        """The bounds as PostgreSQL's grammar has them."""
        first = f"'{self.first.isoformat()}'" if self.first else _FIRST
        return f"FOR VALUES FROM ({first}) TO ('{self.end.isoformat()}')"


def read_name(name: str) -> Partition | None:
    """Return the partition with this name; None if no partition with bounds is called so."""
    match = _NAME.fullmatch(name)
    if match is None or (year := int(match[3])) in {0, 9999}:
        return None
    month = int(match[4])
    first = datetime(year, month, 1, tzinfo=UTC)
    if match[2]:
        return Partition(match[1], first, None, name)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return Partition(match[1], end, first, name)


def read_names(names: Iterable[str]) -> Iterator[Partition]:
    """Yield the partitions among names of tables."""
    yield from (partition for name in names if (partition := read_name(name)))


async def replace_all(connection: Connection, names: Iterable[str]) -> None:
    """Replace the partitions of empty tables by those with these names, for a restore.

    The connection is the owner's. A database of a release without partitions stays as it is.
    """
    cursor = await connection.execute(_PRESENT)
    present = [name for (name,) in await cursor.fetchall()]
    if not present:
        return
    for partition in read_names(present):
        await connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(partition.name)))
    for partition in read_names(names):
        await connection.execute(
            "SELECT add_audit_partition(%s, %s, %s)",
            [partition.table, partition.name, partition.bounds],
        )
