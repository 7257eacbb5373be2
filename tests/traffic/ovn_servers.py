"""OVN without a kernel: its two databases, ovn-northd and ovn-trace, in one folder.

Run as a process of its own, which ends all others when its standard input ends: so nothing of
it outlives a test, however that ends.

    python ovn_servers.py FOLDER SCHEMAS

A line on standard input starts ovn-trace again, which reads the database only once. The line is
how many packets it can trace.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

START_SECONDS = 60.0


def main(folder: Path, schemas: Path) -> None:
    """Serve until standard input ends."""
    os.chdir(folder)
    with ExitStack() as running:
        for name in ("nb", "sb"):
            running.enter_context(database(name, schemas / f"ovn-{name}.ovsschema"))
        northd = ["ovn-northd", "--ovnnb-db=unix:nb.sock", "--ovnsb-db=unix:sb.sock"]
        running.enter_context(process([*northd, "--unixctl=northd.ctl"], "northd.ctl"))
        running.callback(end_trace)
        say_ready()
        for line in sys.stdin:
            start_trace(int(line))
            say_ready()


def say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def database(name: str, schema: Path):
    """Run an empty database with a schema."""
    subprocess.run(["ovsdb-tool", "create", f"{name}.db", schema], check=True)
    command = ["ovsdb-server", f"{name}.db", f"--remote=punix:{name}.sock"]
    return process([*command, f"--unixctl={name}.ctl"], f"{name}.sock")


class process:  # noqa: N801 - used as a function
    """Run a program inside the block, from when a socket of it is there."""

    def __init__(self, command: list[str], socket: str) -> None:
        self.command, self.socket = command, socket

    def __enter__(self) -> None:
        with Path("log").open("a") as log:
            self.running = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until = time.monotonic() + START_SECONDS
        while not Path(self.socket).exists():
            if self.running.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise SystemExit(f"{self.command[0]} does not start:\n{Path('log').read_text()}")
            time.sleep(0.01)

    def __exit__(self, *_: object) -> None:
        self.running.terminate()
        self.running.wait()


def start_trace(packets: int) -> None:
    """Start ovn-trace as a daemon, which it can only be on its own; it knows the database then.

    The daemon has the states of connections from its command line, one for each time that a flow
    needs it, which is at most twice a packet. After the last one it takes all for established.
    """
    end_trace()
    new = ["--ct=new"] * (2 * packets)
    command = ["ovn-trace", "--db=unix:sb.sock", "--unixctl=trace.ctl"]
    detached = [*new, "--detach", "--no-chdir", f"--pidfile={Path.cwd() / 'trace.pid'}"]
    with Path("log").open("a") as log:
        subprocess.run([*command, *detached], check=True, stdout=log, stderr=log)


def end_trace() -> None:
    """End the daemon, if there is one."""
    pidfile = Path("trace.pid")
    if not pidfile.exists():
        return
    number = int(pidfile.read_text())
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGTERM)
        until = time.monotonic() + START_SECONDS
        while pidfile.exists() and time.monotonic() < until:
            os.kill(number, 0)
            time.sleep(0.01)
    pidfile.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
