"""The filters and orderings of the search: how their values are read.

All of them are Ringfence's own, so a value that is not understood is refused. `search` combines the
values, and `statements` builds the conditions on rows from them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from ringfence.errors import Invalid, Message
from ringfence.http import hints
from ringfence.http.collections.filters import (
    NO_NULL_CHARACTER,
    Kind,
    Ordering,
    StrictFlag,
    trimmed,
    uuid,
)
from ringfence.http.fields import printable
from ringfence.security_groups.rule_search.query_text import (
    LAST_PORT,
    Address,
    Meaning,
    Network,
    address_of,
    meaning_of,
    network_of,
    protocols_of,
)
from ringfence.security_groups.rules import DIRECTIONS, ETHERTYPES

# Shorter texts are in almost every rule, and no index finds them.
SHORTEST_TEXT = 3
LONGEST_TEXT = 255
LONGEST_PREFIX = 128
ANY_PROTOCOL = "any"
EVERY_PROTOCOL_NUMBER = -1


@dataclass(frozen=True, slots=True)
class One:
    """One value, trimmed; none, an empty one or several are refused.

    The condition is not on the filter: see `statements`.
    """

    convert: Callable[[str], Any] = trimmed
    condition: LiteralString = ""

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever is converted
        """Return the converted value; raises `Invalid`."""
        if any("\x00" in text for text in values):
            raise Invalid([NO_NULL_CHARACTER])
        given = {text.strip() for text in values}
        if len(given) != 1:
            raise Invalid(["This parameter is given more than once, with different values."])
        text = given.pop()
        if not text:
            raise Invalid(["This parameter may not be empty."])
        return self.convert(text)


def _refuse(text: str, what: str, allowed: str) -> Invalid:
    message = f"{printable(text[:LONGEST_PREFIX])} is not {what}. Allowed: {allowed}."
    return Invalid([Message(message, hints.allowed(allowed))])


def _address(text: str) -> Address:
    found = address_of(text)
    if found is None:
        raise _refuse(text, "an IP address", "an IPv4 or IPv6 address, as in 203.0.113.7")
    return found


def _network(text: str) -> Network:
    found = network_of(text)
    if found is None:
        raise _refuse(text, "a prefix", "an IPv4 or IPv6 prefix or address, as in 10.0.0.0/8")
    return found


def _protocols(text: str) -> tuple[int, ...]:
    """Return numbers; -1 alone for rules that admit all protocols."""
    if text.lower() == ANY_PROTOCOL:
        return (EVERY_PROTOCOL_NUMBER,)
    found = protocols_of(text)
    if found is None:
        allowed = "any, a name such as tcp, udp, icmp or sctp, or a number from 0 to 255"
        raise _refuse(text, "a protocol", allowed)
    return found


def _number(least: int, most: int, what: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        # No number that is allowed has more digits.
        if text.isascii() and text.isdecimal() and len(text) <= 5 and least <= int(text) <= most:  # noqa: PLR2004
            return int(text)
        raise _refuse(text, what, f"a number from {least} to {most}")

    return read


def _word(words: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            allowed = " or ".join(words)
            message = f"{printable(text[:LONGEST_PREFIX])} is not allowed. Allowed: {allowed}."
            raise Invalid([Message(message, hints.one_of(words, text))])
        return text

    return read


def _text(text: str) -> str:
    if not SHORTEST_TEXT <= len(text) <= LONGEST_TEXT:
        raise _refuse(
            text, "long enough or short enough", f"{SHORTEST_TEXT} to {LONGEST_TEXT} characters"
        )
    return text


def _query(text: str) -> Meaning:
    meaning = meaning_of(text)
    if meaning.text is not None:
        _text(text)
    return meaning


ANCESTORS: Mapping[str, LiteralString] = {
    "tenant_uuid": "tenant.uuid = %(tenant_uuid)s",
    "project_uuid": "project.uuid = %(project_uuid)s",
    "customer_uuid": "customer.uuid = %(customer_uuid)s",
    "service_settings_uuid": "cloud.uuid = %(service_settings_uuid)s",
}

FILTERS: Mapping[str, Kind] = {
    "admits": One(_address),
    "within": One(_network),
    "overlaps": One(_network),
    "protocol": One(_protocols),
    "port": One(_number(0, LAST_PORT, "a port")),
    "direction": One(_word(DIRECTIONS)),
    "ethertype": One(_word(ETHERTYPES)),
    "from_internet": StrictFlag(""),
    "wider_than": One(_number(1, LONGEST_PREFIX, "a prefix length")),
    "remote_group_uuid": One(uuid),
    "unresolved": StrictFlag(""),
    "in_use": StrictFlag(""),
    "description": One(_text),
    "query": One(_query),
    **dict.fromkeys(ANCESTORS, One(uuid)),
}

GROUP_NAME: LiteralString = "sg.name"
# Rules with a symbolic end, which has no prefix, come last.
PREFIX_LENGTH: LiteralString = "coalesce(masklen(rule.network), 129)"

ORDERS = Ordering(
    {
        "security_group_name": GROUP_NAME,
        "cidr": PREFIX_LENGTH,
        "port": "rule.first_port",
        # Rules are numbered in the order in which they were created.
        "created": "rule.id",
    },
    default="rule.id",
)
