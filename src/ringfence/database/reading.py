"""Statements that find one row, for the hot paths: prepared once, values as they come.

A statement is written with named parameters, as everywhere; which of them it takes is found out
once. What comes back is the row's values in PostgreSQL's binary form, undecoded: most of it goes
out as it is.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, LiteralString

from psycopg.pq.abc import PGresult

from ringfence import tracing
from ringfence.database.pool import Connection, Database

Values = tuple[bytes | None, ...]

_PARAMETER = re.compile(r"%\((\w+)\)s")


@lru_cache(maxsize=2048)
def _numbered(statement: LiteralString) -> tuple[bytes, tuple[str, ...]]:
    """Give the statement with numbered parameters, and their names in that order."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
    numbers = {name: f"${number}" for number, name in enumerate(names, 1)}
    text = _PARAMETER.sub(lambda match: numbers[match[1]], statement)
    return text.encode(), names


def on_one_line(statement: LiteralString) -> LiteralString:
    """Give a statement without its line breaks: it is a key of caches here and at the server.

    For statements that quote no text with blanks in it.
    """
    return " ".join(statement.split())


async def read_row(
    database: Database, statement: LiteralString, parameters: Mapping[str, Any]
) -> Values | None:
    """Give the values of the first row that the statement finds; it may take fewer parameters."""
    async with database.connection() as connection:
        return await find_row(connection, statement, parameters)


async def find_row(
    connection: Connection, statement: LiteralString, parameters: Mapping[str, Any]
) -> Values | None:
    """Do what `read_row` does, on a connection."""
    text, names = _numbered(statement)
    cursor = tracing.raw_cursor_factory()(connection)
    await cursor.execute(text, [parameters[name] for name in names], binary=True)
    return first_row(cursor.pgresult)


def first_row(result: PGresult | None) -> Values | None:
    """Give the values of a result's first row as they came; None where there is none."""
    if result is None or result.ntuples == 0:
        return None
    return tuple([result.get_value(0, column) for column in range(result.nfields)])


def integer(value: bytes | None) -> int:
    """Read an integer in binary form; null is 0."""
    return int.from_bytes(value, "big", signed=True) if value else 0
