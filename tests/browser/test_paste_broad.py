"""A broad pasted rule takes a description only where the syntax marks one."""

import random

import pytest
import pytest_asyncio
from tests.browser.modules import read_texts
from tests.browser.test_paste import shown

pytestmark = pytest.mark.asyncio(loop_scope="session")

CREATE = "openstack security group rule create --protocol tcp --dst-port 22"
HEADER = "protocol,ports,cidr,description\n"

# Lines of broad rules.
BROAD = ["tcp 22 any", "tcp 22 anywhere", "tcp 22 from any", "out udp 53 to any", "ssh any"]
BROAD += ["tcp 22 0.0.0.0/0", "ipv6 tcp 22 ::/0", "tcp 22 10.0.0.0/8 0.0.0.0/1", "22/tcp any"]
BROAD += [
    "tcp 22 8.0.0.0/7",
    "tcp 22 2000::/3",
    "tcp 22 2a00::/12",
    "esp any",
    "protocol 6 22 any",
]
BROAD += ["tcp any any", "tcp any 10.0.0.0/8", "udp 1-65535 10.0.0.0/8", "tcp any group web"]
BROAD += ["any any", "any 10.0.0.0/8", "icmp any", "icmp 10.0.0.0/8", "icmpv6 2001:db8::/32"]

TAILS = [
    "don't open",
    "don\u2019t",
    "cannot",
    "restricted to office",
    "besides guests",
    "from office",
]
TAILS += ["from bastion.example.org", "LAN 10.0.x.x", "x.x.x.x/24", "$OFFICE", "{{cidr}}", "@web"]
TAILS += [
    "web 443",
    "web:443",
    "tcp443",
    "smtp",
    "echo-request",
    "office",
    "(office)",
    "ticket 4711",
]
TAILS += ["<office>", "[office]", "office#", "--", "/", "*", "; office", "| office", "'# office'"]
# "except" with Cyrillic letters, and "only" with spaces.
TAILS += ["\u0435\u0445\u0441\u0435\u0440t office", "o n l y office", "ausser Gäste", "オフィス"]
# Invisible characters.
HIDDEN = ["\u034f", "\ufe00", "\u3164", "\u2800", "\u115f", "\u17b4", "\u180b", "\uffa0"]
HIDDEN += ["\u00ad", "\u200b", "\u2060", "\U000e0100", "\U000e0041", "\u180e"]
NARROW = ["tcp 22 10.0.0.0/8", "icmp 8 10.0.0.0/8", "esp 10.0.0.0/8", "tcp 22 2001::/16"]
NARROW += ["tcp 22 group web", "tcp 1024-65535 10.0.0.0/8"]


@pytest_asyncio.fixture(loop_scope="session")
async def read(visit):
    page = await visit("/console/", user=None)

    async def read(texts, row=None):
        return dict(zip(texts, await read_texts(page, texts, row), strict=True))

    return read


def without_error(found):
    """Return the texts that yield rules, or not exactly one error."""
    return {text: each for text, each in found.items() if each["rules"] or len(each["errors"]) != 1}


async def test_unmarked_text_after_a_broad_rule_is_an_error(read):
    found = await read([f"{line} {tail}" for line in BROAD for tail in TAILS])
    assert without_error(found) == {}
    assert "put the description after a #" in found["tcp 22 any office"]["errors"][0]["message"]


async def test_no_word_of_any_script_passes_after_a_broad_rule(read):
    chance = random.Random(11)  # noqa: S311 - the same words each time
    letters = [chr(code) for code in range(33, 0x3000) if not chr(code).isspace() and code != 35]
    words = ["".join(chance.choices(letters, k=chance.randint(1, 8))) for _ in range(3000)]
    assert without_error(await read([f"{chance.choice(BROAD)} {word}" for word in words])) == {}


async def test_a_description_after_a_number_sign_is_accepted(read):
    tails = ["office", "don't open", "from office", "only from the office", "smtp", "x.x.x.x/24"]
    for line in BROAD:
        found = await read([f"{line} # {tail}" for tail in tails])
        for tail, each in zip(tails, found.values(), strict=True):
            assert each["errors"] == [], (line, tail)
            assert {rule["description"] for rule in each["rules"]} == {tail}


@pytest.mark.parametrize("line", NARROW)
async def test_unmarked_text_after_a_narrower_rule_is_its_description(read, line):
    [found] = (await read([f"{line} from all offices"])).values()
    assert [rule["description"] for rule in found["rules"]] == ["from all offices"]


@pytest.mark.parametrize(
    "form",
    [
        "ufw allow 22/tcp comment '{}'",
        'allow proto tcp from any to any port 22 comment "{}"',
        '-A INPUT -p tcp --dport 22 -m comment --comment "{}" -j ACCEPT',
        '-A INPUT -p icmp -s 10.0.0.0/8 --comment "{}" -j ACCEPT',
        CREATE + ' --description "{}" web',
        HEADER + "tcp,22,any,{}",
        HEADER + "tcp,any,10.0.0.0/8,{}",
        HEADER + "any,any,10.0.0.0/8,{}",
    ],
)
async def test_a_marked_description_of_a_broad_rule_contains_no_part_of_a_rule(read, form):
    kept = ["disabled", "for office", "ticket 4711", "x.x.x.x/24"]
    found = await read([form.format(text) for text in kept])
    for text, each in zip(kept, found.values(), strict=True):
        assert each["errors"] == []
        assert {rule["description"] for rule in each["rules"]} == {text}
    wrong = ["10.0.0.0/8", "net 192.0.2.7", "fd00::/8", "8000-8010", "not guests", "only office"]
    assert without_error(await read([form.format(text) for text in wrong])) == {}


async def test_after_a_number_sign_an_address_or_ports_are_an_error_for_a_broad_rule(read):
    lines = [*BROAD, "ufw allow 22/tcp", "-A INPUT -p tcp --dport 22 -j ACCEPT", f"{CREATE} web"]
    tails = ["10.0.0.0/8", "not 10.0.0.0/8", "fd00::/8", "8000-8010", "80,443", "22/tcp"]
    assert without_error(await read([f"{line} # {tail}" for line in lines for tail in tails])) == {}


async def test_invisible_characters_are_an_error_anywhere_in_a_line(read):
    lines = ["tcp 22 10.0.0.0/8 of{}fice", "tcp 22 10.0.0.0/8 # {}", "ufw allow 22/tcp{}"]
    lines += ["tcp 22 a{}ny", "tcp 22 any {}", "tcp 22 10.0.0.0/8 {} x", HEADER + "tcp,22,any,a{}"]
    found = await read([line.format(letter) for line in lines for letter in HIDDEN])
    assert without_error(found) == {}
    for each in found.values():
        assert "invisible" in each["errors"][0]["message"]


async def test_addresses_with_text_are_an_error_in_a_row_with_any_port(read):
    row = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "ports": "any"}
    row |= {"kind": "cidr", "end": "", "description": "lab", "key": "row-1"}
    found = await read(["10.1.0.0/16", "10.1.0.0/16 office"], row)
    assert shown(found["10.1.0.0/16"]["rules"][0]) == "ingress IPv4 tcp any 10.1.0.0/16 (lab)"
    assert found["10.1.0.0/16 office"]["rules"] == []


async def test_inherited_property_names_are_ordinary_words(visit):
    page = await visit("/console/", user=None)
    names = await page.evaluate("Object.getOwnPropertyNames(Object.prototype)")
    assert {"constructor", "toString", "__proto__"} <= set(names)
    lines = ["in ipv4 tcp 22 from 10.0.0.0/8 office", "icmp 8/0 group web", "ssh 10.0.0.0/8"]
    lines += ["sudo ufw allow in proto tcp from 10.0.0.0/8 to any port 22 comment office"]
    lines += ["iptables -A INPUT -t filter -p tcp -m tcp -s 10.0.0.0/8 --dport 22 -j ACCEPT"]
    lines += ["-I INPUT 1 -p icmp --icmp-type 8 -m state --state NEW --comment x -j ACCEPT"]
    lines += ["ip6tables -A INPUT -p icmpv6 --icmpv6-type 128 -j ACCEPT", f"{CREATE} web"]
    lines += ["--protocol icmp --icmp-type 8 --icmp-code 0 --remote-ip 10.0.0.0/8 --egress"]
    lines += ["--protocol tcp --dst-port=22 --remote-group web --ethertype IPv4 --description x"]
    texts = []
    for name in names:
        texts += [f"{name},cidr\ntcp,any", f"protocol,{name},cidr\ntcp,22,any", f"--{name}=x"]
        fields = ["direction,ethertype,protocol,ports,cidr,remote_group,description"]
        for place in range(7):
            row = ["ingress", "IPv4", "tcp", "22", "10.0.0.0/8", "", ""]
            row[place] = name
            texts.append("\n".join([*fields, ",".join(row)]))
        for line in lines:
            words = line.split()
            texts += [" ".join([*words[:n], name, *words[n + 1 :]]) for n in range(len(words))]
            texts += [" ".join([*words[:n], name, *words[n:]]) for n in range(len(words) + 1)]
            texts += [name, f"tcp {name}", f"{name}/tcp 10.0.0.0/8"]
    for text, each in zip(texts, await read_texts(page, texts), strict=True):
        assert bool(each["rules"]) != bool(each["errors"]), text
