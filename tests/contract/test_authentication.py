"""The `Authorization` header, and the 401 responses with Waldur's messages."""

import pytest
from tests.contract.paths import GROUPS, group_at

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
    # Newer command line clients send Bearer, which is equivalent to Token.
    "Bearer": "Invalid token. No credentials provided.",
    "Bearer nobody": "Invalid token.",
}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("header", REFUSED, ids=repr)
async def test_a_header_that_names_nobody_is_refused_in_waldurs_words(api, header):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    response = await api(None).get(GROUPS, headers=headers)
    assert response.status_code == 401
    body = response.json()
    assert ("hint" in body) == (header in {"Basic YTpi", "admin-token"})
    assert '"Token"' in body.pop("hint", '"Token"')
    assert body == {"detail": REFUSED[header]}
    assert response.headers["WWW-Authenticate"] == "Token"
    # The other messages say it themselves.
    is_explained = "Ringfence-Hint" in response.headers
    assert is_explained == (REFUSED[header] in {"Invalid token.", REFUSED[None]})


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN", "tOkEn", "Bearer", "bearer"])
async def test_the_scheme_is_taken_in_any_case(api, scheme):
    response = await api(None, Authorization=f"{scheme} admin-token").get(GROUPS)
    assert response.status_code == 200


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer Token admin-token", 200),
        ("bearer token admin-token", 200),
        ("BEARER  TOKEN  admin-token", 200),
        ("Bearer Token nobody", 401),
        ("Bearer Token admin-token more", 401),
        ("Token Bearer admin-token", 401),
        ("Token Token admin-token", 401),
        ("Bearer Bearer admin-token", 401),
        ("Bearer Token Token admin-token", 401),
    ],
)
async def test_both_schemes_before_a_token_are_taken_as_waldurs_javascript_sends_them(
    api, header, status
):
    response = await api(None, Authorization=header).get(GROUPS)
    assert response.status_code == status
    if status != 200:
        assert response.headers["WWW-Authenticate"] == "Token"


async def test_an_inactive_user_is_refused(api, world):
    await world.execute("UPDATE users SET is_active = false WHERE username = 'admin'")
    response = await api("admin").get(GROUPS)
    assert (response.status_code, response.json()) == (
        401,
        {"detail": "User inactive or deleted."},
    )


async def test_an_expired_token_is_refused(api, world):
    # Waldur reports an expired token as unknown; Ringfence returns the reason.
    await world.execute("UPDATE tokens SET expires = now() - interval '1 second'")
    response = await api("admin").get(GROUPS)
    assert (response.status_code, response.json()) == (401, {"detail": "Token has expired."})


async def test_a_token_that_expires_later_is_taken(api, world):
    await world.execute("UPDATE tokens SET expires = now() + interval '1 hour'")
    assert (await api("admin").get(GROUPS)).status_code == 200


async def test_authentication_precedes_the_lookup_of_objects(api, world):
    group = await world.group()
    nobody = api(None)
    responses = [
        await nobody.get("/api/no-such-thing/"),
        await nobody.post(GROUPS),
        await nobody.get(f"{GROUPS}garbage/"),
        await nobody.get(group_at(group)),
        await nobody.put(group_at(group), content=b"{"),
        await nobody.post(group_at(group, "set_rules/"), content=b"x" * 2_000_000),
    ]
    assert [response.status_code for response in responses] == [401] * len(responses)


@pytest.mark.usefixtures("world")
async def test_a_token_in_the_query_is_refused(api):
    response = await api(None).get(GROUPS, params={"x-auth-token": "Token admin-token"})
    assert response.status_code == 401


@pytest.mark.parametrize(
    "name",
    [
        "X-Impersonated-User-Uuid",
        "X-IMPERSONATED-USER-UUID",
        "x_impersonated_user_uuid",
        "X-Impersonate-User-Uuid",
        "Impersonate-User",
    ],
)
@pytest.mark.parametrize("user", ["staff", "unrelated"])
async def test_impersonation_is_refused_before_anything_is_done(api, world, user, name):
    group = await world.group()
    member = await world.value("SELECT uuid FROM users WHERE username = 'member'")
    for value in (member.hex, "nonsense", ""):
        client = api(user, **{name: value})
        for method, path in (
            ("GET", GROUPS),
            ("HEAD", GROUPS),
            ("GET", group_at(group)),
            ("GET", "/api/users/me/"),
            ("GET", "/api/version/"),
            ("POST", group_at(group, "pull/")),
            ("DELETE", group_at(group)),
            ("POST", group_at(group, "set_rules/?dry_run=true")),
            ("GET", "/api/nothing/"),
        ):
            response = await client.request(method, path)
            assert response.status_code == 403, path
            if method != "HEAD":
                message = response.json()["detail"]
                assert "X-Impersonated-User-Uuid" in message
                assert "not supported" in message
    assert await world.value("SELECT state FROM security_groups") == "OK"
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == 0


async def test_two_different_credentials_are_none(api, world):
    group = await world.group()
    for method, path in (("GET", GROUPS), ("GET", group_at(group)), ("DELETE", group_at(group))):
        for other, status in (("Token unrelated-token", 401), ("Token admin-token", 200)):
            if (method, status) == ("DELETE", 200):
                continue
            headers = [("Authorization", "Token admin-token"), ("Authorization", other)]
            response = await api(None).request(method, path, headers=headers)
            assert response.status_code == status, (method, path, other)
    assert await world.value("SELECT state FROM security_groups") == "OK"


@pytest.mark.usefixtures("world")
async def test_impersonation_without_a_token_is_not_authenticated(api):
    header = {"X-Impersonated-User-Uuid": "x"}
    assert (await api(None, **header).get(GROUPS)).status_code == 401
    assert (await api(None, **header).get("/api/configuration/")).status_code == 200
