"""The command `ringfence doctor`."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ringfence.cli import listing, output
from ringfence.cli.startup import start
from ringfence.errors import OperatorError


def doctor(
    tenant: Annotated[
        str | None,
        typer.Argument(
            metavar="TENANT",
            help="Name or UUID of a tenant: check no other's cloud.",
            show_default="all",
        ),
    ] = None,
    *,
    write_test: Annotated[
        bool,
        typer.Option(
            "--write-test",
            help="Create and remove a security group in the tenant's project, or in one project of "
            "each entry of clouds.yaml.",
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do the write test without a confirmation.")
    ] = False,
    format_: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """Check database, workers, clouds, groups, documents and file modes; change nothing.

    Each check says its result, how it was tested and what to do. Exits 1 if any check fails;
    warnings do not.
    """
    import asyncio

    from ringfence.cli.doctor.clouds import Selection
    from ringfence.cli.doctor.examination import examine
    from ringfence.cli.doctor.report import show_checks

    if yes and not write_test:
        raise OperatorError("--yes needs --write-test: nothing else needs a confirmation")
    if write_test and not yes and not sys.stdin.isatty():
        raise OperatorError(
            "--write-test needs a confirmation, and this is not a terminal: add --yes"
        )
    settings, options = start(), listing.options(format_, fields)
    columns = listing.Columns(("name", "outcome", "found", "tested", "fix"))
    columns.chosen(options)
    confirm = (lambda _: True) if yes else _confirm
    selection = Selection(tenant, confirm if write_test else None)
    with output.advancing("Checking") as advance:
        checks = asyncio.run(examine(settings, selection, advance))
    if options == listing.Options():
        show_checks(checks)
    else:
        rows = [check.document() for check in checks]
        listing.show(rows, columns, options, in_order=True)
    if not all(check.passed for check in checks):
        raise typer.Exit(1)


def _confirm(questions: Sequence[str]) -> bool:
    for question in questions:
        output.say(f"- {question}")
    return typer.confirm("Do this?", default=False, err=True)
