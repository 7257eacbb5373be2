"""Rules that every Neutron rejects are a 400 before anything is stored, in every operation."""

import pytest
from tests.contract.paths import a_rule, group_at, tenant_at
from tests.contract.test_plan import a_row

DEFAULT = "Default security group is managed by OpenStack itself."
SPELLINGS = ("default", "Default", "DEFAULT", "dEFAULT", " dEFAULT\t")
LONG = "Ensure this field has no more than 255 characters."
ONLY_IPV6 = {
    "41": "ipv6-encap",
    "43": "ipv6-route",
    "44": "ipv6-frag",
    "58": "ipv6-icmp",
    "59": "ipv6-nonxt",
    "60": "ipv6-opts",
}


def no_ipv4(number):
    return f'"{number}" ({ONLY_IPV6[number]}) is a protocol of IPv6 and does not exist in IPv4.'


def only_ipv6(number, **values):
    return a_rule(protocol=number, from_port=-1, to_port=-1, **values)


@pytest.fixture
async def nothing_happened(world):
    """Return a check that no group was created, changed or scheduled."""

    async def stored():
        counts = "SELECT (SELECT count(*) FROM procrastinate_jobs), (SELECT count(*) FROM events)"
        groups = "SELECT array_agg((name, description, state, version) ORDER BY id)"
        return await world.one(f"{counts}, ({groups} FROM security_groups)")

    before = []

    async def check(*, begin=False):
        if begin:
            before[:] = [await stored()]
        else:
            assert await stored() == before[0]

    return check


def ways_in(world, group, name):
    """Return every request that names a group."""
    create = tenant_at(world.tenant_uuid, "create_security_group/")
    return {
        "rename": ("PATCH", group_at(group), {"name": name}, {"name": [DEFAULT]}),
        "put": ("PUT", group_at(group), {"name": name}, {"name": [DEFAULT]}),
        "create": ("POST", create, {"name": name, "rules": []}, {"name": [DEFAULT]}),
        "plan": (
            "POST",
            tenant_at(world.tenant_uuid, "plan_security_group/"),
            {"name": name, "rules": []},
            {"name": [DEFAULT]},
        ),
        "push": (
            "POST",
            tenant_at(world.tenant_uuid, "push_security_groups/"),
            [{"name": "web", "uuid": group.hex, "rules": []}, {"name": name, "rules": []}],
            [{}, {"name": [DEFAULT]}],
        ),
    }


@pytest.mark.parametrize("name", SPELLINGS)
async def test_the_clouds_own_name_is_refused_in_any_case(client, world, nothing_happened, name):
    group = await world.group("web")
    await nothing_happened(begin=True)
    for way, (method, address, body, expected) in ways_in(world, group, name).items():
        response = await client.request(method, address, json=body)
        assert (response.status_code, response.json()) == (400, expected), way
    await nothing_happened()


@pytest.mark.parametrize("name", ["defaults", "de fault", "d\u00e9fault", "my default"])
async def test_a_name_that_only_resembles_it_is_taken(client, world, name):
    group = await world.group("web")
    response = await client.patch(group_at(group), json={"name": name})
    assert response.status_code == 200, response.text


@pytest.mark.parametrize("number", sorted(ONLY_IPV6))
async def test_a_protocol_of_ipv6_is_refused_for_ipv4_at_its_rule(
    client, world, nothing_happened, number
):
    group = await world.group("web", rules=[a_row(22)])
    good, bad = a_rule(), only_ipv6(number)
    expected = [{}, {"protocol": [no_ipv4(number)]}]
    await nothing_happened(begin=True)
    for action in ("set_rules/", "set_rules/?dry_run=true", "plan/"):
        response = await client.post(group_at(group, action), json=[good, bad])
        assert (response.status_code, response.json()) == (400, expected)
    for action in ("create_security_group/", "plan_security_group/"):
        body = {"name": "new", "rules": [good, bad]}
        response = await client.post(tenant_at(world.tenant_uuid, action), json=body)
        assert (response.status_code, response.json()) == (400, {"rules": expected})
    body = [{"name": "web", "uuid": group.hex, "rules": [good, bad]}]
    response = await client.post(tenant_at(world.tenant_uuid, "push_security_groups/"), json=body)
    assert (response.status_code, response.json()) == (400, [{"rules": expected}])
    await nothing_happened()


@pytest.mark.parametrize("number", sorted(ONLY_IPV6))
async def test_it_is_taken_for_ipv6(client, world, number):
    group = await world.group("web")
    rule = only_ipv6(number, ethertype="IPv6", cidr="2001:db8::/32")
    response = await client.post(group_at(group, "set_rules/"), json=[rule])
    assert response.status_code == 200, response.text


async def test_a_stored_rule_does_not_become_one_of_ipv4(client, world, nothing_happened):
    row = a_row(-1) | {"ethertype": "IPv6", "protocol": "58", "from_port": None, "to_port": None}
    group = await world.group("web", rules=[row | {"cidr": None}])
    rule_id = await world.value("SELECT id FROM security_group_rules")
    await nothing_happened(begin=True)
    response = await client.post(
        group_at(group, "set_rules/"), json=[{"id": rule_id, "ethertype": "IPv4"}]
    )
    assert (response.status_code, response.json()) == (400, [{"protocol": [no_ipv4("58")]}])
    await nothing_happened()


@pytest.mark.parametrize("character", ["x", "\u00e9", "\U0001f600"])
async def test_a_description_is_as_long_as_the_cloud_keeps_in_characters(client, world, character):
    group = await world.group("web")
    fits, longer = character * 255, character * 256
    response = await client.patch(group_at(group), json={"description": longer})
    assert (response.status_code, response.json()) == (400, {"description": [LONG]})
    response = await client.post(
        group_at(group, "set_rules/"), json=[a_rule(description=longer), a_rule()]
    )
    assert (response.status_code, response.json()) == (400, [{"description": [LONG]}, {}])
    response = await client.post(group_at(group, "set_rules/"), json=[a_rule(description=fits)])
    assert response.status_code == 200
    await world.execute("UPDATE security_groups SET state = 'OK'")
    response = await client.patch(group_at(group), json={"description": fits})
    assert response.status_code == 200


async def test_rolling_back_to_a_version_that_no_cloud_takes_is_refused(
    client, world, nothing_happened
):
    # As stored by an older release.
    row = a_row(22) | {"protocol": "58", "from_port": None, "to_port": None}
    group = await world.group("web", rules=[row], state="ERRED")
    await nothing_happened(begin=True)
    response = await client.post(group_at(group, "rollback/"), json={"version": 1})
    message = f"No cloud accepts rule 1 of version 1: {no_ipv4('58')}"
    assert (response.status_code, response.json()) == (400, {"version": [message]})
    await nothing_happened()


async def test_a_group_that_has_such_a_name_must_be_renamed_before_it_is_rolled_back(
    client, world, nothing_happened
):
    # As stored by an older release.
    group = await world.group("dEFAULT", state="ERRED")
    await nothing_happened(begin=True)
    response = await client.post(group_at(group, "rollback/"), json={"version": 1})
    message = 'No cloud accepts the name "dEFAULT": rename the group first.'
    assert (response.status_code, response.json()) == (400, {"name": [message]})
    await nothing_happened()


async def test_in_the_newer_contract_it_is_renamed_where_its_rules_cannot_be_set(
    api, world, nothing_happened
):
    group = await world.group("dEFAULT", state="ERRED")
    newer = api("admin", Accept="application/json; version=2026-10")
    await nothing_happened(begin=True)
    response = await newer.post(group_at(group, "set_rules/"), json=[])
    message = 'No cloud accepts the name "dEFAULT": rename the group first.'
    assert (response.status_code, response.json()) == (400, {"name": [message]})
    await nothing_happened()
    response = await newer.patch(group_at(group), json={"name": "web"})
    assert response.status_code == 200, response.text
