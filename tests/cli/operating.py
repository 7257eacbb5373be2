"""An operator who runs the program as real processes, with a data directory of their own."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict
from tests import folders
from tests.patience import PATIENCE_SECONDS

CHECKOUT = Path(__file__).parents[2]


def url_of(conninfo):
    """Return the URL of a database on a socket."""
    parts = {name: quote(str(part), safe="") for name, part in conninfo_to_dict(conninfo).items()}
    return "postgresql://{user}@{host}:5432/{dbname}".format(**parts)


class Operator:
    """An operator with a data directory and an environment."""

    def __init__(self, folder):
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RINGFENCE_", "OS_"))}
        self.environment = kept | {"RINGFENCE_HOME": str(folder / "home"), "NO_COLOR": "1"}
        self.started = []
        # A wrapper that runs the program, such as a shell script.
        self.through = []
        self.program = [sys.executable, "-m", "ringfence"]

    def run(self, *arguments, **settings):
        return subprocess.run(
            [*self.through, *self.program, *arguments],
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
                [*self.through, *self.program, *arguments, "--port", "0"],
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


@cache
def _prepared() -> Path:
    """Return a data directory with a migrated database, created once for each schema."""
    source = sorted((CHECKOUT / "src" / "ringfence" / "database").rglob("*.[ps][yq]*"))
    texts = b"\0".join([os.fsencode(CHECKOUT), *(path.read_bytes() for path in source)])
    digest = hashlib.sha256(texts).hexdigest()[:12]
    prepared = Path(f"/tmp/ringfence-prepared-{os.geteuid()}-{digest}")  # noqa: S108 - its owner is checked
    if not prepared.exists():
        draft = Path(tempfile.mkdtemp(prefix="ringfence-draft-", dir="/tmp"))
        draft.chmod(0o711)
        made = Operator(draft).run("migrate")
        assert made.returncode == 0, made.stderr
        try:
            (draft / "home").rename(prepared)
        except OSError:
            # Another process has created it.
            assert prepared.exists()
        shutil.rmtree(draft)
    assert prepared.lstat().st_uid == os.geteuid(), f"somebody else made {prepared}"
    return prepared


def copy_migrated(home: Path) -> None:
    """Create a data directory with a migrated database: a copy, which is quicker."""
    prepared = _prepared()
    home.mkdir()
    shutil.copystat(prepared, home)
    # The programs are never changed: on one file system, hard links are enough.
    programs = "-al" if home.stat().st_dev == prepared.stat().st_dev else "-a"
    for how, name in (("-a", "data"), (programs, "postgresql")):
        subprocess.run(["cp", how, prepared / name, home], check=True)


@contextmanager
def operating(*, migrated: bool = True) -> Iterator[Operator]:
    """Yield an operator; its data directory and processes end with the block."""
    folder = folders.create("cli")
    one = Operator(folder)
    if migrated:
        copy_migrated(folder / "home")
    try:
        yield one
    finally:
        for process in one.started:
            if process.poll() is None:
                process.terminate()
            process.communicate(timeout=PATIENCE_SECONDS)
        shutil.rmtree(folder)
