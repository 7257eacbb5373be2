"""JSON Lines files: each line is a provisioning document that can be loaded alone.

Lines are read in batches of bounded size, so that memory does not grow with the file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path

from ringfence.errors import OperatorError
from ringfence.provisioning.document import JSON_LINES, check_document
from ringfence.provisioning.parser import read_json_line
from ringfence.provisioning.problems import Problems
from ringfence.provisioning.schema import Document

# A batch ends with the line that reaches this size: a few thousand groups.
BATCH_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file; `label` names it in messages."""

    text: bytes
    label: str

    def read(self, problems: Problems) -> Document | None:
        """Parse and check the line; return None for a blank line or one with problems."""
        if self.text.isspace():
            return None
        try:
            tree = read_json_line(self.text, label=self.label)
        except OperatorError as error:
            problems.lines.append(str(error))
            return None
        return check_document(tree, self.label, problems)


@dataclass(slots=True)
class Batch:
    """Consecutive lines that are loaded in one transaction; `size` is in bytes."""

    lines: int = 0
    size: int = 0
    documents: list[tuple[str, Document]] = field(default_factory=list)


def is_json_lines(path: Path) -> bool:
    """Return whether the name is one of a JSON Lines file."""
    return path.suffix.lower() == JSON_LINES


def digest_of(paths: Sequence[Path]) -> bytes:
    """Return a SHA-256 of the files' content in their order."""
    digest = sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                digest.update(file_digest(file, "sha256").digest())
        except OSError as error:
            raise _unreadable(path, error) from None
    return digest.digest()


def read_lines(paths: Sequence[Path]) -> Iterator[Line]:
    """Yield the lines of the files, blank ones included."""
    for path in paths:
        prefix = f"{path}: " if len(paths) > 1 else ""
        try:
            with path.open("rb") as file:
                for number, text in enumerate(file, start=1):
                    yield Line(text, f"{prefix}line {number}")
        except OSError as error:
            raise _unreadable(path, error) from None


def read_batches(lines: Iterator[Line]) -> Iterator[Batch]:
    """Yield the lines in batches; raise `OperatorError` with all problems of a batch."""
    batch, problems = Batch(), Problems()
    for line in lines:
        document = line.read(problems)
        if document is not None:
            batch.documents.append((line.label, document))
        batch.lines += 1
        batch.size += len(line.text)
        if batch.size >= BATCH_BYTES:
            problems.check()
            yield batch
            batch = Batch()
    problems.check()
    if batch.lines:
        yield batch


def _unreadable(path: Path, error: OSError) -> OperatorError:
    return OperatorError(f"{path}: cannot be read: {error.strerror}")
