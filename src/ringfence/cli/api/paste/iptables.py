"""Parses rules of iptables: "-A INPUT -p tcp -s 10.0.0.0/8 --dport 22 -j ACCEPT"."""

import re
from collections.abc import Mapping, Sequence

from ringfence.cli.api.paste.description import Described, Row
from ringfence.cli.api.paste.meaning import Meaning, Opening, rows_of
from ringfence.cli.api.paste.options import take_options
from ringfence.cli.api.paste.values import (
    End,
    ParseError,
    icmp_types_of,
    is_icmp,
    ports_of,
    prefixes_of,
    protocol_of,
)
from ringfence.cli.api.paste.words import shell_words

_FORM = (
    "is not recognised. Supported form: -A INPUT -p PROTOCOL -s ADDRESS --dport PORTS -j ACCEPT, "
    "with the matches multiport, comment, state and conntrack."
)
_NO_INTERFACE = "is an interface, which a security group rule cannot match."
_NO_SENDER = "is a source port, which a security group rule cannot match."
_ALLOWS = "is not supported: security group rules can only allow. Remove the line."
_INNER = "is the address of the instance, which a security group rule cannot match."
_OPTIONS = {
    **dict.fromkeys(("-A", "--append", "-I", "--insert"), "chain"),
    **dict.fromkeys(("-t", "--table"), "table"),
    **dict.fromkeys(("-p", "--protocol", "--proto"), "protocol"),
    **dict.fromkeys(("-s", "--source", "--src"), "source"),
    **dict.fromkeys(("-d", "--destination", "--dst"), "destination"),
    **dict.fromkeys(("--dport", "--destination-port", "--dports", "--destination-ports"), "ports"),
    **dict.fromkeys(("--icmp-type", "--icmpv6-type"), "types"),
    **dict.fromkeys(("--state", "--ctstate"), "states"),
    "--comment": "comment",
    **dict.fromkeys(("-j", "--jump"), "target"),
}
_UNSUPPORTED = {
    "!": "is a negation, which a security group rule cannot express.",
    **dict.fromkeys(("-i", "--in-interface", "-o", "--out-interface"), _NO_INTERFACE),
    **dict.fromkeys(
        ("--sport", "--sports", "--source-port", "--source-ports", "--port", "--ports"),
        _NO_SENDER,
    ),
}
_PROGRAMS = {"iptables": "IPv4", "ip6tables": "IPv6"}
_CHAINS = {"INPUT": "ingress", "OUTPUT": "egress"}
_MATCHES = frozenset({"multiport", "comment", "state", "conntrack"})
_STATES = frozenset({"NEW", "ESTABLISHED", "RELATED"})
_TYPES = {
    "icmp": {"echo-request": "8", "echo-reply": "0"},
    "icmpv6": {"echo-request": "128", "echo-reply": "129"},
}


def read_iptables(line: str) -> list[Row]:
    """Read a line that begins with iptables, ip6tables or an option of theirs."""
    words, remark = shell_words(line)
    words = words[1:] if words[:1] == ["sudo"] else words
    program = _PROGRAMS.get(words[0], "") if words else ""
    matches, others = _without_matches(words[1:] if program else words)
    values, rest = take_options(others, _OPTIONS, _UNSUPPORTED, _FORM)
    # "-I INPUT 1": the position of the rule does not change what it allows.
    if len(rest) == 1 and re.fullmatch(r"[0-9]+", rest[0]) and _is_inserted(others, rest[0]):
        rest.pop()
    if rest:
        raise ParseError(rest[0], _FORM)
    direction = _direction_of(values)
    _check_target(values)
    if "protocol" not in values:
        raise ParseError(
            values["chain"], "has no protocol: add -p tcp, or -p all for any protocol."
        )
    protocol = protocol_of(values["protocol"])
    _check_matches(matches, protocol)
    opens = [Opening(protocol, _opened_by(values, protocol))]
    ends = _ends_of(values, direction, program or ("IPv6" if protocol == "icmpv6" else "IPv4"))
    described = Described(comment=values.get("comment"), remark=remark)
    return rows_of(Meaning(direction, program, opens, ends, described))


def _without_matches(words: Sequence[str]) -> tuple[list[str], list[str]]:
    matches: list[str] = []
    others: list[str] = []
    every = iter(words)
    for word in every:
        if word not in {"-m", "--match"}:
            others.append(word)
            continue
        value = next(every, None)
        if value is None:
            raise ParseError(word, "requires a value.")
        matches.append(value)
    return matches, others


def _is_inserted(words: Sequence[str], number: str) -> bool:
    # "--insert=INPUT" is one word here.
    index = words.index(number) if number in words else -1
    return index >= 2 and words[index - 2] in {"-I", "--insert"}  # noqa: PLR2004


def _direction_of(values: Mapping[str, str]) -> str:
    table, chain = values.get("table", "filter"), values.get("chain")
    if table != "filter":
        raise ParseError(table, "is not the filter table, the only one that is supported.")
    if chain is None:
        raise ParseError(
            "", "The line has no chain: add -A INPUT for ingress, -A OUTPUT for egress."
        )
    if chain not in _CHAINS:
        raise ParseError(chain, "is not supported: use INPUT for ingress, OUTPUT for egress.")
    inner = values.get("destination" if chain == "INPUT" else "source")
    if inner is not None:
        raise ParseError(inner, _INNER)
    return _CHAINS[chain]


def _check_target(values: Mapping[str, str]) -> None:
    target, states = values.get("target"), values.get("states", "NEW")
    if target is None:
        raise ParseError("", "The line has no target: add -j ACCEPT.")
    if target != "ACCEPT":
        is_denial = target in {"DROP", "REJECT"}
        raise ParseError(
            target, _ALLOWS if is_denial else "is not supported: the only target is ACCEPT."
        )
    named = set(states.split(","))
    if not named <= _STATES or "NEW" not in named:
        raise ParseError(
            states,
            "is not supported: security groups are stateful, and their rules match NEW "
            "connections.",
        )


def _check_matches(matches: Sequence[str], protocol: str) -> None:
    named = {"icmp6", "icmpv6"} if protocol == "icmpv6" else {protocol}
    for match in matches:
        if match not in _MATCHES and match.lower() not in named:
            raise ParseError(match, _FORM)


def _opened_by(values: Mapping[str, str], protocol: str) -> list[str] | None:
    ports, types = values.get("ports"), values.get("types")
    if types is None:
        return None if ports is None else ports_of(ports)
    if ports is not None:
        raise ParseError(types, "cannot be combined with ports.")
    if not is_icmp(protocol):
        raise ParseError(types, "requires ICMP: write -p icmp.")
    return icmp_types_of(_TYPES[protocol].get(types, types))


def _ends_of(values: Mapping[str, str], direction: str, family: str) -> list[End]:
    """Return the remotes; `family` is the IP version of a rule without an address."""
    remote = values.get("destination" if direction == "egress" else "source")
    if remote is not None:
        return prefixes_of(remote)
    return [End("all", "IPv6" if family == "IPv6" else "IPv4")]
