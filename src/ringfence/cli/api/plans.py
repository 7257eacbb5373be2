"""Shows what a change would do, and lets a person confirm it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from ringfence.cli import output
from ringfence.errors import OperatorError
from ringfence.text.counting import counted
from ringfence.text.escaping import terminal
from ringfence.text.rule_lines import line_of, remote_of
from ringfence.text.traffic_lines import traffic_lines, traffic_rows

Json = Mapping[str, Any]

CHANGE_COLUMNS = (
    "change", "direction", "ethertype", "protocol", "from_port", "to_port", "remote",
    "description", "description_before", "internet",
)  # fmt: skip
_SIGNS = {"added": "+", "removed": "-", "description": "~", "kept": "="}


def changes_of(document: Json, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the changed rules of a document as rows.

    `names` maps the keys of lists in the document to kinds of changes.
    """
    return [
        {name: rule.get(name) for name in CHANGE_COLUMNS}
        | {
            "change": change,
            "remote": remote_of(rule),
            "description_before": rule.get("description_at_cloud", rule.get("description_before")),
            "rule": rule,
        }
        for key, change in names.items()
        for rule in document.get(key) or ()
    ]


def rows_of(changes: Sequence[Json], document: Json) -> list[Json]:
    """Return the rows of changed rules, and those of what opens and closes."""
    return [*changes, *traffic_rows(document.get("traffic") or {})]


def change_line(row: Json) -> str:
    """Return a change as one line: a sign and the rule."""
    line = f"{_SIGNS.get(row['change'], '?')} {line_of(row['rule'])}"
    if row["change"] == "description":
        return f"{line} (description before: {row['description_before'] or 'none'})"
    return line


PLANNED = {"added": "added", "removed": "removed", "description_only": "description"}


def plan_lines(plan: Json) -> Iterator[str]:
    """Yield a plan as lines: changes, their effect on the quota, warnings and notices."""
    changes = changes_of(plan, PLANNED)
    yield from map(change_line, changes)
    against = "the cloud" if plan.get("compared_with") == "cloud" else "the desired rules"
    kept = len(plan.get("kept") or ())
    yield f"{counted(len(changes), 'change')} against {against}, {counted(kept, 'rule')} kept"
    yield from traffic_lines(plan.get("traffic") or {})
    yield from warning_lines(plan, plan.get("rules") or ())


def warning_lines(plan: Json, rules: Sequence[Json]) -> Iterator[str]:
    """Yield the effect on the quota, the warnings and the notices of a plan."""
    quota = (plan.get("quota") or {}).get("security_group_rule_count") or {}
    if quota:
        limit = quota["limit"]
        of_limit = "without a limit" if limit == -1 else f"of {limit}"
        yield f"rules in the tenant: {quota['used']} before, {quota['after']} after, {of_limit}"
    for warning in plan.get("warnings") or ():
        index = warning["rule"]
        shown = f" ({line_of(rules[index])})" if index < len(rules) else ""
        yield f"warning: {warning['message']}{shown}"
    for notice in plan.get("notices") or ():
        yield f"notice: {notice['message']}"


def confirm(question: str, *, yes: bool, is_input_used: bool = False) -> None:
    """Return if a person confirms; raises `OperatorError` where nobody can be.

    `is_input_used` says that standard input has been read for something else.
    """
    if yes:
        return
    if is_input_used or not sys.stdin.isatty():
        raise OperatorError(
            "nothing was changed: a change needs a confirmation in a terminal, or --yes"
        )
    # Names in it come from users and from the cloud.
    if not typer.confirm(terminal(question), err=True):
        output.say("nothing was changed")
        raise typer.Exit(1)
