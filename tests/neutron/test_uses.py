"""The driver uses only what every Neutron has, or what the table of optional extensions lists.

If you use something new, add here what a cloud must have for it, and to the table what happens
without it.
"""

import inspect
import json
from collections import UserDict
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.lab.missing_extensions import MISSING_EXTENSIONS
from tests.lab.proxy import Response
from tests.neutron.fake_server import fake_server
from tests.neutron.pairs import tcp
from tests.neutron.test_openstack import as_json, call_seconds, cloud_at, clouds, clouds_yaml
from tests.neutron.test_translate import ANY, GROUP, PORT, RULE

from ringfence.neutron import translate
from ringfence.neutron.port import NetworkCloud

__all__ = ["call_seconds", "cloud_at", "clouds", "clouds_yaml"]

EVERY_NEUTRON = {
    *("/security-groups", "/security-group-rules", "/ports"),
    *("?id", "?name", "?limit", "?fields", "Accept"),
    *("security_group.id", "security_group.name", "security_group.description"),
    *("security_group.tenant_id", "security_group.security_group_rules"),
    *("security_group_rule.id", "security_group_rule.security_group_id"),
    *("security_group_rule.direction", "security_group_rule.ethertype"),
    *(f"security_group_rule.{name}" for name in ANY),
    *("port.id", "port.name", "port.tenant_id", "port.device_id", "port.device_owner"),
    *("port.fixed_ips", "port.network_id", "port.mac_address", "port.status"),
    "port.admin_state_up",
}
# What is used -> extension, or setting of neutron.conf
OPTIONAL = {
    "/address-groups": "address-group",
    "/agents": "agent",
    "/floatingips": "router",
    "/default-security-group-rules": "security-groups-default-rules",
    "/quotas": "quotas",
    "/quotas/details": "quota_details",
    "If-Match": "revision-if-match",
    "?project_id": "project-id",
    "bulk": "allow_bulk",
    "port.allowed_address_pairs": "allowed-address-pairs",
    "port.binding:vnic_type": "binding",
    "port.description": "standard-attr-description",
    "port.dns_name": "dns-integration",
    "port.port_security_enabled": "port-security",
    "port.project_id": "project-id",
    "port.revision_number": "standard-attr-revisions",
    "port.security_groups": "port-security",
    "security_group.created_at": "standard-attr-timestamp",
    "security_group.project_id": "project-id",
    "security_group.revision_number": "standard-attr-revisions",
    "security_group.stateful": "stateful-security-group",
    "security_group.tags": "standard-attr-tag",
    "security_group.updated_at": "standard-attr-timestamp",
    "security_group_rule.description": "standard-attr-description",
    "security_group_rule.project_id": "project-id",
    "security_group_rule.remote_address_group_id": "security-groups-remote-address-group",
}


async def call_everything(cloud):
    """Call each method of the driver once with all of its arguments."""
    await cloud.list_groups("p1", name="web")
    await cloud.get_group("g1")
    await cloud.create_group("p1", "web", "x", stateful=False)
    await cloud.initial_rules("p1")
    await cloud.update_group("g1", name="web", description="", revision=3)
    await cloud.delete_group("g1", revision=3)
    ends = [
        tcp(22, 22, remote_ip_prefix="192.0.2.0/24", description="x"),
        tcp(23, 23, remote_group_id="g1"),
        tcp(24, 24, remote_address_group_id="a1"),
    ]
    await cloud.create_rules("p1", "g1", ends)
    await cloud.delete_rule("r1")
    await cloud.free_rule_quota("p1")
    await cloud.list_ports("p1")
    await cloud.get_port("x")
    await cloud.list_floating_ips("p1")
    await cloud.list_address_groups(["a1"])
    await cloud.firewall_driver()
    await cloud.set_port_groups("x", ["g1"], revision=4)


WITHOUT_CALL = {"initial_revision", "now", "project_status"}


def everything(call):
    resource, _, item = urlsplit(call.path).path.removeprefix("/v2.0/").partition("/")
    kind = resource.replace("-", "_")
    if call.method == "DELETE":
        return Response(204)
    if kind == "quotas":
        return as_json({"quota": {"security_group_rule": {"limit": 9, "used": 1}}})
    if kind == "security_group_rules":
        return as_json({kind: [{**RULE, "id": f"r{place}"} for place in range(3)]}, 201)
    one = {"security_groups": GROUP, "ports": PORT}
    if item or call.method == "POST":
        return as_json({kind.removesuffix("s"): one[kind]})
    return as_json({kind: [one[kind]] if kind in one else []})


def used_by(call, headers):
    address = urlsplit(call.path)
    resource, _, item = address.path.removeprefix("/v2.0/").partition("/")
    yield f"/{resource}"
    if item.endswith("details.json"):
        yield f"/{resource}/details"
    yield from (f"?{name}" for name, _ in parse_qsl(address.query))
    yield from headers.keys() & {"If-Match"}
    for kind, value in (json.loads(call.body) if call.body else {}).items():
        if isinstance(value, list):
            yield "bulk"
        for sent in value if isinstance(value, list) else [value]:
            yield from (f"{kind.removesuffix('s')}.{name}" for name in sent)


class Read(UserDict):
    """A resource that records which of its attributes are read."""

    def __init__(self, kind, values, names):
        super().__init__(values)
        self.kind, self.names = kind, names

    def __getitem__(self, name):
        self.names.add(f"{self.kind}.{name}")
        return super().__getitem__(name)

    def get(self, name, default=None):
        self.names.add(f"{self.kind}.{name}")
        return super().get(name, default)

    def __contains__(self, name):
        self.names.add(f"{self.kind}.{name}")
        return super().__contains__(name)


def read_attributes():
    names = set()
    for owner in ("project_id", "tenant_id"):
        rule = Read("security_group_rule", RULE, names)
        values = {**GROUP, "security_group_rules": [rule]}
        values = {name: value for name, value in values.items() if name not in OWNERS - {owner}}
        translate.read_group(Read("security_group", values, names))
        values = {name: value for name, value in PORT.items() if name not in OWNERS - {owner}}
        translate.read_port(Read("port", {**values, owner: "p1"}, names))
    return names


OWNERS = {"project_id", "tenant_id"}


def test_each_method_of_the_driver_is_called():
    methods = {name for name, _ in inspect.getmembers(NetworkCloud, inspect.isfunction)}
    called = inspect.getsource(call_everything)
    assert {name for name in methods if not name.startswith("_")} - WITHOUT_CALL == {
        name for name in methods if f"cloud.{name}(" in called
    }


async def test_everything_used_of_neutron_is_in_the_table(cloud_at):
    with fake_server(everything) as server:
        await call_everything(cloud_at(server.url))
    used = read_attributes()
    for call, headers in zip(server.calls, server.headers, strict=True):
        used |= set(used_by(call, headers))
    assert used - EVERY_NEUTRON - OPTIONAL.keys() == set()
    assert OPTIONAL.keys() - used == set()


@pytest.mark.parametrize("extension", sorted(set(OPTIONAL.values())))
def test_each_extension_that_is_used_is_removed_by_a_test(extension):
    assert extension in MISSING_EXTENSIONS
