"""Reads rules from YAML, JSON, CSV or the paste formats, from a file or standard input.

What is not understood is refused: a wrong line, an unknown key, a text without rules. Values are
not checked here, because the API does that for every client.
"""

import re
import sys
from pathlib import Path
from typing import Any

from ringfence.cli.api.client import GROUPS, Client
from ringfence.cli.api.lookup import find_group
from ringfence.cli.api.options import RuleFormat
from ringfence.cli.api.paste.read import body_of, read_rules
from ringfence.errors import OperatorError
from ringfence.provisioning.parser import Plain, read_text
from ringfence.text.uuids import parse_uuid

STANDARD_INPUT = Path("-")

_MOST_BYTES = 16 * 1024 * 1024
_MOST_ERRORS = 20
_NUMBERS = frozenset({"from_port", "to_port", "id"})
# What limits a rule to some addresses
_ENDS = frozenset({"cidr", "remote_group"})
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_YAML = re.compile(r"(?:-(?:\s|$)|---(?:\s|$)|rules\s*:|\[\s*\]\s*$)")


_SUFFIXES = {
    ".yaml": RuleFormat.YAML,
    ".yml": RuleFormat.YAML,
    ".json": RuleFormat.JSON,
    ".csv": RuleFormat.CSV,
    ".txt": RuleFormat.TEXT,
}


def read(path: Path, format_: RuleFormat | None = None) -> list[dict[str, Any]]:
    """Return the rules of a file; `-` is standard input. Raises `OperatorError`.

    Remote groups are names, UUIDs or URLs, as the file has them.
    """
    text = _text_of(path)
    label = "standard input" if path == STANDARD_INPUT else str(path)
    chosen = format_ or _SUFFIXES.get(path.suffix.lower()) or _format_of(text)
    if chosen in {RuleFormat.CSV, RuleFormat.TEXT}:
        return _pasted(text, label)
    content = read_text(text, label=label, is_json=chosen is RuleFormat.JSON, is_blank_null=False)
    return _structured(content, label)


def resolve(client: Client, rules: list[dict[str, Any]], tenant: str) -> list[dict[str, Any]]:
    """Return the rules with remote groups as paths; names are those of the tenant's groups."""
    paths: dict[str, str] = {}
    resolved = []
    for index, rule in enumerate(rules):
        group = rule.get("remote_group")
        if isinstance(group, str) and group and "/" not in group:
            try:
                path = paths.get(group) or _path_of(client, group, tenant)
            except OperatorError as error:
                raise OperatorError(f"rules[{index}].remote_group: {error}") from None
            paths[group] = path
            rule = rule | {"remote_group": path}  # noqa: PLW2901 - the same rule, resolved
        resolved.append(rule)
    return resolved


def _path_of(client: Client, group: str, tenant: str) -> str:
    # A group that is shared with the tenant is in another one.
    uuid = parse_uuid(group)
    return f"{GROUPS}{uuid.hex if uuid else find_group(client, group, tenant)['uuid']}/"


def _text_of(path: Path) -> str:
    try:
        if path == STANDARD_INPUT:
            content = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with path.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise OperatorError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise OperatorError(f"{path}: is not UTF-8 text (byte {error.start})") from None
    if len(content) > _MOST_BYTES:
        raise OperatorError(f"{path}: is larger than {_MOST_BYTES // 1024**2} MB; split it")
    return text


def _format_of(text: str) -> RuleFormat:
    """Return the format of a text by its first line that is not a remark."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if first.startswith(("{", "[{")) or first == "[":
        return RuleFormat.JSON
    return RuleFormat.YAML if _YAML.match(first) else RuleFormat.TEXT


def _pasted(text: str, label: str) -> list[dict[str, Any]]:
    read = read_rules(text)
    if read.errors:
        shown = [
            f"{label}: line {each.line}: {each.message}" for each in read.errors[:_MOST_ERRORS]
        ]
        more = len(read.errors) - len(shown)
        raise OperatorError(*shown, *([f"{label}: {more} more wrong lines"] if more else []))
    if not read.rows:
        raise OperatorError(f"{label}: contains no rules; write [] to remove all rules")
    return [body_of(row) for row in read.rows]


def _structured(content: object, label: str) -> list[dict[str, Any]]:
    if isinstance(content, dict):
        unknown = [str(key) for key in content if key != "rules"]
        if unknown:
            raise OperatorError(
                f"{label}: {', '.join(unknown)}: only rules are set from it; write a list of "
                "rules, or the key rules alone"
            )
        content = content.get("rules")
    if not isinstance(content, list):
        raise OperatorError(f"{label}: expected a list of rules; write [] to remove all rules")
    return [_rule(each, f"{label}: rules[{index}]") for index, each in enumerate(content)]


def _rule(given: object, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise OperatorError(f"{where}: expected a rule with keys such as protocol and cidr")
    for key, value in given.items():
        # A response shows an empty cidr as it was sent, in a rule that has an id.
        if isinstance(value, Plain) or key != "cidr" or "id" not in given:
            _refuse_blank(key, value, where)
    return {str(key): _value(str(key), value, where) for key, value in given.items()}


def _value(key: str, value: object, where: str) -> object:
    """Return a value as JSON has it; unquoted scalars are numbers only where the API has them."""
    if isinstance(value, (dict, list)):
        raise OperatorError(f"{where}.{key} is not a single value; write one")
    if not isinstance(value, Plain):
        return value
    if key not in _NUMBERS:
        return str(value)
    if not _INTEGER.fullmatch(value):
        raise OperatorError(f"{where}.{key} is not an integer: {value}; write one such as 443")
    return int(value)


def _refuse_blank(key: str, value: object, where: str) -> None:
    """Raise `OperatorError` for a value that was left out and would open the rule."""
    if not isinstance(value, str) or value.strip():
        return
    if key in _ENDS:
        raise OperatorError(
            f"{where}.{key} is empty and would admit any address; write it, or 0.0.0.0/0 or ::/0 "
            "in cidr for any"
        )
    if isinstance(value, Plain):
        raise OperatorError(f"{where}.{key} has no value; write one, or leave the key out")
