"""`ringfence load`: apply provisioning files, or show what they would change."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli import listing, output
from ringfence.cli.startup import migrated, start, with_database
from ringfence.errors import OperatorError

if TYPE_CHECKING:
    from ringfence.provisioning.options import LoadOptions
    from ringfence.provisioning.summary import Report
    from ringfence.settings import Settings

# The exit code of a dry run that found a difference
DIFFERENT = 2
COLUMNS = listing.Columns(("action", "kind", "name", "uuid", "changes"))


def load(  # noqa: PLR0913 - one for each option
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="YAML or JSON; - is standard input.", show_default=False
        ),
    ],
    *,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would change, and store nothing. Exits 2 if so."),
    ] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            help="Remove what the files do not declare, within the customers that they declare.",
        ),
    ] = False,
    push: Annotated[
        bool, typer.Option("--push", help="Create the groups of the files in the cloud.")
    ] = False,
    max_removals: Annotated[
        int | None,
        typer.Option(
            "--max-removals",
            metavar="NUMBER",
            min=0,
            help="Allow this many removals that no file names.",
            show_default="RINGFENCE_MISSING_COUNT, _SHARE",
        ),
    ] = None,
    resumable: Annotated[
        bool,
        typer.Option(
            "--resumable",
            help="Load JSON Lines (*.jsonl, one document per line), several lines per "
            "transaction. If interrupted, run it again to continue.",
        ),
    ] = False,
    moves: Annotated[
        list[str] | None,
        typer.Option(
            "--move-tenant",
            metavar="TENANT",
            help="Let this tenant (name or UUID) move to another project in the cloud; "
            "its groups stay in the old one. May be repeated.",
        ),
    ] = None,
    output_format: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """Apply provisioning files: all of them, or nothing (declarative, idempotent).

    Creates and updates customers, projects, tenants, groups, users and roles, and removes those
    with `state: absent`. An error is shown with its path in the file.
    """
    shown = listing.options(output_format, fields)
    if shown != listing.Options() and not dry_run:
        raise OperatorError("--output and --field show the diff of a dry run: add --dry-run")
    settings = start()
    options = _options(settings, moves or (), max_removals)
    from dataclasses import replace

    options = replace(options, dry_run=dry_run, prune=prune, push=push)
    with migrated(settings) as (conninfo, _):
        load_them = _load_resumable if resumable else _load_at_once
        report, lines = load_them(conninfo, files, options)
    if not dry_run:
        output.show(lines)
        return
    _show_differences(report, shown)
    if not report.nothing_changed:
        raise typer.Exit(DIFFERENT)


def _options(settings: "Settings", moves: Sequence[str], max_removals: int | None) -> "LoadOptions":
    from ringfence.provisioning.options import LoadOptions
    from ringfence.sync.compare import MassRemovalGuard

    guard = MassRemovalGuard(settings.missing_count, settings.missing_share)
    return LoadOptions(moves=moves, max_removals=max_removals, guard=guard)


def _load_at_once(
    conninfo: str, files: Sequence[Path], options: "LoadOptions"
) -> tuple["Report", list[str]]:
    from ringfence.provisioning.load import load_files

    with output.progress("Loading"):
        report = with_database(conninfo, lambda db: load_files(db, files, options))
    return report, report.lines()


def _load_resumable(
    conninfo: str, files: Sequence[Path], options: "LoadOptions"
) -> tuple["Report", list[str]]:
    from ringfence.provisioning.resumable import load_resumable

    with output.advancing("Loading") as show_progress:

        def advance(done: int, total: int, groups: int) -> None:
            show_progress(done, total, f"{groups:,} groups")

        load_them = partial(load_resumable, paths=files, advance=advance, options=options)
        resumed = with_database(conninfo, load_them)
    return resumed.report, resumed.lines()


def _show_differences(report: "Report", shown: listing.Options) -> None:
    if shown != listing.Options():
        rows = (difference.document() for difference in report.differences)
        listing.show(rows, COLUMNS, shown, in_order=True)
        for line in report.warnings:
            output.warn(line)
        return
    for difference in report.differences:
        for line in difference.lines():
            output.say(line)
    output.show([*report.lines(), "dry run: nothing was stored"])
