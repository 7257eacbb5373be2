"""Clouds without the optional extensions that Ringfence uses, and other backends' normal forms."""

import json

import pytest
from tests.neutron.fake_server import fake_server
from tests.neutron.test_openstack import as_json, call_seconds, cloud_at, clouds, clouds_yaml
from tests.neutron.test_translate import ANY, GROUP, PORT, RULE

from ringfence.neutron import translate
from ringfence.neutron.openstack import OpenStackClouds
from ringfence.neutron.port import PARENT, CloudRule, RequestRefused
from ringfence.neutron.read_rule import read_rule
from ringfence.security_groups.rule_input.validation import is_protocol
from ringfence.security_groups.rules import PROTOCOL_ALIASES, PROTOCOL_NUMBERS, Rule, canonical
from ringfence.sync.plan import plan, rule_for_cloud, rule_from_cloud

__all__ = ["OpenStackClouds", "call_seconds", "cloud_at", "clouds", "clouds_yaml"]

NO_SUCH_PAGE = as_json({"message": "The resource could not be found."}, 404)


def refusing(word):
    """A cloud that does not know the attribute of a rule, with Neutron's message."""

    def answer(call):
        sent = json.loads(call.body)["security_group_rules"]
        if any(word in rule for rule in sent):
            message = f"Unrecognized attribute(s) '{word}'"
            return as_json({"NeutronError": {"type": "HTTPBadRequest", "message": message}}, 400)
        made = [{**ANY, **rule, "id": f"r{place}"} for place, rule in enumerate(sent)]
        return as_json({"security_group_rules": made}, 201)

    return answer


async def test_an_empty_description_of_a_rule_is_not_sent(cloud_at):
    with fake_server(refusing("description")) as server:
        await cloud_at(server.url).create_rules("p1", "g1", [CloudRule("IPv4", "egress")])
    assert len(server.calls) == 1


async def test_a_cloud_without_descriptions_of_rules_is_remembered(cloud_at):
    rules = [CloudRule("IPv4", "egress", description="out")]
    with fake_server(refusing("description")) as server:
        cloud = cloud_at(server.url)
        await cloud.create_rules("p1", "g1", rules)
        await cloud.create_rules("p1", "g1", rules)
    assert ["description" in call.body.decode() for call in server.calls] == [True, False, False]


async def test_what_else_a_cloud_refuses_is_never_left_out(cloud_at):
    rules = [CloudRule("IPv4", "ingress", remote_address_group_id="a1", description="x")]
    with (
        fake_server(refusing("remote_address_group_id")) as server,
        pytest.raises(RequestRefused, match="remote_address_group_id"),
    ):
        await cloud_at(server.url).create_rules("p1", "g1", rules)
    assert len(server.calls) == 1


async def test_a_stateless_group_is_refused_rather_than_made_stateful(cloud_at):
    def answer(call):
        assert json.loads(call.body)["security_group"]["stateful"] is False
        message = "Unrecognized attribute(s) 'stateful'"
        return as_json({"NeutronError": {"type": "HTTPBadRequest", "message": message}}, 400)

    with fake_server(answer) as server, pytest.raises(RequestRefused, match="stateful"):
        await cloud_at(server.url).create_group("p1", "web", "", stateful=False)


@pytest.mark.parametrize("stateful", [None, True])
async def test_stateful_is_not_sent_where_it_is_the_default(cloud_at, stateful):
    with fake_server(lambda _: as_json({"security_group": GROUP}, 201)) as server:
        await cloud_at(server.url).create_group("p1", "web", "", stateful=stateful)
    assert b"stateful" not in server.calls[0].body


async def test_without_templates_a_new_group_is_taken_to_have_what_the_last_one_had(cloud_at):
    own = {**RULE, "remote_ip_prefix": None, "remote_group_id": "g1"}
    made = as_json({"security_group": {**GROUP, "security_group_rules": [own]}}, 201)
    with fake_server(lambda call: made if call.method == "POST" else NO_SUCH_PAGE) as server:
        cloud = cloud_at(server.url)
        usual = await cloud.initial_rules("p1")
        await cloud.create_group("p1", "web", "")
        (rule,) = await cloud.initial_rules("p1")
    assert [rule.direction for rule in usual] == ["egress", "egress"]
    assert (rule.remote_group_id, rule.id) == (PARENT, "")


async def test_without_quota_details_the_free_quota_is_unknown(cloud_at):
    with fake_server(lambda _: NO_SUCH_PAGE) as server:
        assert await cloud_at(server.url).free_rule_quota("p1") is None
    assert len(server.calls) == 1


async def test_without_a_router_there_are_no_floating_ips(cloud_at):
    missing = {"NeutronError": {"type": "HTTPNotFound", "message": "none", "detail": ""}}
    with fake_server(lambda _: as_json(missing, 404)) as server:
        assert await cloud_at(server.url).list_floating_ips("p1") == {}


def knowing_tenants_alone(call):
    """A cloud without `project-id`, with Neutron's message."""
    if "project_id=" in call.path:
        message = "['project_id'] is invalid attribute for filtering"
    elif b"project_id" in call.body:
        message = "Unrecognized attribute(s) 'project_id'"
    elif call.method == "POST":
        return as_json({"security_group": OF_TENANT}, 201)
    else:
        return as_json({"security_groups": [OF_TENANT]})
    return as_json({"NeutronError": {"type": "HTTPBadRequest", "message": message}}, 400)


OF_TENANT = {name: value for name, value in GROUP.items() if name != "project_id"}


@pytest.mark.parametrize("first", ["list", "create"])
async def test_a_cloud_without_project_id_is_called_with_tenant_id_from_then_on(cloud_at, first):
    with fake_server(knowing_tenants_alone) as server:
        cloud = cloud_at(server.url)
        if first == "list":
            assert [group.project_id for group in await cloud.list_groups("p1")] == ["p1"]
        assert (await cloud.create_group("p1", "web", "")).project_id == "p1"
        assert len(await cloud.list_groups("p1", name="web")) == 1
    refused = [b"project_id" in call.body or "project_id=" in call.path for call in server.calls]
    assert refused == [True] + [False] * (len(refused) - 1)
    assert server.calls[-1].path == "/v2.0/security-groups?tenant_id=p1&name=web"


async def test_another_refusal_is_not_retried(cloud_at):
    body = {"NeutronError": {"type": "HTTPBadRequest", "message": "Invalid input for name."}}
    with fake_server(lambda _: as_json(body, 400)) as server, pytest.raises(RequestRefused):
        await cloud_at(server.url).create_group("p1", "web", "")
    assert len(server.calls) == 1


async def test_a_group_that_is_made_in_another_project_is_refused(cloud_at):
    made = as_json({"security_group": {**GROUP, "project_id": "p2", "tenant_id": "p2"}}, 201)
    with (
        fake_server(lambda _: made) as server,
        pytest.raises(RequestRefused, match="created the security group g1 in the project p2"),
    ):
        await cloud_at(server.url).create_group("p1", "web", "")
    assert len(server.calls) == 1


async def test_without_revisions_no_condition_is_sent(cloud_at):
    bare = {name: value for name, value in GROUP.items() if name != "revision_number"}
    with fake_server(lambda _: as_json({"security_group": bare})) as server:
        cloud = cloud_at(server.url)
        found = await cloud.get_group("g1")
        await cloud.update_group("g1", name="web", description="", revision=found.revision_number)
    assert "If-Match" not in server.headers[1]


@pytest.mark.parametrize(
    "optional",
    [
        "created_at",
        "revision_number",
        "description",
        "tenant_id",
        "stateful",
        "tags",
        "shared",
        "updated_at",
    ],
)
def test_a_group_is_read_without_any_optional_attribute(optional):
    bare = {name: value for name, value in GROUP.items() if name != optional}
    assert len(translate.read_group(bare).rules) == 1


@pytest.mark.parametrize(
    "optional", ["description", "remote_address_group_id", "normalized_cidr", "standard_attr_id"]
)
def test_a_rule_is_read_without_any_optional_attribute(optional):
    bare = {name: value for name, value in RULE.items() if name != optional}
    assert read_rule(bare).remote_ip_prefix == "192.0.2.0/24"


@pytest.mark.parametrize("optional", ["security_groups", "revision_number", "device_owner"])
def test_a_port_is_read_without_any_optional_attribute(optional):
    bare = {name: value for name, value in PORT.items() if name != optional}
    assert translate.read_port(bare).id == PORT["id"]


EVERYTHING = {**RULE, **ANY}


@pytest.mark.parametrize("protocol", [None, "any", "ANY", "", "tcp", "TCP", "udp", 6, "132", "136"])
@pytest.mark.parametrize("ports", [(None, None), (1, 65535), (0, 65535), (-1, -1), ("", "")])
def test_any_port_is_equal_in_every_form_of_a_backend(protocol, ports):
    low, high = ports
    said = {"protocol": protocol, "port_range_min": low, "port_range_max": high}
    found = read_rule({**EVERYTHING, **said})
    word = "" if protocol in {None, "any", "ANY", ""} else str(protocol).lower()
    assert not plan([Rule(protocol=word)], [found]).needed


@pytest.mark.parametrize("ports", [(0, 0), (0, 80), (1, 65534), (2, 65535), (0, 65534)])
def test_a_range_that_admits_less_is_not_equal_to_any_port(ports):
    said = {"protocol": "tcp", "port_range_min": ports[0], "port_range_max": ports[1]}
    assert plan([Rule(protocol="tcp")], [read_rule({**EVERYTHING, **said})]).needed


@pytest.mark.parametrize(
    ("sent", "equal"),
    [
        ((None, None), True),
        ((-1, -1), True),
        ((0, 65535), True),
        ((255, 255), False),
        ((0, 255), False),
        ((8, -1), False),
    ],
)
def test_any_type_and_code_are_equal_and_no_other(sent, equal):
    said = {"protocol": "icmp", "port_range_min": sent[0], "port_range_max": sent[1]}
    found = read_rule({**EVERYTHING, **said})
    assert plan([Rule(protocol="icmp")], [found]).needed is not equal


@pytest.mark.parametrize(
    ("said", "desired"),
    [
        ({"ethertype": "ipv4"}, Rule()),
        ({"ethertype": "IPV6"}, Rule("IPv6")),
        ({"direction": "INGRESS"}, Rule()),
        ({"remote_ip_prefix": "10.0.0.5"}, Rule(cidr="10.0.0.5/32")),
        ({"remote_ip_prefix": " 10.0.0.5/32 "}, Rule(cidr="10.0.0.5")),
        ({"remote_ip_prefix": "0.0.0.0/0"}, Rule()),
    ],
)
def test_other_spellings_of_a_backend_are_equal(said, desired):
    assert not plan([desired], [read_rule({**EVERYTHING, **said})]).needed


NAMES = [*PROTOCOL_NUMBERS, *PROTOCOL_ALIASES, "any", *map(str, range(256))]
OVER_IPV6_ALONE = {"icmpv6", "ipv6-icmp", "58"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ethertype", ["IPv4", "IPv6"])
def test_every_protocol_that_is_shown_is_accepted_and_means_the_same(name, ethertype):
    if ethertype == "IPv4" and name in OVER_IPV6_ALONE:
        return
    found = read_rule({**EVERYTHING, "protocol": name, "ethertype": ethertype})
    shown = rule_from_cloud(found)
    assert is_protocol(shown.protocol)
    again = rule_from_cloud(rule_for_cloud(shown))
    assert canonical(again) == canonical(shown)
    assert not plan([shown], [found]).needed
