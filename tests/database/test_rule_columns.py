"""The columns of a rule by which searches find it are what the same rule is in Python."""

import ipaddress

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.security_groups.internet import is_internet
from ringfence.security_groups.rules import (
    PROTOCOL_ALIASES,
    PROTOCOL_NUMBERS,
    Rule,
    stored_prefix,
)
from ringfence.security_groups.traffic_boxes import ALL_PORTS, ALL_PROTOCOLS, box_of

WORDS = """
SELECT written, network_of(written)::text, reaches_internet(written, false)
FROM unnest(%s::text[]) AS written
"""
PORTS = """
SELECT number, rule_first_port(number, given.first, given.last),
    rule_last_port(number, given.first, given.last)
FROM (SELECT %(protocol)s::text AS protocol, %(ethertype)s::text AS ethertype,
    %(first)s::integer AS first, %(last)s::integer AS last) AS given
CROSS JOIN LATERAL rule_protocol_number(given.protocol, given.ethertype) AS number
"""
PORT_PROTOCOLS = {6, 17, 33, 132, 136}

_HEX = st.text("0123456789abcdefABCDEF", min_size=1, max_size=5)
_OCTET = st.integers(0, 300).map(str) | st.sampled_from(("00", "01", "0", "255", "256", ""))
_IPV4 = st.lists(_OCTET, min_size=3, max_size=5).map(".".join) | st.ip_addresses(v=4).map(str)
_IPV6 = (
    st.lists(_HEX | st.just("") | _IPV4, min_size=1, max_size=10).map(":".join)
    | st.ip_addresses(v=6).map(str)
    | st.ip_addresses(v=6).map(lambda address: address.exploded.upper())
    | st.tuples(st.lists(_HEX, max_size=7), st.lists(_HEX | _IPV4, max_size=7)).map(
        lambda sides: ":".join(sides[0]) + "::" + ":".join(sides[1])
    )
)
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
_LENGTH = st.just("") | st.integers(0, 140).map("/{}".format) | st.sampled_from(("/", "/00", "/08"))
WRITTEN = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(("", "", " ", "\t")),
    _IPV4 | _IPV6 | _TEXT,
    _LENGTH,
    st.sampled_from(("", "", " ", "\n", "/", ".")),
)
PORT = st.none() | st.sampled_from((0, 1, 22, 255, 65535)) | st.integers(0, 65535)


def network_of(written: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the prefix of `stored_prefix` without host bits; None for what is no prefix."""
    text = written.strip(" \t\n\r\f\v")
    length = text.partition("/")[2]
    # Neutron takes neither a scope nor a length that is not digits.
    if "%" in text or not text.isascii() or ("/" in text and not length.isdecimal()):
        return None
    try:
        return ipaddress.ip_network(stored_prefix(text) or "", strict=False)
    except ValueError:
        return None


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WRITTEN, min_size=20, max_size=40))
def test_a_prefix_in_any_spelling_is_its_network_and_no_text_is_an_error(conninfo, words):
    with psycopg.connect(conninfo) as connection:
        for word, found, internet in connection.execute(WORDS, [words]).fetchall():
            network = network_of(word)
            # PostgreSQL writes mapped addresses in another way than Python does.
            assert (found and ipaddress.ip_network(found)) == network, word
            version = f"IPv{network.version}" if network else "IPv4"
            assert internet == is_internet(str(network), version), word


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    protocol=st.sampled_from(("", "any", "TCP", "1", "001", "256", "999", "unknown", "hopopt"))
    | st.sampled_from((*PROTOCOL_NUMBERS, *PROTOCOL_ALIASES))
    | st.integers(0, 255).map(str),
    ethertype=st.sampled_from(("IPv4", "IPv6")),
    first=PORT,
    last=PORT,
)
def test_protocol_and_ports_are_those_of_the_box_of_a_rule(
    conninfo, protocol, ethertype, first, last
):
    box = box_of(Rule(ethertype, protocol=protocol, from_port=first, to_port=last))
    with psycopg.connect(conninfo) as connection:
        given_ = {"protocol": protocol, "ethertype": ethertype, "first": first, "last": last}
        row = connection.execute(PORTS, given_).fetchone()
    assert row is not None
    number, *ports = row
    assert ((number, number) if number > 0 else ALL_PROTOCOLS) == box.protocols
    has_ports = number <= 0 or number in PORT_PROTOCOLS
    # Some clouds do not match the ports of DCCP and UDP-Lite.
    most = ALL_PORTS if number in {33, 136} else box.ports
    assert tuple(ports) == (most if has_ports else (-1, -1))


def test_a_symbolic_end_is_no_prefix_and_not_the_internet(conninfo):
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT rule_network('IPv4', NULL, true), reaches_internet(NULL, true)"
        ).fetchone()
    assert row == (None, False)


def test_no_remote_end_is_every_address_of_the_ip_version_and_the_internet(conninfo):
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT rule_network('IPv4', '', false)::text, rule_network('IPv6', NULL, false)::text,"
            " rule_network('IPv4', '::/0', false), reaches_internet(NULL, false),"
            " reaches_internet('', false)"
        ).fetchone()
    assert row == ("0.0.0.0/0", "::/0", None, True, True)
