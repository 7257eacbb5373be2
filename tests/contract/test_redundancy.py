"""Rules that others cover, and a shorter list that admits the same."""

from tests.contract.paths import group_at
from tests.contract.test_plan import a_row, everything
from tests.contract.test_statements import statements

__all__ = ["statements"]


async def redundancy(client, group):
    response = await client.get(group_at(group, "redundancy/"))
    assert response.status_code == 200, response.text
    return response.json()


async def test_redundant_rules_are_shown_with_those_that_cover_them(client, world):
    rows = [
        a_row(1, to_port=50, description="low"),
        a_row(20, to_port=70, description="both"),
        a_row(51, to_port=100, description="high"),
        a_row(443, cidr="10.1.0.0/16"),
        a_row(443),
    ]
    group = await world.group(rules=rows)
    before = await everything(world)
    shown = await redundancy(client, group)
    found = [(each["rule"]["description"], each["covered_by"]) for each in shown["redundant"]]
    assert found == [("both", [0, 1]), ("", [2])]
    assert [rule["description"] for rule in shown["rules"]] == ["low", "high", ""]
    assert (shown["rules_count"], shown["version"], shown["complete"]) == (5, 1, True)
    assert shown["not_compared"] == []
    assert await everything(world) == before


async def test_the_shorter_list_is_a_body_for_a_plan_that_changes_no_traffic(client, world):
    other = await world.group("other")
    other_id = await world.value("SELECT id FROM security_groups WHERE uuid = %s", other)
    rows = [
        a_row(22, cidr=None, remote_group_id=other_id),
        a_row(22, cidr="0.0.0.0/0"),
        a_row(23, cidr=None, unresolved_group_backend_id="g", unresolved_group_name="gone"),
        a_row(23, cidr=None),
        a_row(24, cidr=None, remote_address_group_backend_id="ag"),
        a_row(24, cidr=None),
    ]
    group = await world.group(rules=rows)
    shown = await redundancy(client, group)
    assert [each["rule"]["remote_group_name"] for each in shown["redundant"]] == ["other"]
    planned = await client.post(group_at(group, "plan/"), json=shown["rules"])
    assert planned.status_code == 200, planned.text
    assert planned.json()["traffic"]["same"] is True
    assert len(planned.json()["removed"]) == 1


async def test_rules_whose_meaning_is_not_certain_are_kept_and_cover_no_other(client, world):
    rows = [
        a_row(23, cidr=None, unresolved_group_backend_id="g", unresolved_group_name="gone"),
        a_row(None, protocol="0", to_port=None),
        a_row(None, protocol="58", to_port=None),
        a_row(22),
    ]
    shown = await redundancy(client, await world.group(rules=rows))
    assert shown["redundant"] == []
    codes = [(each["rule"], each["code"]) for each in shown["not_compared"]]
    assert codes == [(0, "unresolved_end"), (1, "protocol_zero"), (2, "icmpv6_over_ipv4")]


async def test_a_group_that_is_not_visible_is_not_found(api, world):
    group = await world.group(rules=[a_row(22)])
    path = group_at(group, "redundancy/")
    assert (await api("member").get(path)).status_code == 200
    assert (await api("unrelated").get(path)).status_code == 404
    assert (await api("staff").get(path + "?compare=1")).status_code == 400


async def test_redundancy_costs_two_statements(client, world, statements):
    group = await world.group(rules=[a_row(22), a_row(22, cidr=None)])
    await redundancy(client, group)
    statements.clear()
    await redundancy(client, group)
    # The identity and the group, then the rules and the groups that they may name
    assert len(statements) <= 4, statements
