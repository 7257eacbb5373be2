"""Somebody with a shell, a home and an environment: runs the program as real processes."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict
from tests.patience import PATIENCE_SECONDS


def url_of(conninfo):
    """Return the URL of a database on a socket."""
    parts = {name: quote(str(part), safe="") for name, part in conninfo_to_dict(conninfo).items()}
    return "postgresql://{user}@{host}:5432/{dbname}".format(**parts)


class Operator:
    """Somebody with a shell, a home and an environment."""

    def __init__(self, folder):
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RINGFENCE_", "OS_"))}
        self.environment = kept | {"RINGFENCE_HOME": str(folder / "home"), "NO_COLOR": "1"}
        self.started = []
        # What the program is run by, where that is not the shell.
        self.through = []

    def run(self, *arguments, **settings):
        return subprocess.run(
            [*self.through, sys.executable, "-m", "ringfence", *arguments],
            env=self.environment | settings,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def mistake(self, *arguments, **settings):
        done = self.run(*arguments, **settings)
        assert (done.returncode, done.stdout) == (2, ""), done
        (line,) = done.stderr.splitlines()
        assert line.startswith("ringfence: ")
        return line.removeprefix("ringfence: ")

    def serve(self, *arguments):
        log = self.folder / f"log-{len(self.started)}"
        with log.open("w") as errors:
            process = subprocess.Popen(
                [*self.through, sys.executable, "-m", "ringfence", *arguments, "--port", "0"],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.started.append(process)
        line = process.stdout.readline()
        assert re.fullmatch(r"ready http://127\.0\.0\.1:\d+\n", line), log.read_text()
        return process, line.split()[1]

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)


@contextmanager
def operating() -> Iterator[Operator]:
    """Give an operator with a home that is gone afterwards, and its processes with it."""
    # Short, for the sake of socket paths, and open to the user that PostgreSQL runs as for root.
    folder = Path(tempfile.mkdtemp(prefix="ringfence-cli-", dir="/tmp"))
    folder.chmod(0o755)
    one = Operator(folder)
    try:
        yield one
    finally:
        for process in one.started:
            if process.poll() is None:
                process.terminate()
            process.communicate(timeout=PATIENCE_SECONDS)
        shutil.rmtree(folder)
