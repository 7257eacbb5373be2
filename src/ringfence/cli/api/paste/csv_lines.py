"""Parses CSV. The header uses the names of Ringfence, of Neutron or of the openstack command."""

import re
from collections.abc import Mapping, Sequence

from ringfence.cli.api.paste.description import Described, Row
from ringfence.cli.api.paste.meaning import Meaning, Opening, rows_of
from ringfence.cli.api.paste.plain import DIRECTIONS, ETHERTYPES
from ringfence.cli.api.paste.values import (
    SPACE,
    End,
    ParseError,
    icmp_types_of,
    is_anywhere,
    is_every,
    is_icmp,
    ports_of,
    prefixes_of,
    protocol_of,
    strip,
)

_COLUMNS = {
    "direction": "direction",
    "ethertype": "ethertype",
    "ether type": "ethertype",
    "protocol": "protocol",
    "ip protocol": "protocol",
    "port": "ports",
    "ports": "ports",
    "port range": "ports",
    "from_port": "first",
    "port_range_min": "first",
    "to_port": "last",
    "port_range_max": "last",
    "cidr": "prefix",
    "remote_ip_prefix": "prefix",
    "ip range": "prefix",
    "remote_group": "group",
    "remote_group_name": "group",
    "description": "description",
}
_REQUIRED = "is empty: write a value, or any."
_NAME = re.compile(r"[a-z_ ]+")


def header_of(line: str) -> list[str] | None:
    """Return the columns of a header; None if the line is not a header."""
    fields = [strip(field).replace('"', "").lower() for field in line.split(",")]
    is_header = (
        len(fields) > 1
        and any(field in _COLUMNS for field in fields)
        and all(map(_NAME.fullmatch, fields))
    )
    return fields if is_header else None


def columns_of(fields: Sequence[str]) -> list[str]:
    """Return the meaning of each column; raises `ParseError` for an unknown or duplicate one."""
    columns: list[str] = []
    for field in fields:
        if field not in _COLUMNS:
            raise ParseError(field, f"is not a known column. Known columns: {', '.join(_COLUMNS)}.")
        columns.append(_COLUMNS[field])
    for index, column in enumerate(columns):
        if columns.index(column) != index:
            raise ParseError(fields[index], "is a duplicate of another column.")
    is_half = ("first" in columns) != ("last" in columns)
    if is_half or ("first" in columns and "ports" in columns):
        raise ParseError(
            next(
                field
                for field, column in zip(fields, columns, strict=True)
                if column in {"first", "last"}
            ),
            "requires the first and the last port in two columns, or both in one column named "
            "ports.",
        )
    return columns


def read_csv(line: str, columns: Sequence[str]) -> list[Row]:
    fields = _fields_of(line)
    if len(fields) != len(columns):
        raise ParseError(
            fields[-1],
            f"The line has {len(fields)} fields, but the header has {len(columns)} columns.",
        )
    values = dict(zip(columns, fields, strict=True))
    if not values.get("protocol"):
        raise ParseError("protocol", _REQUIRED)
    protocol = protocol_of(values["protocol"])
    direction = _known(values.get("direction"), "direction", DIRECTIONS, "ingress")
    ethertype = _known(values.get("ethertype"), "ethertype", ETHERTYPES, "")
    opens = [Opening(protocol, _opened_by(values, protocol))]
    described = Described(column=values.get("description"))
    return rows_of(Meaning(direction, ethertype, opens, _ends_of(values), described))


def _known(value: str | None, column: str, words: Mapping[str, str], default: str) -> str:
    """Return the meaning of a word in a column; None if there is no such column."""
    if value is None:
        return default
    if value.lower() not in words:
        allowed = " or ".join(dict.fromkeys(words.values()))
        raise ParseError(value or column, f"is not a valid {column}: write {allowed}.")
    return words[value.lower()]


def _opened_by(values: Mapping[str, str], protocol: str) -> list[str] | None:
    ports, first, last = values.get("ports"), values.get("first"), values.get("last")
    # Waldur writes any port as -1.
    is_any = (
        is_every(ports) or (first == "-1" and last == "-1") or (is_every(first) and is_every(last))
    )
    if is_any:
        return [""]
    if is_icmp(protocol):
        return _icmp_types_in(ports, first, last)
    if ports:
        return ports_of(_without_spaces(ports))
    if not first and not last:
        return None
    return ports_of(f"{first}-{last}")


def _icmp_types_in(types: str | None, kind: str | None, code: str | None) -> list[str] | None:
    if types:
        return icmp_types_of(_without_spaces(types))
    if not kind and not code:
        return None
    return icmp_types_of((kind or "") if not code or code == "-1" else f"{kind}/{code}")


def _ends_of(values: Mapping[str, str]) -> list[End]:
    prefix, group = values.get("prefix"), values.get("group")
    if prefix and group:
        raise ParseError(group, "cannot be combined with a CIDR: a rule has one remote.")
    if group:
        return [End("group", end=group)]
    if not prefix:
        is_group = prefix is None and group is not None
        raise ParseError("remote_group" if is_group else "cidr", _REQUIRED)
    return [End("all")] if is_anywhere(prefix) else prefixes_of(_without_spaces(prefix))


def _without_spaces(words: str) -> str:
    """Remove the spaces at the commas of a list; they are allowed nowhere else."""
    return ",".join(strip(each) for each in words.split(","))


def _fields_of(line: str) -> list[str]:
    """Split a line into fields (RFC 4180)."""
    fields: list[str] = []
    index = 0
    while index <= len(line):
        spaces = SPACE.match(line, index)
        start = spaces.end() if spaces else index
        if line[start : start + 1] == '"':
            field, index = _quoted_field(line, start)
            fields.append(field)
            continue
        end = line.find(",", index)
        end = len(line) if end < 0 else end
        field = strip(line[index:end])
        if '"' in field:
            raise ParseError(
                field, "contains a quote: quote the whole field, and double the quote inside."
            )
        fields.append(field)
        index = end + 1
    return fields


def _quoted_field(line: str, start: int) -> tuple[str, int]:
    """Return a field and the index after it; `start` is that of the opening quote."""
    field = ""
    index = start + 1
    while index < len(line):
        if line[index] != '"':
            field += line[index]
        elif line[index + 1 : index + 2] == '"':
            field += '"'
            index += 1
        else:
            comma = line.find(",", index)
            comma = len(line) if comma < 0 else comma
            after = strip(line[index + 1 : comma])
            if after:
                raise ParseError(after, "follows the closing quote of its field.")
            return strip(field), comma + 1
        index += 1
    raise ParseError('"', "is not closed: end the field with a quote.")
