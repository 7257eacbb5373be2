"""Overviews of groups: exposure to the internet, drift, and permissions."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb
from tests.contract.paths import a_rule
from tests.factories.exposed import EXPOSURES, id_of, port_with, pulled, tcp
from tests.factories.exposed import observe as observed_as

from ringfence.security_groups.cloud_state import observations
from ringfence.security_groups.cloud_state.observations import Observation
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic_changes import compare

OVERVIEWS = "/api/security-group-overviews/"


async def observe(world, group, **columns):
    values = {
        "security_group_id": await world.value(
            "SELECT id FROM security_groups WHERE uuid = %s", group
        ),
        "name": "x",
        "description": "",
        "rules": Jsonb([]),
        "revision_number": 1,
        "digest": "d",
    } | columns
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    await world.execute(
        f"INSERT INTO security_group_observations ({names}, observed_at)"  # noqa: S608 - our names
        f" VALUES ({marks}, now())",
        *values.values(),
    )


async def names(client, **query):
    response = await client.get(OVERVIEWS, params={"o": "name", **query})
    assert response.status_code == 200, response.text
    return [group["name"] for group in response.json()]


async def test_remote_ends_with_unknown_members_are_counted_and_are_not_open_to_all(client, world):
    ends = [
        {"unresolved_group_backend_id": "a" * 32, "unresolved_group_name": "foreign"},
        {"unresolved_group_backend_id": "b" * 32, "unresolved_group_name": "b"},
        {"remote_address_group_backend_id": "c" * 32},
        {"cidr": "10.0.0.0/8"},
    ]
    rules = [{"direction": "ingress", "ethertype": "IPv4"} | end for end in ends]
    # Egress rules do not open a group.
    rules.append({"direction": "egress", "ethertype": "IPv4"} | ends[0])
    group = await world.group("web", rules=rules)
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    assert shown["unknown_members_count"] == 3
    assert shown["open_to_all"] == []
    plain = await world.group("plain", rules=[rules[3]])
    shown = (await client.get(f"{OVERVIEWS}{plain}/")).json()
    assert shown["unknown_members_count"] == 0


async def test_a_group_is_shown_with_its_ancestors_counts_and_exposure(client, world):
    rules = [
        {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "from_port": 22}
        | {"to_port": 22, "cidr": "0.0.0.0/0"},
        {"direction": "ingress", "ethertype": "IPv6", "protocol": "tcp", "from_port": 22}
        | {"to_port": 22, "cidr": "::/0"},
        {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "cidr": "10.0.0.0/8"},
        {"direction": "egress", "ethertype": "IPv4"},
    ]
    group = await world.group("web", rules=rules)
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    assert shown["rules_count"] == 4
    assert shown["instance_count"] is None
    assert shown["drift"] == "unknown"
    assert shown["can_manage"] is True
    assert shown["open_to_all"] == [
        {"protocol": "tcp", "from_port": 22, "to_port": 22, "desired": True, "observed": None}
    ]
    assert shown["tenant_uuid"] == world.tenant_uuid.hex
    assert (shown["version"], shown["applied_version"]) == (1, 1)


async def test_a_reader_has_can_manage_false(api, world):
    await world.group("web")
    [shown] = (await api("member").get(OVERVIEWS)).json()
    assert shown["can_manage"] is False
    assert (await api("unrelated").get(OVERVIEWS)).json() == []


async def test_groups_are_filtered_by_exposure_and_by_drift(client, world):
    await world.group("closed")
    anybody = {"direction": "ingress", "ethertype": "IPv4"}
    opened = await world.group("opened", rules=[anybody])
    gone = await world.group("gone")
    same = await world.group("same")
    await observe(world, opened, drift_digest="differs")
    await observe(world, gone, missing=True)
    await observe(world, same)
    assert await names(client, is_open_to_all="true") == ["opened"]
    assert await names(client, is_open_to_all="false") == ["closed", "gone", "same"]
    assert await names(client, drift="drifting") == ["opened"]
    assert await names(client, drift="missing") == ["gone"]
    assert await names(client, drift=["unknown", "in_sync"]) == ["closed", "same"]
    loaded = await world.group("loaded", backend_id="")
    assert await names(client, drift="never_pushed") == ["loaded"]
    shown = await client.get(f"/api/openstack-security-groups/{loaded.hex}/drift/")
    assert shown.json()["state"] == "never_pushed"
    assert (await client.get(OVERVIEWS, params={"drift": "wrong"})).status_code == 400


@pytest.mark.parametrize(
    "order", ["name", "-name", "state", "tenant_name", "modified", "project_name", "service_name"]
)
async def test_each_order_is_taken(client, world, order):
    await world.group("a")
    assert await names(client, o=order) == ["a"]


def openings(*expected):
    return [
        {"protocol": "tcp", "from_port": port, "to_port": port}
        | {"desired": desired, "observed": observed}
        for port, desired, observed in expected
    ]


async def test_what_only_the_cloud_has_is_open_and_comes_first(client, world):
    group = await world.group("web", rules=[tcp(443), tcp(80), tcp(22, "10.0.0.0/8")])
    await observed_as(world, group, tcp(443), tcp(3389), tcp(22, "10.0.0.0/8"))
    closed = await world.group("closed", rules=[tcp(22, "10.0.0.0/8")])
    await observed_as(world, closed, tcp(22))
    await pulled(world)
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    assert shown["open_to_all"] == openings(
        (3389, False, True), (80, True, False), (443, True, True)
    )
    assert await names(client, is_open_to_all="true") == ["closed", "web"]
    shown = (await client.get(f"{OVERVIEWS}{closed}/")).json()
    assert shown["open_to_all"] == openings((22, False, True))


async def test_two_halves_of_all_addresses_in_two_places_are_all(client, world):
    group = await world.group(rules=[tcp(22, "0.0.0.0/1"), tcp(22, "128.0.0.0/1")])
    await observed_as(world, group, tcp(22))
    await pulled(world)
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    assert shown["open_to_all"] == openings((22, True, True))


async def test_a_group_that_is_missing_in_the_cloud_has_nothing_open_there(client, world):
    group = await world.group(rules=[tcp(22)])
    await observed_as(world, group, tcp(22), tcp(23), missing=True)
    await pulled(world)
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    assert shown["open_to_all"] == openings((22, True, False))


async def test_changed_rules_are_shown_as_open_at_once(client, world):
    group = await world.group("web", rules=[tcp(22, "10.0.0.0/8")])
    await observed_as(world, group, tcp(22, "10.0.0.0/8"))
    path = f"/api/openstack-security-groups/{group.hex}/set_rules/"
    response = await client.post(path, json=[a_rule(cidr="0.0.0.0/0")])
    assert response.status_code == 200, response.text
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    assert shown["open_to_all"] == openings((22, True, False))
    await world.execute("UPDATE security_groups SET state = 'OK'")
    await client.post(path, json=[])
    assert await names(client, is_open_to_all="true") == []


async def test_the_first_observation_says_that_a_desired_opening_is_not_in_the_cloud(world, client):
    group = await world.group(rules=[tcp(22)])
    first = Observation(await id_of(world, group), "web", "", [], 1, "digest")
    async with world.database.transaction() as connection:
        await observations.write(connection, [first], None)
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    assert shown["open_to_all"] == openings((22, True, False))


async def test_known_members_of_an_address_group_count_as_prefixes(client, world):
    group = await world.group(rules=[tcp(22) | {"remote_address_group_backend_id": "ag"}])
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    assert (shown["open_to_all"], shown["unknown_members_count"]) == ([], 1)
    await world.execute(
        "INSERT INTO cloud_address_groups (tenant_id, backend_id, addresses, observed_at)"
        " VALUES (%s, 'ag', %s, now())",
        *(world.tenant_id, ["10.0.0.0/8", "8.0.0.0/8"]),
    )
    await pulled(world)
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    assert shown["open_to_all"] == openings((22, True, None))
    assert shown["unknown_members_count"] == 0


CIDRS = (
    st.sampled_from([None, "", "0.0.0.0/0", "10.0.0.0/0", "0.0.0.0/00", "10.0.0.0/8"])
    | st.sampled_from(["192.168.0.0/15", "128.0.0.0/1", "224.0.0.0/3", "8.8.8.8", "::/0"])
    | st.integers(0, 32).map(lambda length: f"0.0.0.0/{length}")
)
RULES = st.lists(
    st.builds(
        lambda direction, protocol, port, cidr: {
            "direction": direction,
            "ethertype": "IPv4",
            "protocol": protocol,
            "from_port": port if protocol in {"tcp", "udp"} else None,
            "to_port": port if protocol in {"tcp", "udp"} else None,
            "cidr": cidr,
        },
        st.sampled_from(["ingress", "ingress", "egress"]),
        # Protocols that all drivers read alike: for others, drift has each driver's reading.
        st.sampled_from(["", "tcp", "udp", "icmp", "47"]),
        st.sampled_from([22, 53, 8443]),
        CIDRS,
    ),
    max_size=4,
)


def an_open_rule(cidr):
    """Return a rule for anything; IPv4 and `::/0` is what a cloud should not say."""
    ports = {"from_port": None, "to_port": None}
    return {"direction": "ingress", "ethertype": "IPv4", "protocol": "", "cidr": cidr} | ports


@pytest.mark.timeout(300)
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@example(desired=[], found=[an_open_rule(None), an_open_rule("::/0")])
@given(desired=RULES, found=RULES)
async def test_list_filter_overview_exposures_plan_and_drift_agree(client, world, desired, found):
    group = await world.group(rules=desired)
    await observed_as(world, group, *found)
    await port_with(world, group)
    await pulled(world)
    shown = (await client.get(f"{OVERVIEWS}{group}/")).json()
    listed = await names(client, is_open_to_all="true")
    exposed = (await client.get(EXPOSURES)).json()
    drift = (await client.get(f"/api/openstack-security-groups/{group.hex}/drift/")).json()
    await world.execute("DELETE FROM cloud_ports")
    await world.execute("DELETE FROM security_groups WHERE uuid = %s", group)
    opened = shown["open_to_all"]
    assert bool(opened) is bool(listed) is bool(exposed)
    wanted, cloud = [[Rule(**each) for each in rules] for rules in (desired, found)]
    assert any(each["desired"] for each in opened) is opens_internet([], wanted)
    assert any(each["observed"] for each in opened) is opens_internet([], cloud)
    unasked = [each for each in opened if each["observed"] and not each["desired"]]
    lost = [each for each in opened if each["desired"] and not each["observed"]]
    assert bool(unasked) is opens_internet(wanted, cloud)
    assert bool(unasked) is lets_in(drift["traffic"]["opens"])
    assert bool(lost) is lets_in(drift["traffic"]["closes"])


def lets_in(pieces):
    """Return whether any of the pieces of a response is the internet's way in."""
    return any(piece["internet"] and piece["direction"] == "ingress" for piece in pieces)


def opens_internet(before, after):
    """Return whether a plan says that the internet is let in."""
    return any(
        piece.is_internet and piece.piece.direction == "ingress"
        for piece in compare(before, after).opens
    )
