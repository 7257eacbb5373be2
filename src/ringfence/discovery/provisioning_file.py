"""Write a provisioning document as YAML, JSON or JSON Lines, by the name of its file.

The file is written to a draft beside it first, so that an interrupted run leaves the old one whole.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import yaml

from ringfence.discovery.tenants import Tree, lines_of
from ringfence.errors import OperatorError
from ringfence.provisioning.document import JSON_LINES


def write_file(path: Path, tree: Tree) -> None:
    """Write the document; raise `OperatorError` if the file cannot be written."""
    try:
        if path.exists() and not path.is_file():
            # A pipe or a terminal
            with path.open("w", encoding="utf-8") as file:
                file.writelines(_texts(path, tree))
            return
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}-")
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(_texts(path, tree))
        Path(draft).chmod(0o666 & ~_umask())
        Path(draft).replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with suppress(FileNotFoundError):
            Path(draft).unlink()


def _texts(path: Path, tree: Tree) -> Iterator[str]:
    suffix = path.suffix.lower()
    if suffix == JSON_LINES:
        for line in lines_of(tree):
            yield json.dumps(line, ensure_ascii=False) + "\n"
    elif suffix == ".json":
        yield json.dumps(tree, ensure_ascii=False, indent=2) + "\n"
    else:
        yield yaml.dump(
            tree, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=1000
        )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(path: Path, error: OSError) -> OperatorError:
    return OperatorError(f"{path}: cannot be written: {error.strerror}")
