"""Waits until a group is applied in the cloud, failed, or gone."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import typer

from ringfence.cli import output
from ringfence.cli.api.client import Client, Unreachable, group_path
from ringfence.cli.api.responses import ApiError
from ringfence.errors import OperatorError

# Exit codes; docs/reference/command-line.md lists them.
ERRED = 1
TIMEOUT = 3

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 2.0
_SHOWN = [("field", "state"), ("field", "error_message")]


def wait_for(
    client: Client,
    uuid: str,
    timeout: float,
    *,
    is_deletion: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once the group is OK or, after its deletion, gone.

    Raises `typer.Exit` if that failed, or time is over.
    """
    deadline = time.monotonic() + timeout
    pause = _FIRST_PAUSE_SECONDS
    while True:
        group = _state_of(client, uuid)
        if group is None:
            output.say("deleted" if is_deletion else "ERRED: the group was deleted meanwhile")
            if is_deletion:
                return
            raise typer.Exit(ERRED)
        if group.get("state") == "OK":
            output.say("OK" if not is_deletion else "ERRED: the group was not deleted")
            if not is_deletion:
                return
            raise typer.Exit(ERRED)
        if group.get("state") == "ERRED":
            output.say(f"ERRED: {group.get('error_message') or 'no message'}")
            raise typer.Exit(ERRED)
        if time.monotonic() + pause > deadline:
            output.say(f"still {group.get('state') or 'unreachable'} after {timeout:g} s")
            raise typer.Exit(TIMEOUT)
        sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _state_of(client: Client, uuid: str) -> dict[str, Any] | None:
    """Return the state of a group; None if it is gone, and nothing of it while unreachable."""
    try:
        body = client.get(group_path(uuid), _SHOWN).body
    except Unreachable:
        return {}
    except ApiError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise
    if not isinstance(body, dict):
        raise OperatorError("the response is not a security group; check the URL")
    return body
