"""The command line reads pasted rules as the console does: the same rules, the same errors."""

import random

import pytest
from tests.browser.modules import read_texts
from tests.browser.test_paste import CREATE, ERRORS, LINES, WIDE
from tests.browser.test_paste_narrows import generate

from ringfence.cli.api.paste.read import body_of, read_rules

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINES_GENERATED = 3000
# What PARTS and WORDS of the generated lines do not have
TEXTS = [
    "",
    "# only a remark\n\n",
    "\ufefftcp 22 10.0.0.0/8\r\ntcp 22 10.1.0.0/16\rnonsense\n",
    "tcp\u00a022\u2003 10.0.0.0/8 B\u00fcro \u6771\u4eac",
    "tcp 22 10.0.0.0/8\x1c",
    "tcp 22 10.0.0.0/8 \u2800",
    "tcp 22 10.0.0.0/8 \U00013439",
    "tcp 22 10.0.0.0/8 \u034f\U000e0041",
    "tcp \uff12\uff12 10.0.0.0/8",
    "tcp 22\u201380 10.0.0.0/8",
    "tcp 22 10.0.0.0/8 \u017fg",
    "tcp 22 \u212a::/32",
    f"tcp any 10.0.0.0/8 # {WIDE} 10.4.0.0/16",
    f"tcp 22 10.0.0.0/8 {'x' * 2001}",
    "tcp 22 10.0.0.0/8 " + "\U0001f600" * 1001,
    f"tcp 22 10.0.0.0/8 {'x' * 5000}",
    f"tcp {','.join(str(port) for port in range(1, 101))} {' '.join(['10.0.0.0/8'] * 11)}",
    "\n".join(f"tcp {port} 10.0.0.0/8" for port in range(1, 1002)),
    "tcp 22 10.0.0.0/8\n" * 20_000,
    'tcp 22 group "web servers" jump\ntcp 22 group "web\ntcp 22 group ""\ntcp 22 group',
    "tcp 22 10.0.0.0/8 see https://example.com/except?x=1\ntcp 22 10.0.0.0/8 see https://1",
    "tcp 22 10.0.0.0/8 (-x\ntcp 22 10.0.0.0/8 a-b\ntcp 22 10.0.0.0/8 a=b\ntcp 22 10.0.0.0/8 tap0",
    "tcp 22 ::ffff:10.0.0.1\ntcp 22 1::2::3\ntcp 22 2001:db8::/129\ntcp 22 ::\ntcp 22 ::/0",
    "udplite 9 10.0.0.0/8\nproto 6 22 10.0.0.0/8\nproto 0 10.0.0.0/8\nproto 300 10.0.0.0/8",
    "ipv6 in tcp 22 group web\nout ipv4 any any\nin in tcp 22 any\ntcp port any from any",
    "icmp 8/0/1 10.0.0.0/8\nicmp 256 10.0.0.0/8\nicmp 3,11 10.0.0.0/8\nipv6 icmp 8 fd00::/8",
    "ufw allow esp from 10.0.0.0/8 to any comment 'a \"b\"' # c\nsudo ufw allow in ssh\nufw",
    "ufw allow 22/tcp from 10.0.0.0/8 to any port 23\nufw allow from 10.0.0.0/8 from 10.1.0.0/16",
    "ufw allow out 53/udp to 10.0.0.0/8 port 53\nufw allow proto tcp to any port any",
    "-A INPUT -p tcp --dport=22 -s 10.0.0.0/8 -j ACCEPT\n--append=INPUT -p all -j ACCEPT # all",
    "-I INPUT 1 1 -p tcp -j ACCEPT\n-A INPUT -p icmpv6 --icmpv6-type echo-request -j ACCEPT",
    "-A INPUT -m icmp6 -p ipv6-icmp -j ACCEPT\n-A INPUT -m\n-A INPUT -t nat -p tcp -j ACCEPT",
    "sudo ip6tables -A OUTPUT -p udp --dport 53 -d 10.0.0.0/8 -j ACCEPT\n-A INPUT -p tcp -j",
    f"{CREATE}--protocol tcp --dst-port 22 web\n{CREATE}--protocol tcp --dst-port 22 db",
    f"{CREATE}--protocol icmp --icmp-code 0 web\n{CREATE}--protocol tcp --icmp-type 8 web",
    f"{CREATE}--protocol icmpv6 web\n{CREATE}--protocol any --ethertype ipv5 web\nOpenstack x",
    "openstack security group rule\nopenstack `id`\n--protocol tcp 'x",
    'ethertype,protocol,from_port,to_port,cidr,description\nIPv4,tcp,22,22,any,"the ""office"", x"',
    "ethertype,protocol,from_port,to_port,cidr,description\nIPv6,icmp,-1,-1,::/0,",
    'protocol,ports,cidr\ntcp,"80,443","10.1.0.0/16, 10.2.0.0/16"\ntcp,22,\n,22,10.0.0.0/8',
    'protocol,ports,cidr\ntcp,80 81,10.0.0.0/8\ntcp,22,10.0.0.0/8,more\ntcp,22,"10.0.0.0/8',
    'protocol,ports,cidr\ntcp,2"2,10.0.0.0/8\ntcp,"22"x,10.0.0.0/8\nicmp,8/0,any\nesp,,fd00::/8',
    "protocol,port_range_min,port_range_max,remote_group\nicmp,8,-1,web\nicmp,8,,web\nicmp,,0,web",
    "protocol,from_port,cidr\ntcp,22,10.0.0.0/8",
    "protocol,ports,port,cidr\ntcp,22,22,10.0.0.0/8",
    "protocol,ports,cidr,zone\ntcp,22,10.0.0.0/8,x",
    "Protocol,Ports,IP Range,Ethertype,Direction\ntcp,any,anywhere,IPv4,out\ntcp,any,any,x,out",
    "protocol,ports,cidr,remote_group\ntcp,22,10.0.0.0/8,web\ntcp,22,,group\ntcp,22,,",
    "protocol,ports,cidr,description\ntcp,any,any,except 10.0.0.0/8\ntcp,22,10.0.0.0/8,not me",
]


async def test_both_read_the_same_rules_and_the_same_errors(visit):
    chance = random.Random(14)  # noqa: S311 - the same lines each time
    texts = [*(line for line, _ in LINES), *(line for line, _ in ERRORS), *TEXTS]
    texts += [generate(chance) for _ in range(LINES_GENERATED)]
    page = await visit("/console/", user=None)
    different = {}
    for text, theirs in zip(texts, await read_texts(page, texts), strict=True):
        read = read_rules(text)
        ours = {
            "rules": [body_of(row) for row in read.rows],
            "errors": [[each.line, each.word, each.message] for each in read.errors],
        }
        errors = [[each["line"], each["word"], each["message"]] for each in theirs["errors"]]
        if ours != {"rules": theirs["rules"], "errors": errors}:
            different[text[:200]] = (ours, theirs)
    assert different == {}
