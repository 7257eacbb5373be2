"""The exposures of ports are kept equal to what the groups of each port admit together."""

import asyncio
import json
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.paths import a_rule, group_at
from tests.factories.exposed import (
    INSIDE,
    SSH,
    id_of,
    observe,
    port_with,
    pulled,
    stored,
    tcp,
)

from ringfence.security_groups.cloud_state import observations
from ringfence.security_groups.cloud_state.observations import Observation
from ringfence.security_groups.internet import is_internet
from ringfence.security_groups.port_exposures import refresh

CASES = json.loads((Path(__file__).parents[1] / "security_groups/internet_cases.json").read_text())


async def set_rules(client, world, group, rules):
    response = await client.post(group_at(group, "set_rules/"), json=rules)
    assert response.status_code == 200, response.text
    await world.execute("UPDATE security_groups SET state = 'OK' WHERE uuid = %s", group)


OPEN = a_rule(cidr="0.0.0.0/0")
CLOSED = a_rule(cidr="10.0.0.0/8")


async def test_the_database_has_the_same_definition_of_the_internet(world):
    rules = [
        {"direction": "ingress", "ethertype": ethertype, "cidr": cidr}
        for ethertype, cidr, _ in CASES
    ]
    await world.group(rules=rules)
    found = await world.value(
        "SELECT array_agg(internet ORDER BY position) FROM security_group_rules"
    )
    assert found == [expected for _, _, expected in CASES]


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32))
    | st.tuples(st.sampled_from([0, 1, 0xFC, 0xFE8, 0xFF, 0x20]), st.integers(0, 32))
)
async def test_python_and_the_database_agree_on_any_prefix(world, prefix):
    cidr = f"{ip_address(prefix[0])}/{prefix[1]}"
    found = await world.value("SELECT reaches_internet(%s, false)", cidr)
    assert found is is_internet(cidr, "IPv4")
    wide = f"{IPv6Address((prefix[0] << 96) & (2**128 - 1))}/{prefix[1] * 4}"
    found = await world.value("SELECT reaches_internet(%s, false)", wide)
    assert found is is_internet(wide, "IPv6")


async def test_the_groups_of_a_port_are_judged_together(world):
    halves = [
        await world.group(cidr, rules=[tcp(22, cidr)]) for cidr in ("0.0.0.0/1", "128.0.0.0/1")
    ]
    await port_with(world, *halves)
    await port_with(world, halves[0])
    await pulled(world)
    assert await stored(world) == [
        ("IPv4", "tcp", 22, 22, "0.0.0.0/0", "all"),
        ("IPv4", "tcp", 22, 22, "0.0.0.0/1", "all"),
    ]


async def test_what_only_the_cloud_has_is_open_and_marked(world):
    group = await world.group(rules=[tcp(443), tcp(22, "8.0.0.0/8")])
    await observe(world, group, tcp(443), SSH, tcp(3389), tcp(80, "10.0.0.0/8"))
    await port_with(world, group)
    await pulled(world)
    assert await stored(world) == [
        ("IPv4", "tcp", 22, 22, "0.0.0.0/0", "part"),
        ("IPv4", "tcp", 443, 443, "0.0.0.0/0", "all"),
        ("IPv4", "tcp", 3389, 3389, "0.0.0.0/0", "none"),
    ]


async def test_what_is_desired_and_not_in_the_cloud_yet_is_open(world):
    group = await world.group(rules=[SSH])
    await observe(world, group, INSIDE)
    await port_with(world, group)
    await pulled(world)
    assert await stored(world) == [("IPv4", "tcp", 22, 22, "0.0.0.0/0", "all")]


async def test_a_group_that_is_missing_in_the_cloud_admits_only_what_is_desired(world):
    group = await world.group(rules=[INSIDE])
    await observe(world, group, SSH, missing=True)
    await port_with(world, group)
    await pulled(world)
    assert await stored(world) == []


async def test_members_of_address_groups_count_as_prefixes(world):
    rule = SSH | {"remote_address_group_backend_id": "ag"}
    group = await world.group(rules=[rule])
    await port_with(world, group)
    await pulled(world)
    assert await stored(world) == []
    await world.execute(
        "INSERT INTO cloud_address_groups (tenant_id, backend_id, addresses, observed_at)"
        " VALUES (%s, 'ag', %s, now())",
        *(world.tenant_id, ["10.0.0.0/8", "8.0.0.0/8", "2000::/3"]),
    )
    await pulled(world)
    assert await stored(world) == [("IPv4", "tcp", 22, 22, "8.0.0.0/8", "all")]


async def test_set_rules_changes_the_exposures_of_the_ports_with_the_group(client, world):
    group, other = await world.group("web"), await world.group("other", rules=[tcp(443)])
    await port_with(world, group, other)
    await port_with(world, other)
    await pulled(world)
    before = await stored(world)
    await set_rules(client, world, group, [OPEN])
    assert await stored(world) == [("IPv4", "tcp", 22, 22, "0.0.0.0/0", "all"), *before]
    await set_rules(client, world, group, [CLOSED])
    assert await stored(world) == before


async def test_a_rule_that_keeps_its_row_and_gets_another_prefix_changes_the_exposures(
    client, world
):
    group = await world.group(rules=[INSIDE])
    await port_with(world, group)
    [rule] = (await client.get(group_at(group))).json()["rules"]
    await set_rules(client, world, group, [rule | {"cidr": "8.0.0.0/8"}])
    assert await stored(world) == [("IPv4", "tcp", 22, 22, "8.0.0.0/8", "all")]


async def test_a_rollback_changes_the_exposures(client, world):
    group = await world.group(rules=[SSH])
    await port_with(world, group)
    await pulled(world)
    await set_rules(client, world, group, [CLOSED])
    assert await stored(world) == []
    await client.post(group_at(group, "rollback/"), json={"version": 1})
    assert len(await stored(world)) == 1


async def test_an_observation_changes_the_exposures(world):
    group = await world.group()
    await port_with(world, group)

    async def observed(*rules, digest="d", **values):
        observation = Observation(await id_of(world, group), "web", "", rules, 1, digest, **values)
        async with world.database.transaction() as connection:
            await observations.write(connection, [observation], None)

    opened = {"ethertype": "IPv4", "direction": "ingress", "protocol": "tcp"}
    await observed(opened)
    assert await stored(world) == [("IPv4", "tcp", None, None, "0.0.0.0/0", "none")]
    await observed(digest="gone", missing=True)
    assert await stored(world) == []


async def test_a_deleted_group_opens_nothing_any_more(api, world):
    group, other = await world.group("web", rules=[SSH]), await world.group("b", rules=[tcp(443)])
    await port_with(world, group, other)
    await pulled(world)
    assert len(await stored(world)) == 2
    response = await api("staff").post(group_at(group, "unlink/"))
    assert response.status_code == 204
    assert await stored(world) == [("IPv4", "tcp", 443, 443, "0.0.0.0/0", "all")]


async def test_ports_that_are_gone_have_no_exposures(world):
    group = await world.group(rules=[SSH])
    await port_with(world, group)
    await pulled(world)
    await world.execute("DELETE FROM cloud_ports")
    assert await stored(world) == []


async def test_the_port_of_another_tenant_with_a_shared_group_is_concerned_too(client, world):
    group = await world.group()
    await port_with(world, group, tenant_id=world.foreign_tenant_id)
    await set_rules(client, world, group, [OPEN])
    assert await world.value("SELECT tenant_id FROM port_exposures") == world.foreign_tenant_id


async def test_two_changes_of_two_groups_of_a_port_at_once_are_both_seen(client, world):
    groups = [await world.group(f"g{number}") for number in range(4)]
    await port_with(world, *groups)
    ports = [100, 200, 300, 400]
    for _ in range(3):
        await asyncio.gather(
            *(
                set_rules(client, world, group, [a_rule(from_port=port, to_port=port, cidr=None)])
                for port, group in zip(ports, groups, strict=True)
            )
        )
        assert [row[2] for row in await stored(world)] == ports
        await asyncio.gather(*(set_rules(client, world, group, []) for group in groups))
        assert await stored(world) == []


async def test_the_second_of_two_transactions_waits_and_sees_what_the_first_one_did(world):
    groups = [await world.group(f"g{number}", rules=[tcp(100 + number)]) for number in range(2)]
    await port_with(world, *groups)
    first, second = [await id_of(world, group) for group in groups]
    entered = asyncio.Event()

    async def close(group, *, waits):
        async with world.database.transaction() as connection:
            await connection.execute(
                "DELETE FROM security_group_rules WHERE security_group_id = %s", [group]
            )
            if waits:
                await refresh.refresh_groups(connection, [group])
                entered.set()
                await asyncio.sleep(0.3)
            else:
                refresh.refresh_before_commit(connection, [group])

    slow = asyncio.create_task(close(first, waits=True))
    await entered.wait()
    await close(second, waits=False)
    await slow
    assert await stored(world) == []


async def test_a_change_that_leaves_the_internet_as_it_was_costs_no_statement_more(
    client, world, monkeypatch
):
    group = await world.group(rules=[SSH, INSIDE])
    await port_with(world, group)
    await pulled(world)
    ran = []

    async def refreshed(_connection, ids):
        ran.append(ids)

    monkeypatch.setattr(refresh, "refresh_groups", refreshed)
    await set_rules(
        client, world, group, [OPEN, a_rule(from_port=80, to_port=80, cidr="10.0.0.0/8")]
    )
    assert ran == []
    await set_rules(client, world, group, [a_rule(cidr="8.0.0.0/8")])
    assert ran == [[await id_of(world, group)]]


async def test_a_pull_heals_what_is_wrong_and_writes_nothing_that_is_right(world):
    group = await world.group(rules=[SSH, tcp(443)])
    await port_with(world, group)
    await pulled(world)
    right = await stored(world)
    kept = await world.value("SELECT id FROM port_exposures WHERE from_port = 443")
    await world.execute("UPDATE port_exposures SET network = '8.0.0.0/8' WHERE from_port = 22")
    await pulled(world)
    assert await stored(world) == right
    assert await world.value("SELECT id FROM port_exposures WHERE from_port = 443") == kept
