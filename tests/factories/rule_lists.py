"""Rule lists to send back: rules of every shape, and what clients make of a response's rules."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

SETTABLE = (
    *("ethertype", "direction", "protocol", "from_port", "to_port", "cidr", "description"),
    "remote_group",
)
DESCRIPTIVE = (
    *("remote_group_name", "remote_group_uuid", "remote_group_backend_id"),
    "remote_address_group_backend_id",
)
# What is left of a rule by a client: as it is, without ids, and as typed models leave it.
KEEPERS = {
    "unchanged": dict,
    "without ids": lambda rule: without(rule, "id"),
    "without ids and names": lambda rule: without(rule, "id", "remote_group_name"),
    "with names alone": lambda rule: without(rule, "id", *DESCRIPTIVE[1:]),
    "with backend ids alone": lambda rule: without(rule, "id", *DESCRIPTIVE[:2]),
    "what can be set, with ids": lambda rule: without(rule, *DESCRIPTIVE),
    "what can be set": lambda rule: {key: rule[key] for key in SETTABLE if key in rule},
    "by ids": lambda rule: {key: rule[key] for key in ("id", "description") if key in rule},
    "without nulls": lambda rule: {key: value for key, value in rule.items() if value is not None},
    "with empty texts for nulls": lambda rule: {
        key: "" if value is None else value for key, value in rule.items()
    },
}


def without(rule: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key not in keys}


@dataclass
class Ends:
    """What rules may name: `own` are groups of the tenant (uuid to id), the others backend ids."""

    own: dict[str, int]
    address_groups: list[str]
    foreign: list[str]
    # Groups that went before they were ever in a cloud, by name
    lost: list[str] = field(default_factory=list)


PREFIXES = {
    "IPv4": ["10.0.0.0/8", "192.0.2.7/32", "10.1.2.3/8", "192.0.2.9", "0.0.0.0/0", "0.0.0.0/00"],
    "IPv6": ["2001:db8::/32", "2001:DB8::1/128", "::/0", "2001:db8::7"],
}
TRAFFIC = [
    *(("tcp", 22, 22), ("tcp", 22, 22), ("tcp", 1, 65535), ("tcp", None, None)),
    *(("udp", 53, 54), ("6", 22, 22), ("132", 5, 6), ("", None, None), ("112", None, None)),
    *(("icmp", 8, 0), ("icmp", 3, None), ("icmp", None, None)),
]


def a_row(chance: Random, ends: Ends, number: int) -> dict[str, Any]:
    """Return a rule as a row, told by its description."""
    ethertype = chance.choice(("IPv4", "IPv6"))
    protocol, first, last = chance.choice(TRAFFIC)
    row = {
        "ethertype": ethertype,
        "direction": chance.choice(("ingress", "ingress", "egress")),
        "protocol": protocol,
        "from_port": first,
        "to_port": last,
        "description": f"rule {number}",
    }
    return row | an_end(chance, ends, ethertype)


def an_end(chance: Random, ends: Ends, ethertype: str) -> dict[str, Any]:
    foreign = chance.choice(ends.foreign)
    kinds = [
        {},
        {"cidr": ""},
        {"cidr": chance.choice(PREFIXES[ethertype])},
        {"remote_group_id": chance.choice(list(ends.own.values()))},
        {"unresolved_group_backend_id": foreign, "unresolved_group_name": foreign},
        {"unresolved_group_backend_id": foreign, "unresolved_group_name": f"named {foreign[:3]}"},
        {"remote_address_group_backend_id": chance.choice(ends.address_groups)},
    ]
    kinds += [
        {"unresolved_group_backend_id": "", "unresolved_group_name": name} for name in ends.lost
    ]
    return chance.choice(kinds)


# Names of other tools, mistypings, other cases and letters that only look alike.
WRONG_KEYS = (
    *(
        "remote_ip_prefix",
        "cidrs",
        "CIDR",
        "cidr ",
        "cdir",
        "\u0441idr",
        "remote_cidr",
        "cidr_blocks",
    ),
    *("port_range_min", "port_range_max", "ports", "from-port", "fromPort", "to_ports", "port"),
    *("remote_group_id", "remote_groups", "remoteGroup", "remote_group_nam", "source_group"),
    *("remote_address_group_id", "remote_address_group", "security_group_id", "ether_type"),
    *("protocols", "Protocol", "ip_protocol", "icmp_type", "directions", "", " ", "\x00", "tags"),
    *("self", "uuid", "remote_group_url", "description_", "x" * 3000, "\ud800"),
)


def a_wrong_rule(chance: Random) -> dict[str, Any]:
    """Return a rule for everybody but for a key that no rule has."""
    ethertype = chance.choice(("IPv4", "IPv6"))
    rule: dict[str, Any] = {
        "ethertype": ethertype,
        "protocol": "tcp",
        "from_port": 22,
        "to_port": 22,
    }
    for _ in range(chance.randint(1, 3)):
        values = [*PREFIXES[ethertype], 22, None, "", [], {}, True, "x"]
        rule[chance.choice(WRONG_KEYS)] = chance.choice(values)
    return rule


def an_empty_rule(chance: Random, number: int) -> dict[str, Any]:
    """Return a rule with empty and null values where its end belongs."""
    port = 1000 + number
    rule: dict[str, Any] = {"protocol": "tcp", "from_port": port, "to_port": port}
    values = {"cidr": (None, "", " ", "10.0.0.0/8", "x"), "remote_group": (None, None, "", "x")}
    for key, some in values.items():
        if chance.random() < 0.6:
            rule[key] = chance.choice(some)
    for key in DESCRIPTIVE:
        if chance.random() < 0.3:
            rule[key] = chance.choice((None, None, None, "", "x"))
    return rule
