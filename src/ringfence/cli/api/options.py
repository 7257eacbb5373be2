"""Arguments and options that several commands have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_TIMEOUT_SECONDS = 300.0


class RuleFormat(StrEnum):
    """The formats of a file of rules; `text` is one rule a line, as in the console."""

    YAML = "yaml"
    JSON = "json"
    CSV = "csv"
    TEXT = "text"


Group = Annotated[str, typer.Argument(metavar="GROUP", help="Name or UUID of a security group.")]
InTenant = Annotated[
    str | None,
    typer.Option(
        "--tenant", metavar="TENANT", help="The group's tenant (name or UUID).", show_default="any"
    ),
]
RuleFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="Rules: YAML, JSON, CSV or pasted lines; - is standard input."
    ),
]
FileFormat = Annotated[
    RuleFormat | None,
    typer.Option("--format", help="Format of the file.", show_default="by its suffix or content"),
]
ExitCode = Annotated[
    bool, typer.Option("--exit-code", help="Exit 1 if there are differences, 0 if not.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Make the change without a question.")]
Wait = Annotated[
    bool, typer.Option("--wait", help="Wait until the change is in the cloud; exit 1 if it failed.")
]
Timeout = Annotated[
    float,
    typer.Option("--timeout", min=0, metavar="SECONDS", help="How long to wait; then exit 3."),
]
