"""What a load changes, object by object and field by field, as `--dry-run` shows it. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any
from uuid import UUID

from ringfence.provisioning.matching import Kind, Target
from ringfence.security_groups.rules import Rule
from ringfence.text.rule_lines import line_of
from ringfence.users.commands import GrantRow

# Columns that identify a row, or that Ringfence counts itself
_HIDDEN = frozenset(
    {"uuid", "parent", "version", "applied_version", "is_duplicate_name", "modified"}
)
_EMPTY_RULE = Rule()


class Action(StrEnum):
    """What happens to an object."""

    CREATED = "created"
    CHANGED = "changed"
    REMOVED = "removed"


_SIGNS = {Action.CREATED: "+", Action.CHANGED: "~", Action.REMOVED: "-"}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """The values of a field before and after. Of rules, only those that are on one side."""

    field: str
    before: object
    after: object

    def lines(self) -> list[str]:
        """Return the change as plain text."""
        if self.field != "rules":
            return [f"    {self.field}: {_text(self.before)} -> {_text(self.after)}"]
        sides = [rules if isinstance(rules, list) else [] for rules in (self.before, self.after)]
        before, after = ([line_of(rule) for rule in rules] for rules in sides)
        if not set(before).isdisjoint(after) or any(map(_is_unclear, chain(*sides))):
            # Rules that differ in what a line does not say
            before, after = ([f"rule {_text(rule)}" for rule in rules] for rules in sides)
        return [*(f"    - {rule}" for rule in before), *(f"    + {rule}" for rule in after)]


@dataclass(frozen=True, slots=True)
class Difference:
    """An object that a load creates, changes or removes; `name` includes its ancestors."""

    action: Action
    kind: str
    name: str
    uuid: UUID | None = None
    changes: Sequence[FieldChange] = ()

    def document(self) -> dict[str, object]:
        """Return the difference as JSON has it."""
        changes = [
            {"field": each.field, "from": each.before, "to": each.after} for each in self.changes
        ]
        return {
            "action": str(self.action),
            "kind": self.kind,
            "name": self.name,
            "uuid": self.uuid and self.uuid.hex,
            "changes": changes,
        }

    def lines(self) -> list[str]:
        """Return the difference as plain text: a line for the object and for each change."""
        changes = [line for change in self.changes for line in change.lines()]
        return [f"{_SIGNS[self.action]} {self.kind} {self.name}", *changes]


def row_differences(
    kind: Kind[Any, Any], rows: Iterable[Any], names: Mapping[UUID, str]
) -> list[Difference]:
    """Return the differences of rows that are written; `names` are those of other objects."""
    found = []
    for row in rows:
        target = kind.target_of(row.uuid)
        if target is not None:
            found.append(row_difference(kind.word, target, row, names))
    return found


def row_difference(
    word: str,
    target: Target[Any],
    row: Any,  # noqa: ANN401 - any row
    names: Mapping[UUID, str],
    more: Sequence[FieldChange] = (),
) -> Difference:
    """Return the difference of a row that is written, from the row that is there, if any."""
    before = target.row
    if before is None:
        # A generated UUID is another one each time.
        uuid = row.uuid if target.has_given_uuid else None
        return Difference(Action.CREATED, word, full_name(target), uuid, more)
    changes = [
        FieldChange(name, _value(old, names), _value(new, names))
        for name in (field.name for field in fields(row))
        if name not in _HIDDEN and (old := getattr(before, name)) != (new := getattr(row, name))
    ]
    return Difference(Action.CHANGED, word, full_name(target), row.uuid, (*changes, *more))


def rule_changes(
    before: Sequence[Rule], after: Sequence[Rule], names: Mapping[str, str]
) -> list[FieldChange]:
    """Return the rules that only one side has, or all if only their order differs.

    `names` are those of remote groups, by the hexadecimal UUID.
    """
    # Groups may have thousands of rules.
    present, desired = frozenset(before), frozenset(after)
    removed = [rule for rule in before if rule not in desired]
    added = [rule for rule in after if rule not in present]
    if not removed and not added:
        if list(before) == list(after):
            return []
        removed, added = list(before), list(after)
    sides = ([_rule(rule, names) for rule in rules] for rules in (removed, added))
    return [FieldChange("rules", *sides)]


def value_changes(
    prefix: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[FieldChange]:
    """Return the changes of keys that are stated, such as quotas."""
    return [
        FieldChange(f"{prefix}{key}", _value(before.get(key), {}), _value(value, {}))
        for key, value in sorted(after.items())
        if _value(before.get(key), {}) != _value(value, {})
    ]


def role_difference(action: Action, grant: GrantRow, names: Mapping[UUID, str]) -> Difference:
    """Return the difference of a role that is granted or taken back."""
    scope = "customer" if grant.customer else "project"
    where = grant.customer or grant.project
    user = names.get(grant.user, grant.user.hex)
    name = f"{grant.role} of {user} in {scope} {where and names.get(where, where.hex)}"
    return Difference(action, "role", name)


def full_name(target: Target[Any]) -> str:
    """Return the name of an object with its ancestors."""
    names = [target.name]
    while target.parent is not None:
        target = target.parent
        names.append(target.name)
    return " / ".join(reversed(names))


def names_of(*kinds: Kind[Any, Any]) -> dict[UUID, str]:
    """Return the names of the objects that the files name, and of other rows that are known."""
    names: dict[UUID, str] = {}
    for kind in kinds:
        names |= {row.uuid: row.name for row in kind.rows.values()}
        names |= {target.uuid: target.name for target in kind.targets}
    return names


def _value(value: object, names: Mapping[UUID, str]) -> object:
    if isinstance(value, UUID):
        return names.get(value, value.hex)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and len(value) == 36:  # noqa: PLR2004 - a UUID with dashes, from JSON
        return value.replace("-", "")
    return value


def _rule(rule: Rule, names: Mapping[str, str]) -> dict[str, object]:
    """Return the fields of a rule that differ from the defaults."""
    if rule.remote_group is not None and rule.remote_group in names:
        rule = replace(rule, remote_group=names[rule.remote_group])
    return {
        field.name: value
        for field in fields(Rule)
        if (value := getattr(rule, field.name)) != getattr(_EMPTY_RULE, field.name)
    }


def _is_unclear(rule: Mapping[str, object]) -> bool:
    """Return whether the line of a rule would not say where it admits traffic from."""
    return "remote_address_group" in rule or rule.get("remote_group") == ""


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
