"""`ringfence backup` and `ringfence restore`: the embedded database to a file and back."""

from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.startup import start

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Overwrite what exists.")]


def backup(
    file: Annotated[Path, typer.Argument(help="File to write, readable by its owner only.")],
    *,
    overwrite: Overwrite = False,
) -> None:
    """Write a consistent snapshot of the embedded database to a file.

    The service may keep running. The file has no tokens or passwords, only their digests.
    """
    from ringfence.cli import output
    from ringfence.database.embedded.backup import backup as write

    settings = start()
    with output.progress("Backing up"):
        contents = write(settings, file.absolute(), overwrite=overwrite)
    output.say(f"written: {sum(contents.rows.values())} rows of {len(contents.rows)} tables")


def restore(
    file: Annotated[Path, typer.Argument(help="A file written by `ringfence backup`.")],
    *,
    overwrite: Overwrite = False,
) -> None:
    """Replace the embedded database with a backup: all of it, or nothing.

    The file is checked first. No process may use the database during the restore.
    """
    from ringfence.cli import output
    from ringfence.database.embedded.backup import restore as read

    settings = start()
    with output.progress("Restoring"):
        contents = read(settings, file.absolute(), overwrite=overwrite)
    output.say(f"restored: the data of Ringfence {contents.release} at {contents.made}")
