"""Who asks: the `Authorization` header, and the 401s in Waldur's words."""

import pytest
from tests.contract.addresses import GROUPS, group_at

REFUSED = {
    None: "Authentication credentials were not provided.",
    "": "Authentication credentials were not provided.",
    "Basic YTpi": "Authentication credentials were not provided.",
    "admin-token": "Authentication credentials were not provided.",
    "Token nobody": "Invalid token.",
    "Token": "Invalid token. No credentials provided.",
    "Token  ": "Invalid token. No credentials provided.",
    "Token admin token": "Invalid token. Token string should not contain spaces.",
    "Token \xe9": "Invalid token.",
    # Newer command lines send Bearer: it is taken, and refused, as Token is.
    "Bearer": "Invalid token. No credentials provided.",
    "Bearer nobody": "Invalid token.",
}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("header", REFUSED, ids=repr)
async def test_a_header_that_names_nobody_is_refused_in_waldurs_words(api, header):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    response = await api(None).get(GROUPS, headers=headers)
    assert response.status_code == 401
    assert response.json() == {"detail": REFUSED[header]}
    assert response.headers["WWW-Authenticate"] == "Token"


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN", "tOkEn", "Bearer", "bearer"])
async def test_the_scheme_is_taken_in_any_case(api, scheme):
    response = await api(None, Authorization=f"{scheme} admin-token").get(GROUPS)
    assert response.status_code == 200


async def test_an_inactive_user_is_refused(api, world):
    await world.execute("UPDATE users SET is_active = false WHERE username = 'admin'")
    response = await api("admin").get(GROUPS)
    assert (response.status_code, response.json()) == (
        401,
        {"detail": "User inactive or deleted."},
    )


async def test_an_expired_token_is_refused(api, world):
    # Waldur drops it silently and says that it is unknown; here the reason is given.
    await world.execute("UPDATE tokens SET expires = now() - interval '1 second'")
    response = await api("admin").get(GROUPS)
    assert (response.status_code, response.json()) == (401, {"detail": "Token has expired."})


async def test_a_token_that_expires_later_is_taken(api, world):
    await world.execute("UPDATE tokens SET expires = now() + interval '1 hour'")
    assert (await api("admin").get(GROUPS)).status_code == 200


async def test_who_asks_is_settled_before_what_exists(api, world):
    group = await world.group()
    nobody = api(None)
    answers = [
        await nobody.get("/api/no-such-thing/"),
        await nobody.post(GROUPS),
        await nobody.get(f"{GROUPS}garbage/"),
        await nobody.get(group_at(group)),
        await nobody.put(group_at(group), content=b"{"),
        await nobody.post(group_at(group, "set_rules/"), content=b"x" * 2_000_000),
    ]
    assert [answer.status_code for answer in answers] == [401] * len(answers)


@pytest.mark.usefixtures("world")
async def test_a_token_in_the_query_is_refused(api):
    response = await api(None).get(GROUPS, params={"x-auth-token": "Token admin-token"})
    assert response.status_code == 401


async def test_impersonation_headers_are_ignored(api, world):
    await world.group(tenant_id=world.foreign_tenant_id)
    staff = world.users["staff"]
    uuid = await world.value("SELECT uuid FROM users WHERE id = %s", staff)
    client = api("unrelated", **{"X-Impersonated-User-Uuid": uuid.hex})
    assert (await client.get(GROUPS)).json() == []
