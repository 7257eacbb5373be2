"""`ETag`, 304 and compression on reads."""

import pytest
from tests.contract.paths import GROUPS, a_rule, group_at
from tests.contract.test_lists import make_groups

from ringfence.http.collections import documents as pieces
from ringfence.http.collections import handlers
from ringfence.security_groups.read_model import documents


async def tag_of(client, path, **headers):
    response = await client.get(path, headers=headers)
    assert response.status_code == 200, response.text
    return response.headers["ETag"]


async def known(client, path, tag):
    return (await client.get(path, headers={"If-None-Match": tag})).status_code == 304


@pytest.mark.parametrize("path", ["list", "object", "?field=name", "/api/openstack-tenants/"])
async def test_a_response_that_the_client_has_is_not_sent_again(client, world, path):
    group = await world.group()
    path = {"list": GROUPS, "object": group_at(group), "?field=name": f"{GROUPS}?field=name"}.get(
        path, path
    )
    tag = await tag_of(client, path)
    assert tag.startswith('"')
    for sent in (tag, f'"other", {tag}', f"W/{tag}", "*", tag[:-1] + '-gzip"'):
        response = await client.get(path, headers={"If-None-Match": sent})
        assert (response.status_code, response.content) == (304, b""), sent
        assert response.headers["ETag"] == tag
    assert not await known(client, path, '"other"')


async def test_the_tag_of_a_group_begins_with_its_version_and_opens_its_next_change(client, world):
    group = await world.group()
    tag = await tag_of(client, group_at(group))
    assert tag.startswith('"v1.')
    changed = await client.post(
        group_at(group, "set_rules/"), json=[a_rule()], headers={"If-Match": tag}
    )
    assert changed.is_success, changed.text
    assert not await known(client, group_at(group), tag)
    assert (await tag_of(client, group_at(group))).startswith('"v2.')
    await world.execute("UPDATE security_groups SET state = 'OK'")
    stale = await client.post(group_at(group, "set_rules/"), json=[], headers={"If-Match": tag})
    assert stale.status_code == 412


async def test_a_tag_changes_with_everything_in_the_response(api, world):
    group = await world.group(state="ERRED", error_message="oh", error_traceback="line 1")
    staff, admin = api("staff"), api("admin")
    paths = (GROUPS, group_at(group))
    tags = [await tag_of(staff, path) for path in paths]
    # A user without access to the traceback receives another response.
    for path, tag in zip(paths, tags, strict=True):
        assert not await known(admin, path, tag)
    async with world.database.transaction() as connection:
        await connection.execute("UPDATE customers SET name = 'Other name' WHERE name = 'Acme'")
        await documents.refresh(connection, documents.CUSTOMERS, [world.customer_id])
    for path, tag in zip(paths, tags, strict=True):
        assert not await known(staff, path, tag)
    tags = [await tag_of(staff, path) for path in paths]
    assert [await known(staff, path, tag) for path, tag in zip(paths, tags, strict=True)] == [
        True,
        True,
    ]


async def test_the_tag_of_a_page_changes_with_the_number_of_groups_on_all_pages(client, world):
    await make_groups(world, 12)
    tag = await tag_of(client, GROUPS)
    await make_groups(world, 0)
    assert await known(client, GROUPS, tag)
    await world.group("zzz")
    assert not await known(client, GROUPS, tag)


@pytest.mark.parametrize(
    ("accepts", "compresses"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0, br", False),
        ("xgzip", False),
        ("", False),
    ],
)
async def test_a_large_list_is_compressed_for_those_who_take_it(client, world, accepts, compresses):
    await make_groups(world, 60)
    address = f"{GROUPS}?page_size=60"
    plain = await client.get(address, headers={"Accept-Encoding": "identity"})
    response = await client.get(address, headers={"Accept-Encoding": accepts})
    assert ("Content-Encoding" in response.headers) == compresses
    assert response.content == plain.content
    sent = int(response.headers["Content-Length"])
    assert sent < len(plain.content) / 4 if compresses else sent == len(plain.content)
    # Each encoding of a response has its own tag; either one matches.
    assert (response.headers["ETag"] == plain.headers["ETag"]) != compresses
    assert await known(client, address, response.headers["ETag"])


async def test_a_small_list_is_not_compressed(client, world):
    await make_groups(world, 3)
    response = await client.get(GROUPS, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("path", [GROUPS, f"{GROUPS}?field=rules", "/api/openstack-tenants/"])
async def test_a_list_that_is_too_long_to_be_whole_in_memory_is_the_same(
    client, world, monkeypatch, path
):
    await make_groups(world, 5)
    plain = {"Accept-Encoding": "identity"}
    short = await client.get(path, headers=plain)
    monkeypatch.setattr(handlers, "LARGE", 0)
    monkeypatch.setattr(pieces, "LARGE", 100)
    long = await client.get(path, headers=plain)
    assert long.content == short.content
    packed = await client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == short.content
    for name in ("Link", "X-Result-Count", "Content-Type"):
        assert long.headers[name] == packed.headers[name] == short.headers[name]
    for response in (long, packed):
        tag = response.headers["ETag"]
        assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 304
