"""`backup`, `restore`, `upgrade-database`: the database to a file, back, and to a new server."""

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
    """Write a consistent snapshot of the database to a file, which any database can restore.

    The service may keep running. The file has no tokens or passwords, only their digests.
    """
    from ringfence.cli import output
    from ringfence.database.backup.commands import backup as write

    settings = start()
    with output.progress("Backing up"):
        written = write(settings, file.absolute(), overwrite=overwrite)
    rows = written.contents.rows
    output.say(f"written: {sum(rows.values())} rows of {len(rows)} tables")
    if written.in_use:
        output.say("the service is running: its later changes are not in the file")


def restore(
    file: Annotated[Path, typer.Argument(help="A file written by `ringfence backup`.")],
    *,
    overwrite: Overwrite = False,
) -> None:
    """Replace the database with a backup of this or another database: all of it, or nothing.

    The database is the embedded one, or that of RINGFENCE_DATABASE_URL. The file is checked first.
    No process may use the database during the restore.
    """
    from ringfence.cli import output
    from ringfence.database.backup.commands import restore as read

    settings = start()
    with output.progress("Restoring"):
        contents = read(settings, file.absolute(), overwrite=overwrite)
    output.say(f"restored: the data of Ringfence {contents.release} at {contents.made}")


def upgrade_database() -> None:
    """Move the embedded database to the version of PostgreSQL that is installed.

    The former data directory is kept. No process may use the database during the upgrade.
    """
    from ringfence.cli import output
    from ringfence.database.embedded.upgrade import upgrade

    settings = start()
    with output.progress("Upgrading"):
        done = upgrade(settings)
    if done is None:
        output.say("nothing to upgrade: the database is of the installed version")
        return
    output.say(f"upgraded from PostgreSQL {done.before} to {done.after}: {done.rows} rows")
    output.say(f"the former data are kept in {done.kept}: remove them when all is well")
