"""Every list returns what a simple query of the tables returns."""

import itertools

import pytest
from tests.contract.paths import GROUPS

from ringfence.security_groups.read_model import documents, list_statements

# Three customers with two projects each, two tenants in each project, on two clouds; tenants of one
# name in several projects; as many groups in each tenant as its number.
PLACES = """
WITH cloud AS (
    INSERT INTO clouds (name, backend) VALUES ('west', 'sandbox') RETURNING id
),
customer AS (
    INSERT INTO customers (name, native_name, abbreviation)
    SELECT 'Customer ' || n, 'Kunde ' || (9 - n), 'C' || mod(n, 2)
    FROM generate_series(1, 3) AS n RETURNING id
),
project AS (
    INSERT INTO projects (customer_id, name)
    SELECT customer.id, 'Project ' || n FROM customer, generate_series(1, 2) AS n
    RETURNING id, customer_id
),
tenant AS (
    INSERT INTO tenants (project_id, cloud_id, name)
    SELECT project.id, CASE n WHEN 1 THEN cloud.id ELSE 1 END, 'tenant ' || n
    FROM project, cloud, generate_series(1, 2) AS n
    RETURNING id
),
made AS (
    INSERT INTO security_groups (tenant_id, name, description, state, created)
    SELECT
        tenant.id,
        (ARRAY['web', 'db', 'Web front'])[1 + mod(n, 3)] || ' ' || n,
        CASE mod(n, 4) WHEN 0 THEN 'for the web' ELSE '' END,
        (ARRAY['OK', 'OK', 'ERRED', 'UPDATING'])[1 + mod(n, 4)],
        '2025-01-01'::timestamptz + make_interval(secs => mod(n * 7 + tenant.id, 11))
    FROM tenant, generate_series(1, 5) AS n
    RETURNING id
),
granted AS (
    INSERT INTO role_grants (user_id, role, project_id)
    SELECT account.id, 'PROJECT.MANAGER', project.id
    FROM users AS account, project
    WHERE account.username IN ('manager', 'customer-manager') AND mod(project.id, 2) = 0
),
owned AS (
    INSERT INTO role_grants (user_id, role, customer_id)
    SELECT account.id, 'CUSTOMER.OWNER', customer.id
    FROM users AS account, customer WHERE account.username = 'owner' AND mod(customer.id, 2) = 0
)
SELECT array_agg(id) FROM made
"""

FILTERS = [
    {},
    {"state": "ERRED"},
    {"state": ["OK", "UPDATING", "OK"]},
    {"customer_name": "customer"},
    {"customer_name": "Customer 2", "state": "OK"},
    {"customer_abbreviation": "c1", "query": "web"},
    {"project_name": "project 1"},
    {"service_settings_name": "west"},
    {"service_settings_name": "east", "customer_name": "2"},
    {"name": "WEB"},
    {"name": "web", "state": "OK", "project_name": "2"},
    {"description": "the"},
    {"query": "for the"},
    {"query": "THE WEB", "state": "OK"},
    {"name": "Eb Front", "customer_name": "customer"},
    {"name": "front", "description": "for the w"},
    {"can_manage": "true"},
    {"can_manage": "false"},
    {"can_manage": "true", "name": "db"},
]
ORDERS = ["", "name", "-state", "customer_name,-created", "-service_name,name", "project_name"]
USERS = ["staff", "support", "owner", "manager", "customer-manager", "unrelated"]
SIZE = 17


def contains(part, *texts):
    return any(part.lower() in text.lower() for text in texts)


TESTS = {
    "state": lambda g, v: g["state"] in ([v] if isinstance(v, str) else v),
    "customer_name": lambda g, v: contains(v, g["customer_name"]),
    "customer_abbreviation": lambda g, v: contains(v, g["customer_abbreviation"]),
    "project_name": lambda g, v: contains(v, g["project_name"]),
    "service_settings_name": lambda g, v: contains(v, g["service_name"]),
    "name": lambda g, v: contains(v, g["name"]),
    "description": lambda g, v: contains(v, g["description"]),
    "query": lambda g, v: contains(v, g["name"], g["description"]),
}
STATES = ["UPDATE_SCHEDULED", "UPDATING", "OK", "ERRED"]


def expected(groups, ids, filters, order):
    """Filter and sort in Python."""
    found = [
        group
        for group in groups
        if all(TESTS[name](group, value) for name, value in filters.items())
    ]
    descending = order.rpartition(",")[2].startswith("-")
    terms = [(word.lstrip("-"), word.startswith("-")) for word in order.split(",") if word]
    for name, turned in [*terms, *((n, descending) for n in ("tenant_name", "created", "id"))][
        ::-1
    ]:

        def key(group, name=name):
            if name == "id":
                return ids[group["uuid"]]
            return STATES.index(group[name]) if name == "state" else group[name]

        found.sort(key=key, reverse=turned)
    return [group["uuid"] for group in found]


@pytest.fixture
async def site(world):
    made = await world.value(PLACES)
    async with world.database.transaction() as connection:
        await documents.refresh(connection, documents.GROUPS, made)
    return world


@pytest.mark.parametrize("is_far", [False, True], ids=["near", "from the nearer end"])
async def test_a_list_is_what_the_tables_say_for_everybody_and_in_every_way(
    api, site, monkeypatch, is_far
):
    if is_far:
        monkeypatch.setattr(list_statements, "_FAR", 0)
    async with site.database.connection() as connection:
        cursor = await connection.execute("SELECT hex(uuid), id FROM security_groups")
        ids = dict(await cursor.fetchall())
    everything = (await api("staff").get(GROUPS, params={"page_size": 300})).json()
    assert len(everything) == 60
    for user, filters in itertools.product(USERS, FILTERS):
        client = api(user)
        given = {name: value for name, value in filters.items() if name != "can_manage"}
        manages = filters.get("can_manage")
        visible = [
            group
            for group in everything
            if await holds(site, user, group, "seen")
            and (
                manages is None or await holds(site, user, group, "managed") == (manages == "true")
            )
        ]
        for order in ORDERS[: len(ORDERS) if not filters or user == "staff" else 1]:
            matching = expected(visible, ids, given, order)
            query = filters | {"o": order, "page_size": SIZE, "field": "uuid"}
            where = (user, query)
            last = max(1, -(-len(matching) // SIZE))
            # In reverse, so that no page continues the previous one.
            for number in range(last, 0, -1):
                response = await client.get(GROUPS, params=query | {"page": number})
                shown = [group["uuid"] for group in response.json()]
                assert shown == matching[(number - 1) * SIZE : number * SIZE], (where, number)
                assert response.headers["X-Result-Count"] == str(len(matching)), where
            response = await client.get(GROUPS, params=query | {"page": "last"})
            assert [g["uuid"] for g in response.json()] == matching[(last - 1) * SIZE :], where
            head = await client.head(GROUPS, params=query)
            assert head.headers["X-Result-Count"] == str(len(matching)), where


GRANTED = """
SELECT EXISTS (
    SELECT 1 FROM users AS account
    LEFT JOIN role_grants AS held ON account.id = held.user_id
    LEFT JOIN projects AS project ON hex(project.uuid) = %(project)s
    WHERE
        account.username = %(user)s
        AND (
            account.is_staff
            OR (account.is_support AND %(what)s = 'seen')
            OR (
                (held.customer_id = project.customer_id OR held.project_id = project.id)
                AND (
                    %(what)s = 'seen'
                    OR held.role IN ('CUSTOMER.OWNER', 'PROJECT.ADMIN', 'PROJECT.MANAGER')
                )
            )
        )
)
"""
_held: dict = {}


async def holds(world, user, group, what):
    key = (id(world), user, group["project_uuid"], what)
    if key not in _held:
        async with world.database.connection() as connection:
            cursor = await connection.execute(
                GRANTED, {"user": user, "project": group["project_uuid"], "what": what}
            )
            (_held[key],) = await cursor.fetchone()
    return _held[key]
