"""Sessions of the console: a cookie that no script reads and no other site can use."""

import httpx
import pytest

from ringfence.access.authentication import digest
from ringfence.app import create_app
from ringfence.settings import Settings
from ringfence.users.passwords import set_password
from ringfence.users.throttle import OF_A_PAIR

SESSION = "/console/session/"
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


async def test_a_token_begins_a_session_that_the_api_takes(browser, world):
    await world.group("web")
    response = await sign_in(browser)
    assert "admin-token" not in response.text + response.headers["Set-Cookie"]
    attributes = response.headers["Set-Cookie"].lower()
    for wanted in ("httponly", "samesite=strict", "path=/", "max-age="):
        assert wanted in attributes
    assert [group["name"] for group in (await browser.get(GROUPS)).json()] == ["web"]
    assert (
        await world.value(
            "SELECT count(*) FROM console_sessions WHERE digest = %s",
            digest(browser.cookies["ringfence"]),
        )
        == 1
    )


async def test_a_password_begins_a_session_whose_token_goes_with_it(browser, world):
    await set_password(world.database, "admin", "correct horse")
    before = await world.value("SELECT count(*) FROM tokens")
    await sign_in(browser, username="admin", password="correct horse")
    assert await world.value("SELECT count(*) FROM tokens") == before + 1
    me = (await browser.get("/api/users/me/")).json()
    assert (me["username"], me["token"]) == ("admin", None)
    assert (await browser.delete(SESSION)).status_code == 204
    assert await world.value("SELECT count(*) FROM tokens") == before


async def test_a_wrong_password_and_a_wrong_token_begin_nothing(browser, world):
    await set_password(world.database, "admin", "correct horse")
    for body in ({"username": "admin", "password": "wrong"}, {"token": "wrong"}):
        response = await browser.post(SESSION, json=body)
        assert response.status_code == 401
        assert "Set-Cookie" not in response.headers
    assert (await browser.post(SESSION, json={})).status_code == 400


async def test_tries_are_counted_as_those_at_the_api(browser, world):
    await set_password(world.database, "admin", "correct horse")
    wrong = {"username": "admin", "password": "wrong"}
    for _ in range(OF_A_PAIR.free + 1):
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
async def test_the_cookie_counts_for_nothing_in_a_request_of_another_site(
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


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("ringfence={}", 200),
        ("a=b; ringfence={}; c", 200),
        (" ;=;ringfence = {} ;\\;", 200),
        ("ringfence={0}; ringfence={0}", 200),
        # Of two that differ, one is not ours, and nobody knows which.
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
async def test_the_one_cookie_is_found_among_others(api, browser, sent, status):
    await sign_in(browser)
    cookie = sent.format(browser.cookies["ringfence"], browser.cookies["ringfence"])
    assert (await api(None, **OWN, Cookie=cookie).get(GROUPS)).status_code == status


async def test_a_token_in_the_header_is_what_counts_beside_a_cookie(api, browser, world):
    await world.group("web")
    await sign_in(browser)
    unrelated = api("unrelated", **OWN)
    unrelated.cookies.set("ringfence", browser.cookies["ringfence"])
    assert (await unrelated.get(GROUPS)).json() == []


@pytest.mark.usefixtures("world")
async def test_signing_out_ends_this_session_and_everywhere_all_of_this_user(api, browser):
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
    # What somebody brought was there before, and stays.
    assert (await api("admin").get(GROUPS)).status_code == 200


async def test_a_session_ends_with_its_token_and_with_its_time(browser, world):
    await sign_in(browser)
    await world.execute("UPDATE console_sessions SET expires = now() - interval '1 second'")
    assert (await browser.get(GROUPS)).status_code == 401
    await sign_in(browser)
    # The expired one is gone.
    assert await world.value("SELECT count(*) FROM console_sessions") == 1
    await world.execute("DELETE FROM tokens WHERE digest = %s", digest("admin-token"))
    assert (await browser.get(GROUPS)).status_code == 401


async def test_behind_tls_the_cookie_is_the_hosts_own(database, world):  # noqa: ARG001 - who signs in
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
