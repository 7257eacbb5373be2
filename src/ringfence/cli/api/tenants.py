"""`ringfence tenant`: list the tenants that the token's user can see."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from typing import Annotated

import typer

from ringfence.cli import listing

tenant = typer.Typer(help="List tenants, through the API.", no_args_is_help=True)

COLUMNS = listing.Columns(
    known=(
        "name", "uuid", "project_name", "project_uuid", "customer_name", "customer_uuid",
        "service_name", "backend_id", "state", "error_message", "quotas", "created", "modified",
    ),
    in_table=("name", "project_name", "customer_name", "service_name", "state", "uuid"),
)  # fmt: skip


@tenant.command("list", epilog="Example: ringfence tenant list -o value --field uuid")
def list_tenants(
    *,
    name: Annotated[
        str | None, typer.Option(help="Only tenants whose name contains this.", show_default="all")
    ] = None,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """List tenants by name."""
    from ringfence.cli.api.client import TENANTS, connect

    options = listing.options(output, fields)
    query = [("o", "name"), *(("field", each) for each in COLUMNS.chosen(options))]
    query += [("name", name)] if name else []
    listing.show(connect().items(TENANTS, query), COLUMNS, options, in_order=True)
