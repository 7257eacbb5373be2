"""Tokens: shown once, rotated and revoked by their owner or by staff."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.parsing import client_over
from tests.factories.world import USERS
from waldur_api_client.api.auth_tokens import (
    auth_tokens_destroy,
    auth_tokens_list,
    auth_tokens_retrieve,
)
from waldur_api_client.api.users import users_me_retrieve, users_refresh_token, users_token_retrieve

from ringfence.access.authentication import token_digest

ME = "/api/users/me/"
TOKENS = "/api/auth-tokens/"
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
HOUR, DAY = 3600, 24 * 3600


async def path_of(world, name: str, action: str) -> str:
    uuid = await world.value("SELECT uuid FROM users WHERE username = %s", name)
    return f"/api/users/{uuid.hex}/{action}/"


def allowed(user: str, owner: str) -> int:
    if user in {owner, "staff"}:
        return 200
    return 403 if user == "support" else 404


async def test_a_token_that_was_issued_is_never_shown_again(client, world):
    shown = (await client.get(await path_of(world, "admin", "token"))).json()
    created = datetime.fromisoformat(shown.pop("created"))
    assert datetime.now(UTC) - created < timedelta(minutes=1)
    assert shown == {
        "user_first_name": "",
        "user_last_name": "",
        "user_username": "admin",
        "user_is_active": True,
        "user_token_lifetime": None,
        "token": "",
    }


@pytest.mark.parametrize("action", ["token", "refresh_token"])
@pytest.mark.parametrize("owner", ["admin", "staff", "unrelated"])
async def test_only_its_owner_and_staff_handle_a_token(api, world, owner, action):
    path = await path_of(world, owner, action)
    found, wanted = {}, {}
    for user in USERS:
        if action == "refresh_token" and user == owner:
            continue
        method = "GET" if action == "token" else "POST"
        response = await api(user).request(method, path)
        found[user], wanted[user] = response.status_code, allowed(user, owner)
        if response.status_code == 403:
            assert response.json() == FORBIDDEN
    assert found == wanted


async def test_a_new_token_replaces_all_others(api, client, world):
    old = client_over(client)
    me = await users_me_retrieve.asyncio(client=old)
    await world.execute(
        "INSERT INTO tokens (user_id, digest) VALUES (%s, %s)",
        world.users["admin"],
        token_digest("two"),
    )

    made = await users_refresh_token.asyncio(me.uuid, client=old)

    assert len(made.token) == 64
    # It was requested with a token that never expires.
    assert made.user_token_lifetime is None
    for gone in ("admin-token", "two"):
        response = await api(None, Authorization=f"Token {gone}").get(ME)
        assert (response.status_code, response.json()) == (401, {"detail": "Invalid token."})
    new = client_over(api(None, Authorization=f"Token {made.token}"))
    assert (await users_me_retrieve.asyncio(client=new)).username == "admin"
    assert (await users_token_retrieve.asyncio(me.uuid, client=new)).token == ""
    # No other user is signed out.
    assert (await api("manager").get(ME)).status_code == 200


async def test_who_holds_a_token_for_an_hour_cannot_make_it_last(client, world):
    await world.execute(
        "INSERT INTO tokens (user_id, digest) VALUES (%s, %s)",
        world.users["admin"],
        token_digest("two"),
    )
    await world.execute(
        "UPDATE tokens SET expires = now() + interval '1 hour' WHERE digest = %s",
        token_digest("admin-token"),
    )
    made = (await client.post(await path_of(world, "admin", "refresh_token"))).json()
    assert 0 < made["user_token_lifetime"] <= HOUR


async def test_what_staff_makes_for_others_ends_with_its_own_token(api, world):
    await world.execute(
        "UPDATE tokens SET expires = now() + interval '1 hour' WHERE user_id = %s",
        world.users["staff"],
    )
    made = (await api("staff").post(await path_of(world, "admin", "refresh_token"))).json()
    assert 0 < made["user_token_lifetime"] <= HOUR


async def test_what_staff_makes_for_others_expires(api, world):
    made = (await api("staff").post(await path_of(world, "admin", "refresh_token"))).json()
    assert (made["user_username"], made["user_token_lifetime"]) == ("admin", DAY)
    assert (await api("admin").get(ME)).status_code == 401
    assert (await api("staff").get(ME)).status_code == 200


async def test_of_many_who_replace_at_once_one_token_is_left(client, world):
    path = await path_of(world, "admin", "refresh_token")
    responses = await asyncio.gather(*(client.post(path) for _ in range(5)))
    made = [response.json()["token"] for response in responses if response.status_code == 200]
    assert made
    left = await world.value("SELECT count(*) FROM tokens WHERE user_id = %s", world.users["admin"])
    assert left == 1


async def test_a_user_without_a_token_has_none_to_show(api, world):
    await world.execute("DELETE FROM tokens WHERE user_id = %s", world.users["admin"])
    response = await api("staff").get(await path_of(world, "admin", "token"))
    assert (response.status_code, response.json()) == (
        404,
        {"detail": "No Token matches the given query."},
    )


async def test_holders_of_tokens_are_listed_within_what_one_sees(api, world):
    own = await auth_tokens_list.asyncio(client=client_over(api("admin")))
    assert [token.user_username for token in own] == ["admin"]
    every = await auth_tokens_list.asyncio(client=client_over(api("support")), page_size=100)
    assert [token.user_username for token in every] == sorted(USERS)
    assert own[0].url == f"http://api.example.com/api/auth-tokens/{world.users['admin']}/"
    for address in (own[0].url, own[0].user):
        assert (await api("admin").get(address)).status_code == 200
    counted = await api("support").head(TOKENS)
    assert counted.headers["X-Result-Count"] == str(len(USERS))


async def test_an_expired_token_is_none(api, world):
    await world.execute(
        "UPDATE tokens SET expires = now() WHERE user_id = %s", world.users["admin"]
    )
    shown = (await api("staff").get(TOKENS, params={"page_size": 100})).json()
    assert [token["user_username"] for token in shown] == sorted(set(USERS) - {"admin"})


async def test_revoking_signs_the_user_out_everywhere(api, world):
    user_id = world.users["admin"]
    staff = client_over(api("staff"))
    assert (await auth_tokens_retrieve.asyncio(user_id, client=staff)).user_username == "admin"
    done = await auth_tokens_destroy.asyncio_detailed(user_id, client=staff)
    assert done.status_code == 204
    assert (await api("admin").get(ME)).status_code == 401
    again = await api("staff").delete(f"{TOKENS}{user_id}/")
    assert (again.status_code, again.json()) == (
        404,
        {"detail": "No Token matches the given query."},
    )


@pytest.mark.parametrize(
    ("user", "status"), [("admin", 204), ("staff", 204), ("support", 403), ("owner", 404)]
)
async def test_only_its_owner_and_staff_revoke_a_token(api, world, user, status):
    response = await api(user).delete(f"{TOKENS}{world.users['admin']}/")
    assert response.status_code == status


@pytest.mark.usefixtures("world")
async def test_a_number_that_is_nobodys_is_not_found(api):
    for name in ("0", "x", "-1", "9" * 30, "1e3", "ab" * 16):
        for method in ("GET", "DELETE"):
            response = await api("staff").request(method, f"{TOKENS}{name}/")
            assert (response.status_code, response.json()) == (
                404,
                {"detail": "No Token matches the given query."},
            )


async def test_what_happens_to_tokens_is_recorded_without_them(api, client, world):
    path = await path_of(world, "admin", "refresh_token")
    token = (await client.post(path)).json()["token"]
    await api("staff").delete(f"{TOKENS}{world.users['admin']}/")
    events = await world.one(
        "SELECT array_agg(event_type ORDER BY id), array_agg(username ORDER BY id),"
        " string_agg(to_jsonb(event)::text, '') FROM events AS event"
    )
    assert events[:2] == (["token_created", "auth_logged_out"], ["admin", "staff"])
    assert '"affected_user_username": "admin"' in events[2]
    assert token not in events[2]
