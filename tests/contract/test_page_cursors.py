"""Walking all pages while another client creates and deletes, also before the reader's place."""

import contextlib
import itertools
from uuid import uuid4

import pytest
from tests.contract.addresses import GROUPS
from tests.contract.test_lists import ORDERS, make_groups
from tests.patience import PATIENCE_SECONDS

from ringfence.background import in_background
from ringfence.security_groups.read_model import documents

COUNT = 2_000
# As many as clients ask for at once, so that a walk of 2,000 has seven to twenty pages
SIZE = 150


class Writer:
    """Creates and deletes groups whose names are before, among and after those that stay."""

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
    answer = await client.get(GROUPS, params={"page_size": SIZE, "o": order, "field": "uuid"})
    while True:
        assert answer.status_code == 200, answer.text
        yield [group["uuid"] for group in answer.json()]
        if "next" not in answer.links:
            return
        answer = await client.get(answer.links["next"]["url"])


async def by_number(client, order):
    """Count pages until one is not full, as clients do that do not read `Link`."""
    for number in itertools.count(1):
        query = {"page": number, "page_size": SIZE, "o": order, "field": "uuid"}
        answer = await client.get(GROUPS, params=query)
        assert answer.status_code == 200, answer.text
        yield [group["uuid"] for group in answer.json()]
        if len(answer.json()) < SIZE:
            return


WALKS = [
    *itertools.product(("", *ORDERS), ("", "-"), ("staff",), (by_link,)),
    *itertools.product(("", "name", "created"), ("", "-"), ("owner", "admin"), (by_number,)),
    ("customer_name,-created", "", "staff", by_link),
    ("state,-name", "", "admin", by_number),
]


@pytest.fixture
async def many(world):
    """Give the uuids of many groups of two customers, by who sees them."""
    await make_groups(world, COUNT, other=world.foreign_tenant_id)
    stay = "SELECT array_agg(hex(uuid)) FROM security_groups"
    everything = set(await world.value(stay))
    own = set(await world.value(stay + " WHERE tenant_id = %s", world.tenant_id))
    return {"staff": everything, "owner": own, "admin": own}


async def test_a_walk_shows_each_group_that_stays_exactly_once(api, world, many):
    async with writing(world):
        for order, sign, user, walk in WALKS:
            if sign and not order:
                continue
            shown = [uuid async for page in walk(api(user), sign + order) for uuid in page]
            stayed = [uuid for uuid in shown if uuid in many[user]]
            where = (sign + order, user, walk.__name__)
            assert len(stayed) == len(set(stayed)), where
            assert set(stayed) == many[user], where
            assert len(shown) == len(set(shown)), where


async def test_two_pages_of_a_walk_are_continuous_when_everything_before_them_goes(
    client, world, many
):
    walk = by_link(client, "name")
    first = await anext(walk)
    second = await anext(walk)
    gone = await world.value(
        "SELECT array_agg(id) FROM security_groups WHERE hex(uuid) = ANY(%s)", first + second
    )
    await world.execute("DELETE FROM security_groups WHERE id = ANY(%s)", gone)
    rest = [uuid async for page in walk for uuid in page]
    assert len(rest) == len(set(rest))
    assert set(rest) == many["admin"] - set(first) - set(second)


async def test_a_page_that_was_promised_is_there_though_nothing_is_left_of_it(client, world):
    await make_groups(world, 25)
    await client.get(GROUPS)
    second = await client.get(GROUPS, params={"page": 2})
    assert 'rel="next"' in second.headers["Link"]
    await world.execute("DELETE FROM security_groups")
    third = await client.get(second.links["next"]["url"])
    assert (third.status_code, third.json()) == (200, [])
    assert third.headers["X-Result-Count"] == "0"
    assert "next" not in third.links
    # Nobody was promised a fourth.
    assert (await client.get(GROUPS, params={"page": 4})).status_code == 404


async def test_who_does_not_walk_gets_the_pages_of_the_numbers(client, world):
    await make_groups(world, 64)
    everything = (await client.get(GROUPS, params={"page_size": 300, "field": "uuid"})).json()
    for number in (4, 2, 7, 1, 5):
        query = {"page": number, "field": "uuid"}
        page = (await client.get(GROUPS, params=query)).json()
        assert page == everything[(number - 1) * 10 : number * 10]


async def test_the_walk_of_one_caller_is_nothing_to_another(api, world):
    await make_groups(world, 64, other=world.foreign_tenant_id)
    staff, admin = api("staff"), api("admin")
    await staff.get(GROUPS, params={"o": "name"})
    expected = (await admin.get(GROUPS, params={"o": "name", "page_size": 300})).json()
    page = (await admin.get(GROUPS, params={"o": "name", "page": 2})).json()
    assert page == expected[10:20]
