"""Statements that find rows, for the hot paths: prepared once, values as they come.

A statement is written with named parameters, as everywhere; which of them it takes is found out
once. What comes back are the rows in PostgreSQL's binary form, undecoded: most of it goes out as
it is.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, LiteralString

from psycopg.pq.abc import PGresult

from ringfence.database.pool import Connection, Database
from ringfence.telemetry import tracing

_PARAMETER = re.compile(r"%\((\w+)\)s")

# PostgreSQL's own numbers of types, and the moment from which it counts microseconds.
_BIGINT, _INTEGER, _TIMESTAMPTZ = 20, 23, 1184
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# True in binary form
TRUE = b"\x01"


@lru_cache(maxsize=2048)
def numbered(statement: LiteralString) -> tuple[bytes, tuple[str, ...]]:
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


async def read_rows(
    database: Database, statement: LiteralString, parameters: Mapping[str, Any]
) -> PGresult:
    """Give the rows that the statement finds; it may take fewer parameters."""
    return await database.read(partial(find_rows, statement=statement, parameters=parameters))


async def find_rows(
    connection: Connection, statement: LiteralString, parameters: Mapping[str, Any]
) -> PGresult:
    """Do what `read_rows` does, on a connection."""
    text, names = numbered(statement)
    cursor = tracing.raw_cursor_factory()(connection)
    await cursor.execute(text, [parameters[name] for name in names], binary=True)
    found = cursor.pgresult
    assert found is not None  # noqa: S101 - a statement was executed
    return found


def integer(value: bytes | None) -> int:
    """Read an integer in binary form; null is 0."""
    return int.from_bytes(value, "big", signed=True) if value else 0


def as_text(kind: int, value: bytes) -> str:
    """Give a value in binary form, of a type by PostgreSQL's number, in a text that it reads back.

    For integers, times and texts.
    """
    if kind in {_BIGINT, _INTEGER}:
        return str(integer(value))
    if kind == _TIMESTAMPTZ:
        return (_EPOCH + timedelta(microseconds=integer(value))).isoformat()
    return value.decode()
