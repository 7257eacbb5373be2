"""`ringfence rules`: find rules in all security groups that the token's user can see."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from ringfence.cli import listing
from ringfence.cli.api.options import InTenant
from ringfence.text.rule_lines import line_of

RULES = "/api/security-group-rules/"
COLUMNS = listing.Columns(
    known=(
        "id", "security_group_name", "security_group_uuid", "tenant_name", "tenant_uuid",
        "project_name", "project_uuid", "customer_name", "customer_uuid", "direction", "ethertype",
        "protocol", "from_port", "to_port", "cidr", "remote_group_name", "remote_group_uuid",
        "description", "internet", "instance_count", "security_group", "remote_group", "rule",
    ),
    in_table=("tenant_name", "security_group_name", "rule"),
)  # fmt: skip
# The fields of the API that make up `rule`, which is one line
IN_LINE = (
    "direction", "ethertype", "protocol", "from_port", "to_port", "cidr", "remote_group_name",
    "remote_group", "description",
)  # fmt: skip


class Direction(StrEnum):
    INGRESS = "ingress"
    EGRESS = "egress"


class Ethertype(StrEnum):
    IPV4 = "IPv4"
    IPV6 = "IPv6"


class Order(StrEnum):
    """The orderings of the list; the widest prefix first for `cidr`."""

    GROUP = "security_group_name"
    CIDR = "cidr"
    PORT = "port"
    CREATED = "created"


def _option(help_text: str, metavar: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(
        help=help_text, metavar=metavar, show_default="all"
    )
    return found


def _flag(yes: str, no: str, help_text: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(
        f"--{yes}/--{no}", help=help_text, show_default="all"
    )
    return found


def rules(  # noqa: PLR0913 - one for each option
    *,
    search: Annotated[
        str | None,
        typer.Argument(
            metavar="TEXT",
            help="What to find: 443, tcp 22, ssh, an address, a prefix, or a text.",
            show_default="all",
        ),
    ] = None,
    admits: Annotated[str | None, _option("Only rules that admit this address.", "IP")] = None,
    within: Annotated[str | None, _option("Only prefixes in this one.", "CIDR")] = None,
    overlaps: Annotated[
        str | None, _option("Only prefixes that share addresses with this one.", "CIDR")
    ] = None,
    protocol: Annotated[
        str | None,
        _option("Only rules that admit it; any: those for all protocols.", "PROTOCOL"),
    ] = None,
    port: Annotated[int | None, _option("Only rules that admit this port.", "PORT")] = None,
    direction: Annotated[
        Direction | None, typer.Option(help="Only this direction.", show_default="both")
    ] = None,
    ethertype: Annotated[
        Ethertype | None, typer.Option(help="Only this IP version.", show_default="both")
    ] = None,
    from_internet: Annotated[
        bool | None,
        _flag("from-internet", "not-from-internet", "Only rules that admit the internet, or not."),
    ] = None,
    wider_than: Annotated[
        int | None, _option("Only prefixes shorter than this length.", "LENGTH")
    ] = None,
    remote_group: Annotated[
        str | None, _option("Only rules with this remote group (name or UUID).", "GROUP")
    ] = None,
    unresolved: Annotated[
        bool | None,
        _flag("unresolved", "resolved", "Only rules whose remote group is unknown here, or not."),
    ] = None,
    in_use: Annotated[
        bool | None, _flag("in-use", "unused", "Only groups that a port carries, or not.")
    ] = None,
    description: Annotated[
        str | None, _option("Only rules whose description contains this.", "TEXT")
    ] = None,
    tenant: InTenant = None,
    project: Annotated[str | None, _option("Only this project.", "UUID")] = None,
    customer: Annotated[str | None, _option("Only this customer.", "UUID")] = None,
    sort: Annotated[
        Order, typer.Option(help="The order; cidr is by length, the widest first.")
    ] = Order.GROUP,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """Find rules in all security groups.

    A rule that admits all ports or all protocols admits each of them, too.
    """
    from ringfence.cli.api.client import connect
    from ringfence.cli.api.lookup import find_group, find_tenant

    options = listing.options(output, fields)
    given: dict[str, object] = {
        "query": search,
        "admits": admits,
        "within": within,
        "overlaps": overlaps,
        "protocol": protocol,
        "port": port,
        "direction": direction,
        "ethertype": ethertype,
        "from_internet": from_internet,
        "wider_than": wider_than,
        "unresolved": unresolved,
        "in_use": in_use,
        "description": description,
        "project_uuid": project,
        "customer_uuid": customer,
        "o": sort,
    }
    query = [("field", each) for each in _requested(COLUMNS.chosen(options))]
    client = connect()
    if tenant is not None:
        given["tenant_uuid"] = find_tenant(client, tenant)["uuid"]
    if remote_group is not None:
        given["remote_group_uuid"] = find_group(client, remote_group, tenant)["uuid"]
    query += [(name, _text(value)) for name, value in given.items() if value is not None]
    rows = ({**row, "rule": line_of(row)} for row in client.items(RULES, query))
    listing.show(rows, COLUMNS, options, in_order=True)


def _requested(fields: Sequence[str]) -> list[str]:
    """Return the fields of the API that the shown ones need."""
    parts = IN_LINE if "rule" in fields else ()
    return list(dict.fromkeys([*(each for each in fields if each != "rule"), *parts]))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
