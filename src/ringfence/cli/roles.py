"""`ringfence role`: list, grant and take back roles."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from dataclasses import asdict
from typing import Annotated

import typer

from ringfence.cli import listing
from ringfence.cli.output import say
from ringfence.cli.startup import migrated, start, with_database

role = typer.Typer(help="List, grant and take back roles.", no_args_is_help=True)

ROLE_COLUMNS = listing.Columns(
    known=("user", "role", "customer", "project", "scope_uuid", "created"),
    in_table=("user", "role", "customer", "project", "created"),
)

User = Annotated[str, typer.Argument(metavar="USER", help="Name or UUID of a user.")]
RoleName = Annotated[
    str, typer.Argument(metavar="ROLE", help="CUSTOMER.OWNER, PROJECT.ADMIN, and so on.")
]
Scope = Annotated[
    str,
    typer.Argument(metavar="CUSTOMER|PROJECT", help="Name or UUID of what the role applies to."),
]


@role.command("list", epilog="Example: ringfence role list --customer Acme")
def list_roles(
    *,
    user: Annotated[
        str | None, typer.Option(help="Only of this user (name or UUID).", show_default="all")
    ] = None,
    customer: Annotated[
        str | None,
        typer.Option(help="Only in this customer and its projects.", show_default="all"),
    ] = None,
    project: Annotated[
        str | None, typer.Option(help="Only in this project.", show_default="all")
    ] = None,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """List the roles of users in customers and projects."""
    with migrated(start()) as (conninfo, _):
        from ringfence.users import administration

        found = with_database(
            conninfo, lambda database: administration.list_roles(database, user, customer, project)
        )
    listing.show(
        map(asdict, found),
        ROLE_COLUMNS,
        listing.options(output, fields),
        in_order=True,
        text=lambda row: administration.ListedRole(**row).line(),
    )


@role.command(epilog="Example: ringfence role add alice PROJECT.ADMIN Web")
def add(user: User, name: RoleName, scope: Scope) -> None:
    """Grant a role: CUSTOMER.… in a customer, PROJECT.… in a project."""
    with migrated(start()) as (conninfo, _):
        from ringfence.users.administration import add_role

        is_new = with_database(conninfo, lambda database: add_role(database, user, name, scope))
    say(f"{user} {'now has' if is_new else 'has already'} {name} in {scope}")


@role.command(epilog="Example: ringfence role remove alice PROJECT.ADMIN Web")
def remove(user: User, name: RoleName, scope: Scope) -> None:
    """Take back a role. It ends at once, in every process."""
    with migrated(start()) as (conninfo, _):
        from ringfence.users.administration import remove_role

        with_database(conninfo, lambda database: remove_role(database, user, name, scope))
    say(f"{user} no longer has {name} in {scope}")
