"""`ringfence token USER` and `ringfence tokens`: issue, list, rotate and revoke API tokens."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from ringfence.cli import listing, output
from ringfence.cli.startup import migrated, start, with_database

tokens = typer.Typer(help="List, rotate and revoke tokens.", no_args_is_help=True)

TOKEN_COLUMNS = (
    "username", "name", "uuid", "is_read_only", "project", "created", "expires", "last_used",
)  # fmt: skip
SESSION_COLUMNS = ("username", "uuid", "token", "address", "created", "expires")

Token = Annotated[str, typer.Argument(metavar="TOKEN", help="UUID of the token, from `list`.")]


def issue(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's name.")],
    *,
    name: Annotated[str, typer.Option(help="Purpose of the token.")] = "",
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="PERIOD", help="Lifetime, such as 12h or 90d.", show_default="unlimited"
        ),
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Allow no changes.")] = False,
    project: Annotated[
        str | None,
        typer.Option(help="Limit to this project (name or UUID).", show_default="all"),
    ] = None,
) -> None:
    """Issue a token and print it once. Only its digest is stored."""
    output.require_reader()
    settings = start()
    with migrated(settings) as (conninfo, _):
        from ringfence.users.tokens.administration import (
            issue_token,
            read_lifetime,
            read_name,
            require_lifetime,
        )
        from ringfence.users.tokens.issuing import Terms

        lifetime = None if expires is None else read_lifetime(expires)
        require_lifetime(lifetime, settings.token_max_lifetime)
        terms = Terms(lifetime, read_name(name), read_only)
        secret = with_database(
            conninfo, lambda database: issue_token(database, user, terms, project=project)
        )
    _print_secret(secret)


@tokens.command("list", epilog="Example: ringfence tokens list alice")
def list_tokens(
    user: Annotated[
        str | None, typer.Argument(metavar="USER", help="The user's name.", show_default="all")
    ] = None,
    *,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """List tokens with UUID, purpose, limits and last use."""
    with migrated(start()) as (conninfo, _):
        from ringfence.users.tokens.administration import ListedToken, listed

        found = with_database(conninfo, lambda database: listed(database, user))
    listing.show(
        map(asdict, found),
        TOKEN_COLUMNS,
        listing.options(output, fields),
        in_order=True,
        text=lambda row: ListedToken(**row).line(),
    )


@tokens.command("sessions", epilog="Example: ringfence tokens sessions alice")
def list_sessions(
    user: Annotated[
        str | None, typer.Argument(metavar="USER", help="The user's name.", show_default="all")
    ] = None,
    *,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """List console sessions with user, start, token and IP address."""
    with migrated(start()) as (conninfo, _):
        from ringfence.users.tokens.administration import ListedSession, listed_sessions

        found = with_database(conninfo, lambda database: listed_sessions(database, user))
    listing.show(
        map(asdict, found),
        SESSION_COLUMNS,
        listing.options(output, fields),
        in_order=True,
        text=lambda row: ListedSession(**row).line(),
    )


@tokens.command(epilog="Example: TOKEN=$(ringfence tokens rotate 6a1c0f2e9b7d4c55a1d0c8a1f0b2c3d4)")
def rotate(token: Token) -> None:
    """Replace the secret of a token and print the new one once. The old one ends at once."""
    output.require_reader()
    settings = start()
    with migrated(settings) as (conninfo, _):
        from ringfence.users.tokens.administration import renew

        longest = settings.token_max_lifetime
        secret = with_database(conninfo, lambda database: renew(database, token, longest))
    _print_secret(secret)


@tokens.command(epilog="Example: ringfence tokens revoke 6a1c0f2e9b7d4c55a1d0c8a1f0b2c3d4")
def revoke(token: Token) -> None:
    """Revoke a token at once, in every process."""
    with migrated(start()) as (conninfo, _):
        from ringfence.users.tokens.administration import revoke as end

        with_database(conninfo, lambda database: end(database, token))
    output.say(f"revoked {token}")


def _print_secret(secret: str) -> None:
    if sys.stderr.isatty():
        typer.echo('Send it as "Authorization: Token …"; it is not shown again:', err=True)
    sys.stdout.write(f"{secret}\n")
    sys.stdout.flush()
