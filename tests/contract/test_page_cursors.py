"""Following `Link` while another client creates and deletes groups, also on earlier pages."""

import contextlib
import itertools
from uuid import uuid4

import httpx
import pytest
from tests.contract.paths import GROUPS
from tests.contract.test_lists import ORDERS, make_groups
from tests.patience import PATIENCE_SECONDS

from ringfence.background import in_background
from ringfence.security_groups.read_model import documents

COUNT = 2_000
# The usual page sizes of clients: 2,000 groups are seven to twenty pages
SIZE = 150


class Writer:
    """Creates and deletes groups whose names sort before, between and after those that stay."""

    def __init__(self, world):
        self._world = world
        self._made: list[int] = []
        self._number = itertools.count()

    async def run(self, stop):
        while not stop.is_set():
            await self.step()

    async def step(self):
        place = ("!", "group 4", "~")[next(self._number) % 3]
        async with self._world.database.transaction() as connection:
            cursor = await connection.execute(
                """
                INSERT INTO security_groups (tenant_id, name, state, created)
                SELECT
                    tenant.id, %s || number, 'OK',
                    '2020-01-01'::timestamptz + make_interval(days => number * 600)
                FROM generate_series(1, 6) AS number CROSS JOIN tenants AS tenant
                RETURNING id
                """,
                [f"{place}{uuid4().hex[:6]}"],
            )
            made = [row[0] for row in await cursor.fetchall()]
            await documents.refresh(connection, documents.GROUPS, made)
            self._made += made
            if len(self._made) > 30:
                gone, self._made = self._made[::2], self._made[1::2]
                await documents.hold(connection, gone)
                await connection.execute("DELETE FROM security_groups WHERE id = ANY(%s)", [gone])


@contextlib.asynccontextmanager
async def writing(world):
    async with in_background(Writer(world).run, "writer", grace_seconds=PATIENCE_SECONDS):
        yield


async def by_link(client, order):
    """Follow rel="next"."""
    response = await client.get(GROUPS, params={"page_size": SIZE, "o": order, "field": "uuid"})
    while True:
        assert response.status_code == 200, response.text
        yield [group["uuid"] for group in response.json()]
        if "next" not in response.links:
            return
        response = await client.get(response.links["next"]["url"])


async def by_number(client, order):
    """Request numbered pages until one is not full, as clients do that ignore `Link`."""
    for number in itertools.count(1):
        query = {"page": number, "page_size": SIZE, "o": order, "field": "uuid"}
        response = await client.get(GROUPS, params=query)
        assert response.status_code == 200, response.text
        yield [group["uuid"] for group in response.json()]
        if len(response.json()) < SIZE:
            return


ORDERINGS = [
    *itertools.product(("", *ORDERS), ("", "-"), ("staff",)),
    *itertools.product(("", "name", "created"), ("", "-"), ("owner", "admin")),
    ("customer_name,-created", "", "staff"),
    ("state,-name", "", "admin"),
]


@pytest.fixture
async def many(world):
    """Return the UUIDs of many groups of two customers, by the user who can see them."""
    await make_groups(world, COUNT, other=world.foreign_tenant_id)
    stay = "SELECT array_agg(hex(uuid)) FROM security_groups"
    everything = set(await world.value(stay))
    own = set(await world.value(stay + " WHERE tenant_id = %s", world.tenant_id))
    return {"staff": everything, "owner": own, "admin": own}


async def test_following_next_shows_each_group_that_stays_exactly_once(api, world, many):
    async with writing(world):
        for order, sign, user in ORDERINGS:
            if sign and not order:
                continue
            shown = [uuid async for page in by_link(api(user), sign + order) for uuid in page]
            stayed = [uuid for uuid in shown if uuid in many[user]]
            where = (sign + order, user)
            assert len(stayed) == len(set(stayed)), where
            assert set(stayed) == many[user], where
            assert len(shown) == len(set(shown)), where


async def test_counting_pages_shows_each_group_exactly_once_while_nothing_changes(api, many):
    for user, groups in many.items():
        shown = [uuid async for page in by_number(api(user), "-name") for uuid in page]
        assert (len(shown), set(shown)) == (len(groups), groups), user


async def test_the_next_page_continues_where_all_earlier_groups_are_deleted(client, world, many):
    pages = by_link(client, "name")
    first = await anext(pages)
    second = await anext(pages)
    gone = await world.value(
        "SELECT array_agg(id) FROM security_groups WHERE hex(uuid) = ANY(%s)", first + second
    )
    await world.execute("DELETE FROM security_groups WHERE id = ANY(%s)", gone)
    rest = [uuid async for page in pages for uuid in page]
    assert len(rest) == len(set(rest))
    assert set(rest) == many["admin"] - set(first) - set(second)


async def test_a_page_that_was_promised_is_there_though_nothing_is_left_of_it(client, world):
    await make_groups(world, 25)
    second = await client.get(GROUPS, params={"page": 2})
    await world.execute("DELETE FROM security_groups")
    third = await client.get(second.links["next"]["url"])
    assert (third.status_code, third.json()) == (200, [])
    assert third.headers["X-Result-Count"] == "0"
    assert "next" not in third.links
    # No response named a fourth page.
    assert (await client.get(GROUPS, params={"page": 4})).status_code == 404


async def test_a_page_without_a_cursor_is_the_page_of_its_number(client, world):
    await make_groups(world, 64)
    everything = (await client.get(GROUPS, params={"page_size": 300, "field": "uuid"})).json()
    for number in (4, 2, 7, 1, 5):
        query = {"page": number, "field": "uuid"}
        page = (await client.get(GROUPS, params=query)).json()
        assert page == everything[(number - 1) * 10 : number * 10]


async def next_of(client, **query):
    return (await client.get(GROUPS, params=query)).links["next"]["url"]


@pytest.mark.parametrize(
    "change",
    [
        {"cursor": "nonsense"},
        {"cursor": "%20"},
        {"cursor": "x" * 5000},
        {"page": "3"},
        {"page": "1"},
        {"page": "last"},
        {"o": "-name"},
        {"page_size": "20"},
        {"state": "OK"},
    ],
    ids=str,
)
async def test_a_cursor_of_another_page_or_list_is_refused(client, world, change):
    await make_groups(world, 64)
    url = httpx.URL(await next_of(client, o="name"))
    for method in ("GET", "HEAD"):
        refused = await client.request(method, url.copy_merge_params(change))
        assert refused.status_code == 400
        assert (await client.request(method, url)).status_code == 200
    response = await client.get(url.copy_merge_params(change))
    assert list(response.json()) == ["cursor"]


async def test_a_cursor_of_another_user_is_refused(api, world):
    await make_groups(world, 64, other=world.foreign_tenant_id)
    url = await next_of(api("staff"), o="name")
    refused = await api("admin").get(url)
    assert refused.status_code == 400
    assert "Follow the URL in the Link header" in refused.json()["cursor"][0]


async def test_a_cursor_alone_stands_for_no_page(client, world):
    await make_groups(world, 64)
    url = httpx.URL(await next_of(client))
    assert (await client.get(url.copy_remove_param("page"))).status_code == 400


async def test_a_list_without_cursors_refuses_one(client, world):
    await make_groups(world, 64)
    cursor = httpx.URL(await next_of(client)).params["cursor"]
    response = await client.get("/api/openstack-tenants/", params={"cursor": cursor})
    assert response.status_code == 400
    assert "This operation does not take cursor" in response.json()["cursor"][0]
