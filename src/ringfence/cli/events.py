"""`ringfence events`: export the audit trail."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli import output
from ringfence.cli.startup import migrated, start, with_database
from ringfence.cli.times import read_time
from ringfence.errors import OperatorError
from ringfence.text.escaping import json_line

if TYPE_CHECKING:
    from ringfence.database.pool import Database

events = typer.Typer(help="Export the audit trail.", no_args_is_help=True)


@events.command(epilog="Example: ringfence events export --since 2026-11-01 > audit.jsonl")
def export(
    *,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Start.", show_default="the beginning"),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="End (exclusive).", show_default="now")
    ] = None,
) -> None:
    """Write events and refused changes as JSON Lines, oldest first.

    Times are ISO 8601, in UTC if they have no zone.
    """
    from ringfence.events.export import exported

    first, last = read_time("--since", since), read_time("--until", until)
    if first and last and first >= last:
        raise OperatorError(
            f"--since {since} is not before --until {until}: choose an earlier --since"
        )

    async def write(database: "Database") -> None:
        async for line in exported(database, first, last):
            sys.stdout.write(f"{json_line(line)}\n")
            if not output.has_reader():
                break

    with migrated(start()) as (conninfo, _):
        with_database(conninfo, write)
