"""`ringfence load`: apply provisioning files."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli import output
from ringfence.cli.startup import migrated, start, with_database


def load(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="YAML or JSON.", show_default=False)
    ],
    *,
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
) -> None:
    """Apply provisioning files: all of them, or nothing (declarative, idempotent).

    Creates and updates customers, projects, tenants, groups, users and roles. An error is shown
    with its path in the file.
    """
    with migrated(start()) as (conninfo, _):
        load_them = _load_resumable if resumable else _load_at_once
        lines = load_them(conninfo, files, moves or ())
    output.show(lines)


def _load_at_once(conninfo: str, files: Sequence[Path], moves: Sequence[str]) -> list[str]:
    from ringfence.provisioning.load import load_files

    with output.progress("Loading"):
        report = with_database(conninfo, lambda db: load_files(db, files, moves=moves))
    return report.lines()


def _load_resumable(conninfo: str, files: Sequence[Path], moves: Sequence[str]) -> list[str]:
    from ringfence.provisioning.resumable import load_resumable

    with output.advancing("Loading") as show_progress:

        def advance(done: int, total: int, groups: int) -> None:
            show_progress(done, total, f"{groups:,} groups")

        load_them = partial(load_resumable, paths=files, advance=advance, moves=moves)
        return with_database(conninfo, load_them).lines()
