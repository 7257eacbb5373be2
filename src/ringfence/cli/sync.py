"""`ringfence sync …`: what an operator asks of the sync."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` answers at once

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli.startup import migrated, start, with_database
from ringfence.errors import OperatorError
from ringfence.text.escaping import terminal

if TYPE_CHECKING:
    from ringfence.database.pool import Database

sync = typer.Typer(
    help="Look at what the sync does, and decide what it may not.", no_args_is_help=True
)

Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="The tenant's name or uuid.")]


@sync.command(epilog="Example: ringfence sync status")
def status() -> None:
    """Show what is scheduled, in flight, erred, drifting and missing, by cloud and tenant."""
    from ringfence.cli import output
    from ringfence.sync import status as overview

    with migrated(start()) as (conninfo, _):
        found = with_database(conninfo, overview.status)
    output.show([tenant.line() for tenant in found])


@sync.command(epilog="Example: ringfence sync pull web-prod")
def pull(
    tenant: Annotated[
        str | None, typer.Argument(metavar="TENANT", help="The tenant's name or uuid.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All tenants.")] = False,
) -> None:
    """Compare a tenant, or all of them, with its cloud now.

    The exit code is 1, and the last line names the tenants, if a comparison failed or stopped, or
    if a group has rules that cannot be read.
    """
    from ringfence.sync import manual
    from ringfence.sync import status as overview
    from ringfence.sync.compare import MassRemovalGuard

    if (tenant is None) == (not everything):
        raise OperatorError("name one tenant, or say --all")
    settings = start()
    guard = MassRemovalGuard(settings.missing_count, settings.missing_share)

    async def work(database: "Database") -> list[str]:
        chosen = (
            await overview.all_tenants(database)
            if tenant is None
            else [await overview.find_tenant(database, tenant)]
        )
        with _telling(len(chosen)) as told:
            return await manual.pull_now(database, chosen, guard, told)

    with migrated(settings) as (conninfo, _):
        incomplete = with_database(conninfo, work)
    if incomplete:
        _say(f"incomplete: {'; '.join(incomplete)}")
        raise typer.Exit(1)


@sync.command(epilog="Example: ringfence sync plan 6a1c0f2e9b7d4c55a1d0c8a1f0b2c3d4")
def plan(
    group: Annotated[str, typer.Argument(metavar="GROUP", help="The security group's uuid.")],
) -> None:
    """Show what a push of a group would do now; its cloud is read, and nothing is changed."""
    from ringfence.sync import manual

    with migrated(start()) as (conninfo, _):
        lines = with_database(conninfo, lambda database: manual.plan_push(database, group))
    for line in lines:
        _say(line)


@sync.command(
    epilog="Example: ringfence sync adopt 6a1c0f2e9b7d4c55a1d0c8a1f0b2c3d4"
    " 1f1f7a34-58a7-4c0f-9a7d-2f0f5d6f8a11"
)
def adopt(
    group: Annotated[str, typer.Argument(metavar="GROUP", help="The security group's uuid.")],
    backend_id: Annotated[
        str, typer.Argument(metavar="BACKEND_ID", help="The id of the group in the cloud.")
    ],
) -> None:
    """Say which group in the cloud a group is, where only its name tells.

    The cloud's group must belong to the tenant's project. What a pull imported of it is merged.
    The cloud is not changed: what differs then is drift.
    """
    from ringfence.sync.binding import adoption

    with migrated(start()) as (conninfo, _):
        lines = with_database(
            conninfo, lambda database: adoption.adopt(database, group, backend_id)
        )
    for line in lines:
        _say(line)


@sync.command(epilog="Example: ringfence sync confirm web-prod --yes")
def confirm(
    tenant: Tenant,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Mark them.")] = False,
) -> None:
    """Show the groups that a cloud has no more, however many; with --yes, mark them as ERRED.

    A comparison that misses too many at once stops until this is done, or until they are back.
    """
    from ringfence.sync import manual
    from ringfence.sync import status as overview

    async def work(database: "Database") -> tuple[list[str], int]:
        found = await overview.find_tenant(database, tenant)
        return await manual.confirm_missing(database, found, is_sure=yes)

    with migrated(start()) as (conninfo, _):
        lines, marked = with_database(conninfo, work)
    for line in lines:
        _say(line)
    if yes and lines:
        _say(f"{marked} marked as not found in the cloud")
    elif lines:
        _say(f"{len(lines)} would be marked; run it again with --yes")
    else:
        _say("none is missing")


@sync.command(epilog="Example: ringfence sync mode web-prod enforce")
def mode(
    tenant: Tenant,
    word: Annotated[
        str | None, typer.Argument(metavar="MODE", help="adopt, enforce or report.")
    ] = None,
) -> None:
    """Show or set what is done where a tenant's groups differ in the cloud.

    Groups with a mode of their own keep it.
    """
    from ringfence.clouds.drift_modes import DriftMode, default_mode, set_default_mode
    from ringfence.sync import status as overview

    words = [str(known) for known in DriftMode]
    if word is not None and word not in words:
        raise OperatorError(f"there is no mode {word}; there are {', '.join(words)}")

    async def work(database: "Database") -> str:
        found = await overview.find_tenant(database, tenant)
        if word is not None:
            await set_default_mode(database, found, DriftMode(word))
        async with database.connection() as connection:
            return await default_mode(connection, found.id)

    with migrated(start()) as (conninfo, _):
        _say(with_database(conninfo, work))


def _say(line: str) -> None:
    from ringfence.cli import output

    output.say(line)


@contextmanager
def _telling(total: int) -> Iterator[Callable[[str], None]]:
    """Give what prints a line; in a terminal above a bar that shows how many are still to come."""
    if not sys.stdout.isatty():
        yield _say
        return
    from rich.progress import Progress

    with Progress(transient=True) as bar:
        task = bar.add_task("Comparing", total=total)

        def tell(line: str) -> None:
            bar.console.print(terminal(line), markup=False, highlight=False, soft_wrap=True)
            bar.advance(task)

        yield tell
