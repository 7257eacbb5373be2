from datetime import timedelta

import pytest

from ringfence.errors import OperatorError
from ringfence.users.commands import issue_token, token_digest


@pytest.fixture
async def alice(database):
    async with database.connection() as connection:
        await connection.execute("INSERT INTO users (username) VALUES ('alice')")
    return "alice"


async def tokens(database):
    async with database.connection() as connection:
        cursor = await connection.execute("SELECT digest, expires - now() FROM tokens")
        return await cursor.fetchall()


async def test_a_token_is_256_random_bits_of_which_only_the_digest_stays(database, alice):
    first = await issue_token(database, alice, expires=None)
    second = await issue_token(database, alice, expires=None)

    assert first != second
    assert len(bytes.fromhex(first)) == 32
    stored = await tokens(database)
    assert {row[0] for row in stored} == {token_digest(first), token_digest(second)}
    assert {row[1] for row in stored} == {None}


async def test_a_token_may_expire(database, alice):
    await issue_token(database, alice, expires=timedelta(hours=1))

    [(_, left)] = await tokens(database)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


async def test_an_unknown_user_gets_none(database):
    with pytest.raises(OperatorError, match=r"no user is called 'carol'.*ringfence load"):
        await issue_token(database, "carol", expires=None)


async def test_an_inactive_user_gets_none(database, alice):
    async with database.connection() as connection:
        await connection.execute("UPDATE users SET is_active = false")

    with pytest.raises(OperatorError, match="is inactive"):
        await issue_token(database, alice, expires=None)
    assert await tokens(database) == []
