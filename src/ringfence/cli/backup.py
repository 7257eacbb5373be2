"""`ringfence backup` and `ringfence restore`: the embedded database into a file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.startup import start

# Heavy packages are imported inside the functions: only the command that needs one pays for it.
# ruff: noqa: PLC0415

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Overwrite what is there already.")]


def backup(
    file: Annotated[Path, typer.Argument(help="File to write; only its owner may read it.")],
    *,
    overwrite: Overwrite = False,
) -> None:
    """Write the whole embedded database into a file, as it is at one moment.

    The service may run meanwhile. The file holds no token and no password, only their digests.
    """
    from ringfence.cli import output
    from ringfence.database.embedded.backup import backup as write

    settings = start()
    with output.progress("Backing up"):
        contents = write(settings, file.absolute(), overwrite=overwrite)
    output.say(f"written: {sum(contents.rows.values())} rows of {len(contents.rows)} tables")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `ringfence backup` has written.")],
    *,
    overwrite: Overwrite = False,
) -> None:
    """Put a backup in the place of the embedded database: all of it, or nothing.

    The file is checked first. Nobody may use the database meanwhile.
    """
    from ringfence.cli import output
    from ringfence.database.embedded.backup import restore as read

    settings = start()
    with output.progress("Restoring"):
        contents = read(settings, file.absolute(), overwrite=overwrite)
    output.say(f"restored: what Ringfence {contents.release} held at {contents.made}")
