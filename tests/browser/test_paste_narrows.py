"""No pasted line yields a rule that allows more than the line says, whatever its words are.

The oracle does not parse. It finds every word before a `#` that may be a restriction, and
checks each rule against it: the parser has dropped a restriction that a rule does not satisfy.
"""

import ipaddress
import random
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.browser.modules import read_texts

pytestmark = pytest.mark.asyncio(loop_scope="session")

Json = dict[str, Any]
LINES_A_SEED = 6000

# The protocol of the API, by word.
PROTOCOLS = {"tcp": "tcp", "udp": "udp", "icmp": "icmp", "icmpv6": "icmp", "ipv6-icmp": "icmp"}
PROTOCOLS |= {"esp": "50", "ah": "51", "gre": "47", "sctp": "132", "ospf": "89"}
WITH_PORTS = {"tcp", "udp", "132"}
SERVICES = {"ssh": {("tcp", 22)}, "https": {("tcp", 443)}, "dns": {("tcp", 53), ("udp", 53)}}
SERVICES |= {"ping": {("icmp", 8)}}
IN = {"in", "ingress", "inbound", "input", "--ingress"}
OUT = {"out", "egress", "outbound", "output", "--egress"}
FAMILIES = {"ipv4": "IPv4", "ipv6": "IPv6", "icmpv6": "IPv6", "ipv6-icmp": "IPv6"}
EVERYBODY = {"any", "anywhere", "all"}
NEVER = {"deny", "reject", "drop", "limit", "except", "not", "!", "only", "without", "unless"}
NEVER |= {"--sport", "-i", "-o", "eth0", "forward", "--remote-address-group", "--project"}
NEVER |= {"established", "type", "sport"}
FREE = ["office", "from", "ticket", "vpn", "backup", "Berlin", "all", "web", "the", "4711"]
COMMANDS = re.compile(
    r"(sudo )?(ufw |iptables |ip6tables |-)|openstack security group rule create "
)
NUMBERED = {"port", "ports", "sport", "dport", "type", "code", "protocol", "proto"}
REMARKS = {"comment", "--comment", "--description"}
COMMAND = re.compile(r"(sudo )?(ufw|allow|iptables|ip6tables|openstack|-\S*)( |$)", re.IGNORECASE)
# The keywords of Ringfence's syntax, besides values and descriptions.
FORM = {*PROTOCOLS, *SERVICES, *IN, *OUT, *FAMILIES, *EVERYBODY, "from", "to", "port", "ports"}
FORM |= {"protocol", "proto", "group", "igmp", ","}
NARROWEST_OF_WIDE = {4: 8, 6: 16}

VALUES = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "10.1.0.0/16,10.2.0.0/16", "0.0.0.0/0"]
VALUES += ["::/0", "10.0.0.0/33", "22", "443", "80,443", "8000-8100", "8000:8100", "22:22"]
VALUES += ["22/tcp", "udp/53", "8/0", "70000", "50"]
WORDS = [*VALUES, *PROTOCOLS, *SERVICES, *IN, *OUT, *FAMILIES, *EVERYBODY, *NEVER, *FREE]
WORDS += [
    "allow",
    "ufw",
    "iptables",
    "ip6tables",
    "on",
    "delete",
    "log",
    "to",
    "port",
    "proto",
    "protocol",
    "group",
    "comment",
    "sudo",
    "and",
]
WORDS += ["-A", "INPUT", "-p", "-s", "-d", "--dport", "-j", "ACCEPT", "-m", "multiport", "NEW"]
WORDS += ["--ctstate", "--protocol", "--dst-port", "--remote-ip", "--remote-group", "--ethertype"]
WORDS += ["IPv4", "--description", "--icmp-type", "openstack", "create", "tpc", "10.0.0.0/8,", ","]
WORDS += ["--comment", "-", "x", "10.0.0", "ports", "(10.4.0.0/16)", "-t", "-I", "filter", "sg"]

CREATE = "openstack security group rule create"
TEMPLATES = [
    "{proto} {ports} {end} {free} {free}",
    "{proto} {ports} {end} {end} {free}",
    "{way} {family} {proto} {ports} {end}",
    "{ports}/{proto} {end} {free} {free} {free}",
    "icmp {type} {end} {free}",
    "esp {end} {free}",
    "any {end} {free}",
    "{proto} {ports} any # {free} {free}",
    "{proto} any {end} # {free}",
    "{proto} {ports} 0.0.0.0/0 {free} {free}",
    "{service} {end} {free}",
    "{proto} {ports} from {end} {free}",
    "{proto} {ports} group web {free}",
    "ufw allow {ports}/{proto}",
    "ufw allow {way} {service}",
    "allow {proto} from {end} to any port {ports}",
    "ufw allow from {end} to any port {ports} proto {proto} comment {free}",
    "ufw allow out to {end} port {ports} proto {proto}",
    "-A INPUT -p {proto} -s {end} --dport {ports} -j ACCEPT",
    "-A INPUT -p {proto} -m multiport --dports {ports} -j ACCEPT",
    "iptables -A OUTPUT -d {end} -p {proto} --dport {ports} -m comment --comment {free} -j ACCEPT",
    "ip6tables -A INPUT -p icmpv6 --icmpv6-type {type} -j ACCEPT",
    CREATE + " --protocol {proto} --dst-port {ports} --remote-ip {end} --ingress web",
    CREATE + " --protocol {proto} --dst-port {ports} --description {free} web",
    "--protocol {proto} --dst-port {ports} --remote-group web --egress --ethertype {family}",
    "--protocol icmp --icmp-type {type} --remote-ip {end} --description {free}",
]
PARTS = {
    "proto": ["tcp", "udp", "sctp", "TCP"],
    "ports": ["22", "80,443", "8000-8100", "8000:8100", "1:65535"],
    "end": ["10.0.0.0/8", "10.20.0.0/16", "192.0.2.7", "2001:db8::/32", "10.1.0.0/16,10.2.0.0/16"],
    "way": ["in", "out"],
    "family": ["ipv4", "IPv6"],
    "type": ["8", "8/0", "128"],
    "service": list(SERVICES),
    "free": FREE,
}


def generate(chance: random.Random) -> str:
    """Return a line: random words, or a valid line with a few random changes."""
    if chance.random() < 0.2:
        return " ".join(chance.choices(WORDS, k=chance.randint(1, 8)))
    template = chance.choice(TEMPLATES)
    line = re.sub(r"\{(\w+)\}", lambda found: chance.choice(PARTS[found[1]]), template)
    words = line.split()
    for _ in range(chance.choice([0, 1, 1, 1, 2])):
        place = chance.randrange(len(words))
        match chance.choice(["delete", "replace", "insert", "swap", "misspell"]):
            case "delete" if len(words) > 1:
                words.pop(place)
            case "replace":
                words[place] = chance.choice(WORDS)
            case "insert":
                words.insert(place + chance.randint(0, 1), chance.choice(WORDS))
            case "swap":
                other = chance.randrange(len(words))
                words[place], words[other] = words[other], words[place]
            case _:
                letters = list(words[place])
                letters.pop(chance.randrange(len(letters)))
                words[place] = "".join(letters) or "x"
    return " ".join(words)


@dataclass
class Restrictions:
    """The restrictions in the words of a line."""

    prefixes: set[Any] = field(default_factory=set)
    ports: set[tuple[int, int]] = field(default_factory=set)
    protocols: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    directions: set[str] = field(default_factory=set)
    never: set[str] = field(default_factory=set)
    is_everybody: bool = False
    # A restriction in the comment of a command.
    remarked: bool = False


def networks(word: str) -> set[Any]:
    found = set()
    for part in re.split(r"[,()]", word):
        if "." in part or part.count(":") > 1:
            try:
                found.add(ipaddress.ip_network(part, strict=False))
            except ValueError:
                continue
    return found


def ranges(word: str) -> set[tuple[int, int]]:
    """Return the ports or numbers of a word that is a list of them."""
    parts = [part for part in word.split(",") if part]
    if not parts or not all(re.fullmatch(r"\d+([-:]\d+)?", part) for part in parts):
        return set()
    bounds = [[int(number) for number in re.split("[-:]", part)] for part in parts]
    return {(numbers[0], numbers[-1]) for numbers in bounds}


def restrictions_of(line: str) -> Restrictions:
    restrictions = Restrictions()
    words = line.split("#", maxsplit=1)[0].split()
    group_names = {
        place + 1 for place, word in enumerate(words) if word.lower() in {"group", "--remote-group"}
    }
    families = {"iptables": "IPv4", "ip6tables": "IPv6"}
    restrictions.families |= {families[words[0]]} if words and words[0] in families else set()
    has_end = described = False
    for place, word in enumerate(words):
        before = words[place - 1].lower() if place else ""
        if before in REMARKS:
            restrictions.remarked |= bool(networks(word) or ranges(word))
            continue
        small = word.lower()
        if place in group_names and small not in NEVER:
            has_end = True
            continue
        restrictions.prefixes |= networks(word)
        has_end |= bool(networks(word)) or small in EVERYBODY
        # "ticket 4711": a number after a word after the last address belongs to the description.
        described |= has_end and re.search("[a-z]", before) is not None
        is_free = described and before not in NUMBERED
        for part in small.split("/") if not networks(word) else ():
            if not is_free and before not in {"-p", "--protocol", "protocol", "proto", "-i"}:
                restrictions.ports |= ranges(part)
            if part in PROTOCOLS:
                restrictions.protocols.add(PROTOCOLS[part])
        if before in {"-p", "--protocol", "protocol", "proto"} and small.isdigit():
            restrictions.protocols.add(small)
        # A group may be named "ssh".
        restrictions.services |= {small} & set(SERVICES) if "--protocol" not in words else set()
        restrictions.families |= {FAMILIES[small]} if small in FAMILIES else set()
        # "in Berlin" is a description.
        restrictions.directions |= (
            {"ingress"} if small in IN else {"egress"} if small in OUT else set()
        )
        restrictions.never |= {small} & NEVER
        restrictions.is_everybody |= small in EVERYBODY
    return restrictions


def excess(line: str, rules: list[Json]) -> list[str]:
    """Return the restrictions of the line that the rules do not satisfy."""
    restrictions = restrictions_of(line)
    wrong = [f"{word} is not possible" for word in restrictions.never]
    ends = [rule["cidr"] and ipaddress.ip_network(rule["cidr"], strict=False) for rule in rules]
    if restrictions.prefixes and set(ends) != restrictions.prefixes:
        wrong.append(f"ends {ends}")
    if not restrictions.prefixes and any(end and end.prefixlen == 0 for end in ends):
        is_spelt = restrictions.is_everybody or (COMMANDS.match(line) and not restrictions.remarked)
        wrong += [] if is_spelt else ["open to all"]
    names = {word for rule in rules if (word := rule["remote_group"])}
    if re.search(r"(^| )(group|--remote-group) (?!rule create)", line) and not names:
        wrong.append("the remote group is left out")
    if any(is_broad(rule) for rule in rules):
        wrong += [f"{word} describes a broad rule" for word in unmarked(line)]
    for rule in rules:
        wrong += excess_of(rule, restrictions)
    return wrong


def is_broad(rule: Json) -> bool:
    end = rule["cidr"] and ipaddress.ip_network(rule["cidr"], strict=False)
    pair = (rule["from_port"], rule["to_port"])
    is_any = pair in {(-1, -1), (1, 65535)} and rule["protocol"] in {*WITH_PORTS, "icmp", ""}
    return is_any or bool(end and end.prefixlen < NARROWEST_OF_WIDE[end.version])


def unmarked(line: str) -> list[str]:
    """Return the words before a # that are not part of a rule, in a line of Ringfence's syntax."""
    if COMMAND.match(line):
        return []
    words = line.split("#", maxsplit=1)[0].split()
    is_name = [False, *(word.lower() == "group" for word in words)]
    parts = [set(word.lower().split("/")) for word in words]
    return [
        word
        for word, pieces, named in zip(words, parts, is_name, strict=False)
        if not named
        and not networks(word)
        and not all(piece in FORM or ranges(piece) for piece in pieces)
    ]


def excess_of(rule: Json, restrictions: Restrictions) -> list[str]:
    wrong = []
    if restrictions.protocols - {rule["protocol"]}:
        wrong.append(f"protocol {rule['protocol']}")
    if restrictions.families - {rule["ethertype"]}:
        wrong.append(f"family {rule['ethertype']}")
    if restrictions.directions - {rule["direction"]}:
        wrong.append(f"direction {rule['direction']}")
    if any(
        (rule["protocol"], rule["from_port"]) not in SERVICES[word]
        for word in restrictions.services
    ):
        wrong.append("another service")
    numbers = {number for bounds in restrictions.ports for number in bounds}
    pair = (rule["from_port"], rule["to_port"])
    is_within = pair in restrictions.ports or (
        rule["protocol"] == "icmp" and set(pair) - {-1} <= numbers and pair[0] != -1
    )
    if restrictions.ports and not is_within:
        wrong.append(f"ports {pair}")
    is_any = pair[0] == -1 and rule["protocol"] in WITH_PORTS
    if is_any and not restrictions.is_everybody:
        wrong.append("every port")
    return wrong


def unused(line: str, rules: list[Json]) -> list[str]:
    restrictions = restrictions_of(line)
    used = {number for rule in rules for number in (rule["from_port"], rule["to_port"])}
    return [f"{bounds} is not used" for bounds in restrictions.ports if not set(bounds) <= used]


@pytest.fixture(params=range(3))
def lines(request):
    chance = random.Random(request.param)  # noqa: S311 - the same lines each time
    return [generate(chance) for _ in range(LINES_A_SEED)]


async def test_no_line_allows_more_than_its_words_say(visit, lines):
    page = await visit("/console/", user=None)
    read = await read_texts(page, lines)
    wrong = {}
    for line, each in zip(lines, read, strict=True):
        # Either rules or an error; neither for a comment.
        is_comment = line.startswith("#")
        assert bool(each["rules"]) + bool(each["errors"]) == (not is_comment), line
        if each["rules"] and (found := excess(line, each["rules"]) + unused(line, each["rules"])):
            wrong[line] = (found, each["rules"])
    assert wrong == {}
    # The property is not satisfied by rejecting all lines.
    assert sum(bool(each["rules"]) for each in read) > len(lines) / 6


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("tcp 22 10.0.0.0/8", {"cidr": "0.0.0.0/0"}),
        ("tcp 22 10.0.0.0/8", {"from_port": -1, "to_port": -1}),
        ("tcp 22 10.0.0.0/8", {"protocol": ""}),
        ("out tcp 22 10.0.0.0/8", {"direction": "ingress"}),
        ("tcp 22 10.0.0.0/8 except 10.4.0.0/16", {}),
        ("tcp 22 group web", {"cidr": "0.0.0.0/0", "remote_group": None}),
        ("tcp 22 any office", {"cidr": "0.0.0.0/0"}),
        ("tcp any 10.0.0.0/8 office", {"from_port": -1, "to_port": -1}),
    ],
)
async def test_the_oracle_detects_a_dropped_word(line, rule):
    read = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}
    read |= {"direction": "ingress", "ethertype": "IPv4", "remote_group": None}
    assert excess("tcp 22 10.0.0.0/8", [read]) == []
    assert excess(line, [read | rule]) != []
