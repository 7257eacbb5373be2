"""Unusual text and other values in responses of a cloud, and an invalid item among valid ones."""

import copy
import json

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lab.proxy import Response
from tests.neutron.fake_server import fake_server
from tests.neutron.test_translate import GROUP, PORT, RULE
from tests.sync.conftest import cloud_tcp, tcp
from tests.sync.test_drift import set_mode
from tests.sync.test_manual import pulled_now
from tests.sync.test_pull import fingerprint, in_the_cloud, pull, pull_one, pushed, uuid_of
from tests.time_limit import LONG_SECONDS

from ringfence.access.scope import Scope
from ringfence.neutron.port import GiveUp, UnreadableRule
from ringfence.security_groups import queries
from ringfence.security_groups.cloud_state.unreadable import MESSAGE_PREFIX, READABLE
from ringfence.sync import manual, push, status
from ringfence.sync.drift import drift_of_group
from ringfence.sync.dry_run import dry_run
from ringfence.sync.pull import pull_tenant
from ringfence.sync.push_plan import plan_push

NASTY = "a\0b\ud800\x1b[31m\u202etxt\x7f"

# Each project has one.
DEFAULT = {**GROUP, "id": "g0", "name": "default", "security_group_rules": []}


@pytest.fixture
def neutron_says(sandbox, tmp_path, monkeypatch):
    """Return a function that puts the tenant in a cloud with these lists, by resource."""
    path = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    said = {"security_groups": [], "ports": [], "floatingips": []}

    def answer(call):
        resource, _, item = call.path.partition("?")[0].removeprefix("/v2.0/").partition("/")
        kind = resource.replace("-", "_")
        if not item:
            first = [DEFAULT] if kind == "security_groups" else []
            return Response(200, json.dumps({kind: first + said.get(kind, [])}).encode())
        for group in said[kind]:
            if isinstance(group, dict) and group.get("id") == item:
                return Response(200, json.dumps({"security_group": group}).encode())
        body = {"NeutronError": {"type": "SecurityGroupNotFound", "message": NASTY, "detail": ""}}
        return Response(404, json.dumps(body).encode())

    with fake_server(answer) as server:
        entry = {"auth_type": "none", "network_endpoint_override": server.url}
        path.write_text(yaml.safe_dump({"clouds": {"east": entry}}))
        sandbox.said, sandbox.calls = said, server.calls
        yield sandbox


@pytest.fixture
async def at_neutron(neutron_says):
    """The tenant; its cloud responds with what a test puts into `said`."""
    place = neutron_says
    await place.world.execute("UPDATE clouds SET backend = 'openstack', openstack_cloud = 'east'")
    await place.world.execute("UPDATE tenants SET backend_id = 'p1' WHERE uuid = %s", place.tenant)
    place.said["security_groups"] = [copy.deepcopy(GROUP)]
    yield place
    await place.clouds.close()


def another(**values):
    rule = {**RULE, "security_group_id": "g2", "id": "r2"}
    return {**GROUP, "id": "g2", "name": "calm", "security_group_rules": [rule], **values}


async def state_of(place, backend_id):
    return await place.world.one(
        "SELECT name, description, state, error_message FROM security_groups WHERE backend_id = %s",
        backend_id,
    )


async def drift(place, backend_id):
    uuid = await uuid_of(place, backend_id)
    row = await place.world.value("SELECT id FROM security_groups WHERE uuid = %s", uuid)
    async with place.database.transaction() as connection:
        group = await queries.lock(connection, row)
    return await drift_of_group(place.database, group, "")


async def test_neutron_takes_nul_from_a_member_and_the_pull_stores_it_replaced(
    neutron, lab, openstack_project, calls
):
    values = {"project_id": openstack_project, "name": "web", "description": "a\0b"}
    made = lab.neutron("POST", "/v2.0/security-groups", {"security_group": values})
    group = made["security_group"]["id"]
    rule = {"security_group_id": group, "direction": "ingress", "description": "c\0d"}
    lab.neutron("POST", "/v2.0/security-group-rules", {"security_group_rule": rule | tcp_22()})

    await pull(neutron, requested=True)

    uuid = await uuid_of(neutron, group)
    assert (await state_of(neutron, group))[1:] == ("a\N{REPLACEMENT CHARACTER}b", "OK", "")
    described = await neutron.world.value(
        "SELECT max(description) FROM security_group_rules WHERE description <> ''"
    )
    assert described == "c\N{REPLACEMENT CHARACTER}d"
    before = await fingerprint(neutron)
    await pull(neutron)
    assert await fingerprint(neutron) == before
    assert (await drift(neutron, group))["state"] == "in_sync"
    # Only what the user changed is pushed, not the description.
    await neutron.change_rules(uuid, [tcp(443)])
    await push.push_group(neutron.database, neutron.clouds, uuid)
    assert (await neutron.row(uuid))[0] == "OK"
    assert calls.count("PUT") == 0


def tcp_22():
    return {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "ethertype": "IPv4"}


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(
        [NASTY, "x" * 1_000_000, "\ud800" * 4000, "\0", "Ω" * 3000, "any", "0.0.0.0/0"]
    ),
    lambda values: (
        st.lists(values, max_size=2) | st.dictionaries(st.text(max_size=3), values, max_size=2)
    ),
    max_leaves=4,
)


def changes_of(whole):
    """Any of the keys, with any value or missing."""
    return st.dictionaries(st.sampled_from(sorted(whole)), ANY_JSON | st.just(...), max_size=3)


def changed(whole, changes):
    merged = {**whole, **changes}
    return {name: value for name, value in merged.items() if value is not ...}


@pytest.mark.timeout(LONG_SECONDS)
@given(
    group=changes_of(GROUP),
    rule=changes_of(RULE),
    port=changes_of(PORT),
    mode=st.sampled_from(["adopt", "enforce", "report"]),
)
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_no_value_of_any_field_stops_a_pull_opens_anything_or_is_drift(
    at_neutron, group, rule, port, mode
):
    at_neutron.said["security_groups"] = [
        changed({**GROUP, "security_group_rules": [changed(RULE, rule)]}, group),
        another(),
    ]
    at_neutron.said["ports"] = [changed(PORT, port), PORT]
    await at_neutron.world.execute("UPDATE tenants SET state = 'OK'")

    await pull(at_neutron)

    assert (await state_of(at_neutron, "g2"))[2] == "OK"
    prefixes = await at_neutron.world.value(
        "SELECT array_agg(coalesce(cidr, '')) FROM security_group_rules AS rule"
        " WHERE remote_group_id IS NULL AND unresolved_group_backend_id IS NULL"
        " AND remote_address_group_backend_id IS NULL"
    )
    assert set(prefixes) <= {RULE["remote_ip_prefix"], *_meant(rule, group)}
    before = await fingerprint(at_neutron)
    await pull(at_neutron)
    assert await fingerprint(at_neutron) == before
    assert {call.method for call in at_neutron.calls} == {"GET"}
    await at_neutron.world.execute(
        "INSERT INTO tenant_drift_modes SELECT id, %s FROM tenants"
        " ON CONFLICT (tenant_id) DO UPDATE SET drift_mode = excluded.drift_mode",
        mode,
    )
    await at_neutron.world.execute("DELETE FROM security_groups WHERE backend_id <> 'g2'")


def _meant(rule, _group):
    prefix = rule.get("remote_ip_prefix", RULE["remote_ip_prefix"])
    if prefix in (None, ""):
        return {""}
    return {prefix.strip()} if isinstance(prefix, str) else set()


@pytest.mark.parametrize("mode", ["adopt", "enforce", "report"])
async def test_an_unreadable_rule_is_reported_and_neither_removed_nor_taken_for_missing(
    at_neutron, mode
):
    at_neutron.said["security_groups"].append(another())
    await pull(at_neutron)
    uuid = await uuid_of(at_neutron, "g1")
    await set_mode(at_neutron, uuid, mode)
    rules = at_neutron.said["security_groups"][0]["security_group_rules"]
    rules[0] = {**RULE, "protocol": ["tcp"]}

    done = await pull(at_neutron)

    assert done["unreadable"] == 1
    _, _, state, message = await state_of(at_neutron, "g1")
    assert state == "ERRED"
    assert message.startswith(f"{MESSAGE_PREFIX} (r1: protocol is not a string)")
    assert (await state_of(at_neutron, "g2"))[2] == "OK"
    assert await at_neutron.rows(uuid) == [("tcp", 80, 81, "192.0.2.0/24")]
    shown = await drift(at_neutron, "g1")
    assert shown["state"] == "drifting"
    assert shown["unreadable"] == [{"id": "r1", "reason": "protocol is not a string"}]
    before = await fingerprint(at_neutron)
    await pull(at_neutron)
    await pull_one(at_neutron, uuid)
    assert (await state_of(at_neutron, "g1"))[2] == "ERRED"
    assert {call.method for call in at_neutron.calls} == {"GET"}
    rules[0] = RULE
    await pull(at_neutron)
    assert (await state_of(at_neutron, "g1"))[2:] == ("OK", "")
    assert len(before) == len(await fingerprint(at_neutron))
    assert await at_neutron.documents_are_fresh()


@pytest.mark.parametrize(
    ("mode", "expected"), [("enforce", "UPDATE_SCHEDULED"), ("report", "OK"), ("adopt", "OK")]
)
async def test_the_message_of_unreadable_rules_ends_with_its_cause(at_neutron, mode, expected):
    await pull(at_neutron)
    uuid = await uuid_of(at_neutron, "g1")
    await set_mode(at_neutron, uuid, mode)
    group = at_neutron.said["security_groups"][0]
    rules = group["security_group_rules"]
    group["security_group_rules"] = [{**RULE, "protocol": ["tcp"]}, *rules[1:]]
    await pull(at_neutron)
    group["security_group_rules"] = rules[1:]

    await pull(at_neutron)

    state, message = (await state_of(at_neutron, "g1"))[2:]
    assert state == expected
    assert MESSAGE_PREFIX not in message or expected == "UPDATE_SCHEDULED"
    assert await at_neutron.documents_are_fresh()


async def test_what_is_outstanding_says_that_the_rules_can_be_read_again(at_neutron):
    await pull(at_neutron)
    uuid = await uuid_of(at_neutron, "g1")
    await at_neutron.world.execute(
        "UPDATE security_groups SET version = version + 1, state = 'ERRED', error_message = %s"
        " WHERE uuid = %s",
        f"{MESSAGE_PREFIX} (r1: protocol is unknown).",
        uuid,
    )
    at_neutron.said["security_groups"][0]["security_group_rules"] = []

    await pull(at_neutron)

    assert (await state_of(at_neutron, "g1"))[2:] == ("ERRED", READABLE)


async def test_a_rule_added_beside_an_unreadable_one_is_adopted(at_neutron):
    await pull(at_neutron)
    uuid = await uuid_of(at_neutron, "g1")
    group = at_neutron.said["security_groups"][0]
    more = {**RULE, "id": "r9", "port_range_max": 443, "port_range_min": 443}
    group["security_group_rules"] = [{**RULE, "ethertype": "IPv5"}, more]

    await pull(at_neutron)

    assert [row[1] for row in await at_neutron.rows(uuid)] == [80, 443]
    assert (await state_of(at_neutron, "g1"))[2] == "ERRED"


async def test_pulling_now_names_the_groups_whose_rules_cannot_be_read(at_neutron):
    tenants = [await status.find_tenant(at_neutron.database, "web-prod")]
    lines = []

    async def incomplete():
        return await pulled_now(at_neutron, tenants, lines)

    assert await incomplete() == []
    at_neutron.said["security_groups"][0]["security_group_rules"] = [{**RULE, "protocol": ["tcp"]}]
    expected = ["web-prod (rules that cannot be read in web)"]
    # The second pull has no changes, and the rules are still unreadable.
    assert [await incomplete(), await incomplete()] == [expected, expected]

    # A change that has not reached the cloud does not hide it.
    await at_neutron.change_rules(await uuid_of(at_neutron, "g1"), [tcp(443)])
    assert await incomplete() == expected
    for number in range(4):
        rule = {**RULE, "security_group_id": f"h{number}", "ethertype": "IPv5"}
        group = another(id=f"h{number}", name=f"a{number}", security_group_rules=[rule])
        at_neutron.said["security_groups"].append(group)
    assert await incomplete() == ["web-prod (rules that cannot be read in a0, a1, a2 and 2 more)"]
    at_neutron.said["security_groups"] = [copy.deepcopy(GROUP)]
    await at_neutron.world.execute("DELETE FROM security_groups WHERE name LIKE 'a_'")
    # The group that waits for its push is not compared; what was observed of it still counts.
    await at_neutron.world.execute("UPDATE security_groups SET state = 'OK'")
    assert await incomplete() == []


async def plan_of(place, uuid, *rules):
    everything = Scope(everything=True, customers=[], projects=[])
    group = await queries.get(place.database, everything, uuid)
    return (await dry_run(place.database, group, list(rules))).document("")


async def test_both_plans_say_that_rules_cannot_be_read(at_neutron):
    await pull(at_neutron)
    uuid = await uuid_of(at_neutron, "g1")
    group = at_neutron.said["security_groups"][0]
    group["security_group_rules"] = [RULE, {**RULE, "id": "r9", "ethertype": "IPv5"}]
    await pull(at_neutron)
    https = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "10.0.0.0/8"}

    shown = await plan_of(at_neutron, uuid, https)
    lines = (await plan_push(at_neutron.database, uuid.hex)).lines()

    [notice] = shown["notices"]
    assert notice["code"] == "rules_unreadable"
    assert notice["message"].startswith(f"{MESSAGE_PREFIX} (r9: ethertype is unknown)")
    assert notice["message"].endswith("Until then every change of the group ends as ERRED.")
    assert lines == [notice["message"], "nothing else: the rest is as desired"]
    await at_neutron.change_rules(uuid, [tcp(443)])
    assert (await plan_push(at_neutron.database, uuid.hex)).lines()[1:3] == [
        "+ in ipv4 tcp 443 10.0.0.0/8",
        "- in ipv4 tcp 80-81 192.0.2.0/24 # web",
    ]
    group["security_group_rules"].pop()
    await at_neutron.world.execute("UPDATE security_groups SET state = 'OK'")
    await pull(at_neutron)
    assert (await plan_of(at_neutron, uuid, https))["notices"] == []


async def test_a_push_leaves_an_unreadable_rule_and_ends_in_words(sandbox, monkeypatch):
    uuid = await pushed(sandbox, rules=[tcp(22)])
    real = sandbox.cloud.get_group

    async def with_unreadable(group_id):
        found = await real(group_id)
        return type(found)(
            *(getattr(found, name) for name in ("id", "project_id", "name", "description")),
            *(found.revision_number, found.created_at, found.rules),
            unreadable=(UnreadableRule("r1", "protocol is unknown"),),
        )

    monkeypatch.setattr(sandbox.cloud, "get_group", with_unreadable)
    await sandbox.change_rules(uuid, [tcp(443)])

    with pytest.raises(GiveUp, match="r1: protocol is unknown"):
        await push.push_group(sandbox.database, sandbox.clouds, uuid)

    # The rest was pushed: the user's rule is there, the old one is not.
    found = await real((await sandbox.row(uuid))[1])
    assert [rule.port_range_min for rule in found.rules] == [443]


async def test_one_tenant_that_crashes_keeps_no_other_from_its_turn(sandbox, monkeypatch):
    await in_the_cloud(sandbox, "db", cloud_tcp(1))
    tenants = await status.all_tenants(sandbox.database)
    lines = []

    async def crashes(database, _clouds, uuid, **options):
        if uuid == sandbox.tenant:
            raise ValueError(NASTY)
        return await pull_tenant(database, sandbox.clouds, uuid, **options)

    monkeypatch.setattr(manual, "pull_tenant", crashes)
    incomplete = await pulled_now(sandbox, tenants, lines)
    assert incomplete == ["web-prod (failed)"]
    assert min(lines) == "foreign: 1 imported"
    assert max(lines).startswith("web-prod: failed: internal error, reference ")


async def test_a_long_error_of_a_cloud_is_kept_in_one_line(at_neutron):
    await pull(at_neutron)
    uuid = await uuid_of(at_neutron, "g1")
    at_neutron.said["security_groups"] = []
    with pytest.raises(GiveUp):
        await pull_one(at_neutron, uuid)
    assert await at_neutron.documents_are_fresh()
