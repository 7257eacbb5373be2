"""The plans of searches: each begins at an index, and an empty result reads nothing else."""

import pytest
from tests.contract.test_statements import explained

from ringfence.access import identity
from ringfence.security_groups.rule_search.queries import RULES

# Enough rules, of enough kinds, for the planner to decide as it does for millions
FILL = """
INSERT INTO security_group_rules (
    security_group_id, position, ethertype, direction, protocol, from_port, to_port, cidr,
    description
)
SELECT
    sg.id, number, 'IPv4', CASE mod(number, 5) WHEN 0 THEN 'egress' ELSE 'ingress' END, 'tcp',
    1000 + mod(number, 7), 1000 + mod(number, 7),
    '10.' || mod(sg.id, 200) || '.' || number || '.0/24',
    CASE mod(number, 5) WHEN 1 THEN 'service ' || sg.id ELSE '' END
FROM security_groups AS sg
CROSS JOIN generate_series(1, 10) AS number
"""
GROUPS = """
INSERT INTO security_groups (tenant_id, name, state)
SELECT tenant.id, 'group ' || number, 'OK'
FROM tenants AS tenant
CROSS JOIN generate_series(1, 1000) AS number
"""
TABLE = "on security_group_rules rule"


@pytest.fixture
async def plan_of(api, world, monkeypatch):
    """Return a function that returns the plan of a search among twenty thousand rules."""
    await world.execute(GROUPS)
    await world.execute(FILL)
    await world.execute("ANALYZE")
    read = []
    original = identity.read_rows

    async def note(database, statement, parameters):
        read[:] = [statement, parameters]
        return await original(database, statement, parameters)

    monkeypatch.setattr(identity, "read_rows", note)

    async def plan(user, query):
        response = await api(user).get(RULES.path, params=query)
        assert response.status_code == 200, response.text
        async with world.database.connection() as connection:
            whole = await explained(connection, *read)
        shown = whole.splitlines()
        return response, [
            line
            for line in shown
            if "security_group_rules" in line and "never executed" not in line
        ]

    return plan


# Searches that find nothing, and the indexes that say so
NOTHING = [
    ({"within": "198.18.0.0/15"}, {"network"}),
    ({"within": "2001:db8::/32"}, {"network"}),
    ({"overlaps": "198.18.0.0/15"}, {"network"}),
    ({"admits": "198.18.0.1"}, {"network", "remote", "unresolved", "address_group"}),
    ({"admits": "10.1.2.3", "port": "9999"}, {"network", "remote", "unresolved", "address_group"}),
    ({"wider_than": "16"}, {"network"}),
    ({"port": "9999"}, {"traffic"}),
    ({"protocol": "sctp"}, {"traffic"}),
    ({"ethertype": "IPv6"}, {"traffic"}),
    ({"from_internet": "true"}, {"traffic"}),
    ({"from_internet": "true", "port": "1003"}, {"traffic"}),
    ({"query": "tcp 9999"}, {"traffic"}),
    ({"query": "udp 198.18.0.1"}, {"network", "remote", "unresolved", "address_group"}),
    ({"remote_group_uuid": "a" * 32}, {"remote"}),
    ({"unresolved": "true"}, {"unresolved"}),
    ({"description": "no such text"}, {"description_substrings"}),
    ({"description": "%%%"}, {"description_substrings"}),
    ({"in_use": "true"}, set()),
]


@pytest.mark.timeout(300)
async def test_a_search_that_finds_nothing_reads_an_index_and_no_table(plan_of):
    for query, indexes in NOTHING:
        response, lines = await plan_of("staff", query)
        assert response.json() == [], query
        assert not [line for line in lines if "Seq Scan" in line], (query, lines)
        read = {
            index
            for index in indexes
            if any(f"security_group_rules_{index} " in line for line in lines)
        }
        assert read == indexes, (query, lines)


async def test_an_administrator_reads_the_rules_of_the_groups_in_scope(plan_of):
    for query in ({}, {"port": "9999"}, {"within": "198.18.0.0/15"}, {"query": "group 77"}):
        _, lines = await plan_of("admin", query)
        assert not [line for line in lines if "Seq Scan" in line], lines
        scans = [line for line in lines if "Scan using" in line and "rule_1 " not in line]
        assert all("security_group_rules_group on" in line for line in scans), lines


async def test_a_page_of_many_rules_is_read_in_the_order_of_their_numbers(plan_of):
    # A query of its own: statements are kept by query, those with other bounds in tests, too.
    response, lines = await plan_of("staff", {"direction": "ingress", "page_size": "9"})
    assert response.headers["x-result-count-at-least"] == "true"
    assert response.headers["x-result-count"] == "10000"
    assert any(
        "Index Scan using security_group_rules_pkey on security_group_rules" in line
        for line in lines
    )
