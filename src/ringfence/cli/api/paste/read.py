"""Parses a text into rules. A line is parsed completely, with every word used, or is an error."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from ringfence.cli.api.paste.csv_lines import columns_of, header_of, read_csv
from ringfence.cli.api.paste.description import Row
from ringfence.cli.api.paste.iptables import read_iptables
from ringfence.cli.api.paste.meaning import MAX_RULES, length_of
from ringfence.cli.api.paste.openstack_command import read_openstack
from ringfence.cli.api.paste.plain import read_plain
from ringfence.cli.api.paste.ufw import read_ufw
from ringfence.cli.api.paste.values import SPACE, ParseError, has_ports, is_every, strip

# A longer text is refused before it is parsed.
_MAX_TEXT = 256 * 1024
_MAX_LINE = 4096
_COMMANDS = frozenset({"iptables", "ip6tables"})
_VERBS = frozenset({"ufw", "allow"})
_LINE_END = re.compile(r"\r\n|\r|\n")
_IPTABLES_OPTION = re.compile(r"--(append|insert|table|match|jump)(=|$)")
# Default_Ignorable_Code_Point, U+2800, which is drawn as a blank, and the format characters that
# Unicode 15 has and Python 3.11 does not know
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U00013430-\U0001343f\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co"})


@dataclass(frozen=True, slots=True)
class LineError:
    """An error in a line, counted from 1; `word` is the one that could not be parsed."""

    line: int
    word: str
    message: str


@dataclass(slots=True)
class _State:
    columns: list[str] | None = None
    is_first: bool = True
    group: str = ""


@dataclass(slots=True)
class Read:
    """What a text says. The rows must not be used while there are errors."""

    rows: list[Row] = field(default_factory=list)
    errors: list[LineError] = field(default_factory=list)


def read_rules(text: str) -> Read:
    """Parse a text into rows."""
    read = Read()
    if length_of(text) > _MAX_TEXT:
        read.errors.append(LineError(1, "", "The text is too long: paste it in parts."))
        return read
    state = _State()
    for number, given in enumerate(_LINE_END.split(text), 1):
        line = strip(given)
        if not line or line.startswith("#"):
            continue
        try:
            read.rows += _read_line(line, state)
            if len(read.rows) > MAX_RULES:
                raise ParseError(  # noqa: TRY301 - as for any other error of the line
                    "",
                    f"At most {MAX_RULES} rules can be pasted at once: paste them in parts.",
                )
        except ParseError as problem:
            if len(read.rows) > MAX_RULES:
                read.rows.clear()
            read.errors.append(_line_error(number, problem))
        state.is_first = False
    return read


def body_of(row: Row) -> dict[str, Any]:
    """Return the rule that is sent for a row; a remote group is still a name."""
    first, last = _ports_of(row)
    every = "::/0" if row.ethertype == "IPv6" else "0.0.0.0/0"
    return {
        "direction": row.direction,
        "ethertype": row.ethertype,
        "protocol": row.protocol,
        "from_port": first,
        "to_port": last,
        "description": row.description,
        "cidr": {"group": None, "all": every}.get(row.kind, row.end),
        "remote_group": row.end if row.kind == "group" else None,
    }


def _ports_of(row: Row) -> tuple[int, int]:
    if row.ports == "" or is_every(row.ports):
        return -1, -1
    first, _, last = row.ports.partition("/" if row.protocol == "icmp" else "-")
    default = first if has_ports(row.protocol) else "-1"
    return int(first), int(last or default)


def _read_line(line: str, state: _State) -> list[Row]:
    if length_of(line) > _MAX_LINE:
        raise ParseError("", f"The line is longer than {_MAX_LINE} characters.")
    for letter in line.replace("\t", " "):
        if unicodedata.category(letter) in _INVISIBLE_CATEGORIES or _IGNORABLE.match(letter):
            raise ParseError(
                f"U+{ord(letter):04X}", "is an invisible character: type the line again."
            )
    header = header_of(line) if state.is_first else None
    if header is not None:
        state.columns = []
        state.columns = columns_of(header)
        return []
    if state.columns is not None:
        return read_csv(line, state.columns) if state.columns else []
    return _read_command(line, state)


def _read_command(line: str, state: _State) -> list[Row]:
    first, second = (*SPACE.split(line), "")[:2]
    begin = (second if first.lower() == "sudo" else first).lower()
    if begin in _VERBS:
        return read_ufw(line)
    if begin in _COMMANDS or re.match(r"-[a-z!]", begin):
        return read_iptables(line)
    if begin == "openstack" or begin.startswith("--"):
        return _read_for(line, state)
    return read_plain(line)


def _read_for(line: str, state: _State) -> list[Row]:
    if _IPTABLES_OPTION.match(SPACE.split(line)[0]):
        return read_iptables(line)
    rows, group = read_openstack(line)
    if group and state.group and group != state.group:
        raise ParseError(
            group,
            f"is not {state.group}, the group of the lines above: paste the lines of one group at "
            "a time.",
        )
    state.group = state.group or group
    return rows


def _line_error(number: int, error: ParseError) -> LineError:
    is_about_word = error.word != "" and "a" <= error.message[:1] <= "z"
    message = f"“{error.word}” {error.message}" if is_about_word else error.message
    return LineError(number, error.word, message)
