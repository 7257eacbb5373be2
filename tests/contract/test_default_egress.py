"""Whether new groups of a tenant keep Neutron's default egress rules."""

from uuid import UUID

import pytest
from tests.contract.paths import a_rule, tenant_at

from ringfence.sync.drivers import Clouds
from ringfence.sync.push import push_group

OUT = [("IPv4", "egress", "", -1, -1, None), ("IPv6", "egress", "", -1, -1, None)]


def content(group):
    names = ("ethertype", "direction", "protocol", "from_port", "to_port", "cidr")
    return [tuple(rule[name] for name in names) for rule in group["rules"]]


async def create(client, world, *rules):
    path = tenant_at(world.tenant_uuid, "create_security_group/")
    response = await client.post(path, json={"name": "web", "rules": list(rules)})
    assert response.status_code == 201, response.text
    return response.json()


@pytest.fixture
async def keeping(api, world):
    path = tenant_at(world.tenant_uuid, "set_default_egress/")
    response = await api("staff").post(path, json={"keep": True})
    assert (response.status_code, response.json()) == (200, {"keep": True})


async def test_a_new_group_has_only_the_requested_rules_by_default(client, world):
    assert len((await create(client, world, a_rule()))["rules"]) == 1


@pytest.mark.usefixtures("keeping")
async def test_kept_egress_rules_are_ordinary_rules_in_the_first_response(client, world):
    group = await create(client, world, a_rule())
    assert content(group)[1:] == OUT
    assert await world.value("SELECT count(*) FROM security_group_rules") == 3
    clouds = Clouds(world.database)
    assert await push_group(world.database, clouds, UUID(group["uuid"]))
    kept = await world.value("SELECT count(*) FROM sandbox_rules WHERE direction = 'egress'")
    # Including the two of the default group.
    assert kept == 4


@pytest.mark.usefixtures("keeping")
async def test_an_equal_requested_rule_is_not_duplicated(client, world):
    rule = {"direction": "egress", "protocol": "", "from_port": -1, "to_port": -1}
    group = await create(client, world, rule | {"cidr": "0.0.0.0/0"})
    assert content(group) == [("IPv4", "egress", "", -1, -1, "0.0.0.0/0"), OUT[1]]


@pytest.mark.usefixtures("keeping")
async def test_they_count_against_the_quota_of_rules(client, world):
    await world.execute(
        "INSERT INTO tenant_quotas (tenant_id, name, limit_value)"
        " VALUES (%s, 'security_group_rule_count', 2)",
        world.tenant_id,
    )
    path = tenant_at(world.tenant_uuid, "create_security_group/")
    response = await client.post(path, json={"name": "web", "rules": [a_rule()]})
    assert response.status_code == 400
    assert "security_group_rule_count quota limit: 2, requires 3" in response.text


async def test_the_setting_is_recorded_once_and_wants_a_yes_or_no(api, world):
    path = tenant_at(world.tenant_uuid, "set_default_egress/")
    for keep in (True, True, False):
        await api("staff").post(path, json={"keep": keep})
    assert await world.value("SELECT count(*) FROM events") == 2
    for body in ({}, {"keep": None}, {"keep": "yes"}, {"keep": 1}):
        response = await api("staff").post(path, json=body)
        assert (response.status_code, list(response.json())) == (400, ["keep"])
