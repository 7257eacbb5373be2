"""Sessions of the console: a cookie that scripts cannot read and other sites cannot use."""

import httpx
import pytest

from ringfence.access import authentication
from ringfence.access.authentication import token_digest
from ringfence.app import create_app
from ringfence.settings import Settings
from ringfence.users.commands import UserRow, store_users
from ringfence.users.login_throttle import PER_USER_AND_NETWORK
from ringfence.users.passwords import set_password
from ringfence.users.sessions import commands
from ringfence.users.sessions.ending import MAX_SESSIONS
from ringfence.users.tokens.administration import listed_sessions, renew, revoke

SESSION = "/console/session/"
SESSIONS = "/api/console-sessions/"
GROUPS = "/api/openstack-security-groups/"
ORIGIN = "http://api.example.com"
OWN = {"X-Ringfence-Console": "1", "Origin": ORIGIN}


@pytest.fixture
def browser(api):
    return api(None, **OWN)


async def sign_in(http, **body):
    response = await http.post(SESSION, json=body or {"token": "admin-token"})
    assert response.status_code == 200, response.text
    return response


async def test_a_session_that_begins_with_a_token_is_accepted_by_the_api(browser, world):
    await world.group("web")
    response = await sign_in(browser)
    assert "admin-token" not in response.text + response.headers["Set-Cookie"]
    attributes = response.headers["Set-Cookie"].lower()
    for attribute in ("httponly", "samesite=strict", "path=/", "max-age="):
        assert attribute in attributes
    assert [group["name"] for group in (await browser.get(GROUPS)).json()] == ["web"]
    assert (
        await world.value(
            "SELECT count(*) FROM console_sessions WHERE digest = %s",
            token_digest(browser.cookies["ringfence"]),
        )
        == 1
    )


async def test_the_token_of_a_session_that_begins_with_a_password_ends_with_it(browser, world):
    await set_password(world.database, "admin", "correct horse")
    before = await world.value("SELECT count(*) FROM tokens")
    await sign_in(browser, username="admin", password="correct horse")
    assert await world.value("SELECT count(*) FROM tokens") == before + 1
    me = (await browser.get("/api/users/me/")).json()
    assert (me["username"], me["token"]) == ("admin", None)
    assert (await browser.delete(SESSION)).status_code == 204
    assert await world.value("SELECT count(*) FROM tokens") == before


async def test_a_wrong_password_and_a_wrong_token_begin_no_session(browser, world):
    await set_password(world.database, "admin", "correct horse")
    for body in ({"username": "admin", "password": "wrong"}, {"token": "wrong"}):
        response = await browser.post(SESSION, json=body)
        assert response.status_code == 401
        assert "Set-Cookie" not in response.headers
    assert (await browser.post(SESSION, json={})).status_code == 400


async def test_failed_sign_ins_are_throttled_like_those_of_the_api(browser, world):
    await set_password(world.database, "admin", "correct horse")
    wrong = {"username": "admin", "password": "wrong"}
    for _ in range(PER_USER_AND_NETWORK.free + 1):
        assert (await browser.post(SESSION, json=wrong)).status_code == 401
    refused = await browser.post(SESSION, json=wrong)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", OWN | {"Origin": "http://evil.example.com"}),
        ("POST", {"X-Ringfence-Console": "1"}),
        ("POST", {"Origin": ORIGIN}),
        ("POST", OWN | {"Origin": "null"}),
        ("POST", OWN | {"Origin": "http://["}),
        ("POST", OWN | {"Origin": "http://[::1"}),
        ("POST", OWN | {"Origin": "http://api.example.com\uff0f"}),
        ("POST", OWN | {"Origin": "//api.example.com"}),
        ("POST", OWN | {"Origin": "api.example.com"}),
        ("POST", OWN | {"Origin": ""}),
        ("POST", OWN | {"Origin": "http://api.example.com.evil.example"}),
        ("POST", OWN | {"Origin": "http://api.example.com:8080"}),
    ],
)
async def test_the_cookie_is_ignored_in_a_request_of_another_site(
    api, browser, world, method, headers
):
    await sign_in(browser)
    raw = {name: value.encode() for name, value in headers.items()}
    foreign = api(None, **raw)
    foreign.cookies.set("ringfence", browser.cookies["ringfence"])
    group = await world.group()
    path = GROUPS if method == "GET" else f"{GROUPS}{group.hex}/pull/"
    assert (await foreign.request(method, path)).status_code == 401
    if method == "POST":
        assert (await foreign.post(SESSION, json={"token": "admin-token"})).status_code == 403
        assert (await foreign.delete(SESSION)).status_code == 403


async def test_a_request_with_two_origins_is_rejected(api, world):  # noqa: ARG001 - whose token it is
    twice = [("Origin", ORIGIN), ("Origin", ORIGIN), ("X-Ringfence-Console", "1")]
    response = await api(None).post(SESSION, json={"token": "admin-token"}, headers=twice)
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("ringfence={}", 200),
        ("a=b; ringfence={}; c", 200),
        (" ;=;ringfence = {} ;\\;", 200),
        ("ringfence={0}; ringfence={0}", 200),
        # Two different cookies are ambiguous.
        ("ringfence=other; ringfence={}", 401),
        ("ringfence={}; ringfence=", 401),
        ("xringfence={}; ringfence2={}", 401),
        ("ringfence", 401),
        ("ringfence=", 401),
        ("", 401),
        ('ringfence="\\\\\\', 401),
    ],
)
@pytest.mark.usefixtures("world")
async def test_the_cookie_is_found_among_others(api, browser, sent, status):
    await sign_in(browser)
    cookie = sent.format(browser.cookies["ringfence"], browser.cookies["ringfence"])
    assert (await api(None, **OWN, Cookie=cookie).get(GROUPS)).status_code == status


async def test_a_token_in_the_header_takes_precedence_over_the_cookie(api, browser, world):
    await world.group("web")
    await sign_in(browser)
    unrelated = api("unrelated", **OWN)
    unrelated.cookies.set("ringfence", browser.cookies["ringfence"])
    assert (await unrelated.get(GROUPS)).json() == []


@pytest.mark.usefixtures("world")
async def test_signing_out_ends_this_session_or_all_sessions_of_the_user(api, browser):
    other, another_user = api(None, **OWN), api(None, **OWN)
    for http, token in ((browser, "admin"), (other, "admin"), (another_user, "owner")):
        await sign_in(http, token=f"{token}-token")
    await browser.delete(SESSION)
    assert (await browser.get(GROUPS)).status_code == 401
    assert (await other.get(GROUPS)).status_code == 200
    await sign_in(browser)
    await browser.delete(SESSION, params={"everywhere": "true"})
    assert (await other.get(GROUPS)).status_code == 401
    assert (await another_user.get(GROUPS)).status_code == 200
    # The token that began the session stays valid.
    assert (await api("admin").get(GROUPS)).status_code == 200


async def events(world):
    """Return type, affected user, actor and reason of the events about sessions."""
    return await world.value(
        "SELECT coalesce(jsonb_agg(jsonb_build_array("
        "event_type, context ->> 'affected_user_username', username, context ->> 'reason')"
        " ORDER BY id), '[]') FROM events WHERE event_type LIKE 'auth_session_%%'"
    )


STARTED, ENDED = "auth_session_started", "auth_session_ended"


async def test_the_begin_and_the_end_of_a_session_are_recorded(browser, world):
    await sign_in(browser)
    await sign_in(browser)
    await browser.delete(SESSION, params={"everywhere": "true"})
    start = [STARTED, "admin", "admin", None]
    end = [ENDED, "admin", "admin", "signed out everywhere"]
    assert await events(world) == [start, start, end, end]
    await sign_in(browser)
    await browser.delete(SESSION)
    assert (await events(world))[-1] == [ENDED, "admin", "admin", "signed out"]
    recorded = await world.value("SELECT string_agg(to_jsonb(e)::text, '') FROM events AS e")
    assert "admin-token" not in recorded
    assert token_digest(browser.cookies.get("ringfence", "")).hex() not in recorded


@pytest.mark.parametrize("limit", ["is_read_only = true", "project_id = %s"])
async def test_a_session_of_a_restricted_token_can_only_end_itself(api, browser, world, limit):
    secret = "limited-token"
    await world.execute(
        "INSERT INTO tokens (user_id, digest) VALUES (%s, %s)",
        world.users["admin"],
        token_digest(secret),
    )
    project = [world.project_id] if "%s" in limit else []
    await world.execute(
        f"UPDATE tokens SET {limit} WHERE digest = %s",  # noqa: S608 - from above
        *project,
        token_digest(secret),
    )
    await set_password(world.database, "admin", "correct horse")
    await sign_in(browser, username="admin", password="correct horse")
    limited = api(None, **OWN)
    await sign_in(limited, token=secret)
    before = await world.one(
        "SELECT (SELECT count(*) FROM console_sessions), (SELECT count(*) FROM tokens)"
    )

    refused = await limited.delete(SESSION, params={"everywhere": "true"})

    assert refused.status_code == 403
    assert "limited token" in refused.json()["detail"]
    assert (await browser.get(GROUPS)).status_code == 200
    [own, *_] = (await browser.get(SESSIONS)).json()
    assert (await limited.delete(f"{SESSIONS}{own['uuid']}/")).status_code == 403
    after = await world.one(
        "SELECT (SELECT count(*) FROM console_sessions), (SELECT count(*) FROM tokens)"
    )
    assert after == before
    assert (await limited.delete(SESSION)).status_code == 204
    assert (await limited.get(GROUPS)).status_code == 401


async def test_the_number_of_sessions_is_limited_and_the_oldest_end(api, browser, world):
    await sign_in(browser)
    other = api(None, **OWN)
    await sign_in(other, token="owner-token")
    latest = api(None, **OWN)
    for _ in range(MAX_SESSIONS):
        await sign_in(latest)
    count = await world.value(
        "SELECT count(*) FROM console_sessions AS session"
        " INNER JOIN tokens AS token ON session.token_id = token.id WHERE token.user_id = %s",
        world.users["admin"],
    )
    assert count == MAX_SESSIONS
    assert (await browser.get(GROUPS)).status_code == 401
    assert (await latest.get(GROUPS)).status_code == 200
    assert (await other.get(GROUPS)).status_code == 200
    assert [ENDED, "admin", "admin", "replaced by newer sessions"] in await events(world)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET is_active = false",
        "UPDATE tokens SET expires = now()",
        "DELETE FROM tokens",
    ],
)
async def test_no_session_begins_if_its_user_or_token_ends_in_the_meantime(
    browser, world, monkeypatch, change
):
    async def authenticate(database, header):
        actor = await authentication.authenticate(database, header)
        await world.execute(change)
        return actor

    monkeypatch.setattr(commands, "authenticate", authenticate)
    assert (await browser.post(SESSION, json={"token": "admin-token"})).status_code == 401
    assert await world.value("SELECT count(*) FROM console_sessions") == 0


async def test_sessions_are_listed_and_ended_individually(api, browser, world):
    await set_password(world.database, "admin", "correct horse")
    await sign_in(browser, username="admin", password="correct horse")
    other = api(None, **OWN)
    await sign_in(other)
    found = {}
    for user in ("admin", "owner", "support", "staff"):
        listed = (await api(user).get(SESSIONS)).json()
        found[user] = [(each["user_username"], each["begun_with"]) for each in listed]
    own = [("admin", "password"), ("admin", "token")]
    assert found == {"admin": own, "owner": [], "support": [], "staff": own}
    first, second = (await api("admin").get(SESSIONS)).json()
    assert first["token_uuid"] is None
    assert first["ip_address"] == "127.0.0.1"
    assert browser.cookies["ringfence"] not in str(first)
    for user, status in (("owner", 404), ("support", 404), ("staff", 204)):
        response = await api(user).delete(f"{SESSIONS}{second['uuid']}/")
        assert response.status_code == status, user
    assert (await other.get(GROUPS)).status_code == 401
    lines = [session.line() for session in await listed_sessions(world.database, "admin")]
    assert [line.partition(" with ")[2].partition(" from")[0] for line in lines] == ["a password"]
    assert lines[0].startswith(first["uuid"] + " admin: begun ")
    # A session may end itself.
    assert (await browser.delete(f"{SESSIONS}{first['uuid']}/")).status_code == 204
    assert (await browser.get(GROUPS)).status_code == 401
    assert (await api("admin").get(SESSIONS)).json() == []
    reasons = [reason for _, _, _, reason in await events(world) if reason]
    assert reasons == ["ended by its user or by staff"] * 2


async def test_a_new_password_ends_sessions_and_tokens_of_the_old_one(api, browser, world):
    await set_password(world.database, "admin", "correct horse")
    body = {"username": "admin", "password": "correct horse"}
    secret = (await api(None).post("/api-auth/password/", json=body)).json()["token"]
    by_token = api(None, **OWN)
    await sign_in(browser, **body)
    await sign_in(by_token)
    await set_password(world.database, "admin", "battery staple")
    for http in (browser, by_token, api(None, Authorization=f"Token {secret}")):
        assert (await http.get(GROUPS)).status_code == 401
    # A token that an operator issued does not depend on the password.
    assert (await api("admin").get(GROUPS)).status_code == 200
    assert (await events(world))[-1] == [ENDED, "admin", None, "the password was changed"]


async def test_a_reactivated_user_has_no_sessions(browser, world):
    await sign_in(browser)
    uuid = await world.value("SELECT uuid FROM users WHERE username = 'admin'")
    for is_active in (False, True):
        async with world.database.transaction() as connection:
            await store_users(connection, [UserRow(uuid, "admin", is_active=is_active)])
    assert (await browser.get(GROUPS)).status_code == 401
    assert (await events(world))[-1] == [ENDED, "admin", None, "the user was deactivated"]


async def test_rotating_or_revoking_a_token_ends_its_sessions(browser, world):
    uuid = await world.value(
        "SELECT uuid FROM tokens WHERE digest = %s", token_digest("admin-token")
    )
    for change in (renew, revoke):
        await world.execute(
            "UPDATE tokens SET digest = %s WHERE uuid = %s", token_digest("admin-token"), uuid
        )
        await sign_in(browser)
        await change(world.database, uuid.hex)
        assert (await browser.get(GROUPS)).status_code == 401
        reason = "its token was revoked or rotated"
        assert (await events(world))[-1] == [ENDED, "admin", None, reason]


async def test_a_session_ends_with_its_token_and_at_its_expiry(browser, world):
    await sign_in(browser)
    await world.execute("UPDATE console_sessions SET expires = now() - interval '1 second'")
    assert (await browser.get(GROUPS)).status_code == 401
    await sign_in(browser)
    # The expired one is gone.
    assert await world.value("SELECT count(*) FROM console_sessions") == 1
    await world.execute("DELETE FROM tokens WHERE digest = %s", token_digest("admin-token"))
    assert (await browser.get(GROUPS)).status_code == 401


async def test_behind_tls_the_cookie_has_the_host_prefix(database, world):  # noqa: ARG001 - who signs in
    app = create_app(Settings(public_url="https://api.example.com"))
    app.state.database = database
    headers = OWN | {"Origin": "https://api.example.com"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://api.example.com", headers=headers
    ) as http:
        response = await sign_in(http)
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-ringfence=")
    assert "secure" in cookie.lower()
