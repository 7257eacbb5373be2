"""`ringfence group create|set-rules|rollback|delete|pull`: changes, each confirmed as a plan.

What a person confirms is what is carried out: a change names the version of the group, or the
token of the plan, that was shown. If the group has changed meanwhile, nothing is done.
"""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import output
from ringfence.cli.api.options import (
    DEFAULT_TIMEOUT_SECONDS,
    FileFormat,
    Group,
    InTenant,
    RuleFile,
    Timeout,
    Wait,
    Yes,
)
from ringfence.text.counting import counted

if TYPE_CHECKING:
    from ringfence.cli.api.client import Client

# Commands of `ringfence group`
changes = typer.Typer()


@changes.command(epilog="Example: ringfence group create web --tenant web-prod --rules rules.txt")
def create(  # noqa: PLR0913 - one for each option
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the security group.")],
    *,
    tenant: Annotated[
        str, typer.Option("--tenant", metavar="TENANT", help="Name or UUID of its tenant.")
    ],
    description: Annotated[str, typer.Option(help="Description.", show_default="empty")] = "",
    file: Annotated[
        RuleFile | None,
        typer.Option(
            "--rules",
            metavar="FILE",
            help="Rules: YAML, JSON, CSV or pasted lines; - is standard input.",
            show_default="none",
        ),
    ] = None,
    file_format: FileFormat = None,
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = DEFAULT_TIMEOUT_SECONDS,
) -> None:
    """Create a security group in a tenant, and print its UUID."""
    from ringfence.cli.api.client import TENANTS, connect
    from ringfence.cli.api.lookup import find_tenant
    from ringfence.cli.api.plans import confirm, warning_lines
    from ringfence.cli.api.rule_files import STANDARD_INPUT, read, resolve
    from ringfence.text.rule_lines import line_of
    from ringfence.text.traffic_lines import traffic_lines

    rules = [] if file is None else read(file, file_format)
    client = connect()
    within = find_tenant(client, tenant)
    body = {
        "name": name,
        "description": description,
        "rules": resolve(client, rules, within["uuid"]),
    }
    path = f"{TENANTS}{within['uuid']}/"
    plan = client.evaluate(f"{path}plan_security_group/", body).body
    for rule in rules:
        output.say(f"+ {line_of(rule)}")
    for line in (*traffic_lines(plan.get("traffic") or {}), *warning_lines(plan, rules)):
        output.say(line)
    confirm(
        f"Create {name} in tenant {within['name']}?",
        yes=yes,
        is_input_used=file == STANDARD_INPUT,
    )
    created = client.change(
        "POST", f"{path}create_security_group/", body, query=[("field", "uuid")]
    )
    uuid: str = created.body["uuid"]
    output.say(uuid)
    _wait(client, uuid, timeout, wait=wait)


@changes.command(
    "set-rules", epilog="Example: ringfence group set-rules web rules.txt --yes --wait"
)
def set_rules(  # noqa: PLR0913 - one for each option
    group: Group,
    file: RuleFile,
    *,
    tenant: InTenant = None,
    file_format: FileFormat = None,
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = DEFAULT_TIMEOUT_SECONDS,
) -> None:
    """Replace all rules of a security group by those of a file, after showing the plan."""
    from ringfence.cli.api.client import connect, group_path
    from ringfence.cli.api.lookup import find_group
    from ringfence.cli.api.plans import confirm, plan_lines
    from ringfence.cli.api.rule_files import STANDARD_INPUT, read, resolve

    rules = read(file, file_format)
    client = connect()
    found = find_group(client, group, tenant)
    uuid = found["uuid"]
    body = resolve(client, rules, found["tenant_uuid"])
    planned = client.evaluate(group_path(uuid, "plan"), body, root="rules")
    for line in plan_lines(planned.body):
        output.say(line)
    confirm(
        f"Set {counted(len(body), 'rule')} of {found['name']} in tenant {found['tenant_name']}?",
        yes=yes,
        is_input_used=file == STANDARD_INPUT,
    )
    client.change(
        "POST",
        group_path(uuid, "set_rules"),
        body,
        query=[("plan_token", planned.body["plan_token"])],
        unchanged_since=planned,
        root="rules",
    )
    _wait(client, uuid, timeout, wait=wait)


@changes.command(epilog="Example: ringfence group rollback web 3")
def rollback(
    group: Group,
    version: Annotated[
        int, typer.Argument(metavar="VERSION", help="Number of a version; see `history`.", min=1)
    ],
    *,
    tenant: InTenant = None,
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = DEFAULT_TIMEOUT_SECONDS,
) -> None:
    """Make the rules of an earlier version the desired ones again, as a new version."""
    from ringfence.cli.api.client import connect, group_path
    from ringfence.cli.api.lookup import compare_versions, find_group
    from ringfence.cli.api.plans import PLANNED, change_line, changes_of, confirm
    from ringfence.text.traffic_lines import traffic_lines

    client = connect()
    found = find_group(client, group, tenant)
    uuid = found["uuid"]
    newest = client.get(group_path(uuid, "versions"), [("page_size", "1")])
    compared = compare_versions(client, found, newest.body[0]["number"], version)
    rules = changes_of(compared, PLANNED)
    for row in rules:
        output.say(change_line(row))
    output.say(f"{counted(len(rules), 'change')} against the desired rules")
    for line in traffic_lines(compared.get("traffic") or {}):
        output.say(line)
    confirm(
        f"Roll {found['name']} in tenant {found['tenant_name']} back to version {version}?",
        yes=yes,
    )
    client.change(
        "POST", group_path(uuid, "rollback"), {"version": version}, unchanged_since=newest
    )
    _wait(client, uuid, timeout, wait=wait)


@changes.command(epilog="Example: ringfence group delete web --tenant web-prod --yes")
def delete(
    group: Group,
    *,
    tenant: InTenant = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Remove it from its ports first.")
    ] = False,
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = DEFAULT_TIMEOUT_SECONDS,
) -> None:
    """Delete a security group, here and in the cloud. A group on ports needs --detach."""
    from ringfence.cli.api.client import connect, group_path
    from ringfence.cli.api.lookup import find_group
    from ringfence.cli.api.plans import confirm

    client = connect()
    found = find_group(client, group, tenant)
    uuid = found["uuid"]
    current = client.get(group_path(uuid))
    usage: dict[str, Any] = client.get(group_path(uuid, "usage")).body
    for port in usage.get("ports") or ():
        output.say(f"on port {port.get('backend_id')} {port.get('name') or ''}".rstrip())
    if foreign := usage.get("ports_of_other_tenants"):
        output.say(f"on {counted(foreign, 'port')} of other tenants")
    for other in usage.get("referenced_by") or ():
        output.say(f"remote group of {other.get('name')} ({other.get('uuid')})")
    rules = len(current.body.get("rules") or ())
    confirm(
        f"Delete {found['name']} with {counted(rules, 'rule')} in tenant {found['tenant_name']}?",
        yes=yes,
    )
    query = [("detach", "true")] if detach else []
    client.change("DELETE", group_path(uuid), query=query, unchanged_since=current)
    _wait(client, uuid, timeout, wait=wait, is_deletion=True)


@changes.command(epilog="Example: ringfence group pull web --wait")
def pull(
    group: Group,
    *,
    tenant: InTenant = None,
    wait: Wait = False,
    timeout: Timeout = DEFAULT_TIMEOUT_SECONDS,
) -> None:
    """Compare a security group with the cloud now, and handle drift by its drift mode."""
    from ringfence.cli.api.client import connect, group_path
    from ringfence.cli.api.lookup import find_group

    client = connect()
    uuid = find_group(client, group, tenant)["uuid"]
    client.change("POST", group_path(uuid, "pull"))
    _wait(client, uuid, timeout, wait=wait)


def _wait(
    client: "Client", uuid: str, timeout: float, *, wait: bool, is_deletion: bool = False
) -> None:
    from ringfence.cli.api.waiting import wait_for

    if wait:
        wait_for(client, uuid, timeout, is_deletion=is_deletion)
    else:
        output.say("accepted")
