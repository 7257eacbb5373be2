"""Parses rules of ufw: "ufw allow 22/tcp", "allow from 10.0.0.0/8 to any port 22 proto tcp"."""

import re
from collections.abc import Mapping

from ringfence.cli.api.paste.description import Described, Row
from ringfence.cli.api.paste.meaning import Meaning, Opening, rows_of
from ringfence.cli.api.paste.plain import take_opens, take_prefix_words
from ringfence.cli.api.paste.values import (
    End,
    ParseError,
    has_ports,
    is_anywhere,
    ports_of,
    prefixes_of,
    protocol_of,
)
from ringfence.cli.api.paste.words import Words, shell_words

_CLAUSES = ("from", "to", "proto", "comment")
_ALLOWS = "is not supported: security group rules can only allow. Remove the line."
_UNSUPPORTED = {
    "deny": _ALLOWS,
    "reject": _ALLOWS,
    "limit": (
        "is not supported: security groups do not limit connection rates. Write allow instead."
    ),
    "on": "is an interface, which a security group rule cannot match.",
}
_FORM = (
    "is not recognised. Supported forms: allow [in|out] PORTS/PROTOCOL, allow proto PROTOCOL from "
    "ADDRESS to any port PORTS."
)
_REPEATS = "repeats what the line already says."


def read_ufw(line: str) -> list[Row]:
    """Read a line that begins with ufw, or with one of its verbs."""
    split, remark = shell_words(line)
    words = Words(split)
    words.take_if("sudo")
    is_command = words.take_if("ufw")
    verb = words.take("The line ends before allow.")
    if verb.lower() != "allow":
        raise ParseError(verb, _UNSUPPORTED.get(verb.lower(), _FORM))
    prefix = take_prefix_words(words)
    direction = prefix.direction or "ingress"
    following = words.next
    is_opened = following is not None and following.lower() not in _CLAUSES
    if is_opened and following and following.lower() in _UNSUPPORTED:
        raise ParseError(following, _UNSUPPORTED[following.lower()])
    # A protocol without ports is short for "proto PROTOCOL".
    is_alone = is_opened and _is_protocol_alone(words)
    named = {"protocol": words.take("")} if is_alone else {}
    opened = take_opens(words) if is_opened and not is_alone else None
    clauses = _take_clauses(words, named)
    if "from_port" in clauses:
        where = "to ADDRESS" if direction == "egress" else "to any"
        raise ParseError(
            clauses["from_port"],
            f"is a source port, which a security group rule cannot match: write {where} port.",
        )
    opens = [_opens_of(clauses)] if opened is None else opened
    if opened is not None and ("protocol" in clauses or "to_port" in clauses):
        raise ParseError(clauses.get("protocol", clauses.get("to_port", "")), _REPEATS)
    ends = _ends_of(clauses, direction, is_command=is_command)
    described = Described(comment=clauses.get("comment"), remark=remark)
    return rows_of(Meaning(direction, prefix.ethertype, opens, ends, described))


def _is_protocol_alone(words: Words) -> bool:
    position = words.position + 1
    following = words.words[position].lower() if position < len(words.words) else ""
    word = words.next or ""
    is_word = re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]*", word) is not None
    return following in _CLAUSES and is_word and _is_protocol(word)


def _is_protocol(word: str) -> bool:
    try:
        protocol_of(word)
    except ParseError:
        return False
    return True


def _take_clauses(words: Words, clauses: dict[str, str]) -> dict[str, str]:
    while words.next is not None:
        word = words.take("")
        name = word.lower()
        if name not in _CLAUSES:
            raise ParseError(word, _UNSUPPORTED.get(name, _FORM))
        part = "protocol" if name == "proto" else name
        if part in clauses:
            raise ParseError(word, "is duplicated in the line.")
        clauses[part] = (
            words.take("The line ends before the comment.")
            if part == "comment"
            else words.take_list(f"The line ends after {name}.")
        )
        if part in {"from", "to"} and words.take_if("port"):
            clauses[f"{part}_port"] = words.take_list("The line ends before the port.")
    return clauses


def _opens_of(clauses: Mapping[str, str]) -> Opening:
    protocol, to_port = clauses.get("protocol"), clauses.get("to_port")
    if protocol is None:
        if to_port is None:
            raise ParseError(
                "",
                "The line has no protocol and ports: add port 22 proto tcp, or proto any for all "
                "traffic.",
            )
        raise ParseError(to_port, "is a port without a protocol: add proto tcp or proto udp.")
    known = protocol_of(protocol)
    if to_port is None:
        return Opening(known, None)
    return Opening(known, [""] if is_anywhere(to_port) and has_ports(known) else ports_of(to_port))


def _ends_of(clauses: Mapping[str, str], direction: str, *, is_command: bool) -> list[End]:
    """Return the remotes; ufw itself takes a rule without an address as one from anywhere."""
    sides = ("to", "from") if direction == "egress" else ("from", "to")
    remote, inner = (clauses.get(side) for side in sides)
    if inner is not None and not is_anywhere(inner):
        raise ParseError(
            inner,
            "is the address of the instance, which a security group rule cannot match: write any.",
        )
    if remote is None and not is_command:
        side = "destination" if direction == "egress" else "source"
        raise ParseError("", f"The line has no {side}: add an address, or any for all addresses.")
    if remote is None or is_anywhere(remote):
        return [End("all")]
    return prefixes_of(remote)
