"""Random rules, and which of them a search finds, said again in plain Python."""

import random
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import uuid4

from tests.factories.world import World

PREFIXES = {
    "IPv4": (
        *("0.0.0.0/0", "10.0.0.0/8", "10.1.2.3/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3"),
        *("10.1.2.3/32", "203.0.113.0/24", "8.0.0.0/7", "8.8.8.8/32", "192.168.0.0/15"),
    ),
    "IPv6": ("::/0", "2001:DB8::/32", "2001:db8:0:1::/64", "2001:db8::7", "fe80::/10", "2a00::/12"),
}
ADDRESSES = ("10.1.2.3", "8.8.8.8", "203.0.113.9", "198.51.100.1", "2001:db8::7", "2a00::1")
WITHIN = (
    "10.0.0.0/8",
    "10.1.2.0/24",
    "0.0.0.0/0",
    "10.1.2.3",
    "2001:db8::/31",
    "::/0",
    "9.0.0.0/8",
)
PROTOCOLS = ("", "tcp", "udp", "icmp", "47", "132", "0", "58")
NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "sctp": 132, "gre": 47, "58": 58, "0": 0}
PORTS = (22, 80, 443, 8080, 65535, 0)
DESCRIPTIONS = ("", "", "Allows SSH of Ops", "100% of_everything", "zu Größe")
NAMES = ("web", "Database", "of_everything", "k8s-nodes")
# Not the internet's
INSIDE = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.2.0/24", "192.168.0.0/16", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/3", "::/127", "2001:db8::/32", "3fff::/20", "fc00::/7", "fe80::/10", "ff00::/8"),
)


@dataclass
class Known:
    """A rule with all that a filter asks about."""

    id: int
    columns: dict[str, Any]
    group: str
    tenant: str
    is_visible: bool
    is_used: bool
    remote: str | None = None
    # Addresses of the remote end, apart from a prefix, by whether an administrator sees their ports
    members: dict[bool, set[str]] = field(default_factory=lambda: {True: set(), False: set()})

    @property
    def network(self) -> Any:
        columns = self.columns
        if "remote_group_id" in columns or "unresolved_group_name" in columns:
            return None
        if columns.get("cidr"):
            return ip_network(columns["cidr"].lower(), strict=False)
        return ip_network("0.0.0.0/0" if columns["ethertype"] == "IPv4" else "::/0")

    @property
    def is_internet(self) -> bool:
        network = self.network
        return network is not None and not any(
            network.version == each.version and network.subnet_of(each)
            for each in map(ip_network, INSIDE)
        )

    def admits_protocol(self, number: int) -> bool:
        named = self.columns["protocol"]
        if named in ("", "0"):
            return True
        own = NUMBERS.get(named) or int(named)
        return number == (58 if (own, self.columns["ethertype"]) == (1, "IPv6") else own)

    def admits_port(self, port: int) -> bool:
        if self.columns["protocol"] not in ("", "0", "tcp", "udp", "132"):
            return False
        first, last = self.columns.get("from_port"), self.columns.get("to_port")
        return first is None or first <= port <= last


def matches(rule: Known, query: dict[str, str], *, sees_everything: bool) -> bool:
    """Return whether a search finds a rule."""
    if not (rule.is_visible or sees_everything):
        return False
    return all(_CHECKS[name](rule, value, sees_everything) for name, value in query.items())


def _admits(rule: Known, value: str, sees_everything: bool) -> bool:  # noqa: FBT001 - of a table
    address, network = ip_address(value), rule.network
    if network is not None:
        return address.version == network.version and address in network
    members = rule.members[True] | (rule.members[False] if sees_everything else set())
    return rule.columns["ethertype"] == f"IPv{address.version}" and value in members


def _within(rule: Known, value: str) -> bool:
    given, network = ip_network(value), rule.network
    return network is not None and network.version == given.version and network.subnet_of(given)


def _overlaps(rule: Known, value: str) -> bool:
    given, network = ip_network(value), rule.network
    return network is not None and network.version == given.version and network.overlaps(given)


def _protocol(rule: Known, value: str) -> bool:
    if value == "any":
        return rule.columns["protocol"] == ""
    numbers = (1, 58) if value == "icmp" else (NUMBERS[value],)
    return any(map(rule.admits_protocol, numbers))


def _text(rule: Known, value: str) -> bool:
    return value.lower() in rule.columns["description"].lower()


def _query(rule: Known, value: str, sees_everything: bool) -> bool:  # noqa: FBT001 - of a table
    parts: dict[str, dict[str, str]] = {
        "443": {"port": "443"},
        "tcp 22": {"protocol": "tcp", "port": "22"},
        "udp/80": {"protocol": "udp", "port": "80"},
        "ssh": {"protocol": "tcp", "port": "22"},
        "icmp": {"protocol": "icmp"},
        "10.0.0.0/8": {"within": "10.0.0.0/8"},
        "10.1.2.3 ingress": {"admits": "10.1.2.3", "direction": "ingress"},
    }
    if part := parts.get(value):
        return matches(rule, part, sees_everything=sees_everything)
    return _text(rule, value) or value.lower() in rule.group.lower()


_CHECKS = {
    "admits": _admits,
    "within": lambda rule, value, _: _within(rule, value),
    "overlaps": lambda rule, value, _: _overlaps(rule, value),
    "protocol": lambda rule, value, _: _protocol(rule, value),
    "port": lambda rule, value, _: rule.admits_port(int(value)),
    "direction": lambda rule, value, _: rule.columns["direction"] == value,
    "ethertype": lambda rule, value, _: rule.columns["ethertype"] == value,
    "from_internet": lambda rule, value, _: (
        (rule.is_internet and rule.columns["direction"] == "ingress") == (value == "true")
    ),
    "wider_than": lambda rule, value, _: (
        rule.network is not None and rule.network.prefixlen < int(value)
    ),
    "remote_group_uuid": lambda rule, value, _: rule.remote == value,
    "unresolved": lambda rule, value, _: (
        ("unresolved_group_name" in rule.columns) == (value == "true")
    ),
    "in_use": lambda rule, value, _: rule.is_used == (value == "true"),
    "description": lambda rule, value, _: _text(rule, value),
    "query": _query,
    "tenant_uuid": lambda rule, value, _: rule.tenant == value,
}


def ordered(rules: list[Known], order: str) -> list[int]:
    """Return the ids in an ordering; equal ones in the order of their ids, in its direction."""
    keys = {
        "": lambda rule: rule.id,
        "created": lambda rule: rule.id,
        "cidr": lambda rule: (129 if rule.network is None else rule.network.prefixlen, rule.id),
        "port": lambda rule: (_first_port(rule), rule.id),
        "security_group_name": lambda rule: (rule.group, rule.id),
    }
    by = sorted(rules, key=keys[order.removeprefix("-")], reverse=order.startswith("-"))
    return [rule.id for rule in by]


def _first_port(rule: Known) -> int:
    if rule.columns["protocol"] in ("", "0"):
        return 0
    return (
        (rule.columns.get("from_port") or 0)
        if rule.admits_port(443) or (rule.columns["protocol"] in ("tcp", "udp", "132"))
        else -1
    )


def random_query(chance: random.Random, uuids: list[str], tenants: list[str]) -> dict[str, str]:
    """Return some filters with values that often match."""
    words = {
        "admits": ADDRESSES,
        "within": WITHIN,
        "overlaps": WITHIN,
        "protocol": (*NUMBERS, "any"),
        "port": tuple(map(str, PORTS)),
        "direction": ("ingress", "egress"),
        "ethertype": ("IPv4", "IPv6"),
        "from_internet": ("true", "false"),
        "wider_than": ("1", "8", "9", "32", "33", "128"),
        "remote_group_uuid": uuids,
        "unresolved": ("true", "false"),
        "in_use": ("true", "false"),
        "description": ("ssh of", "100%", "of_", "GRÖSSE", "nothing"),
        "query": (
            *("443", "tcp 22", "udp/80", "ssh", "icmp", "10.0.0.0/8", "10.1.2.3 ingress"),
            *("of_everything", "web", "atabas", "%%%", "k8s-nodes"),
        ),
        "tenant_uuid": tenants,
    }
    names = chance.sample(sorted(words), chance.choice((0, 1, 1, 1, 2, 2, 3)))
    return {name: chance.choice(words[name]) for name in names}


@dataclass
class Rules:
    """Random rules in two tenants, of which an administrator sees one."""

    known: list[Known]
    groups: list[str]
    tenants: list[str]


async def random_rules(world: World, chance: random.Random) -> Rules:
    """Insert random groups with rules and ports; return what was made."""
    tenants = {True: world.tenant_id, False: world.foreign_tenant_id}
    uuids = {True: world.tenant_uuid.hex, False: world.foreign_tenant_uuid.hex}
    groups: list[tuple[int, str, str, bool, bool, set[str]]] = []
    for number in range(24):
        is_visible, name = chance.random() < 0.7, chance.choice(NAMES)
        uuid = await world.group(f"{name} {number}", tenant_id=tenants[is_visible])
        group_id = await world.value("SELECT id FROM security_groups WHERE uuid = %s", uuid)
        members = set(chance.sample(ADDRESSES, chance.choice((0, 0, 1, 2))))
        if members:
            await _port(world, tenants[is_visible], group_id, members)
        groups.append((group_id, uuid.hex, f"{name} {number}", is_visible, bool(members), members))
    # A group in another tenant without a row here, with a port in each tenant
    foreign = {seen: {chance.choice(ADDRESSES)} for seen in (True, False)}
    for seen, addresses in foreign.items():
        await _port(world, tenants[seen], None, addresses, backend_id="elsewhere")
    known = []
    for position in range(160):
        group_id, _, name, is_visible, is_used, _ = chance.choice(groups)
        same = [each for each in groups if each[3] == is_visible]
        columns, remote, members = _rule(chance, same, foreign)
        given = {"security_group_id": group_id, "position": position} | columns
        rule_id = await world.value(
            f"INSERT INTO security_group_rules ({', '.join(given)})"  # noqa: S608 - of the test
            f" VALUES ({', '.join(['%s'] * len(given))}) RETURNING id",
            *given.values(),
        )
        known.append(
            Known(rule_id, columns, name, uuids[is_visible], is_visible, is_used, remote, members)
        )
    return Rules(known, [each[1] for each in groups], list(uuids.values()))


def _rule(
    chance: random.Random, groups: list[Any], foreign: dict[bool, set[str]]
) -> tuple[dict[str, Any], str | None, dict[bool, set[str]]]:
    """Return the columns of a rule, the UUID of its remote group, and the remote members."""
    ethertype = chance.choice(("IPv4", "IPv4", "IPv6"))
    columns: dict[str, Any] = {
        "ethertype": ethertype,
        "direction": chance.choice(("ingress", "egress")),
        "protocol": chance.choice(PROTOCOLS),
        "description": chance.choice(DESCRIPTIONS),
    }
    if columns["protocol"] in ("tcp", "udp", "132") and chance.random() < 0.8:
        first = chance.choice(PORTS[:-1])
        last = max(first, chance.choice((first, *PORTS)))
        columns |= {"from_port": first, "to_port": last}
    end = chance.choice(("prefix", "prefix", "prefix", "nothing", "group", "unresolved"))
    nobody: dict[bool, set[str]] = {True: set(), False: set()}
    if end == "prefix":
        columns["cidr"] = chance.choice(PREFIXES[ethertype])
    elif end == "group":
        group_id, uuid, _, is_visible, _, members = chance.choice(groups)
        columns["remote_group_id"] = group_id
        return columns, uuid, nobody | {is_visible: members}
    elif end == "unresolved":
        columns |= {
            "unresolved_group_backend_id": "elsewhere",
            "unresolved_group_name": "elsewhere",
        }
        return columns, None, foreign
    return columns, None, nobody


async def _port(
    world: World,
    tenant_id: int,
    group_id: int | None,
    addresses: set[str],
    backend_id: str | None = None,
) -> None:
    port_id = await world.value(
        "INSERT INTO cloud_ports (tenant_id, backend_id, addresses, security_group_ids)"
        " VALUES (%s, %s, %s, %s) RETURNING id",
        tenant_id,
        uuid4().hex,
        sorted(addresses),
        [backend_id] if backend_id else [],
    )
    if group_id is not None:
        await world.execute(
            "INSERT INTO cloud_port_groups (port_id, security_group_id) VALUES (%s, %s)",
            port_id,
            group_id,
        )
