"""`ringfence group`: list and show security groups, their versions and differences."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from ringfence.cli import listing
from ringfence.cli import output as printed
from ringfence.cli.api.options import ExitCode, FileFormat, Group, InTenant, RuleFile

group = typer.Typer(
    help="List, show, plan and change security groups, through the API.", no_args_is_help=True
)

COLUMNS = listing.Columns(
    known=(
        "name", "tenant_name", "project_name", "customer_name", "state", "uuid", "tenant_uuid",
        "description", "backend_id", "error_message", "instance_count", "created", "modified",
        "rules",
    ),
    in_table=("name", "tenant_name", "state", "uuid"),
)  # fmt: skip
VERSION_COLUMNS = (
    "number", "created", "author", "cause", "name", "description", "rules_count", "rules_added",
    "rules_removed",
)  # fmt: skip
# The lists of a drift document; the cloud is what it would be compared to.
_DRIFTED = {
    "missing_at_cloud": "removed",
    "unexpected_at_cloud": "added",
    "description_only": "description",
}
DIFFERENT = 1


@group.command("list", epilog="Example: ringfence group list --tenant web-prod --state ERRED")
def list_groups(
    *,
    tenant: InTenant = None,
    name: Annotated[
        str | None, typer.Option(help="Only groups whose name contains this.", show_default="all")
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATE", help="Only groups in this state. May be repeated.", show_default="all"
        ),
    ] = None,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """List security groups by name."""
    from ringfence.cli.api.client import GROUPS, connect
    from ringfence.cli.api.lookup import find_tenant

    options = listing.options(output, fields)
    query = [("o", "name"), *(("field", each) for each in COLUMNS.chosen(options))]
    client = connect()
    if tenant is not None:
        query.append(("tenant_uuid", str(find_tenant(client, tenant)["uuid"])))
    query += [("name", name)] if name else []
    query += [("state", each.upper()) for each in state or ()]
    listing.show(client.items(GROUPS, query), COLUMNS, options, in_order=True)


@group.command(epilog="Example: ringfence group show web -o yaml --field rules > rules.yaml")
def show(
    group: Group,
    *,
    tenant: InTenant = None,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """Show a security group with its rules."""
    from ringfence.cli.api.client import connect, group_path
    from ringfence.cli.api.lookup import find_group
    from ringfence.text.rule_lines import line_of

    options = listing.options(output, fields)
    shown = COLUMNS.chosen(options) if options.fields else COLUMNS.known
    client = connect()
    found = find_group(client, group, tenant)
    query = [("field", each) for each in shown]
    body: dict[str, Any] = dict(client.get(group_path(found["uuid"]), query).body)
    if options.format is None and not options.fields:
        rules = body.get("rules") or ()
        listing.show_one({**body, "rules": len(rules)}, COLUMNS.known, options)
        _say(f"  {line_of(rule)}" for rule in rules)
        return
    listing.show_one(body, COLUMNS.known, listing.Options(options.format, tuple(shown)))


@group.command(epilog="Example: ringfence group history web -o json")
def history(
    group: Group,
    *,
    tenant: InTenant = None,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """List the versions of a security group, the newest first."""
    from ringfence.cli.api.client import connect, group_path
    from ringfence.cli.api.lookup import find_group

    options = listing.options(output, fields)
    client = connect()
    found = find_group(client, group, tenant)
    versions = client.items(group_path(found["uuid"], "versions"))
    listing.show(versions, VERSION_COLUMNS, options, in_order=True)


@group.command(epilog="Example: ringfence group plan web rules.txt")
def plan(  # noqa: PLR0913 - one for each option
    group: Group,
    file: RuleFile,
    *,
    tenant: InTenant = None,
    file_format: FileFormat = None,
    exit_code: ExitCode = False,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """Show what setting the rules of a file would change in the cloud. Changes nothing.

    Each line is a rule: + added, - removed, ~ another description.
    """
    from ringfence.cli.api.client import connect, group_path
    from ringfence.cli.api.lookup import find_group
    from ringfence.cli.api.plans import (
        CHANGE_COLUMNS,
        PLANNED,
        changes_of,
        plan_lines,
        rows_of,
    )
    from ringfence.cli.api.rule_files import read, resolve

    options = listing.options(output, fields)
    listing.Columns(CHANGE_COLUMNS).chosen(options)
    rules = read(file, file_format)
    client = connect()
    found = find_group(client, group, tenant)
    body = resolve(client, rules, found["tenant_uuid"])
    planned = client.evaluate(group_path(found["uuid"], "plan"), body, root="rules").body
    changes = changes_of(planned, PLANNED)
    if options == listing.Options():
        _say(plan_lines(planned))
    else:
        listing.show(rows_of(changes, planned), CHANGE_COLUMNS, options)
    if exit_code and changes:
        raise typer.Exit(DIFFERENT)


@group.command(epilog="Example: ringfence group diff web 3 5")
def diff(  # noqa: PLR0913 - one for each option
    group: Group,
    before: Annotated[
        int | None, typer.Argument(metavar="FROM", help="Number of a version.", min=0)
    ] = None,
    after: Annotated[
        int | None,
        typer.Argument(
            metavar="TO", help="Number of a later version.", min=0, show_default="the newest"
        ),
    ] = None,
    *,
    tenant: InTenant = None,
    exit_code: ExitCode = False,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """Show the drift of a security group or, with versions, what changed between them.

    Drift is how the cloud differs from the desired rules: + only in the cloud, - missing there.
    """
    from ringfence.cli.api.client import connect, group_path
    from ringfence.cli.api.lookup import compare_versions, find_group
    from ringfence.cli.api.plans import (
        CHANGE_COLUMNS,
        PLANNED,
        change_line,
        changes_of,
        rows_of,
    )
    from ringfence.text.traffic_lines import traffic_lines

    options = listing.options(output, fields)
    listing.Columns(CHANGE_COLUMNS).chosen(options)
    client = connect()
    found = find_group(client, group, tenant)
    uuid = found["uuid"]
    if before is None:
        document = client.get(group_path(uuid, "drift")).body
        changes = changes_of(document, _DRIFTED)
        grade = f", {document['grade']}" if document.get("grade") not in {None, "none"} else ""
        lines = [f"drift: {document.get('state')}{grade}, mode {document.get('mode')}"]
        lines += [
            f"unreadable in the cloud: {each['id']}: {each['reason']}"
            for each in document.get("unreadable") or ()
        ]
        lines += _texts(document, "desired", "at_cloud")
    else:
        newest = after if after is not None else _newest(client.items(group_path(uuid, "versions")))
        document = compare_versions(client, found, before, newest)
        changes = changes_of(document, PLANNED)
        lines = [f"version {before} to version {newest}", *_texts(document, "from", "to")]
    if options == listing.Options():
        traffic = traffic_lines(document.get("traffic") or {}) if changes else ()
        _say([*lines, *map(change_line, changes), *traffic])
    else:
        listing.show(rows_of(changes, document), CHANGE_COLUMNS, options)
    if exit_code and (changes or len(lines) > 1):
        raise typer.Exit(DIFFERENT)


def _newest(versions: Iterable[Any]) -> int:
    return int(next(iter(versions))["number"])


def _texts(document: Mapping[str, Any], first: str, second: str) -> list[str]:
    """Return a line for a name or description that changed."""
    lines = []
    for key in ("name", "description"):
        values = document.get(key)
        if isinstance(values, dict) and values.get(first) != values.get(second):
            lines.append(f"{key}: {values.get(first)!r} to {values.get(second)!r}")
    return lines


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        printed.say(line)
