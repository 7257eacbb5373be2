"""`ringfence login` and `logout`: keep the URL and a token of the API for this user."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

import sys
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli import output
from ringfence.errors import OperatorError

if TYPE_CHECKING:
    from ringfence.cli.api.client import Client


def login(
    url: Annotated[str, typer.Argument(metavar="URL", help="URL of the service.")],
    *,
    user: Annotated[
        str | None,
        typer.Option("--user", metavar="NAME", help="Sign in as this user.", show_default="prompt"),
    ] = None,
    token: Annotated[
        bool, typer.Option("--token", help="Prompt for a token instead of name and password.")
    ] = False,
    ca_file: Annotated[
        Path | None,
        typer.Option(
            "--ca-file",
            metavar="FILE",
            help="PEM file of the CA that signed the service's certificate.",
            show_default="those of the system",
        ),
    ] = None,
) -> None:
    """Store the URL and a token of the service, readable by you only.

    In a terminal, prompts for name and password, which return a token for 24 hours. Otherwise,
    reads a token from the first line of standard input.
    """
    from ringfence.cli.api import credentials
    from ringfence.cli.api.client import Client
    from ringfence.cli.api.credentials import Credentials

    address = credentials.clean_url(url)
    authority = None if ca_file is None else str(_existing(ca_file))
    if warning := credentials.exposure(address):
        output.warn(warning)
    source = "the token"
    if not sys.stdin.isatty():
        secret, source = sys.stdin.readline(), "the token on standard input"
    elif token:
        secret = typer.prompt("Token", hide_input=True, err=True)
    else:
        username = user or typer.prompt("User", err=True)
        password = typer.prompt("Password", hide_input=True, err=True)
        unsigned = Client(Credentials(address, "", authority), attempts=1)
        secret = unsigned.sign_in(username, password)
    access = Credentials(
        address,
        credentials.clean_token(secret, name=source),
        authority,
        advice=f"issue one with ringfence token USER, and check that {address} is its service",
    )
    body = _own_user(Client(access))
    if not isinstance(body, dict) or "username" not in body:
        raise OperatorError(
            f"{address} is not the URL of Ringfence: it has no users; name that of ringfence serve"
        )
    path = credentials.store(access)
    output.say(f"signed in to {address} as {body['username']}; stored in {path}")


def logout() -> None:
    """Remove the stored URL and token. The token itself stays valid until it expires."""
    from ringfence.cli.api import credentials

    output.say("removed" if credentials.remove() else "nothing was stored")


def _own_user(client: "Client") -> object:
    """Return the user of the token; None if the service has no users."""
    from ringfence.cli.api.responses import ApiError

    try:
        return client.get("/api/users/me/").body
    except ApiError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise OperatorError(f"--ca-file {path}: is not a file; name a PEM file")
    return path.absolute()
