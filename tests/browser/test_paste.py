"""Parsing of pasted lines: the rules of each syntax, and the error of each invalid line."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import expect
from tests.browser.modules import read_texts
from tests.browser.site import OFFICE, tenant_uuid
from tests.browser.test_rules import edit, review_and_apply

pytestmark = pytest.mark.asyncio(loop_scope="session")

# "except" in full-width letters.
WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "except")
A, B = "10.1.0.0/16", "10.2.0.0/16"
TEN = "10.0.0.0/8"
CREATE = "openstack security group rule create "

# A line, and its rules.
LINES = [
    # The syntax of Ringfence
    ("tcp 8000:8100 10.4.0.0/16 range", ["ingress IPv4 tcp 8000-8100 10.4.0.0/16 (range)"]),
    (
        "udp 53 10.0.0.0/8 from all offices",
        ["ingress IPv4 udp 53-53 10.0.0.0/8 (from all offices)"],
    ),
    ("tcp 5432 10.0.0.0/8 ticket 4711", ["ingress IPv4 tcp 5432-5432 10.0.0.0/8 (ticket 4711)"]),
    ("esp 10.0.0.0/8", ["ingress IPv4 50 any 10.0.0.0/8"]),
    (
        "tcp 80,443 10.0.0.0/8",
        ["ingress IPv4 tcp 80-80 10.0.0.0/8", "ingress IPv4 tcp 443-443 10.0.0.0/8"],
    ),
    (
        "tcp 22 10.1.0.0/16 10.2.0.0/16",
        ["ingress IPv4 tcp 22-22 10.1.0.0/16", "ingress IPv4 tcp 22-22 10.2.0.0/16"],
    ),
    (
        "tcp 80, 8000-8010 10.1.0.0/16, 10.2.0.0/16",
        [
            "ingress IPv4 tcp 80-80 10.1.0.0/16",
            "ingress IPv4 tcp 80-80 10.2.0.0/16",
            "ingress IPv4 tcp 8000-8010 10.1.0.0/16",
            "ingress IPv4 tcp 8000-8010 10.2.0.0/16",
        ],
    ),
    (
        "TCP/22 from 192.0.2.7 # VPN, not 10.0.0.0/8",
        ["ingress IPv4 tcp 22-22 192.0.2.7/32 (VPN, not 10.0.0.0/8)"],
    ),
    ("22/tcp 10.20.0.0/16 office", ["ingress IPv4 tcp 22-22 10.20.0.0/16 (office)"]),
    ("out udp 53 to 2001:db8::53 resolver", ["egress IPv6 udp 53-53 2001:db8::53/128 (resolver)"]),
    (
        "tcp 22 10.1.0.0/16 fd00::/8",
        ["ingress IPv4 tcp 22-22 10.1.0.0/16", "ingress IPv6 tcp 22-22 fd00::/8"],
    ),
    ("tcp any 10.0.0.0/8", ["ingress IPv4 tcp any 10.0.0.0/8"]),
    ("any 10.0.0.0/8", ["ingress IPv4 any any 10.0.0.0/8"]),
    ("ssh 10.0.0.0/8 ssh", ["ingress IPv4 tcp 22-22 10.0.0.0/8 (ssh)"]),
    ("dns 10.0.0.0/8", ["ingress IPv4 udp 53-53 10.0.0.0/8", "ingress IPv4 tcp 53-53 10.0.0.0/8"]),
    ("icmp 10.0.0.0/8", ["ingress IPv4 icmp any 10.0.0.0/8"]),
    ("icmp 8/0 10.0.0.0/8", ["ingress IPv4 icmp 8-0 10.0.0.0/8"]),
    ("icmpv6 128 fd00::/8", ["ingress IPv6 icmp 128--1 fd00::/8"]),
    ("sctp 5060 10.0.0.0/8", ["ingress IPv4 132 5060-5060 10.0.0.0/8"]),
    ("protocol 50 10.0.0.0/8", ["ingress IPv4 50 any 10.0.0.0/8"]),
    ("tcp 443 0.0.0.0/0", ["ingress IPv4 tcp 443-443 0.0.0.0/0"]),
    ("tcp 443 ::/0", ["ingress IPv6 tcp 443-443 ::/0"]),
    ("tcp 443 anywhere", ["ingress IPv4 tcp 443-443 0.0.0.0/0", "ingress IPv6 tcp 443-443 ::/0"]),
    ("ipv4 tcp 443 any", ["ingress IPv4 tcp 443-443 0.0.0.0/0"]),
    ('tcp 22 from group "web servers" jump', ["ingress IPv4 tcp 22-22 group web servers (jump)"]),
    # ufw
    ("allow tcp from 10.0.0.0/8 to any port 22", ["ingress IPv4 tcp 22-22 10.0.0.0/8"]),
    ("ufw allow from 10.0.0.0/8 to any port 22 proto tcp", ["ingress IPv4 tcp 22-22 10.0.0.0/8"]),
    (
        "sudo ufw allow proto tcp from 10.0.0.0/8 to any port 80,443 comment 'the site'",
        [
            "ingress IPv4 tcp 80-80 10.0.0.0/8 (the site)",
            "ingress IPv4 tcp 443-443 10.0.0.0/8 (the site)",
        ],
    ),
    ("ufw allow 22/tcp", ["ingress IPv4 tcp 22-22 0.0.0.0/0", "ingress IPv6 tcp 22-22 ::/0"]),
    (
        "ufw allow in 6000:6007/udp",
        ["ingress IPv4 udp 6000-6007 0.0.0.0/0", "ingress IPv6 udp 6000-6007 ::/0"],
    ),
    ("ufw allow out to 10.0.0.0/8 port 53 proto udp", ["egress IPv4 udp 53-53 10.0.0.0/8"]),
    ("allow ssh from 10.0.0.0/8", ["ingress IPv4 tcp 22-22 10.0.0.0/8"]),
    ("allow proto esp from 10.0.0.0/8", ["ingress IPv4 50 any 10.0.0.0/8"]),
    # iptables
    ("-A INPUT -p tcp -s 10.0.0.0/8 --dport 22 -j ACCEPT", ["ingress IPv4 tcp 22-22 10.0.0.0/8"]),
    (
        "iptables -I INPUT 1 -p tcp -m tcp --dport 1000:2000 -s 10.1.0.0/16,10.2.0.0/16 -j ACCEPT",
        ["ingress IPv4 tcp 1000-2000 10.1.0.0/16", "ingress IPv4 tcp 1000-2000 10.2.0.0/16"],
    ),
    (
        (
            "-A INPUT -s 10.0.0.0/8 -p tcp -m multiport --dports 80,443 -m conntrack "
            '--ctstate NEW -m comment --comment "the site" -j ACCEPT'
        ),
        [
            "ingress IPv4 tcp 80-80 10.0.0.0/8 (the site)",
            "ingress IPv4 tcp 443-443 10.0.0.0/8 (the site)",
        ],
    ),
    (
        "-A OUTPUT -d 10.0.0.0/8 -p udp --dport 53 -m state --state NEW,ESTABLISHED -j ACCEPT",
        ["egress IPv4 udp 53-53 10.0.0.0/8"],
    ),
    (
        "-A INPUT -p icmp --icmp-type echo-request -s 10.0.0.0/8 -j ACCEPT",
        ["ingress IPv4 icmp 8--1 10.0.0.0/8"],
    ),
    ("ip6tables -A INPUT -p tcp --dport 22 -j ACCEPT", ["ingress IPv6 tcp 22-22 ::/0"]),
    ("-A INPUT -p tcp --dport 443 -j ACCEPT", ["ingress IPv4 tcp 443-443 0.0.0.0/0"]),
    # openstack security group rule create
    (
        (
            "openstack security group rule create --protocol tcp --dst-port 22:22 "
            '--remote-ip 10.0.0.0/8 --ingress --ethertype IPv4 --description "the office" web'
        ),
        ["ingress IPv4 tcp 22-22 10.0.0.0/8 (the office)"],
    ),
    (
        "--protocol=udp --dst-port=53 --remote-ip=2001:db8::/32 --egress",
        ["egress IPv6 udp 53-53 2001:db8::/32"],
    ),
    (
        "--protocol icmp --icmp-type 8 --icmp-code 0 --remote-ip 10.0.0.0/8",
        ["ingress IPv4 icmp 8-0 10.0.0.0/8"],
    ),
    (
        "--protocol tcp --dst-port 5432 --remote-group web db",
        ["ingress IPv4 tcp 5432-5432 group web"],
    ),
    (
        "openstack security group rule create --protocol tcp --dst-port 443 web",
        ["ingress IPv4 tcp 443-443 0.0.0.0/0"],
    ),
]

# A line, and the word that its error names.
ERRORS = [
    ("10.5.0.0/16", "10.5.0.0/16"),
    ("22 10.0.0.0/8", "22"),
    # It may be meant as the address or as the network.
    ("tcp 22 10.20.30.40/8", "write 10.20.30.40/32 for the one address, or 10.0.0.0/8"),
    ("tcp 22 10.1.0.0/16 10.2.0.1/16", "10.2.0.0\u201310.2.255.255, 65,536 addresses"),
    ("tcp 22 2001:db8::1/32", "write 2001:db8::1/128 for the one address, or 2001:db8::/32"),
    ("allow tcp from 10.20.30.40/8 to any port 22", "10.20.30.40/32"),
    ("-A INPUT -p tcp -s 10.20.30.40/8 --dport 22 -j ACCEPT", "10.20.30.40/32"),
    (f"{CREATE}--protocol tcp --dst-port 22 --remote-ip 10.20.30.40/8 web", "10.20.30.40/32"),
    ("tcp 10.0.0.0/8", "tcp"),
    ("tcp 22", "no source"),
    ("tcp 22 office", "office"),
    ("tcp 22 10.0.0.0/8 except 10.4.0.0/16", "except"),
    ("tcp 22 10.0.0.0/8 (not 10.4.0.0/16)", "(not"),
    ("tcp 22 10.0.0.0/8 10.4.0.0/33", "10.4.0.0/33"),
    ("tcp 22 10.0.0.0/8 443", "443"),
    ("tcp 22 10.0.0.0/8 office 80,443", "80,443"),
    ("tcp 22 10.0.0.0/8 udp", "udp"),
    ("tcp 22 10.0.0.0/8 to web", "to"),
    ("tcp 22 10.0.0.0/8 port 2222", "port"),
    ("tcp 22 10.0.0.0/8 --sport 53", "--sport"),
    ("tcp 22 any 10.0.0.0/8", "10.0.0.0/8"),
    ("tcp any any 10.0.0.0/8", "10.0.0.0/8"),
    ("tcp 22 anywhere ipv6", "ipv6"),
    ("tcp 22 10.0.0.0/8 out", "out"),
    ("tcp 22 10.0.0.0/8 only from the office", "only"),
    (f"tcp 22 10.0.0.0/8 {WIDE} the guests", WIDE),
    ("tcp 22 10.0.0.0/8\u200bexcept", "U+200B"),
    ("icmp 10.0.0.0/8 type 8", "type"),
    ("esp 22 10.0.0.0/8", "22"),
    ("any 22 10.0.0.0/8", "22"),
    ("tcp 22 10.0.0.0/0", "10.0.0.0/0"),
    ("tcp 22 10.0.0.0/08", "10.0.0.0/08"),
    ("tcp 22 10.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0"),
    ("tcp 22 0.0.0.0", "write 0.0.0.0/0"),
    ("tcp 0 10.0.0.0/8", "0"),
    ("tcp 443-80 10.0.0.0/8", "443-80"),
    ("tcp 70000 10.0.0.0/8", "70000"),
    ("tcp 22 to 10.0.0.0/8", "to"),
    ("out tcp 22 from 10.0.0.0/8", "from"),
    ("ipv6 tcp 22 10.0.0.0/8", "10.0.0.0/8"),
    ("icmp 8 2001:db8::/32", "icmp"),
    ("tcp 22 group 10.0.0.0/8", "10.0.0.0/8"),
    ("tcpp 22 10.0.0.0/8", "tcpp"),
    ("deny tcp 22 10.0.0.0/8", "deny"),
    ("ufw deny 22/tcp", "deny"),
    ("ufw limit 22/tcp", "limit"),
    ("ufw allow in on eth0 to any port 22 proto tcp", "on"),
    ("ufw allow from 10.0.0.0/8 port 1024 to any port 22 proto tcp", "1024"),
    ("ufw allow 22", "22"),
    ("ufw allow from 10.0.0.0/8", "no protocol"),
    ("ufw allow from 10.0.0.0/8 to 10.9.0.1 port 22 proto tcp", "10.9.0.1"),
    ("ufw allow proto tcp comment 10.0.0.0/8 to any port 22", "10.0.0.0/8"),
    ("ufw delete allow 22/tcp", "delete"),
    ("allow 22/tcp", "no source"),
    ("-A INPUT -p tcp ! -s 10.0.0.0/8 --dport 22 -j ACCEPT", "!"),
    ("-A INPUT -p tcp -s 10.0.0.0/8 --dport 22 -j DROP", "DROP"),
    ("-A INPUT -i eth0 -p tcp -s 10.0.0.0/8 --dport 22 -j ACCEPT", "-i"),
    ("-A INPUT -p tcp --sport 53 -s 10.0.0.0/8 --dport 22 -j ACCEPT", "--sport"),
    ("-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT", "ESTABLISHED,RELATED"),
    ("-A INPUT -s 10.0.0.0/8 -j ACCEPT", "no protocol"),
    ("-A INPUT -p tcp -s 10.0.0.0/8 -j ACCEPT", "tcp"),
    ("-A FORWARD -p tcp -s 10.0.0.0/8 --dport 22 -j ACCEPT", "FORWARD"),
    ("-A INPUT -p tcp -d 10.0.0.0/8 --dport 22 -j ACCEPT", "10.0.0.0/8"),
    ("-A INPUT -p tcp --comment 10.0.0.0/8 --dport 22 -j ACCEPT", "10.0.0.0/8"),
    ("iptables -A INPUT -p tcp -s 2001:db8::/32 --dport 22 -j ACCEPT", "2001:db8::/32"),
    ("-A INPUT -p tcp -m limit --limit 3/min --dport 22 -j ACCEPT", "--limit"),
    (CREATE + "--protocol tcp --dst-port 22 10.0.0.0/8", "10.0.0.0/8"),
    (CREATE + "--protocol tcp --dst-port 22 --description 10.0.0.0/8 web", "10.0.0.0/8"),
    (CREATE + "--dst-port 22 --remote-ip 10.0.0.0/8 web", "no protocol"),
    (CREATE + "--protocol tcp --remote-ip 10.0.0.0/8 web", "tcp"),
    (CREATE + "--protocol tcp --dst-port 22 --remote-ip $OFFICE web", "$"),
    (
        CREATE + "--protocol tcp --dst-port 22 --remote-address-group x web",
        "--remote-address-group",
    ),
    ("--protocol tcp --dst-port 22", "no remote"),
    ("--protocol tcp --dst-port 22 --remote-ip 10.0.0.0/8 --remote-group web", "web"),
    ("--protocol tcp --dst-port 22 --remote-ip 10.0.0.0/8 --ethertype IPv6", "10.0.0.0/8"),
    ("openstack security group rule delete x", "delete"),
]


@pytest_asyncio.fixture(loop_scope="session")
async def reader(visit):
    return await visit("/console/", user=None)


def shown(rule):
    """Return a rule as one line of text."""
    first, last = rule["from_port"], rule["to_port"]
    end = [rule["cidr"] or f"group {rule['remote_group']}"]
    words = [rule["direction"], rule["ethertype"], rule["protocol"] or "any"]
    words += ["any" if first == -1 else f"{first}-{last}", *end]
    return " ".join([*words, *([f"({rule['description']})"] if rule["description"] else [])])


async def test_each_syntax_is_parsed(reader):
    read = await read_texts(reader, [line for line, _ in LINES])
    found = {
        line: ([shown(rule) for rule in each["rules"]], each["errors"])
        for (line, _), each in zip(LINES, read, strict=True)
    }
    assert found == {line: (rules, []) for line, rules in LINES}


async def test_a_line_with_an_unused_word_is_an_error_that_names_it(reader):
    read = await read_texts(reader, [line for line, _ in ERRORS])
    wrong = {}
    for (line, named), each in zip(ERRORS, read, strict=True):
        said = [error["message"] for error in each["errors"]]
        if each["rules"] or len(said) != 1 or named not in said[0]:
            wrong[line] = each
    assert wrong == {}


async def test_csv_is_parsed_by_the_column_names_of_ringfence_and_neutron(reader):
    ours = "direction,ethertype,protocol,from_port,to_port,cidr,description\n"
    neutrons = "direction,protocol,port_range_min,port_range_max,remote_ip_prefix\n"
    ports = 'protocol,ports,cidr\ntcp,"80,443","10.1.0.0/16, 10.2.0.0/16"'
    texts = [
        ours
        + 'egress,IPv4,tcp,22,22,10.0.0.0/8,"the ""office"", both"\n'
        + "ingress,IPv6,icmp,-1,-1,::/0,",
        neutrons + "ingress,udp,53,53,10.0.0.0/8",
        ports,
        "protocol,ports,remote_group_name\ntcp,22,web",
    ]
    read = await read_texts(reader, texts)
    assert [each["errors"] for each in read] == [[]] * 4
    assert [[shown(rule) for rule in each["rules"]] for each in read] == [
        [
            'egress IPv4 tcp 22-22 10.0.0.0/8 (the "office", both)',
            "ingress IPv6 icmp any ::/0",
        ],
        ["ingress IPv4 udp 53-53 10.0.0.0/8"],
        [f"ingress IPv4 tcp {port}-{port} {end}" for port in (80, 443) for end in (A, B)],
        ["ingress IPv4 tcp 22-22 group web"],
    ]


@pytest.mark.parametrize(
    ("text", "line", "named"),
    [
        ("protocol,ports,cidr,zone\ntcp,22,10.0.0.0/8,x", 1, "zone"),
        ("protocol,ports,port,cidr\ntcp,22,22,10.0.0.0/8", 1, "port"),
        ("protocol,from_port,cidr\ntcp,22,10.0.0.0/8", 1, "from_port"),
        ("protocol,ports,cidr\ntcp,22,", 2, "cidr"),
        ("protocol,ports,cidr\n,22,10.0.0.0/8", 2, "protocol"),
        ("protocol,ports,cidr\ntcp,,10.0.0.0/8", 2, "tcp"),
        ("protocol,ports,cidr\ntcp,80 81,10.0.0.0/8", 2, "80 81"),
        ("protocol,ports,cidr\ntcp,22,10.0.0.0/8,more", 2, "4 fields"),
        ("protocol,ports,cidr,direction\ntcp,22,10.0.0.0/8,", 2, "direction"),
        ('protocol,ports,cidr\ntcp,22,"10.0.0.0/8', 2, "quote"),
        ("protocol,ports,cidr,remote_group\ntcp,22,10.0.0.0/8,web", 2, "web"),
    ],
)
async def test_invalid_csv_is_an_error_at_its_line(reader, text, line, named):
    [read] = await read_texts(reader, [text])
    assert [error["line"] for error in read["errors"]] == [line]
    assert named in read["errors"][0]["message"]
    assert read["rules"] == []


async def test_errors_carry_the_number_and_the_text_of_their_line(reader):
    text = "# office\r\n\r\ntcp 22 10.0.0.0/8\r\nnonsense\r\n 10.0.0.0/8 \r\n"
    [read] = await read_texts(reader, [text])
    assert [(wrong["line"], wrong["text"]) for wrong in read["errors"]] == [
        (4, "nonsense"),
        (5, "10.0.0.0/8"),
    ]


async def test_too_many_rules_are_an_error(reader):
    ports = ",".join(str(port) for port in range(1, 101))
    prefixes = " ".join(f"10.{number}.0.0/16" for number in range(11))
    texts = [
        f"tcp {ports} {prefixes}",
        "\n".join(f"tcp {port} 10.0.0.0/8" for port in range(1, 1002)),
        f"tcp 22 10.0.0.0/8 {'x' * 5000}",
        "tcp 22 10.0.0.0/8\n" * 20_000,
    ]
    for read in await read_texts(reader, texts):
        assert read["rules"] == []
        assert len(read["errors"]) == 1


async def test_lines_for_two_groups_are_an_error(reader):
    line = CREATE + "--protocol tcp --dst-port 22 --remote-ip 10.0.0.0/8 "
    [read] = await read_texts(reader, [f"{line}web\n{line}web\n{line}db"])
    assert [(wrong["line"], wrong["word"]) for wrong in read["errors"]] == [(3, "db")]


async def test_addresses_alone_become_rules_like_the_row_that_is_pasted_into(reader):
    row = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "ports": "22"}
    row |= {"kind": "kept", "end": "gone", "description": "office", "key": "row-1"}
    [read] = await read_texts(reader, ["10.1.0.0/16\nfd00::/8 # lab"], row)
    assert [shown(rule) for rule in read["rules"]] == [
        "ingress IPv4 tcp 22-22 10.1.0.0/16 (office)",
        "ingress IPv6 tcp 22-22 fd00::/8 (lab)",
    ]
    # Empty ports of a new row do not mean "any".
    [read] = await read_texts(reader, ["10.1.0.0/16\n10.2.0.0/16"], row | {"ports": ""})
    assert [wrong["line"] for wrong in read["errors"]] == [1, 2]
    assert "no ports yet" in read["errors"][0]["message"]


async def test_a_line_with_an_error_blocks_the_review_until_it_is_corrected(site, visit):
    group, page = await edit(site, visit, "pasting-wrongly", [OFFICE])
    await page.get_by_label("Description, rule 1").fill("changed")
    review = page.get_by_role("button", name="Review")
    await expect(review).to_be_enabled()
    await page.get_by_role("button", name="Paste rules").click()
    box = page.get_by_label(re.compile("One rule per line"))
    await box.fill("tcp 443 10.0.0.0/8\ntcp 22 10.0.0.0/8 except 10.4.0.0/16\n10.5.0.0/16")
    wrong = page.get_by_role("list", name="Lines with errors").get_by_role("listitem")
    await expect(wrong).to_have_count(2)
    await expect(wrong.first.locator("mark")).to_have_text("except")
    await expect(box).to_have_attribute("aria-invalid", "true")
    await expect(box).to_have_accessible_description(re.compile("2 lines have errors"))
    await expect(review).to_be_disabled()
    await expect(page.get_by_text("2 pasted lines to correct or remove.")).to_be_visible()
    # The keyboard shortcut is blocked as well.
    await page.get_by_label("Ports, rule 1").press("Control+Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("button", name="Line 2", exact=True).press("Enter")
    await expect(box).to_be_focused()
    chosen = "box => box.value.slice(box.selectionStart, box.selectionEnd)"
    assert await box.evaluate(chosen) == "tcp 22 10.0.0.0/8 except 10.4.0.0/16"
    await page.keyboard.insert_text("tcp 22 10.0.0.0/8")
    await expect(wrong).to_have_count(1)
    await page.get_by_role("button", name="Remove line 3").press("Enter")
    await expect(page.get_by_role("button", name="Add 2 rules")).to_be_enabled()
    # Rules that are not added yet would be lost.
    await expect(review).to_be_disabled()
    await page.get_by_role("button", name="Add 2 rules").press("Enter")
    await review_and_apply(page)
    rules = site.stable(group["uuid"])["rules"]
    assert [(rule["from_port"], rule["cidr"]) for rule in rules] == [
        (22, "198.51.100.0/24"),
        (443, TEN),
        (22, TEN),
    ]


async def test_a_pasted_remote_group_is_selected_by_name(site, visit):
    site.create("pasted-target", tenant="editing")
    group, page = await edit(site, visit, "pasting-a-group", [])
    await page.get_by_role("button", name="Paste rules").click()
    await page.get_by_label(re.compile("One rule per line")).fill(
        "tcp 5432 group pasted-target\nipv6 tcp 5432 group pasting-a-group"
    )
    await page.get_by_role("button", name="Add 2 rules").click()
    await review_and_apply(page)
    rules = site.stable(group["uuid"])["rules"]
    assert [(rule["remote_group_name"], rule["ethertype"]) for rule in rules] == [
        ("pasted-target", "IPv4"),
        ("pasting-a-group", "IPv6"),
    ]


async def test_a_group_is_not_created_while_a_pasted_line_has_an_error(visit):
    page = await visit(f"/console/groups/new/?tenant={tenant_uuid('editing')}")
    await page.get_by_label("Name").fill("pasted-new")
    await page.get_by_role("button", name="Paste rules").click()
    await page.get_by_label(re.compile("One rule per line")).fill("nonsense")
    await expect(page.get_by_role("button", name="Review")).to_be_disabled()
    await page.get_by_label("Name").press("Enter")
    await expect(page).to_have_url(re.compile(r"/new/[?]tenant="))
    await page.get_by_role("button", name="Discard").click()
    await expect(page.get_by_role("button", name="Review")).to_be_enabled()
