"""Content types, methods, URLs, and the headers of every response."""

import pytest
from tests.contract.paths import GROUPS, group_at, tenant_at

JSON = {"Content-Type": "application/json"}


async def test_a_get_without_the_last_slash_is_sent_to_the_address_with_it(client, world):
    group = await world.group()
    for path in (GROUPS, group_at(group)):
        response = await client.get(f"{path[:-1]}?name=a%20b&field=x")
        assert response.status_code == 301
        assert response.headers["Location"] == f"{path}?name=a%20b&field=x"


@pytest.mark.parametrize("content", [b"{", b"{]", b"nonsense", b"[1,]", b'{"name": NaN}', b"\xff"])
async def test_malformed_json_is_a_400_that_says_so(client, world, content):
    group = await world.group()
    response = await client.put(group_at(group), content=content, headers=JSON)
    assert response.status_code == 400
    assert response.json()["detail"].startswith("JSON parse error - ")


@pytest.mark.parametrize(
    "content_type",
    # Waldur accepts forms, which cannot distinguish numbers, null and lists; Ringfence returns 415.
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
async def test_another_content_type_is_a_415(client, world, content_type):
    group = await world.group()
    response = await client.put(
        group_at(group), content=b'{"name": "x"}', headers={"Content-Type": content_type}
    )
    assert response.status_code == 415
    assert response.json() == {"detail": f'Unsupported media type "{content_type}" in request.'}


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_json_is_taken_under_every_spelling_of_its_name(client, world, content_type):
    group = await world.group()
    response = await client.put(
        group_at(group), content=b'{"name": "x"}', headers={"Content-Type": content_type}
    )
    assert response.status_code == 200


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "application/json; version=1999-01"]
)
async def test_an_accept_header_that_json_cannot_satisfy_is_a_406(client, accept):
    response = await client.get(GROUPS, headers={"Accept": accept})
    assert response.status_code == 406
    assert response.json() == {"detail": "Could not satisfy the request Accept header."}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*", "text/html, */*"])
async def test_an_accept_header_that_json_satisfies_returns_json(client, accept):
    response = await client.get(GROUPS, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "action", "allow"),
    [
        ("POST", "", "DELETE, GET, HEAD, PATCH, PUT"),
        ("GET", "set_rules/", "POST"),
        ("PUT", "pull/", "POST"),
        ("DELETE", "unlink/", "POST"),
    ],
)
async def test_another_method_is_a_405_that_names_those_allowed(
    client, world, method, action, allow
):
    group = await world.group()
    response = await client.request(method, group_at(group, action))
    assert response.status_code == 405
    assert response.json() == {"detail": f'Method "{method}" not allowed.'}
    assert response.headers["Allow"] == allow


async def test_groups_are_created_through_their_tenant_and_not_the_list(client, world):
    # Waldur lists POST in `Allow` and rejects it.
    response = await client.post(GROUPS, json={"name": "web"})
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"
    response = await client.get(tenant_at(world.tenant_uuid, "create_security_group/"))
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_change_without_the_last_slash_is_a_404_that_names_it(client, world, method):
    group = await world.group()
    for path in (f"{GROUPS}{group.hex}", GROUPS.rstrip("/"), f"{GROUPS}{group.hex}/pull"):
        response = await client.request(method, path, json={})
        assert (response.status_code, response.json()) == (
            404,
            {"detail": "Not found.", "hint": f"{path}/ exists: the path ends with a slash."},
        )


@pytest.mark.usefixtures("world")
async def test_an_unknown_address_is_a_404_that_lists_no_routes(client):
    response = await client.get("/api/nothing/")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


@pytest.mark.usefixtures("world")
async def test_every_response_carries_the_request_id_of_the_client_or_a_new_one(client):
    response = await client.get(GROUPS, headers={"X-Request-ID": "abc-1"})
    assert response.headers["X-Request-ID"] == "abc-1"
    response = await client.get(GROUPS, headers={"X-Request-ID": "a b\x01"})
    assert len(response.headers["X-Request-ID"]) == 32


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("path", [GROUPS, "/api/nothing/", f"{GROUPS}garbage/"])
async def test_no_response_is_cached_or_framed(client, path):
    headers = (await client.get(path)).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Vary"] == "Accept, Accept-Encoding, Authorization, Cookie"
