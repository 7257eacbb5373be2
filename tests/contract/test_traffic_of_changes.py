"""What a plan, a comparison of versions and drift open and close, as responses show it."""

from uuid import uuid4

from psycopg.types.json import Jsonb
from tests.contract.paths import a_rule, group_at, tenant_at, to_group
from tests.contract.test_overviews import OVERVIEWS, names
from tests.contract.test_overviews import observe as observed
from tests.contract.test_plan import a_row, everything, plan, see
from tests.contract.test_set_rules import settle
from tests.contract.test_statements import statements
from tests.contract.test_usage import observe, port
from tests.factories.world import set_quotas

__all__ = ["statements"]

ANYWHERE = "0.0.0.0/0"


def tcp(number, **values):
    return a_rule(from_port=number, to_port=number, **values)


async def traffic(client, group, rules):
    return (await plan(client, group, rules))["traffic"]


async def drift(client, group):
    response = await client.get(group_at(group, "drift/"))
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_plan_shows_what_opens_and_what_closes(client, world):
    group = await world.group(rules=[a_row(80)])
    await observe(world)
    assert await traffic(client, group, [tcp(22, cidr=ANYWHERE)]) == {
        "same": False,
        "exact": True,
        "notes": [],
        "opens": [
            {
                "direction": "ingress",
                "ethertype": "IPv4",
                "protocol": "tcp",
                "from_port": 22,
                "to_port": 22,
                "cidr": ANYWHERE,
                "remote_group_uuid": None,
                "internet": True,
                "rules": [0],
            }
        ],
        "closes": [
            {
                "direction": "ingress",
                "ethertype": "IPv4",
                "protocol": "tcp",
                "from_port": 80,
                "to_port": 80,
                "cidr": "10.0.0.0/8",
                "remote_group_uuid": None,
                "internet": False,
                "rules": [],
            }
        ],
        "opens_total": 1,
        "closes_total": 1,
        "instances": 0,
        "floating_ips": 0,
        "still_admitted_by": [],
    }


async def test_instances_are_not_known_before_ports_were_read(client, world):
    group = await world.group(rules=[a_row(80)])
    shown = await traffic(client, group, [])
    assert (shown["instances"], shown["floating_ips"], shown["exact"]) == (None, None, True)
    assert [note["code"] for note in shown["notes"]] == ["groups_unknown"]


async def test_groups_of_ports_that_are_not_known_here_may_admit_what_closes(client, world):
    group = await world.group(rules=[a_row(80)], backend_id="b-web")
    await observe(world, port("eth0", "b-web", "b-unknown"))
    for known, codes in ((["b-web", "b-unknown"], ["groups_unknown"]), (["b-web"], [])):
        await world.execute("UPDATE cloud_ports SET security_group_ids = %s", known)
        shown = await traffic(client, group, [])
        assert [note["code"] for note in shown["notes"]] == codes
        assert shown["exact"] is True


async def test_two_halves_of_all_addresses_are_the_same_as_anywhere(client, world):
    group = await world.group(rules=[a_row(22, cidr=ANYWHERE)])
    halves = [tcp(22, cidr="0.0.0.0/1"), tcp(22, cidr="128.0.0.0/1")]
    shown = await traffic(client, group, halves)
    assert (shown["same"], shown["opens"], shown["closes"]) == (True, [], [])
    assert (shown["exact"], shown["notes"]) == (True, [])


async def test_a_plan_opens_what_the_cloud_does_not_admit_yet(client, world):
    group = await world.group(rules=[a_row(22), a_row(80)])
    await see(world, group, 22)
    shown = await traffic(client, group, [tcp(22), tcp(80)])
    assert [each["from_port"] for each in shown["opens"]] == [80]


async def test_a_plan_is_not_exact_while_rules_in_the_cloud_cannot_be_read(client, world):
    group = await world.group(rules=[a_row(22)])
    await see(world, group, 22)
    await world.execute(
        "UPDATE security_group_observations SET unreadable = %s",
        Jsonb([{"id": "r9", "reason": "ethertype is unknown"}]),
    )
    shown = await traffic(client, group, [tcp(22), tcp(80)])
    assert shown["exact"] is False
    assert [note["code"] for note in shown["notes"]] == ["rules_unreadable"]


async def test_at_most_twenty_pieces_are_shown_and_all_are_counted(client, world):
    await set_quotas(world, security_group_rule_count=100)
    group = await world.group()
    shown = await traffic(client, group, [tcp(number) for number in range(100, 160, 2)])
    assert (len(shown["opens"]), shown["opens_total"]) == (20, 30)


async def test_remote_groups_are_named_and_held_against_addresses_inexactly(client, world):
    other = await world.group("other")
    rows = [
        a_row(9, cidr=None, unresolved_group_backend_id="gone-1", unresolved_group_name="gone"),
        a_row(10, cidr=None, remote_address_group_backend_id="ag-1"),
    ]
    group = await world.group(rules=rows)
    shown = await traffic(client, group, [to_group(other), tcp(9)])
    [opened] = [each for each in shown["opens"] if each["cidr"] is None]
    assert (opened["remote_group_uuid"], opened["remote_group_name"]) == (other.hex, "other")
    ends = [
        (each.get("remote_group_name"), each.get("remote_group_backend_id"))
        for each in shown["closes"]
    ]
    assert ends == [("gone", "gone-1"), (None, None)]
    assert shown["closes"][1]["remote_address_group_backend_id"] == "ag-1"
    assert shown["exact"] is False
    assert "remote_members" in [note["code"] for note in shown["notes"]]


async def test_instances_and_floating_addresses_of_the_group_are_counted(client, world):
    group = await world.group("web", backend_id="b-web")
    await observe(
        world,
        port("eth0", "b-web", floating_addresses=("203.0.113.7", "203.0.113.8")),
        port("eth1", "b-web"),
        port("eth2", "b-web", device_id="vm-2"),
        port("lb", "b-web", device_owner="Octavia", device_id="lb-1"),
        port("other", device_id="vm-3"),
    )
    shown = await traffic(client, group, [tcp(22)])
    assert (shown["instances"], shown["floating_ips"]) == (2, 2)


async def test_other_groups_on_the_same_ports_still_admit_what_closes(client, world):
    group = await world.group("web", backend_id="b-web", rules=[a_row(22), a_row(80)])
    rules = {"all": [a_row(1, to_port=100)], "part": [a_row(22)], "none": [a_row(443)]}
    groups = {
        name: await world.group(name, backend_id=f"b-{name}", rules=rows)
        for name, rows in rules.items()
    }
    await world.group("elsewhere", backend_id="b-elsewhere", rules=rules["all"])
    await observe(
        world,
        port("eth0", "b-web", "b-all", "b-part", "b-none"),
        port("eth1", "b-web", "b-part"),
        port("eth2", "b-elsewhere"),
    )
    shown = await traffic(client, group, [tcp(443)])
    assert shown["still_admitted_by"] == [
        {
            "security_group_uuid": groups[name].hex,
            "security_group_name": name,
            "ports": ports,
            "admits": name,
        }
        for name, ports in (("part", 2), ("all", 1))
    ]
    assert (await traffic(client, group, [tcp(22), tcp(80)]))["still_admitted_by"] == []


async def test_no_group_of_another_tenant_is_named(client, world):
    group = await world.group("web", backend_id="b-web", rules=[a_row(22)])
    foreign = await world.group(
        "of another tenant", backend_id="b-f", rules=[a_row(22)], tenant_id=world.foreign_tenant_id
    )
    await observe(world, port("eth0", "b-web", "b-f"))
    await world.execute(
        "INSERT INTO cloud_port_groups SELECT port.id, sg.id"
        " FROM cloud_ports AS port, security_groups AS sg WHERE sg.uuid = %s"
        " ON CONFLICT DO NOTHING",
        foreign,
    )
    response = await client.post(group_at(group, "plan/"), json=[])
    shown = response.json()["traffic"]
    assert shown["still_admitted_by"] == []
    assert [note["code"] for note in shown["notes"]] == ["groups_unknown"]
    assert "of another tenant" not in response.text
    assert foreign.hex not in response.text


async def test_traffic_costs_one_statement(client, world, statements):
    group = await world.group("web", backend_id="b-web", rules=[a_row(22)])
    await world.group("other", backend_id="b-other", rules=[a_row(22)])
    await observe(world, port("eth0", "b-web", "b-other"))
    statements.clear()
    assert (await traffic(client, group, [tcp(80)]))["still_admitted_by"]
    mine = [text for text in statements if "floating_ips" in str(text)]
    assert len(mine) == 1
    assert len([text for text in statements if "BEGIN" in str(text)]) == 1


async def test_a_planned_creation_opens_everything_it_admits(client, api, world):
    other = await world.group("other")
    rules = [tcp(22, cidr=ANYWHERE), to_group(other, from_port=23, to_port=23)]
    path = tenant_at(world.tenant_uuid, "set_default_egress/")
    kept = await api("staff").post(path, json={"keep": True})
    assert kept.status_code == 200, kept.text
    before = await everything(world)
    path = tenant_at(world.tenant_uuid, "plan_security_group/")
    response = await client.post(path, json={"name": "new", "rules": rules})
    assert response.status_code == 200, response.text
    shown = response.json()["traffic"]
    opened = [(each["direction"], each["rules"], each["internet"]) for each in shown["opens"]]
    # The last two are the rules that Neutron adds, which nobody submitted.
    assert sorted(opened) == [
        ("egress", [], True),
        ("egress", [], True),
        ("ingress", [0], True),
        ("ingress", [1], False),
    ]
    assert [each["remote_group_name"] for each in shown["opens"] if not each["cidr"]] == ["other"]
    assert (shown["closes"], shown["instances"], shown["floating_ips"]) == ([], 0, 0)
    assert await everything(world) == before


async def test_a_comparison_of_versions_shows_what_opened_and_closed(client, world):
    group = await world.group(rules=[a_row(22), a_row(80)])
    rules = [tcp(80), tcp(443, cidr=ANYWHERE)]
    assert (await client.post(group_at(group, "set_rules/"), json=rules)).is_success
    await settle(world)
    shown = (await client.get(group_at(group, "versions/2/"), params={"compare": 1})).json()
    opened = [(each["from_port"], each["rules"]) for each in shown["traffic"]["opens"]]
    assert opened == [(443, [0])]
    assert shown["added"][0]["from_port"] == 443
    assert [each["from_port"] for each in shown["traffic"]["closes"]] == [22]
    assert "traffic" not in (await client.get(group_at(group, "versions/2/"))).json()


async def test_a_rollback_can_be_planned_and_stores_nothing(client, world):
    group = await world.group(rules=[a_row(22)])
    assert (await client.post(group_at(group, "set_rules/"), json=[tcp(80)])).is_success
    await settle(world)
    before = await everything(world)
    path = group_at(group, "rollback/?dry_run=true")
    response = await client.post(path, json={"version": 1})
    assert response.status_code == 200, response.text
    shown = response.json()
    assert [rule["from_port"] for rule in shown["rules"]] == [22]
    assert [each["from_port"] for each in shown["traffic"]["opens"]] == [22]
    assert [each["from_port"] for each in shown["traffic"]["closes"]] == [80]
    assert response.headers["ETag"] == '"v2"'
    assert await everything(world) == before
    assert (await client.post(path, json={"version": 9})).status_code == 404
    assert (await client.post(path, json={})).status_code == 400


async def test_drift_opens_what_the_cloud_admits_beyond_what_is_desired(client, world):
    group = await world.group(rules=[a_row(22), a_row(80)])
    shown = await drift(client, group)
    assert (shown["grade"], shown["traffic"]) == (None, None)
    await see(world, group, 22, 8080)
    shown = await drift(client, group)
    assert shown["grade"] == "opens"
    opened = [(each["from_port"], each["rules"]) for each in shown["traffic"]["opens"]]
    assert opened == [(8080, [0])]
    assert shown["unexpected_at_cloud"][0]["from_port"] == 8080
    assert [each["from_port"] for each in shown["traffic"]["closes"]] == [80]


async def test_each_kind_of_drift_has_its_grade(client, world):
    group = await world.group(rules=[a_row(22), a_row(80)])
    await see(world, group, 22)
    assert (await drift(client, group))["grade"] == "closes"
    await world.execute("UPDATE security_group_observations SET stateful = true")
    await world.execute("UPDATE security_groups SET stateful = false")
    shown = await drift(client, group)
    assert (shown["grade"], shown["traffic"]["exact"]) == ("opens", False)
    await world.execute("UPDATE security_group_observations SET stateful = false")
    await world.execute("UPDATE security_groups SET stateful = true")
    assert (await drift(client, group))["grade"] == "closes"
    await world.execute(
        "UPDATE security_group_observations SET unreadable = %s",
        Jsonb([{"id": uuid4().hex, "reason": "ethertype is unknown"}]),
    )
    shown = await drift(client, group)
    assert (shown["grade"], shown["traffic"]["closes"]) == ("opens", [])
    codes = [note["code"] for note in shown["traffic"]["notes"]]
    assert codes == ["rules_unreadable", "stateful"]
    await world.execute("UPDATE security_group_observations SET missing = true")
    shown = await drift(client, group)
    assert (shown["state"], shown["grade"]) == ("missing", "closes")
    assert shown["traffic"]["closes_total"] == 2


async def test_overviews_show_the_grade_of_drift_and_filter_by_it(client, world):
    grades = {"opening": "opens", "closing": "closes", "equal": "none", "upgraded": None}
    for name, grade in grades.items():
        group = await world.group(name)
        await observed(world, group, drift_digest="x", drift_grade=grade)
    await observed(world, await world.group("gone"), missing=True)
    await observed(world, await world.group("same"))
    await world.group("never observed")
    shown = (await client.get(OVERVIEWS)).json()
    assert {each["name"]: each["drift_grade"] for each in shown} == grades | {
        "gone": "closes",
        "same": "none",
        "never observed": None,
    }
    assert await names(client, drift_grade="opens") == ["opening"]
    assert await names(client, drift_grade=["closes", "none"]) == [
        *("closing", "equal", "gone", "same")
    ]
    wrong = await client.get(OVERVIEWS, params={"drift_grade": "wrong"})
    assert wrong.status_code == 400
