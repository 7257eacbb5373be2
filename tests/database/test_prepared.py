"""Statements that run without a cursor return, keep and refuse the same as with one."""

import uuid
from datetime import UTC, datetime

import pytest
from psycopg import AsyncRawCursor, errors

from ringfence.database.prepared import KEPT

VALUES = {
    "$1::text": [None, "a'b\\ä"],
    "$1::text[]": [["a", None], []],
    "$1": [True, 7, 2**40, 1.5, b"\x00\xff", uuid.UUID(int=1), [1, 2]],
    "$1 + interval '1 s'": [datetime(2026, 1, 2, tzinfo=UTC)],
}


@pytest.fixture
async def connection(database):
    async with database.connection() as connection:
        yield connection


async def prepared_by(connection) -> int:
    cursor = await connection.execute(
        "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'ringfence%'", prepare=False
    )
    return (await cursor.fetchone())[0]


@pytest.mark.parametrize(
    ("text", "value"), [(text, value) for text, values in VALUES.items() for value in values]
)
async def test_a_value_is_sent_as_by_a_cursor(connection, text, value):
    statement = f"SELECT {text}, pg_typeof({text})::text".encode()
    cursor = AsyncRawCursor(connection)
    await cursor.execute(statement, [value], binary=True)

    found = await connection.prepared_statements.rows(statement, [value])

    by_cursor = [cursor.pgresult.get_value(0, column) for column in (0, 1)]
    assert [found.get_value(0, column) for column in (0, 1)] == by_cursor


async def test_a_statement_is_prepared_once_for_each_type_of_its_values(connection):
    for value in (1, 2, "text", 3):
        await connection.prepared_statements.rows(b"SELECT $1", [value])
    assert await prepared_by(connection) == 2


async def test_the_least_recently_used_statement_is_deallocated(connection):
    rows = connection.prepared_statements.rows
    for number in range(KEPT):
        await rows(b"SELECT %d" % number, [])
    await rows(b"SELECT 0", [])
    await rows(b"SELECT 'one more'", [])
    assert await prepared_by(connection) == KEPT
    assert [(await rows(b"SELECT %d" % number, [])).ntuples for number in range(3)] == [1, 1, 1]
    assert await prepared_by(connection) == KEPT


@pytest.mark.parametrize(
    ("statement", "error"),
    [(b"SELECT nothing", errors.UndefinedColumn), (b"SELECT 1 / $1::int", errors.DivisionByZero)],
)
async def test_an_error_is_that_of_psycopg_and_leaves_the_connection_usable(
    connection, statement, error
):
    rows = connection.prepared_statements.rows
    values = [0] if b"$1" in statement else []
    with pytest.raises(error):
        await rows(statement, values)
    assert (await rows(b"SELECT 1", [])).get_value(0, 0) == b"\x00\x00\x00\x01"


async def roll_back(connection) -> None:
    """Have psycopg deallocate all statements of the session, its own and others."""
    async with connection.transaction(force_rollback=True):
        await connection.execute("SELECT 1", prepare=True)
    await connection.execute("SELECT 2")


async def test_a_statement_works_after_a_rollback(connection):
    rows = connection.prepared_statements.rows
    await rows(b"SELECT $1", [1])
    await roll_back(connection)
    assert await prepared_by(connection) == 0
    assert (await rows(b"SELECT $1", [1])).ntuples == 1
    await roll_back(connection)
    async with connection.transaction():
        assert (await rows(b"SELECT $1", [1])).ntuples == 1
        assert (await rows(b"SELECT $1", [1])).ntuples == 1
