"""`ringfence export`: write the database as a provisioning file."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

import io
import sys
from enum import StrEnum
from typing import Annotated

import typer

from ringfence.cli import output
from ringfence.cli.startup import migrated, start, with_database


class FileFormat(StrEnum):
    """The form of the file, as in `provisioning.export.export`."""

    YAML = "yaml"
    JSON = "json"
    JSONL = "jsonl"


def export(
    named: Annotated[
        str | None,
        typer.Argument(
            metavar="CUSTOMER|TENANT", help="Name or UUID of one.", show_default="everything"
        ),
    ] = None,
    *,
    output_format: Annotated[
        FileFormat,
        typer.Option(
            "--output",
            "-o",
            help="Form of the file; `jsonl` has a tenant on each line, for `load --resumable`.",
        ),
    ] = FileFormat.YAML,
) -> None:
    """Write clouds, users, customers, tenants, groups and roles as a provisioning file.

    Loading the file again changes nothing. It contains no tokens and no passwords. What a file
    cannot state is left out with a note, and a load leaves it alone.
    """
    with migrated(start()) as (conninfo, _):
        from ringfence.provisioning.export import export as exporting

        file_format = exporting.FileFormat(output_format)
        if isinstance(sys.stdout, io.TextIOWrapper):
            # In another encoding, names would lose characters.
            sys.stdout.reconfigure(encoding="utf-8")
        # YAML has the notes as comments.
        is_yaml = output_format is FileFormat.YAML

        def note(text: str) -> None:
            if not is_yaml:
                output.warn(f"note: {text}")

        with_database(
            conninfo,
            lambda database: exporting.export(database, named, file_format, sys.stdout.write, note),
        )
    sys.stdout.flush()
