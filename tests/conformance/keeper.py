"""Run an instance in a folder while any process holds the lock on its file `users`.

usage: python keeper.py FOLDER

It returns once the instance responds; a process that waits for the end stays.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

RINGFENCE = (sys.executable, "-m", "ringfence")
CONTRACTS = {"address": "2025-11", "newer_address": "2026-10"}
READY = b"."


def main(folder: Path) -> int:
    """Start the process that stays, and wait until the instance responds."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        return 0 if os.read(reading, 1) == READY else 1
    os.close(reading)
    os.setsid()
    keep(folder, writing)
    return 0


def keep(folder: Path, ready: int) -> None:
    """Load, serve in both contract versions, print where, and stop with the last user."""
    subprocess.run([*RINGFENCE, "load", folder / "site.json"], check=True, timeout=60)
    processes: list[subprocess.Popen[str]] = []
    try:
        addresses = {name: serve(contract, processes) for name, contract in CONTRACTS.items()}
        (folder / "addresses.json").write_text(json.dumps(addresses))
        os.write(ready, READY)
        with (folder / "users").open("a") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            stop(processes)
            shutil.rmtree(folder)
    finally:
        stop(processes)
        shutil.rmtree(folder / "home", ignore_errors=True)


def serve(contract: str, processes: "list[subprocess.Popen[str]]") -> str:
    """Start a further process of the service; return its URL."""
    command = [*RINGFENCE, "serve", "--port", "0", "--workers", "1"]
    # One job worker is enough.
    command += ["--no-worker"] if processes else []
    environment = os.environ | {"RINGFENCE_CONTRACT": contract}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    processes.append(process)
    assert process.stdout is not None
    return process.stdout.readline().split()[1]


def stop(processes: "list[subprocess.Popen[str]]") -> None:
    """Stop the processes and wait for them."""
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(30)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
