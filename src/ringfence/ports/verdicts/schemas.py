"""The body of a verdict: validated into values that cannot be wrong."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ringfence.errors import Invalid
from ringfence.http.fields import printable
from ringfence.security_groups.driver_protocols import ICMPV4, ICMPV6
from ringfence.security_groups.rules import WITH_PORTS, protocol_number
from ringfence.text.json_value import Json
from ringfence.text.uuids import ANY_UUID

END_KEYS = ("address", "cidr", "port_uuid", "instance_uuid")
KEYS = ("source", "destination", "protocol", "port", "icmp_type", "icmp_code", "at")
AT_WORDS = ("observed", "desired")
_LAST_PORT, _LAST_BYTE = 65_535, 255
_LONGEST = 64
_UUID = re.compile(ANY_UUID)
_MOST_DIGITS = 5


@dataclass(frozen=True, slots=True)
class RequestedEnd:
    """One end as it was sent: one of these is set. UUIDs are hexadecimal, prefixes canonical."""

    address: str | None = None
    cidr: str | None = None
    port: str | None = None
    instance: str | None = None

    @property
    def text(self) -> str | None:
        """The address or prefix."""
        return self.address or self.cidr


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A group, and the rules that it would have, as `set_rules` takes them."""

    group: UUID
    rules: Json


@dataclass(frozen=True, slots=True)
class Traffic:
    """A protocol (`None` for every one) with a port or a type and code (`None` for all)."""

    protocol: int | None
    port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None


@dataclass(frozen=True, slots=True)
class VerdictRequest:
    """A request for a verdict."""

    source: RequestedEnd
    destination: RequestedEnd
    traffic: Traffic
    at: str | WhatIf


def read_request(body: Json, most_rules: int) -> VerdictRequest:
    """Return the request in a body, with at most so many rules. Raises `Invalid`."""
    if not isinstance(body, Mapping):
        raise Invalid({"non_field_errors": ["Send an object with source and destination."]})
    _refuse_unknown(body, KEYS)
    source = _end(body, "source")
    destination = _end(body, "destination")
    is_ipv6 = any(":" in (end.text or "") for end in (source, destination))
    return VerdictRequest(
        source, destination, read_traffic(body, is_ipv6=is_ipv6), _at(body, most_rules)
    )


def read_traffic(values: Mapping[str, Any], *, is_ipv6: bool = False) -> Traffic:
    """Return protocol and ports of a body. Raises `Invalid`."""
    protocol = _protocol(values, is_ipv6=is_ipv6)
    port = _number(values, "port", _LAST_PORT)
    icmp_type = _number(values, "icmp_type", _LAST_BYTE)
    icmp_code = _number(values, "icmp_code", _LAST_BYTE)
    if port is not None and protocol not in WITH_PORTS:
        raise _wrong("port", "Only tcp, udp, sctp, dccp and udplite have ports: leave it out.")
    if icmp_type is not None and protocol not in {ICMPV4, ICMPV6}:
        raise _wrong("icmp_type", "Only icmp and ipv6-icmp have types: leave it out.")
    if icmp_code is not None and icmp_type is None:
        raise _wrong("icmp_code", "A code belongs to a type: send icmp_type, too.")
    return Traffic(protocol, port, icmp_type, icmp_code)


def read_query(parameters: Iterable[tuple[str, str]]) -> Traffic:
    """Return protocol and ports of a query. Raises `Invalid`."""
    values: dict[str, Any] = {}
    for name, value in parameters:
        if name in values:
            raise _wrong(name, "Send this parameter once.")
        is_number = name != "protocol" and value.isascii() and value.isdigit()
        # Longer numbers than any allowed one are refused as text: none is read in part.
        values[name] = int(value) if is_number and len(value) <= _MOST_DIGITS else value
    return read_traffic(values)


def _wrong(field: str, message: str) -> Invalid:
    return Invalid({field: [message]})


def _refuse_unknown(body: Mapping[str, Any], allowed: tuple[str, ...], within: str = "") -> None:
    for name in body:
        if name not in allowed:
            field = within or printable(name)[:_LONGEST]
            shown = f"{str(name)[:_LONGEST]!r} is not a key here" if within else "Unknown key"
            raise _wrong(field, f"{shown}: send {', '.join(allowed)}.")


def _end(body: Mapping[str, Any], field: str) -> RequestedEnd:
    if field not in body:
        raise _wrong(field, f"This field is required: an object with one of {', '.join(END_KEYS)}.")
    end = body[field]
    if not isinstance(end, Mapping):
        raise _wrong(field, f"Send an object with one of {', '.join(END_KEYS)}.")
    _refuse_unknown(end, END_KEYS, field)
    if len(end) != 1:
        raise _wrong(field, f"Send exactly one of {', '.join(END_KEYS)}.")
    ((key, value),) = end.items()
    if not isinstance(value, str):
        raise _wrong(field, f"{key} is a text.")
    return _read_end(field, key, value.strip())


def _read_end(field: str, key: str, value: str) -> RequestedEnd:
    if key == "address":
        return RequestedEnd(address=_address(field, value))
    if key == "cidr":
        return RequestedEnd(cidr=_prefix(field, value))
    if not _UUID.fullmatch(value):
        raise _wrong(field, f"{key} is not a UUID.")
    uuid = UUID(value).hex
    return RequestedEnd(port=uuid) if key == "port_uuid" else RequestedEnd(instance=uuid)


def _address(field: str, value: str) -> str:
    message = "address is not an IP address such as 203.0.113.7; send a prefix as cidr."
    if "%" in value or len(value) > _LONGEST:
        raise _wrong(field, message)
    try:
        return ipaddress.ip_address(value).compressed
    except ValueError:
        raise _wrong(field, message) from None


def _prefix(field: str, value: str) -> str:
    message = "cidr is not a prefix such as 10.0.0.0/8 or 2001:db8::/32."
    if "%" in value or len(value) > _LONGEST:
        raise _wrong(field, message)
    try:
        return ipaddress.ip_network(value, strict=False).compressed
    except ValueError:
        raise _wrong(field, message) from None


def _protocol(body: Mapping[str, Any], *, is_ipv6: bool) -> int | None:
    if "protocol" not in body:
        message = 'This field is required: tcp, udp, icmp, another name, a number, or "" for all.'
        raise _wrong("protocol", message)
    value = body["protocol"]
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise _wrong("protocol", 'Send a name such as tcp, a number, or "" for every protocol.')
    word = value.strip().lower()
    if word in {"", "any"}:
        return None
    number = protocol_number(word)
    if number is None:
        allowed = 'tcp, udp, icmp, a number up to 255, or "" for all'
        message = f"{word!r} is not a protocol: send {allowed}."
        raise _wrong("protocol", message)
    return ICMPV6 if word == "icmp" and is_ipv6 else number


def _number(body: Mapping[str, Any], field: str, last: int) -> int | None:
    value = body.get(field)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= last:
        raise _wrong(field, f"Send a number from 0 to {last}, or leave it out for all.")
    return value


def _at(body: Mapping[str, Any], most_rules: int) -> str | WhatIf:
    at = body.get("at", "observed")
    if isinstance(at, str) and at in AT_WORDS:
        return at
    if not isinstance(at, Mapping):
        message = "Send observed, desired, or an object with security_group and rules."
        raise _wrong("at", message)
    _refuse_unknown(at, ("security_group", "rules"), "at")
    group, rules = at.get("security_group"), at.get("rules")
    if not isinstance(group, str) or not _UUID.fullmatch(group):
        raise _wrong("at", "security_group is not the UUID of a group.")
    if not isinstance(rules, list):
        raise _wrong("at", "rules is a list of rules, as set_rules takes it.")
    if len(rules) > most_rules:
        raise _wrong("at", f"A request has at most {most_rules} rules; this one has {len(rules)}.")
    return WhatIf(UUID(group), rules)
