"""Where tools/firewalls unpacked OVN and iptables, or where the system has them."""

import os
import platform
import shutil
from pathlib import Path

UNPACKED = Path(__file__).parents[2] / ".venv" / "firewalls" / "usr"
LIBRARIES = UNPACKED / "lib" / f"{platform.machine()}-linux-gnu"


def environment() -> dict[str, str]:
    """Return the variables with which the unpacked programs find each other and their libraries."""
    folders = [str(UNPACKED / "bin"), str(UNPACKED / "sbin"), "/usr/sbin", "/sbin"]
    variables = {
        **os.environ,
        "PATH": os.pathsep.join([*folders, os.environ.get("PATH", "")]),
        "LD_LIBRARY_PATH": str(LIBRARIES),
    }
    if (LIBRARIES / "xtables").exists():
        variables["XTABLES_LIBDIR"] = str(LIBRARIES / "xtables")
    return variables


def missing(*names: str) -> list[str]:
    """Return the programs that are neither unpacked nor installed."""
    path = environment()["PATH"]
    return [name for name in names if shutil.which(name, path=path) is None]


def schemas() -> Path:
    """Return the folder with the schemas of OVN's databases."""
    unpacked = UNPACKED / "share" / "ovn"
    return unpacked if unpacked.exists() else Path("/usr/share/ovn")
