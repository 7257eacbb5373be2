"""The file of a backup: two lines that describe it, the rows, and a digest of all of it.

With a key, an HMAC of everything follows: a digest detects damage, and only a key detects forgery.
The first line names the format: format 2 has a compressed script of rows (`rows`), format 1 of
release 0.1.0 an archive of `pg_dump` (`archive`).
"""

import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from ringfence.errors import OperatorError

FORMATS = {b"ringfence backup 1\n": 1, b"ringfence backup 2\n": 2}
FIRST_LINE = b"ringfence backup 2\n"
LONGEST_LINE = 1_000_000
CHUNK = 1 << 20
DIGEST_BYTES = hashlib.sha256().digest_size


class Writable(Protocol):
    """What rows are written to."""

    def write(self, piece: bytes, /) -> int: ...


class Contents(BaseModel):
    """What the second line says: when and by whom it was made, and what is in it.

    `server` is PostgreSQL's version as a number (180006), `rows` counts those of each table, and
    `partitions` names those of all tables.
    """

    model_config = ConfigDict(extra="forbid")

    made: str
    release: str
    server: int
    migrations: list[str]
    rows: dict[str, int]
    partitions: list[str] = []
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Backup:
    """An open file that is as it was written; `pieces` are its rows, in its format."""

    format: int
    contents: Contents
    pieces: Iterator[bytes]


def write(
    path: Path,
    contents: Contents,
    dump: Callable[[Writable], object],
    *,
    overwrite: bool,
    key: bytes | None = None,
) -> None:
    """Write the file completely or not at all; `dump` writes its part, `key` signs it.

    Raises `OperatorError` where the file exists and may not be overwritten.
    """
    refuse_existing(path, overwrite=overwrite)
    with _incoming(path) as (incoming, name):
        hashing = _Hashing(incoming, key)
        hashing.write(FIRST_LINE)
        described = contents.model_copy(update={"signed": key is not None}).model_dump()
        hashing.write(json.dumps(described).encode() + b"\n")
        dump(hashing)
        incoming.write(hashing.digest.digest())
        if hashing.signature is not None:
            incoming.write(hashing.signature.digest())
        incoming.flush()
        os.fsync(incoming.fileno())
        if overwrite:
            os.replace(name, path)  # noqa: PTH105 - a name, as tempfile gives it
        else:
            # Unlike a rename, a link fails if the file was created in the meantime.
            os.link(name, path)
    _sync_folder(path.parent)


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise `OperatorError` if the file exists and may not be overwritten."""
    if path.is_dir():
        raise OperatorError(f"{path} is a folder: name a file in it")
    if path.exists() and not overwrite:
        raise OperatorError(f"{path} exists already: name another file, or use --overwrite")


@contextmanager
def reading(path: Path, key: bytes | None = None) -> Iterator[Backup]:
    """Yield a backup whose digest was checked.

    Raises `OperatorError` where it is no backup, or not as it was written, or not signed with the
    key where there is one.
    """
    with _opened(path) as file:
        number, contents = _head(file, path)
        begin = file.tell()
        end = path.stat().st_size - DIGEST_BYTES * (2 if contents.signed else 1)
        digest, signature = _digests(file, end, key)
        if end < begin or digest != file.read(DIGEST_BYTES):
            raise OperatorError(
                f"{path} is not as it was written (its checksum is wrong): take another copy of it"
            )
        if key is not None:
            if not contents.signed:
                raise OperatorError(
                    f"{path} is not signed, and RINGFENCE_BACKUP_KEY is set: "
                    "unset it only where you know who wrote the file"
                )
            if not hmac.compare_digest(signature, file.read(DIGEST_BYTES)):
                raise OperatorError(
                    f"{path} was not signed with this RINGFENCE_BACKUP_KEY, or was changed since"
                )
        file.seek(begin)
        yield Backup(number, contents, _pieces(file, end - begin))


def _head(file: BinaryIO, path: Path) -> tuple[int, Contents]:
    first = file.readline(LONGEST_LINE)
    if first not in FORMATS:
        if first.startswith(b"ringfence backup "):
            raise OperatorError(f"{path} is of a newer release of Ringfence: restore it with that")
        raise OperatorError(f"{path} is not a Ringfence backup: make one with `ringfence backup`")
    try:
        return FORMATS[first], Contents.model_validate_json(file.readline(LONGEST_LINE))
    except ValidationError:
        raise OperatorError(
            f"{path} is damaged at its beginning: take another copy of it"
        ) from None


def _digests(file: BinaryIO, end: int, key: bytes | None) -> tuple[bytes, bytes]:
    """Return digest and HMAC of the bytes up to `end`, where the file's position is then."""
    digest, signature = hashlib.sha256(), hmac.new(key or b"", digestmod="sha256")
    file.seek(0)
    for piece in _pieces(file, end):
        digest.update(piece)
        if key is not None:
            signature.update(piece)
    return digest.digest(), signature.digest()


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (piece := file.read(min(size, CHUNK))):
        size -= len(piece)
        yield piece


class _Hashing:
    """A file that remembers the digest of what was written."""

    def __init__(self, file: BinaryIO, key: bytes | None) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.signature = None if key is None else hmac.new(key, digestmod="sha256")

    def write(self, piece: bytes) -> int:
        self.digest.update(piece)
        if self.signature is not None:
            self.signature.update(piece)
        return self._file.write(piece)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise OperatorError(f"cannot read {path}: {error.strerror}") from None
    with file:
        yield file


@contextmanager
def _incoming(path: Path) -> Iterator[tuple[BinaryIO, str]]:
    """Yield a new file beside `path` that only its owner may read, and delete it afterwards."""
    try:
        # Only its owner may read it: a backup reveals all security groups.
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise OperatorError(f"cannot write in {path.parent}: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file, name
    except OSError as error:
        reason = "it exists already" if isinstance(error, FileExistsError) else error.strerror
        raise OperatorError(f"cannot write {path}: {reason}; nothing is left of it") from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
