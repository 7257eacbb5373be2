"""Write provisioning documents as YAML, JSON or JSON Lines, by the name of their file.

The file is written to a draft beside it first, so that an interrupted run leaves the old one whole.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from ringfence.discovery.tenants import Tree, lines_of
from ringfence.errors import OperatorError
from ringfence.provisioning.document import JSON_LINES
from ringfence.provisioning.export.writers import dump
from ringfence.provisioning.schema import Document
from ringfence.text.escaping import json_line


def write_file(path: Path, tree: Tree) -> None:
    """Write a document; raise `OperatorError` if the file cannot be written."""
    _write(path, _texts(path, tree))


def write_documents(path: Path, documents: Iterable[Document]) -> None:
    """Write documents: JSON Lines one by one, so that they need no memory; others as one."""
    trees = (document.model_dump(mode="json", exclude_unset=True) for document in documents)
    if path.suffix.lower() == JSON_LINES:
        _write(path, map(_line, trees))
    else:
        _write(path, _texts(path, merged(trees)))


def merged(trees: Iterable[Tree]) -> Tree:
    """Return documents as one; customers and projects with the same UUID become one."""
    whole: Tree = {"clouds": [], "users": [], "customers": [], "roles": []}
    known: dict[str, Tree] = {}
    for tree in trees:
        for key in ("clouds", "users", "roles"):
            whole[key] += tree.get(key, [])
        _join(whole["customers"], tree.get("customers", []), ["projects", "tenants"], known)
    return {key: entries for key, entries in whole.items() if entries}


def _join(whole: list[Tree], more: list[Tree], levels: list[str], known: dict[str, Tree]) -> None:
    """Add entries to those of their level; `levels` are the keys of the ones below."""
    for entry in more:
        below = entry.pop(levels[0], []) if levels else []
        found = known.setdefault(entry["uuid"], entry)
        if found is entry:
            whole.append(entry)
        if below:
            _join(found.setdefault(levels[0], []), below, levels[1:], known)


def _write(path: Path, texts: Iterable[str]) -> None:
    try:
        if path.exists() and not path.is_file():
            # A pipe or a terminal
            with path.open("w", encoding="utf-8") as file:
                file.writelines(texts)
            return
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}-")
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(texts)
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
            yield _line(line)
    elif suffix == ".json":
        yield json_line(json.dumps(tree, ensure_ascii=False, indent=2)) + "\n"
    else:
        yield dump(tree)


def _line(tree: Tree) -> str:
    return json_line(json.dumps(tree, ensure_ascii=False)) + "\n"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(path: Path, error: OSError) -> OperatorError:
    return OperatorError(f"{path}: cannot be written: {error.strerror}")
