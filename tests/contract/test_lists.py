"""Paging, order, `Link` and `X-Result-Count`."""

import asyncio
import itertools
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.contract.paths import GROUPS, tenant_at

from ringfence.security_groups.read_model import documents

ADDRESS = f"http://api.example.com{GROUPS}"
ORDERS = [
    *("name", "state", "customer_name", "customer_native_name", "customer_abbreviation"),
    *("project_name", "service_name", "created"),
]


async def make_groups(world, count, **columns):
    """Insert many groups, some of which are equal in every column but the name."""
    await world.execute(
        """
        WITH made AS (
            INSERT INTO security_groups (tenant_id, name, state, created)
            SELECT
                CASE WHEN mod(number, 3) = 0 THEN %s::bigint ELSE %s END,
                'group ' || lpad((number / 2)::text, 4, '0') || CASE mod(number, 2)
                    WHEN 0 THEN ' even' ELSE ' odd' END,
                (ARRAY['OK', 'ERRED', 'UPDATING', 'CREATING', 'DELETING'])[1 + mod(number, 5)],
                '2025-01-01'::timestamptz + make_interval(secs => number / 4)
            FROM generate_series(1, %s) AS number
            RETURNING id
        )
        SELECT count(*) FROM made
        """,
        columns.get("other", world.tenant_id),
        world.tenant_id,
        count,
    )
    await world.execute(
        "SELECT refresh_security_group_documents(ARRAY(SELECT id FROM security_groups))"
    )


async def page_of(client, **query):
    response = await client.get(GROUPS, params=query)
    assert response.status_code == 200, response.text
    return [group["uuid"] for group in response.json()]


async def follow_next(client, *, between=None, **query):
    """Follow rel="next" from the first page to the last, as clients do."""
    address = GROUPS
    pages = []
    while address:
        response = await client.get(address, params=query if address == GROUPS else None)
        assert response.status_code == 200, response.text
        pages.append([group["uuid"] for group in response.json()])
        address = response.links.get("next", {}).get("url")
        if between:
            await between(len(pages))
    return pages


async def test_a_page_has_ten_groups_or_the_requested_size_up_to_300(client, world):
    await make_groups(world, 305)
    sizes = {
        None: 10,
        "7": 7,
        "300": 300,
        "301": 300,
        "9999": 300,
        "99999999999999999999": 10,
        "0": 10,
        "-1": 10,
        "abc": 10,
        "": 10,
        "1.5": 10,
        "٣": 10,
    }
    found = {
        size: len(await page_of(client, **({} if size is None else {"page_size": size})))
        for size in sizes
    }
    assert found == sizes


async def test_a_page_that_does_not_exist_is_a_404(client, world):
    await make_groups(world, 25)
    lengths = {None: 10, "": 10, "1": 10, "2": 10, "3": 5, "last": 5, " 3 ": 5}
    for page, length in lengths.items():
        assert len(await page_of(client, **({} if page is None else {"page": page}))) == length
    for page in ("0", "-1", "abc", "4", "99999999999999", "Last", "1.0", "1e3", "\x00"):
        for ask in (client.get, client.head):
            response = await ask(GROUPS, params={"page": page})
            assert response.status_code == 404, page
        response = await client.get(GROUPS, params={"page": page})
        assert response.json() == {"detail": "Invalid page."}


@pytest.mark.usefixtures("world")
async def test_the_first_page_of_nothing_is_an_empty_list_and_so_is_the_last(client):
    for page in ("1", "last"):
        response = await client.get(GROUPS, params={"page": page})
        assert (response.status_code, response.json()) == (200, [])
        assert response.headers["X-Result-Count"] == "0"
    assert (await client.get(GROUPS, params={"page": "2"})).status_code == 404


async def test_of_a_repeated_page_or_size_the_last_counts(client, world):
    await make_groups(world, 25)
    response = await client.get(f"{GROUPS}?page=1&page=3&page_size=2&page_size=10")
    assert len(response.json()) == 5


LINKS = {
    "": '<{0}>; rel="first", <{0}?page=2>; rel="next", <{0}?page=3>; rel="last"',
    "page=1": '<{0}>; rel="first", <{0}?page=2>; rel="next", <{0}?page=3>; rel="last"',
    "page=2": (
        '<{0}>; rel="first", <{0}>; rel="prev", <{0}?page=3>; rel="next", <{0}?page=3>; rel="last"'
    ),
    "page=3": '<{0}>; rel="first", <{0}?page=2>; rel="prev", <{0}?page=3>; rel="last"',
    "page=last": '<{0}>; rel="first", <{0}?page=2>; rel="prev", <{0}?page=3>; rel="last"',
    "page_size=50&page=1": '<{0}?page_size=50>; rel="first", <{0}?page_size=50>; rel="last"',
    "tenant_uuid=&o=name&page_size=15&page=2&field=uuid&field=name": (
        '<{0}?field=uuid&field=name&o=name&page_size=15&tenant_uuid=>; rel="first", '
        '<{0}?field=uuid&field=name&o=name&page_size=15&tenant_uuid=>; rel="prev", '
        '<{0}?field=uuid&field=name&o=name&page=2&page_size=15&tenant_uuid=>; rel="last"'
    ),
    "o=name,created&description=&query=group+0&page_size=40": (
        '<{0}?description=&o=name%2Ccreated&page_size=40&query=group+0>; rel="first", '
        '<{0}?description=&o=name%2Ccreated&page_size=40&query=group+0>; rel="last"'
    ),
}


def without_cursor(link):
    return re.sub(r"&cursor=[\w-]+", "", link)


async def test_link_names_first_prev_next_last_in_this_order_with_sorted_keys(client, world):
    await make_groups(world, 25)
    for query, link in LINKS.items():
        found = (await client.get(f"{GROUPS}?{query}")).headers["Link"]
        assert without_cursor(found) == link.replace("{0}", ADDRESS)
        # The URL of the next page has a cursor, behind all that clients know.
        assert re.findall(r'<[^>]*[?&]page=(\d+)[^>]*&cursor=[\w-]+>; rel="(\w+)"', found) == (
            re.findall(r'<[^>]*[?&]page=(\d+)[^>]*>; rel="(next)"', link)
        )


async def test_head_gives_the_headers_of_get_without_a_body(client, world):
    await make_groups(world, 25)
    for query in ("", "?page=2", "?page=last&page_size=4", "?field=name", "?name=even&field=uuid"):
        get, head = await client.get(GROUPS + query), await client.head(GROUPS + query)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("X-Result-Count", "Vary"):
            assert head.headers[name] == get.headers[name]
        # A count reads no row, so it knows no position.
        assert head.headers["Link"] == without_cursor(get.headers["Link"])
        # Clients fail to parse an empty body that is declared as JSON.
        assert "Content-Type" not in head.headers
        # It may be omitted but must not be wrong (RFC 9110, section 8.6).
        assert head.headers.get("Content-Length") in {None, get.headers["Content-Length"]}


async def test_the_count_covers_all_pages_in_the_scope_of_the_user(api, world):
    await make_groups(world, 25, other=world.foreign_tenant_id)
    for user, count in {"staff": "25", "admin": "17", "unrelated": "0"}.items():
        assert (await api(user).get(GROUPS)).headers["X-Result-Count"] == count


async def test_the_default_order_is_tenant_then_creation_then_id(api, world):
    # Waldur orders by the tenant's name alone, so that groups move between pages.
    await make_groups(world, 64, other=world.foreign_tenant_id)
    expected = await world.value(
        """
        SELECT array_agg(hex(sg.uuid) ORDER BY tenant.name, sg.created, sg.id)
        FROM security_groups AS sg INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
        """
    )
    pages = await follow_next(api("staff"), page_size=7)
    assert list(itertools.chain(*pages)) == expected


@pytest.mark.parametrize("sign", ["", "-"])
async def test_following_the_pages_returns_each_group_once_in_every_order(api, world, sign):
    await make_groups(world, 64, other=world.foreign_tenant_id)
    for order in ["", *ORDERS, "state,name", "customer_name,-state"]:
        pages = await follow_next(api("staff"), page_size=9, o=f"{sign}{order}" if order else "")
        shown = list(itertools.chain(*pages))
        assert (len(shown), len(set(shown))) == (64, 64), order


@pytest.mark.parametrize("order", ["", "created", "name", "service_name"])
async def test_created_and_deleted_groups_do_not_disturb_the_pages_of_others(client, world, order):
    # Numbered pages guarantee this for changes behind the current page only: in the default order
    # new groups are last, and these names sort last.
    await make_groups(world, 64)
    staying = set(await page_of(client, page_size=300))
    fleeting = []

    async def come_and_go(_):
        names = [f"new {uuid4()}" for _ in range(3)]
        made = await asyncio.gather(
            *(
                client.post(
                    tenant_at(world.tenant_uuid, "create_security_group/"), json={"name": name}
                )
                for name in names
            )
        )
        fleeting.extend(response.json()["uuid"] for response in made)
        gone = fleeting.pop(0)
        await world.execute("DELETE FROM security_groups WHERE hex(uuid) = %s", gone)

    pages = await follow_next(client, page_size=9, o=order, between=come_and_go)
    shown = [uuid for uuid in itertools.chain(*pages) if uuid in staying]
    assert len(shown) == len(staying) == len(set(shown))


async def test_o_orders_by_each_column_and_a_minus_turns_it_round(client, world):
    start = datetime(2025, 1, 1, tzinfo=UTC)
    for number, name in enumerate(("b", "c", "a")):
        await world.group(name, created=start + timedelta(days=number))

    async def names(order):
        response = await client.get(GROUPS, params={"o": order})
        return "".join(group["name"] for group in response.json())

    expected = {
        "": "bca",
        "name": "abc",
        "-name": "cba",
        "created": "bca",
        "-created": "acb",
        " name ": "abc",
        "project_name,-name": "cba",
        "customer_name, service_name,name": "abc",
        "name,-name": "abc",
    }
    assert {order: await names(order) for order in expected} == expected
    response = await client.get(f"{GROUPS}?o=name&o=-name")
    assert "".join(group["name"] for group in response.json()) == "cba"


async def test_o_by_a_name_compares_the_names_of_customers_projects_and_clouds(api, world):
    mine, foreign = await world.group(), await world.group(tenant_id=world.foreign_tenant_id)
    await world.execute("UPDATE customers SET native_name = 'Z', abbreviation = 'Z' WHERE id > 1")
    async with world.database.transaction() as connection:
        await documents.refresh(connection, documents.CLOUDS, [world.cloud_id])
    staff = api("staff")
    for order, first in {
        "customer_name": mine,
        "-customer_name": foreign,
        "customer_abbreviation": mine,
        "-customer_abbreviation": foreign,
        "customer_native_name": foreign,
        "project_name": foreign,
        "-project_name": mine,
    }.items():
        assert (await page_of(staff, o=order))[0] == first.hex, order


async def test_o_by_state_follows_waldurs_numbering(client, world):
    order = [
        *("UPDATE_SCHEDULED", "UPDATING", "OK", "ERRED"),
        *("CREATION_SCHEDULED", "CREATING", "DELETION_SCHEDULED", "DELETING"),
    ]
    for state in sorted(order):
        await world.group(state, state=state)
    response = await client.get(GROUPS, params={"o": "state"})
    assert [group["state"] for group in response.json()] == order
    response = await client.get(GROUPS, params={"o": "-state"})
    assert [group["state"] for group in response.json()] == order[::-1]


@pytest.mark.usefixtures("world")
async def test_any_other_order_is_a_400(client):
    for order in ("uuid", "--name", "name,", ",", "name;drop", "Name", "a\x00b", "-", "name desc"):
        response = await client.get(GROUPS, params={"o": order})
        assert response.status_code == 400, order
        assert list(response.json()) == ["o"]


@pytest.mark.usefixtures("world")
async def test_an_order_of_many_terms_is_accepted(client):
    response = await client.get(GROUPS, params={"o": ",".join(["name", "-created"] * 400)})
    assert response.status_code == 200
