from datetime import timedelta

import pytest

from ringfence.access.authentication import token_digest
from ringfence.errors import OperatorError
from ringfence.users.tokens.administration import (
    issue_token,
    listed,
    read_lifetime,
    renew,
    require_lifetime,
    revoke,
)
from ringfence.users.tokens.issuing import Terms


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
    first = await issue_token(database, alice, Terms())
    second = await issue_token(database, alice, Terms())

    assert first != second
    assert len(bytes.fromhex(first)) == 32
    stored = await tokens(database)
    assert {row[0] for row in stored} == {token_digest(first), token_digest(second)}
    assert {row[1] for row in stored} == {None}


async def test_a_token_may_expire(database, alice):
    await issue_token(database, alice, Terms(timedelta(hours=1)))

    [(_, left)] = await tokens(database)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


async def test_an_unknown_user_gets_none(database):
    with pytest.raises(OperatorError, match=r"no user is called 'carol'.*ringfence load"):
        await issue_token(database, "carol", Terms())


async def test_an_inactive_user_gets_none(database, alice):
    async with database.connection() as connection:
        await connection.execute("UPDATE users SET is_active = false")

    with pytest.raises(OperatorError, match="is inactive"):
        await issue_token(database, alice, Terms())
    assert await tokens(database) == []


async def test_a_token_for_a_project_that_is_not_one_is_refused(database, alice):
    async with database.connection() as connection:
        await connection.execute(
            "WITH made AS (INSERT INTO customers (name) VALUES ('Acme') RETURNING id)"
            " INSERT INTO projects (customer_id, name) SELECT id, 'Web' FROM made,"
            " generate_series(1, 2)"
        )
    for project, said in (("Web", "several projects"), ("Shop", "no project"), ("", "no project")):
        with pytest.raises(OperatorError, match=said):
            await issue_token(database, alice, Terms(), project=project)
    assert await tokens(database) == []


async def test_a_token_without_an_end_is_listed_as_one_that_never_expires(database, alice):
    await issue_token(database, alice, Terms())
    [token] = await listed(database, alice)
    assert token.expires is None
    assert token.line().endswith("expires never, last used never")


async def test_a_token_is_listed_renewed_and_revoked_by_its_uuid(database, alice):
    first = await issue_token(
        database, alice, Terms(timedelta(hours=1), "backup", is_read_only=True)
    )
    [token] = await listed(database, alice)
    assert 'alice: "backup", read-only, expires ' in token.line()
    assert token.line().endswith(", last used never")
    with pytest.raises(OperatorError, match="no user is called 'carol'"):
        await listed(database, "carol")

    second = await renew(database, token.uuid.hex)
    [(digest, left)] = await tokens(database)
    assert digest == token_digest(second) != token_digest(first)
    assert left < timedelta(hours=1), "a new secret lasts no longer"

    await revoke(database, str(token.uuid))
    assert await listed(database, None) == []
    async with database.connection() as connection:
        cursor = await connection.execute("SELECT event_type, to_jsonb(e)::text FROM events AS e")
        events = await cursor.fetchall()
    assert [kind for kind, _ in events] == ["token_created", "token_rotated", "token_revoked"]
    assert not [text for _, text in events if first in text or second in text]


async def test_the_maximum_lifetime_applies_to_operators_too(database, alice):
    week = timedelta(days=7)
    for lifetime in (None, timedelta(days=8)):
        with pytest.raises(OperatorError, match="RINGFENCE_TOKEN_MAX_LIFETIME allows 7d at most"):
            require_lifetime(lifetime, week)
    require_lifetime(week, week)
    require_lifetime(None, None)
    await issue_token(database, alice, Terms())
    [token] = await listed(database, alice)
    await renew(database, token.uuid.hex, week)
    [(_, left)] = await tokens(database)
    assert timedelta(days=6) < left <= week


@pytest.mark.parametrize("name", ["x", "0" * 32, ""])
async def test_an_unknown_token_is_reported(database, name):
    for change in (renew, revoke):
        with pytest.raises(OperatorError, match="ringfence tokens list"):
            await change(database, name)


def test_a_lifetime_is_a_number_and_a_unit():
    assert read_lifetime("90d") == timedelta(days=90)
    assert read_lifetime(" 12h") == timedelta(hours=12)
    assert read_lifetime("30m") == timedelta(minutes=30)
    for text in ("", "90", "0d", "-1d", "1y", "9999999d", "1d2h"):
        with pytest.raises(OperatorError, match="--expires"):
            read_lifetime(text)
