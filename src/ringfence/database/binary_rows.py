"""Run statements of hot paths, and return rows in PostgreSQL's binary format.

A statement has named parameters as elsewhere; their numbers are computed once. Rows are not
decoded, because most of their bytes are sent unchanged.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, LiteralString

from psycopg.pq.abc import PGresult

from ringfence.database.connect import Session
from ringfence.database.pool import Database
from ringfence.telemetry import tracing

_PARAMETER = re.compile(r"%\((\w+)\)s")

# PostgreSQL's OIDs of types, and the epoch of its timestamps
_BIGINT, _INTEGER, _TIMESTAMPTZ = 20, 23, 1184
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# True in binary form
TRUE = b"\x01"


@lru_cache(maxsize=2048)
def numbered(statement: LiteralString) -> tuple[bytes, tuple[str, ...]]:
    """Return the statement with numbered parameters, and their names in that order."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
    numbers = {name: f"${number}" for number, name in enumerate(names, 1)}
    text = _PARAMETER.sub(lambda match: numbers[match[1]], statement)
    return text.encode(), names


def on_one_line(statement: LiteralString) -> LiteralString:
    """Return a statement without line breaks: a shorter key for caches here and in the server.

    The statement must not quote text that contains white space.
    """
    return " ".join(statement.split())


async def read_rows(
    database: Database, statement: LiteralString, parameters: Mapping[str, Any]
) -> PGresult:
    """Return the rows of a statement; it may use fewer parameters than are passed."""
    text, names = numbered(statement)
    with tracing.statement(statement):
        return await database.rows(text, [parameters[name] for name in names])


async def find_rows(
    connection: Session, statement: LiteralString, parameters: Mapping[str, Any]
) -> PGresult:
    """Return the rows of a statement that runs on a connection."""
    text, names = numbered(statement)
    with tracing.statement(statement):
        return await connection.prepared_statements.rows(text, [parameters[name] for name in names])


def integer(value: bytes | None) -> int:
    """Read an integer in binary form; null is 0."""
    return int.from_bytes(value, "big", signed=True) if value else 0


def as_text(kind: int, value: bytes) -> str:
    """Return a value in binary format as text that PostgreSQL parses; `kind` is the type's OID.

    Supports integers, timestamps and text.
    """
    if kind in {_BIGINT, _INTEGER}:
        return str(integer(value))
    if kind == _TIMESTAMPTZ:
        return (_EPOCH + timedelta(microseconds=integer(value))).isoformat()
    return value.decode()
