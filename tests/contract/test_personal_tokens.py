"""The API of personal tokens, as newer clients of Waldur use it."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.test_limited_tokens import issue  # noqa: F401 - a fixture

from ringfence.access.authentication import token_digest

TOKENS = "/api/personal-access-tokens/"
GROUPS = "/api/openstack-security-groups/"
ME = "/api/users/me/"
UUID_OF_TOKEN = "SELECT uuid FROM tokens WHERE digest = %s"
# Empty values other than a list may have been meant as a restriction.
NO_LISTS = ({}, "", 0, False)


@pytest.fixture
def token_request(world):
    def of(**more):
        until = datetime.now(UTC) + timedelta(days=30)
        return {"name": "backup", "scopes": ["read"], "expires_at": until.isoformat()} | more

    assert world
    return of


async def test_a_token_is_created_with_a_name_and_shown_once(api, client, world, token_request):
    group = await world.group()
    place = [{"type": "project", "uuid": str(world.project_uuid)}]
    body = token_request(allowed_scopes=place, allowed_networks=[])
    response = await client.post(TOKENS, json=body)
    made = response.json()
    assert response.status_code == 201
    assert len(made["token"]) == 64
    assert made["scopes"] == ["read"]
    assert made["allowed_scopes"] == [
        {"type": "project", "uuid": world.project_uuid.hex, "name": "Web"}
    ]
    assert datetime.fromisoformat(made["expires_at"]) == datetime.fromisoformat(body["expires_at"])
    stored = await world.value("SELECT digest FROM tokens WHERE uuid = %s", made["uuid"])
    assert stored == token_digest(made["token"])

    limited = api(None, Authorization=f"Token {made['token']}")
    assert (await limited.get(f"{GROUPS}{group.hex}/")).status_code == 200
    assert (await limited.patch(f"{GROUPS}{group.hex}/", json={})).status_code == 403
    shown = (await client.get(f"{TOKENS}{made['uuid']}/")).json()
    assert "token" not in shown
    assert (shown["name"], shown["use_count"], shown["is_active"]) == ("backup", 0, True)
    assert made["token"] not in (await client.get(TOKENS)).text


async def test_a_token_that_writes_may_what_its_user_may(api, client, world, token_request):
    group = await world.group()
    made = (await client.post(TOKENS, json=token_request(scopes=["write", "read"]))).json()
    whole = api(None, Authorization=f"Token {made['token']}")
    response = await whole.patch(f"{GROUPS}{group.hex}/", json={"description": "x"})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": None},
        {"name": "a\x1b[2Jb"},
        {"name": "a\nb"},
        {"name": "\u202etxt"},
        {"scopes": []},
        {"scopes": ["write"]},
        {"scopes": ["everything", "read"]},
        {"scopes": "read"},
        {"expires_at": None},
        {"expires_at": "soon"},
        {"expires_at": "2001-01-01T00:00:00Z"},
        {"allowed_scopes": [{"type": "customer", "uuid": "0" * 32}]},
        {"allowed_scopes": [{"type": "project", "uuid": "0" * 32}]},
        {"allowed_scopes": [{"type": "project", "uuid": "x"}]},
        {"allowed_scopes": [{}, {}]},
        {"allowed_scopes": {"a": 1}},
        *({name: empty} for name in ("allowed_scopes", "allowed_networks") for empty in NO_LISTS),
        {"allowed_networks": ["10.0.0.0/8"]},
    ],
)
async def test_unsupported_restrictions_are_refused(client, world, token_request, wrong):
    before = await world.value("SELECT count(*) FROM tokens")
    response = await client.post(TOKENS, json=token_request(**wrong))
    assert (response.status_code, list(response.json())) == (400, list(wrong))
    assert await world.value("SELECT count(*) FROM tokens") == before


@pytest.mark.parametrize(
    "time", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999-00:01", "10000-01-01"]
)
async def test_a_time_without_a_year_in_utc_is_refused(client, token_request, time):
    response = await client.post(TOKENS, json=token_request(expires_at=time))
    assert (response.status_code, list(response.json())) == (400, ["expires_at"])


async def test_a_project_that_one_does_not_see_is_none(client, world, token_request):
    foreign = await world.value("SELECT uuid FROM projects WHERE name = 'Elsewhere'")
    place = [{"type": "project", "uuid": str(foreign)}]
    response = await client.post(TOKENS, json=token_request(allowed_scopes=place))
    assert (response.status_code, response.json()) == (
        400,
        {"allowed_scopes": ["There is no such project."]},
    )


async def test_everybody_sees_its_own_and_staff_all(api, world, token_request):
    made = (await api("admin").post(TOKENS, json=token_request())).json()
    path = f"{TOKENS}{made['uuid']}/"
    found = {user: (await api(user).get(path)).status_code for user in world.users}
    assert found == dict.fromkeys(world.users, 404) | {"admin": 200, "staff": 200}
    for method, address in (("DELETE", path), ("POST", path + "rotate/")):
        for user in ("support", "owner", "unrelated"):
            assert (await api(user).request(method, address)).status_code == 404
    # Only its user may rotate it; others may revoke it.
    assert (await api("staff").post(path + "rotate/")).status_code == 403
    assert (await api("staff").delete(path)).status_code == 204
    assert (await api("admin").get(path)).status_code == 404


async def test_rotating_and_revoking_hold_from_the_next_request_on(
    api, client, world, token_request
):
    made = (await client.post(TOKENS, json=token_request())).json()
    path = f"{TOKENS}{made['uuid']}/"

    def bearer(secret):
        return api(None, Authorization=f"Token {secret}")

    assert (await bearer(made["token"]).get(ME)).status_code == 200
    rotated = (await client.post(path + "rotate/")).json()
    assert (rotated["uuid"], rotated["expires_at"]) == (made["uuid"], made["expires_at"])
    assert (await bearer(made["token"]).get(ME)).status_code == 401
    assert (await bearer(rotated["token"]).get(ME)).status_code == 200
    assert (await client.delete(path)).status_code == 204
    assert (await bearer(rotated["token"]).get(ME)).status_code == 401
    assert (await client.delete(path)).status_code == 404
    kinds = await world.value("SELECT array_agg(event_type ORDER BY id) FROM events")
    assert kinds == ["token_created", "token_rotated", "token_revoked"]
    recorded = await world.value("SELECT string_agg(to_jsonb(e)::text, '') FROM events AS e")
    assert made["token"] not in recorded
    assert rotated["token"] not in recorded


async def test_a_restricted_token_creates_none_and_shows_no_wider_one(
    client,
    world,
    token_request,
    issue,  # noqa: F811 - a fixture
):
    limited = await issue("admin", project_id=world.project_id)
    assert (await limited.post(TOKENS, json=token_request())).status_code == 403
    made = (await client.post(TOKENS, json=token_request())).json()
    for method, path in (("DELETE", ""), ("POST", "rotate/")):
        response = await limited.request(method, f"{TOKENS}{made['uuid']}/{path}")
        assert response.status_code == 403
    [own] = (await limited.get(TOKENS)).json()
    assert own["allowed_scopes"][0]["uuid"] == world.project_uuid.hex
    # It may revoke itself.
    assert (await limited.delete(f"{TOKENS}{own['uuid']}/")).status_code == 204
    assert (await limited.get(ME)).status_code == 401


LATER = {
    "in a minute": timedelta(minutes=1),
    "in an hour": timedelta(hours=1),
    "in a month": timedelta(days=30),
}


@pytest.mark.parametrize("end", LATER.values(), ids=LATER)
async def test_a_token_makes_and_rotates_none_that_outlives_it(
    api,
    world,
    token_request,
    issue,  # noqa: F811 - a fixture
    end,
):
    now = datetime.now(UTC)
    other = (await api("admin").post(TOKENS, json=token_request(expires_at="9999-01-01"))).json()
    brief = await issue("admin", expires=now + end)
    for beyond in ("9999-12-31T23:59:59Z", (now + end + timedelta(seconds=1)).isoformat()):
        refused = await brief.post(TOKENS, json=token_request(expires_at=beyond))
        assert refused.status_code == 400
        assert "no later than the token or session that creates it" in refused.text
        assert f"{now + end:%Y-%m-%dT%H:%M}" in refused.text
    within = await brief.post(TOKENS, json=token_request(expires_at=(now + end).isoformat()))
    assert within.status_code == 201
    assert (await brief.post(f"{TOKENS}{within.json()['uuid']}/rotate/")).status_code == 201
    never = await world.value(UUID_OF_TOKEN, token_digest("admin-token"))
    for lasting in (other["uuid"], never.hex):
        refused = await brief.post(f"{TOKENS}{lasting}/rotate/")
        assert refused.status_code == 403
        assert "expires later than yours" in refused.text
    # Revoking is allowed, because it creates nothing.
    assert (await brief.delete(f"{TOKENS}{other['uuid']}/")).status_code == 204


async def test_a_session_makes_no_token_that_outlives_it(api, world, token_request):
    browser = api(None, **{"X-Ringfence-Console": "1", "Origin": "http://api.example.com"})
    assert (await browser.post("/console/session/", json={"token": "admin-token"})).is_success
    assert (await browser.post(TOKENS, json=token_request())).status_code == 400
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert (await browser.post(TOKENS, json=token_request(expires_at=soon))).status_code == 201
    own = await world.value(UUID_OF_TOKEN, token_digest("admin-token"))
    assert (await browser.post(f"{TOKENS}{own.hex}/rotate/")).status_code == 403
    me = (await browser.get(ME)).json()["uuid"]
    made = (await browser.post(f"/api/users/{me}/refresh_token/")).json()
    assert 0 < made["user_token_lifetime"] <= 12 * 3600


async def test_a_token_that_rotates_itself_receives_its_new_secret(
    api,
    world,
    issue,  # noqa: F811 - a fixture
):
    for key in ({}, {"Idempotency-Key": "once"}):
        client = await issue("admin", project_id=world.project_id)
        [own] = [each for each in (await client.get(TOKENS)).json() if not each["name"]][-1:]
        rotated = await client.post(f"{TOKENS}{own['uuid']}/rotate/", headers=key)
        assert rotated.status_code == 201, rotated.text
        assert (await client.get(ME)).status_code == 401
        new = api(None, Authorization=f"Token {rotated.json()['token']}")
        assert (await new.get(ME)).status_code == 200


async def test_no_token_lives_longer_than_the_setting_says(app, api, client, world, token_request):
    longest = timedelta(days=7)
    app.state.settings = app.state.settings.model_copy(update={"token_max_lifetime": longest})
    refused = await client.post(TOKENS, json=token_request())
    assert refused.status_code == 400
    assert "A token lasts 7d at most" in refused.text
    now = datetime.now(UTC)
    six = (now + timedelta(days=6)).isoformat()
    assert (await client.post(TOKENS, json=token_request(expires_at=six))).status_code == 201
    # An earlier token keeps its lifetime; once it is rotated, the new limit applies.
    own = await world.value(UUID_OF_TOKEN, token_digest("admin-token"))
    rotated = (await client.post(f"{TOKENS}{own.hex}/rotate/")).json()
    assert datetime.fromisoformat(rotated["expires_at"]) <= datetime.now(UTC) + longest
    uuid = await world.value("SELECT uuid FROM users WHERE username = 'owner'")
    made = (await api("owner").post(f"/api/users/{uuid.hex}/refresh_token/")).json()
    assert 0 < made["user_token_lifetime"] <= longest.total_seconds()


async def test_a_time_that_no_calendar_has_is_refused(client, token_request):
    for beyond in ("9999-12-31T23:59:59-12:00", "10000-01-01", "0001-01-01T00:00:00+12:00"):
        assert (await client.post(TOKENS, json=token_request(expires_at=beyond))).status_code == 400


async def test_a_token_that_never_expires_or_was_never_used_has_times_all_the_same(client, world):
    [shown] = (await client.get(TOKENS)).json()
    assert shown["expires_at"].startswith("9999-12-31")
    assert (shown["last_used_at"], shown["use_count"]) == (shown["created"], 0)
    assert world


@pytest.mark.usefixtures("world")
async def test_the_possible_restrictions_of_a_token_are_listed(client):
    response = await client.get(TOKENS + "available_scopes/")
    assert [each["permission"] for each in response.json()] == ["read", "write"]
    refused = await client.delete(TOKENS + "available_scopes/")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
