"""Which faults are struck: some of them in `make test`, all in `make test-own-faults`."""

import os
import subprocess
from collections.abc import Iterable
from typing import TypeVar

Fault = TypeVar("Fault")

ALL = os.environ.get("RINGFENCE_OWN_FAULTS") == "all"


def chosen(faults: Iterable[Fault], *usual: Fault) -> list[Fault]:
    """Return all of them, or the usual ones."""
    return list(faults) if ALL else list(usual)


def may_mount() -> bool:
    """Return whether a disk of its own can be had here, which takes root and its whole power."""
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
