"""`ringfence user`: list, add, deactivate and remove users."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from dataclasses import asdict
from typing import Annotated

import typer

from ringfence.cli import listing
from ringfence.cli.output import say
from ringfence.cli.startup import migrated, start, with_database

user = typer.Typer(help="List, add, deactivate and remove users.", no_args_is_help=True)

USER_COLUMNS = (
    "username", "uuid", "is_active", "is_staff", "is_support", "has_password", "tokens", "roles",
    "created",
)  # fmt: skip

User = Annotated[str, typer.Argument(metavar="USER", help="Name or UUID of a user.")]


@user.command("list", epilog="Example: ringfence user list -o csv")
def list_users(*, output: listing.Output = None, fields: listing.Fields = None) -> None:
    """List users with their flags and the number of their tokens and roles."""
    with migrated(start()) as (conninfo, _):
        from ringfence.users import administration

        found = with_database(conninfo, administration.list_users)
    listing.show(
        map(asdict, found),
        USER_COLUMNS,
        listing.options(output, fields),
        in_order=True,
        text=lambda row: administration.ListedUser(**row).line(),
    )


@user.command(epilog="Example: ringfence user add alice && ringfence token alice --expires 90d")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")],
    *,
    staff: Annotated[bool, typer.Option("--staff", help="May see and change everything.")] = False,
    support: Annotated[bool, typer.Option("--support", help="May see everything.")] = False,
) -> None:
    """Add a user, without a token, a password or roles."""
    with migrated(start()) as (conninfo, _):
        from ringfence.users.administration import add_user

        uuid = with_database(
            conninfo, lambda database: add_user(database, name, is_staff=staff, is_support=support)
        )
    say(f"added {uuid.hex} {name}")


@user.command(epilog="Example: ringfence user remove alice")
def remove(named: User) -> None:
    """Remove a user with tokens, sessions and roles. Events keep the name.

    To keep the user as an author in the history of groups, deactivate it instead.
    """
    with migrated(start()) as (conninfo, _):
        from ringfence.users.administration import remove_user

        with_database(conninfo, lambda database: remove_user(database, named))
    say(f"removed {named}")


@user.command(epilog="Example: ringfence user deactivate alice")
def deactivate(named: User) -> None:
    """Refuse the sign-in of a user, end its sessions and revoke its tokens. Roles stay."""
    _set_active(named, is_active=False)


@user.command(epilog="Example: ringfence user activate alice")
def activate(named: User) -> None:
    """Let a user sign in again. Revoked tokens stay revoked."""
    _set_active(named, is_active=True)


def _set_active(named: str, *, is_active: bool) -> None:
    with migrated(start()) as (conninfo, _):
        from ringfence.users.administration import set_active

        is_change = with_database(
            conninfo, lambda database: set_active(database, named, is_active=is_active)
        )
    state = "active" if is_active else "inactive"
    say(f"{named} is {state}{' now' if is_change else ' already'}")
