"""What Neutron's own code makes of worlds: ACLs for OVN, and commands for iptables and ipset.

Run by the lab's Python, with Neutron installed: reads a list of worlds from standard input and
writes a list of results. Nothing is sent to OVN or to the kernel here; `judges` do that.
"""

# ruff: noqa: SLF001, ARG002 - functions of Neutron that are private, and overridden

import contextlib
import itertools
import json
import sys
import types

from neutron.agent.linux import ip_conntrack, iptables_firewall
from neutron.agent.linux import utils as linux_utils
from neutron.common.ovn import acl, constants
from neutron.common.ovn import utils as ovn_utils
from neutron.conf.agent import common as agent_settings
from neutron.conf.agent import securitygroups_rpc as settings
from neutron.db import securitygroups_db, securitygroups_rpc_base
from neutron.extensions import securitygroup as api
from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb import ovn_client
from neutron_lib.api.definitions import port_security
from neutron_lib.utils import net
from oslo_concurrency import lockutils
from oslo_config import cfg

NETWORK = "0a0a0a0a-0000-4000-8000-000000000000"


def neutron_rule(rule, group_id):
    """Return a rule as Neutron's API responds with it after it was sent."""
    database = securitygroups_db.SecurityGroupDbMixin
    stored = {**rule, "project_id": "", "protocol": api.convert_protocol(rule["protocol"])}
    stored["remote_ip_prefix"] = api.convert_ip_prefix_to_cidr(rule["remote_ip_prefix"])
    if stored["protocol"] == "any":
        stored["protocol"] = None
    canonical = types.SimpleNamespace()
    database._make_canonical_ipv6_icmp_protocol(canonical, stored)
    database._make_canonical_port_range(canonical, stored)
    normalized = database._get_normalized_cidr_from_rule(types.SimpleNamespace(**stored))
    return {**stored, "normalized_cidr": normalized, "security_group_id": group_id}


def stored_world(world):
    """Return the world with its rules as Neutron stores them."""
    groups = [
        {**group, "rules": [neutron_rule(rule, group["id"]) for rule in group["rules"]]}
        for group in world["groups"]
    ]
    return {**world, "groups": groups}


def ovn(world):
    """Return ACLs, and addresses of ports, as Neutron's OVN driver writes them."""
    acls = acl.add_acls_for_drop_port_group(constants.OVN_DROP_PORT_GROUP_NAME)
    for group in world["groups"]:
        name = ovn_utils.ovn_port_group_name(group["id"])
        acls += [
            acl._add_sg_rule_acl_for_port_group(name, group["stateful"], rule)
            for rule in group["rules"]
        ]
    names = [ovn_utils.ovn_port_group_name(group["id"]) for group in world["groups"]]
    sets = [_ovn_address_set(group) for group in world["address_groups"]]
    return {
        "acls": acls,
        "ports": [_ovn_port(port) for port in world["ports"]],
        "port_groups": [constants.OVN_DROP_PORT_GROUP_NAME, *names],
        "address_sets": dict(itertools.chain(*sets)),
    }


def _ovn_port(port):
    body = _port_body(port)
    client = types.SimpleNamespace()
    allowed, new_macs = ovn_client.OVNClient._get_allowed_addresses_from_port(client, body)
    addresses = " ".join([port["mac_address"], *port["fixed_ips"]])
    # As `create_port` of the client
    dropping = []
    if allowed and not ovn_utils.is_lsp_trusted(body):
        dropping = [constants.OVN_DROP_PORT_GROUP_NAME]
    groups = ovn_utils.get_lsp_security_groups(body)
    # As `_get_port_options` of the client: without port security, any address
    return {
        "addresses": [addresses, *new_macs] if allowed else [addresses, "unknown"],
        "port_security": allowed,
        "groups": [*dropping, *map(ovn_utils.ovn_port_group_name, groups)],
    }


def _ovn_address_set(group):
    client = types.SimpleNamespace()
    by_version = ovn_client.OVNClient._checkout_ip_list(client, group["addresses"])
    return [
        (ovn_utils.ovn_ag_addrset_name(group["id"], f"ip{version}"), addresses)
        for version, addresses in by_version.items()
    ]


def _port_body(port):
    return {
        **port,
        "fixed_ips": [{"ip_address": address} for address in port["fixed_ips"]],
        port_security.PORTSECURITY: port["port_security"],
    }


class WorldInfo(securitygroups_rpc_base.SecurityGroupInfoAPIMixin):
    """Neutron's server as its agents call it, over a world instead of a database."""

    def __init__(self, world):
        self.world = world
        self.groups = {group["id"]: group for group in world["groups"]}

    def _ports(self, ids):
        return [port for port in self.world["ports"] if port["id"] in ids]

    def _select_rules_for_ports(self, context, ports):
        return [
            (port["id"], rule)
            for port in self._ports(ports)
            for group in port["security_groups"]
            for rule in self.groups[group]["rules"]
        ]

    def _select_sg_ids_for_ports(self, context, ports):
        return [(group,) for port in self._ports(ports) for group in port["security_groups"]]

    def _get_sgs_stateful_flag(self, context, sg_id):
        return {group: self.groups[group]["stateful"] for group in sg_id}

    def _select_ips_for_remote_group(self, context, remote_group_ids):
        # As the query of the same name: fixed addresses, and those of allowed address pairs
        return {
            group: {
                (address, None)
                for port in self.world["ports"]
                if group in port["security_groups"] and port["fixed_ips"]
                for address in [
                    *port["fixed_ips"],
                    *(pair["ip_address"] for pair in port["allowed_address_pairs"]),
                ]
            }
            for group in remote_group_ids
        }

    def _select_ips_for_remote_address_group(self, context, remote_address_group_ids):
        return {
            group["id"]: {(address, None) for address in group["addresses"]}
            for group in self.world["address_groups"]
            if group["id"] in remote_address_group_ids
        }


def iptables(world):
    """Return what Neutron's iptables driver runs: commands with their standard input."""
    commands = []

    def execute(command, process_input=None, **_):
        commands.append([command, process_input or ""])
        return ""

    linux_utils.execute = execute
    cfg.CONF.set_override("enable_ipset", world["enable_ipset"], group="SECURITYGROUP")
    ip_conntrack.CONTRACK_MGRS.clear()
    driver = iptables_firewall.IptablesFirewallDriver()
    devices = {
        port["id"]: {
            **port,
            "network_id": NETWORK,
            "port_security_enabled": port["port_security"],
            "security_group_rules": [],
            "security_group_source_groups": [],
        }
        for port in world["ports"]
        if not net.is_port_trusted(port)
    }
    info = WorldInfo(world).security_group_info_for_ports(None, devices)
    # As `_apply_port_filter` of the agent
    with driver.defer_apply():
        for group, rules in info["security_groups"].items():
            driver.update_security_group_rules(group, rules)
        for group, members in info["sg_member_ips"].items():
            driver.update_security_group_members(group, members)
        for device in info["devices"].values():
            driver.prepare_port_filter(device)
        driver.process_trusted_ports(
            [port["device"] for port in world["ports"] if net.is_port_trusted(port)]
        )
    changing = ("iptables-restore", "ip6tables-restore", "ipset")
    return [command for command in commands if command[0][0] in changing]


def _prepare():
    settings.register_securitygroups_opts()
    agent_settings.register_iptables_opts(cfg.CONF)
    # Worlds are made one after the other, and nothing is sent to a kernel.
    lockutils.lock = lambda *_, **__: contextlib.nullcontext()
    ip_conntrack.IpConntrackManager._process_queue_worker = lambda _: None


def main():
    """Read worlds, write what Neutron makes of each."""
    request = json.load(sys.stdin)
    # What Neutron prints while it works is not the result.
    out, sys.stdout = sys.stdout, sys.stderr
    _prepare()
    make = {"ovn": ovn, "iptables": iptables}[request["driver"]]
    json.dump([make(stored_world(world)) for world in request["worlds"]], out)


if __name__ == "__main__":
    main()
