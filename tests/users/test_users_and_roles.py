"""Users and roles as an operator manages them: what is stored, what ends, what the audit keeps."""

import pytest

from ringfence.errors import OperatorError
from ringfence.users.administration import (
    add_role,
    add_user,
    list_roles,
    list_users,
    remove_role,
    remove_user,
    set_active,
)
from ringfence.users.tokens.administration import issue_token
from ringfence.users.tokens.issuing import Terms


@pytest.fixture
async def site(database):
    """Return a function that runs a statement, on a site with two projects of one name."""

    async def query(statement):
        async with database.connection() as connection:
            cursor = await connection.execute(statement)
            return await cursor.fetchall() if cursor.description else []

    await query("INSERT INTO customers (name) VALUES ('Acme'), ('Globex')")
    await query("INSERT INTO projects (customer_id, name) SELECT id, 'Web' FROM customers")
    await query(
        "INSERT INTO projects (customer_id, name)"
        " SELECT id, 'Lab' FROM customers WHERE name = 'Acme'"
    )
    return query


async def events(query):
    rows = await query(
        "SELECT event_type, context ->> 'affected_user_username' FROM events ORDER BY id"
    )
    assert {name for _, name in rows} <= {"alice"}
    return [kind for kind, _ in rows]


async def test_a_user_is_added_listed_deactivated_and_removed_with_its_tokens(database, site):
    uuid = await add_user(database, "alice", is_staff=False, is_support=True)
    await issue_token(database, "alice", Terms())
    await add_role(database, "alice", "CUSTOMER.OWNER", "Acme")

    [shown] = await list_users(database)
    assert shown.line() == f"{uuid.hex} alice: support, 1 token, 1 role"

    assert await set_active(database, uuid.hex, is_active=False)
    assert not await set_active(database, "alice", is_active=False)
    [shown] = await list_users(database)
    assert shown.line() == f"{uuid.hex} alice: support, inactive, 0 tokens, 1 role"
    assert await set_active(database, "alice", is_active=True)
    assert await site("SELECT * FROM tokens") == []

    await issue_token(database, "alice", Terms())
    await site(
        "INSERT INTO console_sessions (digest, token_id, owns_token, expires)"
        " SELECT digest, id, false, 'infinity' FROM tokens"
    )
    await remove_user(database, "alice")
    assert await list_users(database) == []
    assert await site("SELECT * FROM role_grants") == []
    assert await events(site) == [
        "user_creation_succeeded",
        "token_created",
        "role_granted",
        "user_deactivated",
        "user_activated",
        "token_created",
        "auth_session_ended",
        "user_deletion_succeeded",
    ]


async def test_roles_are_granted_listed_and_taken_back(database, site):
    await add_user(database, "alice", is_staff=False, is_support=False)
    assert await add_role(database, "alice", "PROJECT.ADMIN", "Lab")
    assert await add_role(database, "alice", "CUSTOMER.SUPPORT", "Globex")
    assert not await add_role(database, "alice", "PROJECT.ADMIN", "Lab")

    async def listed(**filters):
        chosen = {"user": None, "customer": None, "project": None} | filters
        return [role.line() for role in await list_roles(database, **chosen)]

    lab = "alice: PROJECT.ADMIN in Acme / Lab"
    assert await listed() == ["alice: CUSTOMER.SUPPORT in Globex", lab]
    assert await listed(customer="Acme") == await listed(project="Lab") == [lab]
    assert len(await listed(user="alice")) == 2

    await remove_role(database, "alice", "PROJECT.ADMIN", "Lab")
    assert await listed(customer="Acme") == []
    assert await events(site) == ["user_creation_succeeded", *["role_granted"] * 2, "role_revoked"]


async def test_what_is_wrong_is_named_with_what_to_do(database, site):
    await add_user(database, "alice", is_staff=False, is_support=False)
    for attempt, complaint in (
        (add_user(database, "alice", is_staff=True, is_support=False), "a user 'alice' already"),
        (add_user(database, " ", is_staff=True, is_support=False), "cannot be the name of a user"),
        (remove_user(database, "bob"), "no user is called 'bob'; ringfence user list shows all"),
        (set_active(database, "bob", is_active=False), "no user is called 'bob'"),
        (
            add_role(database, "alice", "ADMIN", "Lab"),
            "'ADMIN' is not a role; use one of CUSTOMER.O",
        ),
        (add_role(database, "alice", "PROJECT.ADMIN", "Acme"), "no project is called 'Acme'"),
        (add_role(database, "alice", "PROJECT.ADMIN", "Web"), "several projects are called 'Web'"),
        (
            remove_role(database, "alice", "PROJECT.ADMIN", "Lab"),
            "does not have PROJECT.ADMIN in 'Lab'",
        ),
        (list_roles(database, None, "Umbrella", None), "no customer is called 'Umbrella'"),
    ):
        with pytest.raises(OperatorError) as caught:
            await attempt
        assert complaint in str(caught.value)
    assert await events(site) == ["user_creation_succeeded"]


async def test_a_name_like_anothers_uuid_receives_nothing_that_is_meant_for_the_other(
    database, site
):
    victim = await add_user(database, "alice", is_staff=False, is_support=False)
    await site("INSERT INTO users (username) SELECT hex(uuid) FROM users")
    with pytest.raises(OperatorError, match="is the name of one user and the UUID of another"):
        await add_role(database, victim.hex, "CUSTOMER.OWNER", "Acme")
    with pytest.raises(OperatorError, match="is the name of one user and the UUID of another"):
        await remove_user(database, victim.hex)
    assert await site("SELECT * FROM role_grants") == []
    await remove_user(database, str(victim))
    assert [user.username for user in await list_users(database)] == [victim.hex]
