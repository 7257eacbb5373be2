"""`ringfence sync`: show the state of synchronization, pull, and decide what needs an operator."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli import listing
from ringfence.cli.api.options import Group, InTenant
from ringfence.cli.startup import migrated, start, with_database
from ringfence.errors import OperatorError
from ringfence.text.escaping import terminal

if TYPE_CHECKING:
    from ringfence.database.pool import Database

sync = typer.Typer(help="Show and control synchronization with clouds.", no_args_is_help=True)

STATUS_COLUMNS = listing.Columns(
    known=(
        "cloud", "tenant", "uuid", "state", "mode", "pulled_at", "groups", "scheduled",
        "in_flight", "erred", "drifting", "missing", "never_pushed", "error_message",
        "cloud_state", "cloud_error_message",
    ),
    in_table=(
        "cloud", "tenant", "state", "mode", "pulled_at", "groups", "scheduled", "in_flight",
        "erred", "drifting", "missing", "never_pushed", "error_message",
    ),
)  # fmt: skip

PULL_COLUMNS = listing.Columns(("tenant", "uuid", "complete", "reason", "result"))

PLAN_COLUMNS = listing.Columns(
    (
        *("change", "direction", "ethertype", "protocol", "from_port", "to_port", "remote"),
        *("description", "internet"),
    )
)

MISSING_COLUMNS = listing.Columns(("name", "uuid", "backend_id"))

NO_TENANTS = (
    "ringfence: no tenants: ringfence discover CLOUD --load or ringfence load FILE creates them\n"
)

Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="Name or UUID of a tenant.")]


@sync.command(epilog="Example: ringfence sync status --fail-on erred,stopped,drift")
def status(
    *,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="CONDITIONS",
            help="Exit 1 if a tenant is in one of these: erred, stopped, drift, never-pushed.",
        ),
    ] = None,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """Count groups by cloud and tenant: pending, erred, drifting, missing, never pushed."""
    from ringfence.sync import status as tenants

    conditions = tenants.conditions(fail_on or ())
    with migrated(start()) as (conninfo, _):
        found = with_database(conninfo, tenants.status)
    listing.show(
        map(asdict, found),
        STATUS_COLUMNS,
        listing.options(output, fields),
        in_order=True,
        text=lambda row: tenants.TenantStatus(**row).line(),
    )
    if not found and listing.options(output, fields) == listing.Options():
        sys.stderr.write(NO_TENANTS)
    if failing := tenants.failing(found, conditions):
        sys.stderr.writelines(f"failing: {terminal(line)}\n" for line in failing)
        raise typer.Exit(1)


@sync.command(epilog="Example: ringfence sync pull web-prod")
def pull(
    tenant: Annotated[
        str | None, typer.Argument(metavar="TENANT", help="Name or UUID of a tenant.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All tenants.")] = False,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """Pull a tenant, or all of them, from the cloud now.

    Exits 1, and names the tenants in the last line, if a pull failed or stopped, or if a group has
    rules that cannot be read.
    """
    from ringfence.sync import manual
    from ringfence.sync import status as tenants
    from ringfence.sync.compare import MassRemovalGuard

    if (tenant is None) == (not everything):
        raise OperatorError("name one tenant, or use --all")
    options = listing.options(output, fields)
    PULL_COLUMNS.chosen(options)
    settings = start()
    guard = MassRemovalGuard(settings.missing_count, settings.missing_share)

    async def work(database: "Database") -> "list[manual.Pulled]":
        chosen = (
            await tenants.all_tenants(database)
            if tenant is None
            else [await tenants.find_tenant(database, tenant)]
        )
        if not chosen:
            sys.stderr.write(NO_TENANTS)
        if options != listing.Options():
            return await manual.pull_now(database, chosen, guard, lambda _: None)
        with _progress(len(chosen)) as report:
            return await manual.pull_now(database, chosen, guard, report)

    with migrated(settings) as (conninfo, _):
        results = with_database(conninfo, work)
    incomplete = manual.incomplete(results)
    if options != listing.Options():
        listing.show((result.row() for result in results), PULL_COLUMNS, options)
    elif incomplete:
        _say(f"incomplete: {'; '.join(incomplete)}")
    if incomplete:
        raise typer.Exit(1)


@sync.command(epilog="Example: ringfence sync plan web --tenant web-prod")
def plan(
    group: Group,
    *,
    tenant: InTenant = None,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """Show what a push of a group would do now, and what that opens and closes.

    Reads the cloud and changes nothing.
    """
    from ringfence.sync.push_plan import plan_push

    options = listing.options(output, fields)
    PLAN_COLUMNS.chosen(options)
    with migrated(start()) as (conninfo, _):
        planned = with_database(conninfo, lambda database: plan_push(database, group, tenant))
    if options == listing.Options():
        for line in planned.lines():
            _say(line)
        return
    sys.stderr.writelines(f"{terminal(notice)}\n" for notice in planned.notices)
    listing.show(planned.rows(), PLAN_COLUMNS, options, in_order=True)


@sync.command(epilog="Example: ringfence sync adopt web 1f1f7a34-58a7-4c0f-9a7d-2f0f5d6f8a11")
def adopt(
    group: Group,
    backend_id: Annotated[
        str, typer.Argument(metavar="BACKEND_ID", help="ID of the group in the cloud.")
    ],
    *,
    tenant: InTenant = None,
) -> None:
    """Bind a group to a group in the cloud, where only the name suggests it.

    The group in the cloud must belong to the tenant's project. A group that a pull imported for it
    is merged. The cloud is not changed: remaining differences are drift.
    """
    from ringfence.sync.binding import adoption

    with migrated(start()) as (conninfo, _):
        lines = with_database(
            conninfo, lambda database: adoption.adopt(database, group, backend_id, tenant)
        )
    for line in lines:
        _say(line)


@sync.command(epilog="Example: ringfence sync confirm web-prod --yes")
def confirm(
    tenant: Tenant,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Mark the groups.")] = False,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """Show the groups that are missing in the cloud; with --yes, mark them as ERRED.

    A pull that misses too many groups at once stops until this is done, or until they are back.
    """
    from ringfence.sync import manual
    from ringfence.sync import status as tenants

    async def work(database: "Database") -> tuple[list[dict[str, object]], int]:
        found = await tenants.find_tenant(database, tenant)
        return await manual.confirm_missing(database, found, confirmed=yes)

    options = listing.options(output, fields)
    MISSING_COLUMNS.chosen(options)
    with migrated(start()) as (conninfo, _):
        rows, marked = with_database(conninfo, work)
    if rows or options != listing.Options():
        listing.show(rows, MISSING_COLUMNS, options, text=_missing_line)
    if options == listing.Options():
        _say(_confirmed(len(rows), marked, yes=yes))


def _missing_line(row: listing.Row) -> str:
    return f"{row['name']}: {row['uuid'].hex}, backend id {row['backend_id']}"


def _confirmed(missing: int, marked: int, *, yes: bool) -> str:
    if not missing:
        return "no group is missing"
    if yes:
        return f"{marked} marked as missing in the cloud"
    return f"{missing} would be marked; run it again with --yes"


@sync.command(epilog="Example: ringfence sync mode web-prod enforce")
def mode(
    tenant: Tenant,
    name: Annotated[
        str | None, typer.Argument(metavar="MODE", help="adopt, enforce or report.")
    ] = None,
) -> None:
    """Show or set the default drift mode of a tenant.

    A group's own drift mode takes precedence.
    """
    from ringfence.clouds.drift_modes import DriftMode, default_mode, set_default_mode
    from ringfence.sync import status as tenants

    modes = [str(known) for known in DriftMode]
    if name is not None and name not in modes:
        raise OperatorError(f"{name} is not a drift mode; use one of {', '.join(modes)}")

    async def work(database: "Database") -> str:
        found = await tenants.find_tenant(database, tenant)
        if name is not None:
            await set_default_mode(database, found, DriftMode(name))
        async with database.connection() as connection:
            return await default_mode(connection, found.id)

    with migrated(start()) as (conninfo, _):
        _say(with_database(conninfo, work))


def _say(line: str) -> None:
    from ringfence.cli import output

    output.say(line)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None]]:
    """Yield a function that prints a line; in a terminal, above a progress bar."""
    if not sys.stdout.isatty():
        yield _say
        return
    from rich.progress import Progress

    with Progress(transient=True) as bar:
        task = bar.add_task("Pulling", total=total)

        def report(line: str) -> None:
            bar.console.print(terminal(line), markup=False, highlight=False, soft_wrap=True)
            bar.advance(task)

        yield report
