"""`ringfence docs`: the API reference as Markdown."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli import output
from ringfence.errors import OperatorError


def docs(
    directory: Annotated[Path, typer.Argument(help="Directory to write to; created if missing.")],
) -> None:
    """Write the API reference as Markdown, one page for each kind of object."""
    from importlib.metadata import version

    from ringfence.app import OPERATIONS
    from ringfence.http.openapi.document import assemble
    from ringfence.reference.pages import pages

    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in pages(assemble(OPERATIONS, version("ringfence"))).items():
            (directory / name).write_text(text, encoding="utf-8")
            output.say(str(directory / name))
    except OSError as error:
        raise OperatorError(
            f"cannot write to {directory}: {error.strerror}; name a writable directory"
        ) from None
