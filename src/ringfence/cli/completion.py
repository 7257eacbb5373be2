"""`ringfence completion`: the script with which a shell completes commands and options."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

import os
from contextlib import redirect_stdout
from enum import StrEnum
from io import StringIO
from typing import Annotated

import typer

VARIABLE = "_RINGFENCE_COMPLETE"


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    context: typer.Context,
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the completion script of a shell."""
    from typer.completion import get_completion_inspect_parameters, shell_complete

    # Registers the shells.
    get_completion_inspect_parameters()
    command = context.find_root().command
    with redirect_stdout(StringIO()) as script:
        shell_complete(command, {}, "ringfence", VARIABLE, f"source_{shell}")
    # zsh reads the first line of a file to learn what it completes.
    typer.echo(script.getvalue().strip())


def prepare() -> None:
    """Let the program respond to the shell's requests for completions."""
    if VARIABLE in os.environ:
        from typer.completion import get_completion_inspect_parameters

        get_completion_inspect_parameters()
