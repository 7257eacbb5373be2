"""Create the folder of a server's data with `initdb`."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ringfence.database.embedded.failure_reasons import reason_in
from ringfence.database.embedded.home import NAME, Account
from ringfence.errors import OperatorError

TUNING = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    # JIT compilation delays short queries.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def make_data(programs: Path, data: Path, account: Account) -> None:
    """Create the folder unless it exists, as a whole; raises `OperatorError`."""
    home = data.parent
    for interrupted in home.glob("data.new-*"):
        shutil.rmtree(interrupted, ignore_errors=True)
    if data.exists():
        return
    new = Path(tempfile.mkdtemp(prefix="data.new-", dir=home))
    os.chown(new, account.uid, account.gid)
    command: list[str | Path] = [
        *(programs / "initdb", "-D", new, "-U", NAME, "--auth=peer", "--encoding=UTF8"),
        # Names sort by code point and fold case as Unicode says, the same on every system.
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *(f"--set={name}={value}" for name, value in TUNING.items()),
    ]
    options = account.subprocess_options() | {"cwd": home}
    result = subprocess.run(  # noqa: S603 - a program and words of ours
        command, check=False, capture_output=True, text=True, **options
    )
    if result.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        raise OperatorError(f"initdb failed in {home}: {reason_in(result.stderr)}")
    # In one step: a killed start leaves no partial database.
    new.rename(data)
