"""Projects of a real Neutron with groups and ports, and what is in them as worlds."""

import random
from itertools import count
from uuid import uuid4

from tests.lab.openstack import Lab
from tests.traffic.worlds import AddressGroup, Group, Port, World

from ringfence.security_groups.rules import Rule

# Rules as Neutron takes them; some are open to the internet by themselves, some only together.
SSH = {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
RULES = (
    (SSH | {"remote_ip_prefix": "0.0.0.0/0"},),
    (SSH | {"remote_ip_prefix": "0.0.0.0/1"}, SSH | {"remote_ip_prefix": "128.0.0.0/1"}),
    (SSH | {"port_range_min": 20, "port_range_max": 25, "remote_ip_prefix": "8.0.0.0/7"},),
    (SSH | {"remote_ip_prefix": "10.0.0.0/8"},),
    (SSH | {"port_range_min": 443, "port_range_max": 443},),
    ({"direction": "ingress", "ethertype": "IPv6"},),
    ({"direction": "ingress", "protocol": "icmp", "port_range_min": 8, "port_range_max": 0},),
    ({"direction": "ingress", "protocol": "udp"},),
    ({"direction": "ingress", "protocol": "47", "remote_ip_prefix": "203.0.112.0/20"},),
    ({"direction": "ingress", "protocol": "tcp", "remote_ip_prefix": "192.168.0.0/16"},),
)


def make_domain(lab: Lab, projects: int, chance: random.Random) -> tuple[str, list[str]]:
    """Create a domain with projects, each with groups and ports; return its name and their ids."""
    values = {"name": f"traffic-{uuid4().hex[:12]}"}
    domain = lab.keystone("POST", "/domains", {"domain": values})["domain"]
    made = [
        lab.keystone(
            "POST", "/projects", {"project": {"name": f"p{n}", "domain_id": domain["id"]}}
        )["project"]["id"]
        for n in range(projects)
    ]
    for project in made:
        _fill(lab, project, chance)
    return domain["name"], made


def _fill(lab: Lab, project: str, chance: random.Random) -> None:
    groups = []
    for name in ("web", "db"):
        values = {"name": name, "project_id": project}
        made = lab.neutron("POST", "/v2.0/security-groups", {"security_group": values})
        groups.append(group := made["security_group"]["id"])
        rules = [rule for chosen in chance.sample(RULES, 3) for rule in chosen]
        body = [rule | {"security_group_id": group, "project_id": project} for rule in rules]
        lab.neutron("POST", "/v2.0/security-group-rules", {"security_group_rules": body})
    network = lab.make_network(project)
    values = {"network_id": network, "project_id": project, "ip_version": 6}
    subnet = {"subnet": values | {"cidr": "2001:db8::/64"}}
    lab.neutron("POST", "/v2.0/subnets", subnet)
    for _ in range(2):
        carried = chance.sample(groups, chance.randrange(3))
        name = f"port-{uuid4().hex}"
        lab.make_port(network, project, carried, name=name, device_owner="compute:nova")


def world_of(lab: Lab, project: str, number: int) -> World:
    """Return what is in a project of the cloud; ports have the names that they have there."""
    listed = lab.neutron("GET", f"/v2.0/security-groups?project_id={project}")["security_groups"]
    groups = tuple(
        Group(group["id"], group["stateful"], tuple(map(_rule, group["security_group_rules"])))
        for group in listed
    )
    found = lab.neutron("GET", f"/v2.0/ports?project_id={project}")["ports"]
    ports = tuple(
        Port(
            id=port["id"],
            device=port["name"],
            mac=port["mac_address"],
            fixed_ips=tuple(each["ip_address"] for each in port["fixed_ips"]),
            pairs=(),
            groups=tuple(port["security_groups"]),
            device_owner=port["device_owner"],
        )
        for port in found
    )
    return World(number, groups, _NO_ADDRESS_GROUPS, ports)


_NO_ADDRESS_GROUPS: tuple[AddressGroup, ...] = ()


def _rule(rule: dict) -> Rule:
    return Rule(
        ethertype=rule["ethertype"],
        direction=rule["direction"],
        protocol=rule["protocol"] or "",
        from_port=rule["port_range_min"],
        to_port=rule["port_range_max"],
        cidr=rule["remote_ip_prefix"],
        remote_group=rule["remote_group_id"],
        remote_address_group=rule["remote_address_group_id"],
    )


def worlds_of(lab: Lab, projects: list[str]) -> list[World]:
    """Return a world for each project."""
    return [world_of(lab, project, number) for project, number in zip(projects, count())]
