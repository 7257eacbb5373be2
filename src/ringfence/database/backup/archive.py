"""Read the rows of a backup of release 0.1.0, an archive of `pg_dump`, as a script.

An archive can contain any entry. Its entries are compared with those that a backup has before
anything else of it is read, and `pg_restore` only writes the script, which `rows` loads.
"""

import itertools
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ringfence.errors import OperatorError

# What `pg_dump` writes of the tables of release 0.1.0, job queue included; it had no partitions.
ENTRIES = {"TABLE", "TABLE DATA", "SEQUENCE", "SEQUENCE OWNED BY", "SEQUENCE SET", "VIEW", "TYPE"}
ENTRIES |= {"CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", "DEFAULT", "INDEX", "TRIGGER"}
ENTRIES |= {"FUNCTION", "EXTENSION", "COMMENT", "SCHEMA", "ACL", "DEFAULT ACL"}
EXTENSIONS = frozenset({"pg_trgm"})

# `4021; 1259 16390 TABLE public events ringfence_owner`
_ENTRY = re.compile(r"[0-9]+; [0-9]+ [0-9]+ ([A-Z][A-Z ]*[A-Z]) (\S+) (.*)")


def require_known_entries(listing: str) -> None:
    """Raise `OperatorError` for an entry of `pg_restore --list` that no backup of Ringfence has."""
    for line in listing.splitlines():
        if not line or line.startswith(";"):
            continue
        entry = _ENTRY.fullmatch(line)
        kind, _, name = entry.groups() if entry else (line[:80], "", "")
        wrong_extension = kind == "EXTENSION" and name.split(" ")[0] not in EXTENSIONS
        if kind not in ENTRIES or wrong_extension:
            raise OperatorError(
                f"the backup holds what no backup of Ringfence does ({kind} {name}".rstrip()
                + "), so nothing of it was loaded: take one that `ringfence backup` has written"
            )


@contextmanager
def script(pg_restore: Path, pieces: Iterator[bytes]) -> Iterator[BinaryIO]:
    """Yield the rows of an archive; raises `OperatorError` if `pg_restore` cannot read it."""
    pieces = _checked(pg_restore, pieces)
    command = ["--data-only", "--no-owner", "--no-privileges", "--file=-"]
    with _program(pg_restore, command) as program:

        def feed() -> None:
            with suppress(BrokenPipeError):
                for piece in pieces:
                    program.stdin.write(piece)  # type: ignore[union-attr]
                program.stdin.close()  # type: ignore[union-attr]

        feeding = threading.Thread(target=feed)
        feeding.start()
        try:
            yield program.stdout  # type: ignore[misc]
        except BaseException:
            program.kill()
            raise
        finally:
            feeding.join()


def _checked(pg_restore: Path, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Refuse an archive with entries that no backup has; return it from its beginning."""
    begun: list[bytes] = []
    with (
        tempfile.TemporaryFile() as listing,
        _program(pg_restore, ["--list"], stdout=listing) as program,
    ):
        # The list is at the beginning; after it, the program reads no more.
        with suppress(BrokenPipeError):
            for piece in pieces:
                begun.append(piece)
                program.stdin.write(piece)  # type: ignore[union-attr]
        with suppress(BrokenPipeError):
            program.stdin.close()  # type: ignore[union-attr]
        program.wait()
        listing.seek(0)
        require_known_entries(listing.read().decode(errors="replace"))
    return itertools.chain(begun, pieces)


@contextmanager
def _program(
    path: Path, arguments: list[str], stdout: BinaryIO | int = subprocess.PIPE
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program of PostgreSQL; raises `OperatorError` with its message if it fails."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603 - a program and words of ours
            [path, *arguments],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=said,
            env={"LC_ALL": "C"},
        ) as program,
    ):
        try:
            yield program
        except BrokenPipeError:
            # It has given up; why, it says below.
            program.wait()
        except BaseException:
            program.kill()
            raise
        if program.wait() != 0:
            said.seek(0)
            words = said.read().decode(errors="replace").strip().splitlines()
            raise OperatorError(f"{path.name} failed: {words[-1] if words else 'it says nothing'}")
