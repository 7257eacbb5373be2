"""Parses the arguments of "openstack security group rule create"."""

from collections.abc import Mapping

from ringfence.cli.api.paste.description import Described, Row, could_be_keyword
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

_COMMAND = ["openstack", "security", "group", "rule", "create"]
_FORM = (
    "is not recognised. Supported arguments: --ingress, --egress, --ethertype, --protocol, "
    "--dst-port, --icmp-type, --icmp-code, --remote-ip, --remote-group, --description, and the "
    "group."
)
_OPTIONS = {
    "--ingress": "-direction",
    "--egress": "-direction",
    "--ethertype": "ethertype",
    "--protocol": "protocol",
    "--dst-port": "ports",
    "--icmp-type": "type",
    "--icmp-code": "code",
    "--remote-ip": "prefix",
    "--remote-group": "group",
    "--description": "description",
}
_UNSUPPORTED = {
    "--remote-address-group": (
        "is an address group, which is not supported: only the cloud knows its members."
    ),
    "--project": "is not supported: the rules are added to the group in the editor. Remove it.",
}
_ETHERTYPES = {"ipv4": "IPv4", "ipv6": "IPv6"}


def read_openstack(line: str) -> tuple[list[Row], str]:
    """Read a line that begins with openstack, or with an option of the command.

    Returns the rows, and the group that the command names.
    """
    words, remark = shell_words(line)
    is_command = words[0] == _COMMAND[0]
    if is_command:
        for index, expected in enumerate(_COMMAND):
            word = words[index] if index < len(words) else None
            if word != expected:
                raise ParseError(
                    word or "",
                    "is not supported: the command must be openstack security group rule create.",
                )
        words = words[len(_COMMAND) :]
    values, rest = take_options(words, _OPTIONS, _UNSUPPORTED, _FORM)
    group = rest[0] if rest else ""
    if len(rest) > 1 or (group and could_be_keyword(group)):
        raise ParseError(rest[-1] if len(rest) == 1 else rest[1], _FORM)
    if "prefix" not in values and "group" not in values and not (is_command and group):
        raise ParseError(
            "",
            "The line has no remote: add --remote-ip, with 0.0.0.0/0 or ::/0 for all addresses.",
        )
    if "protocol" not in values:
        raise ParseError(
            "", "The line has no protocol: add --protocol tcp, or --protocol any for all traffic."
        )
    protocol = protocol_of(values["protocol"])
    direction = "egress" if values.get("direction") == "--egress" else "ingress"
    ethertype = _ethertype_of(values, protocol)
    described = Described(comment=values.get("description"), remark=remark)
    opens = [Opening(protocol, _opened_by(values, protocol))]
    return rows_of(Meaning(direction, ethertype, opens, _ends_of(values), described)), group


def _ethertype_of(values: Mapping[str, str], protocol: str) -> str:
    ethertype = values.get("ethertype")
    if ethertype is None:
        # The command defaults to IPv4 unless the address or the protocol implies IPv6.
        return "IPv4" if "prefix" not in values and protocol != "icmpv6" else ""
    if ethertype.lower() not in _ETHERTYPES:
        raise ParseError(ethertype, "is not an IP version: write IPv4 or IPv6.")
    return _ETHERTYPES[ethertype.lower()]


def _opened_by(values: Mapping[str, str], protocol: str) -> list[str] | None:
    ports, kind, code = values.get("ports"), values.get("type"), values.get("code")
    if ports is None and kind is None and code is None:
        return None
    if is_icmp(protocol):
        if ports is not None:
            raise ParseError(ports, "cannot be combined with ICMP: write --icmp-type.")
        if kind is None:
            raise ParseError(code or "", "is a code without a type: add --icmp-type.")
        return icmp_types_of(kind if code is None else f"{kind}/{code}")
    if kind is not None or code is not None:
        raise ParseError(
            kind if kind is not None else code or "", "requires ICMP: write --protocol icmp."
        )
    return ports_of(ports or "")


def _ends_of(values: Mapping[str, str]) -> list[End]:
    prefix, group = values.get("prefix"), values.get("group")
    if prefix is not None and group is not None:
        raise ParseError(group, "cannot be combined with --remote-ip: a rule has one remote.")
    if prefix is not None:
        return prefixes_of(prefix)
    return [End("all") if group is None else End("group", end=group)]
