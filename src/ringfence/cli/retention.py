"""`ringfence retention`: show the months of the audit trail, and remove what has expired."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import listing, output
from ringfence.cli.startup import migrated, start, with_database
from ringfence.errors import OperatorError

if TYPE_CHECKING:
    from ringfence.database.pool import Database
    from ringfence.sync.cleanup import Cleaned

retention = typer.Typer(help="Remove what the settings no longer keep.", no_args_is_help=True)

COLUMNS = ("table", "partition", "first", "end", "rows", "bytes", "expires")


@retention.command(epilog="Example: ringfence retention show -o json")
def show(*, output: listing.Output = None, fields: listing.Fields = None) -> None:
    """Show the partitions of events and refused changes.

    Each with its estimated number of rows, its size, and when it can be removed.
    """
    settings = start()
    with migrated(settings) as (conninfo, _):
        from ringfence.events.retention import list_months
        from ringfence.sync.cleanup import kept_days

        days = kept_days(settings)
        found: list[dict[str, Any]] = with_database(
            conninfo, lambda database: list_months(database, days)
        )
    listing.show(found, COLUMNS, listing.options(output, fields), in_order=True)


@retention.command(epilog="Example: ringfence retention run --dry-run")
def run(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only name the months that would be removed.")
    ] = False,
) -> None:
    """Remove what has expired, as a worker does every hour.

    Whole months of events and refused changes are removed by the owner of the tables only.
    """
    settings = start()
    with migrated(settings) as (conninfo, _):
        from ringfence.events.retention import find_expired
        from ringfence.sync.cleanup import clean, kept_days

        async def name(database: "Database") -> None:
            async with database.connection() as connection:
                found = await find_expired(connection, kept_days(settings))
            for month in found:
                output.say(f"would remove {month.partition} (before {month.before:%Y-%m-%d})")
            if not found:
                output.say("no month has expired")

        if dry_run:
            with_database(conninfo, name)
            return
        cleaned = with_database(conninfo, lambda database: clean(settings, conninfo, database))
    _report(cleaned)


def _report(cleaned: "Cleaned") -> None:
    for month in cleaned.months:
        output.say(f"removed {month.partition} (before {month.before:%Y-%m-%d})")
    for number, noun in (
        (cleaned.versions, "versions"),
        (cleaned.keys, "idempotency keys"),
        (cleaned.jobs, "finished jobs"),
    ):
        if number:
            output.say(f"removed {number} {noun}")
    if not (cleaned.months or cleaned.versions or cleaned.keys or cleaned.jobs or cleaned.left):
        output.say("nothing has expired")
    names = ", ".join(month.partition for month in cleaned.left)
    if names and not cleaned.is_owner:
        raise OperatorError(
            f"only the owner of the tables can remove {names}: "
            "run this with the owner's RINGFENCE_DATABASE_URL"
        )
    if names:
        raise OperatorError(f"{names} could not be removed while in use: run this again")
