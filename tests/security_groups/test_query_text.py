"""What a search text means, and that no text takes long to understand."""

import time
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.security_groups.rule_search.query_text import Meaning, meaning_of


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("443", Meaning(port=443)),
        (" 0 ", Meaning(port=0)),
        ("65536", Meaning("65536")),
        ("tcp", Meaning(protocols=(6,))),
        ("TCP 22", Meaning(protocols=(6,), port=22)),
        ("22, tcp", Meaning(protocols=(6,), port=22)),
        ("tcp/22", Meaning(protocols=(6,), port=22)),
        ("22/udp", Meaning(protocols=(17,), port=22)),
        ("udp:53", Meaning(protocols=(17,), port=53)),
        ("ssh", Meaning(protocols=(6,), port=22)),
        ("dns", Meaning(protocols=(6, 17), port=53)),
        ("icmp", Meaning(protocols=(1, 58))),
        ("sctp", Meaning(protocols=(132,))),
        ("10.0.0.0/8", Meaning(within=ip_network("10.0.0.0/8"))),
        ("10.1.2.3/8", Meaning(within=ip_network("10.0.0.0/8"))),
        ("2001:DB8::/32", Meaning(within=ip_network("2001:db8::/32"))),
        ("203.0.113.7", Meaning(admits=ip_address("203.0.113.7"))),
        ("2001:db8::7", Meaning(admits=ip_address("2001:db8::7"))),
        ("ingress ssh ipv4", Meaning(None, (6,), 22, None, None, "ingress", "IPv4")),
        ("web", Meaning("web")),
        ("tcp 22 of the office", Meaning("tcp 22 of the office")),
        ("22 23", Meaning("22 23")),
        ("ssh 22", Meaning("ssh 22")),
        ("tcp ssh", Meaning("tcp ssh")),
        ("10.0.0.0/33", Meaning("10.0.0.0/33")),
        ("fe80::1%eth0", Meaning("fe80::1%eth0")),
        ("tcp/", Meaning("tcp/")),
        ("/22", Meaning("/22")),
        ("6/22", Meaning("6/22")),
        ("", Meaning("")),
        ("a b c d e f g h", Meaning("a b c d e f g h")),
    ],
)
def test_a_text_means_what_people_type_it_for(text, meaning):
    assert meaning_of(text) == meaning


@given(st.text())
def test_a_text_that_is_not_understood_stays_as_it_is(text):
    meaning = meaning_of(text)
    assert meaning.text in (None, text)
    assert (meaning.text is None) != (meaning == Meaning(text))


@pytest.mark.parametrize(
    "part", ["1", "tcp ", ":", "1.", "/", "::/0,", "\N{ARABIC-INDIC DIGIT ONE}"]
)
def test_a_long_text_takes_no_longer_than_its_length(part):
    began = time.process_time()
    meaning_of(part * (1_000_000 // len(part)))
    assert time.process_time() - began < 1
