"""Write docs/reference/refused.md from the table that the validation uses.

python tools/refused.py check|write
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ringfence.errors import Invalid, Message
from ringfence.security_groups.rule_input.refused_input import CONTRACT, TABLE, Refusal
from ringfence.security_groups.rule_input.rule_keys import ShownRule
from ringfence.security_groups.rule_input.rule_requests import DUPLICATE_RULES
from ringfence.security_groups.schemas import clean_creation

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "refused.md"
LONG = 80
PLAIN = {"name": "web", "ethertype": "IPv4", "direction": "ingress", "from_port": -1, "to_port": -1}

HEAD = """# Refused requests

A request that no OpenStack cloud can carry out returns 400 with an error at the invalid \
field; nothing is stored, and nothing is sent to the cloud. The same holds for requests that the \
API's contract refuses. \
`make refused` writes this page from the table that the validation uses \
(`security_groups/rule_input/refused_input.py`), and tests send every example to a real Neutron.

The table applies to `create_security_group`, `push_security_groups`, PUT, PATCH, `set_rules`, \
`plan` and `rollback`, and to files of `ringfence load`, which has its own messages. In a file, \
absent ports are any ([Provisioning file](provisioning-file.md)), and `default` is allowed: it \
describes the group that the cloud creates.

The errors of a list of rules are a list: one object for each rule, empty if the rule is valid. \
The hints are in the header `Ringfence-Hint` ([API](api.md#hints)). Names and descriptions are \
trimmed first. Errors of single fields are reported together; of a whole rule, only the first.
"""

KEYS = ", ".join(f"`{key}`" for key in ShownRule.__annotations__)

TAIL = f"""
## Keys of a rule

A rule has the keys {KEYS}. Keys that only responses have can be sent back. Any other key is \
refused and the nearest known one named, because dropping a key of a rule widens the rule.

## Protocol 0

Typed clients send the number 0 for an unset value, and firewalls of iptables admit every protocol \
for it, so the JSON number is refused. The texts `"0"` and `"hopopt"` are accepted, and plans warn \
that they may mean every protocol.

## Remote end of a rule

A rule without `cidr` and `remote_group` admits any address. It is refused

- if another key describes a remote end (`remote_group_name`, `remote_group_uuid`, \
`remote_group_backend_id`, `remote_address_group_backend_id`) that no present or earlier rule of \
the group has; in these keys an empty text is a value that names nothing
- if no key describes one, and a rule of the group, of its versions or of the cloud is equal \
except for a remote end that no request can express (an address group, a group unknown to \
Ringfence)
- if no key describes one, and a rule of the group or of the cloud with such a remote end \
overlaps it: tcp 22 to 23 beside tcp 22. What one rule for any address admitted before may stay

The error names the remote end, how to keep it, and how to admit any address on purpose \
(`"cidr": "0.0.0.0/0"`, IPv6: `"::/0"`). See [Remote ends of rules](api.md#remote-ends-of-rules).

## Lists of rules

- Two rules that are duplicates in Neutron: `["{DUPLICATE_RULES}"]`. Descriptions are ignored, \
`6` equals `tcp`, no `cidr` equals `0.0.0.0/0` (IPv6: `::/0`), and ports 1 to 65535 are any. \
Source: `_check_for_duplicate_rules`, neutron/db/securitygroups_db.py.
- More rules than the tenant's quota, or than `RINGFENCE_RULES_PER_REQUEST`.

## Errors of the cloud

A quota in the cloud, missing rights, a group in use, or one that was deleted in the cloud are not \
known in advance. Such a change is stored and ends in `ERRED`, with the reason and the action in \
`error_message`: see [Recover a failed group](../how-to/recover-a-failed-group.md).
"""


def main(verb: str) -> int:
    """Write the page, or compare it with the one that is there."""
    text = page()
    if verb == "write":
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"{PAGE.name} is not what the table says: run `make refused`\n")
        return 1
    return 0


def page() -> str:
    """Return the page: the groups' part, then the rules'."""
    columns = ("field", "what is refused", "the response says", "hint", "refused", "accepted")
    parts = [HEAD]
    for about, title in (("group", "A group"), ("rule", "A rule")):
        rows = [_row(entry) for entry in TABLE if entry.about == about]
        parts += [
            f"\n## {title}\n\n",
            f"| {' | '.join(columns)} | source |\n",
            "|---|---|---|---|---|---|---|\n",
            *rows,
        ]
    return "".join([*parts, TAIL])


def _row(entry: Refusal) -> str:
    about = "" if entry.field == "non_field_errors" else f"`{entry.field}`"
    said = _said(entry)
    cells = (
        about or "(the rule)",
        entry.condition,
        said,
        said.hint if isinstance(said, Message) else "",
        _example(entry, entry.refused, entry.accepted),
        _example(entry, entry.accepted, entry.refused),
        entry.source if entry.source == CONTRACT else f"Neutron: {entry.source}",
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |\n"


def _said(entry: Refusal) -> str:
    """Return what the validation really says of the example."""
    is_rule = entry.about == "rule"
    body = {"name": "web", "rules": [entry.refused]} if is_rule else entry.refused
    try:
        clean_creation(body, {"a" * 32})
    except Invalid as error:
        detail: Any = error.detail
        return (detail["rules"][0] if is_rule else detail)[entry.field][0]
    raise AssertionError(entry.condition)


def _example(entry: Refusal, values: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Return what distinguishes the example from a plain group or rule, and from the other one."""
    shown = {
        name: _short(value)
        for name, value in values.items()
        if name == entry.field or PLAIN.get(name) != value or other.get(name, value) != value
    }
    return f"`{json.dumps(shown, ensure_ascii=False)}`"


def _short(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(value, str):
        return value
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in value)
    return text if len(text) <= LONG else f"{text[0]}… ({len(text)} characters)"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;") if "`" not in text else text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
