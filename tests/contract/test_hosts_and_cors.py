"""Allowed hosts, CORS, and the security headers of every path."""

import json
import socket

import httpx
import pytest
from tests.contract.paths import GROUPS

from ringfence.app import create_app
from ringfence.settings import Settings

PORTAL = "https://portal.example.com"


@pytest.fixture
async def at(database):
    """Return a function that creates a client of an application with these settings."""
    clients = []

    def client_of(peer="192.0.2.1", **settings):
        app = create_app(Settings(**settings))
        app.state.database = database
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, client=(peer, 4711)),
            base_url="http://api.example.com",
            headers={"Authorization": "Token admin-token"},
        )
        clients.append(client)
        return client

    yield client_of
    for client in clients:
        await client.aclose()


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LocalHost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("192.0.2.10", 200),
        ("[2001:db8::1]:80", 200),
        (socket.gethostname(), 200),
        ("public.example.net:8443", 200),
        ("named.example.org", 200),
        ("a.b.example.com", 200),
        ("example.com", 400),
        ("evil.example.net", 400),
        ("badexample.com", 400),
        ("public.example.net.evil.test", 400),
        ("localhost.evil.test", 400),
        ("127.0.0.1.evil.test", 400),
        ("[evil]", 400),
        ("a b", 400),
        ("", 400),
    ],
)
async def test_only_hosts_of_this_service_are_served(at, host, status):
    client = at(
        public_url="https://public.example.net/x", allowed_hosts="named.example.org, *.example.com"
    )
    for path in (GROUPS, "/api/docs/", "/nothing/"):
        response = await client.get(path, headers={"Host": host})
        assert (response.status_code == 400) == (status == 400), path
    if status == 400 and host not in {"", "a b", "[evil]"}:
        assert "RINGFENCE_ALLOWED_HOSTS" in response.json()["detail"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("second", ["localhost", "evil.example", ""])
async def test_two_hosts_are_refused_whatever_they_are(at, second):
    client = at()
    headers = [("Host", "localhost"), ("Host", second)]
    response = await client.get("/api/version/", headers=headers)
    assert response.status_code == 400
    assert "Host" in response.json()["detail"]


@pytest.mark.usefixtures("world")
async def test_a_forwarded_host_is_checked_like_any_other(at):
    client = at("127.0.0.1", allowed_hosts="api.example.com")
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.test"}
    assert (await client.get(GROUPS, headers=forwarded)).status_code == 400
    forwarded["X-Forwarded-Host"] = "api.example.com"
    response = await client.get(f"{GROUPS}?page_size=1", headers=forwarded)
    assert response.status_code == 200
    assert "https://api.example.com/api/" in response.headers["Link"]


@pytest.mark.usefixtures("world")
async def test_below_a_path_both_roots_name_urls_below_it(at):
    client = at(public_url="https://public.example.net/firewall/")
    headers = {"Host": "public.example.net"}
    console = await client.get("/", headers=headers)
    assert (console.status_code, console.headers["Location"]) == (302, "/firewall/console/")
    found = (await client.get("/api/", headers=headers)).json()
    assert found["customers"] == "https://public.example.net/firewall/api/customers/"


@pytest.mark.usefixtures("world")
async def test_hsts_is_sent_on_https(at):
    client = at("10.1.2.3", allowed_hosts="api.example.com", trusted_proxies="10.0.0.0/8")
    secure = await client.get(GROUPS, headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in (await client.get(GROUPS)).headers
    stranger = at("192.0.2.1", allowed_hosts="api.example.com")
    lied = await stranger.get(GROUPS, headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in lied.headers


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    "path", [GROUPS, "/api/nothing/", "/nothing", "/api/schema/", "/api/docs/"]
)
async def test_every_response_has_the_security_headers(at, path):
    client = at(allowed_hosts="api.example.com")
    for response in (
        await client.get(path),
        await client.get(path, headers={"Authorization": "Token wrong"}),
        await client.post(path, content="{"),
    ):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        names = [name for name, _ in response.headers.multi_items()]
        assert len(names) == len(set(names))


@pytest.mark.usefixtures("world")
async def test_other_origins_get_no_cors_headers_unless_configured(at):
    client = at(allowed_hosts="api.example.com")
    preflight_headers = {"Origin": PORTAL, "Access-Control-Request-Method": "GET"}
    for response in (
        await client.get(GROUPS, headers={"Origin": PORTAL}),
        await client.options(GROUPS, headers=preflight_headers),
    ):
        assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.usefixtures("world")
async def test_a_configured_site_s_page_may_ask_and_read_what_a_portal_reads(at):
    client = at(allowed_hosts="api.example.com", cors_origins=f"http://localhost:8001, {PORTAL}")
    preflight_headers = {
        "Origin": PORTAL,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    # A browser sends the preflight request without the token.
    del client.headers["Authorization"]
    preflight = await client.options(GROUPS, headers=preflight_headers)
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["Access-Control-Allow-Origin"] == PORTAL
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    # The service rejects it, not the browser, so that a page can show the reason.
    assert {"Authorization", "Content-Type", "X-Impersonated-User-Uuid"} <= set(
        preflight.headers["Access-Control-Allow-Headers"].split(", ")
    )
    for token, status in (("admin-token", 200), ("wrong", 401)):
        headers = {"Origin": PORTAL, "Authorization": f"Token {token}"}
        response = await client.get(GROUPS, headers=headers)
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == PORTAL
        assert {"Link", "X-Result-Count", "Warning"} <= set(
            response.headers["Access-Control-Expose-Headers"].split(", ")
        )
        assert "Origin" in response.headers["Vary"].split(", ")
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://portal.example.com",
        f"{PORTAL}:8443",
        f"{PORTAL}.evil.test",
        PORTAL.upper(),
        "",
    ],
)
async def test_an_origin_that_is_not_exactly_configured_gets_no_cors_headers(at, origin):
    client = at(allowed_hosts="api.example.com", cors_origins=PORTAL)
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    for response in (
        await client.get(GROUPS, headers={"Origin": origin}),
        await client.options(GROUPS, headers=headers),
    ):
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.usefixtures("world")
async def test_the_log_shows_the_client_of_a_trusted_proxy(at, capsys):
    client = at("10.1.2.3", allowed_hosts="api.example.com", trusted_proxies="10.0.0.0/8")
    await client.get(GROUPS, headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["client"] for line in lines if line["event"] == "request"] == ["198.51.100.7"]
