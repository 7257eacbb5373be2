"""Check files against the schema: a document, or its problems with their paths."""

import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ringfence.errors import OperatorError
from ringfence.provisioning.parser import STANDARD_INPUT, read_file
from ringfence.provisioning.problems import Location, Problems, nearest
from ringfence.provisioning.schema import Document

# The suffix of files that hold a document in each line (`json_lines`)
JSON_LINES = ".jsonl"

_MESSAGES = {
    "missing": "is missing",
    "model_type": "should be a mapping of keys and values",
    "model_attributes_type": "should be a mapping of keys and values",
    "dict_type": "should be a mapping of keys and values",
    "list_type": "should be a list",
}


def read_documents(paths: Sequence[Path]) -> list[tuple[str, Document]]:
    """Read and check the files; return each document with the label that its problems carry.

    Raises `OperatorError` with all problems of all files.
    """
    problems = Problems()
    documents = []
    if list(paths).count(STANDARD_INPUT) > 1:
        raise OperatorError("standard input (-) can be read only once")
    for path in paths:
        if path.suffix.lower() == JSON_LINES:
            raise OperatorError(f"{path}: JSON Lines need --resumable")
        name = "standard input" if path == STANDARD_INPUT else str(path)
        label = name if len(paths) > 1 else ""
        document = check_document(read_file(path, label=label), label, problems)
        documents.append((label, document))
    problems.check()
    return [(label, document) for label, document in documents if document is not None]


def check_document(tree: object, label: str, problems: Problems) -> Document | None:
    """Check a tree against the schema; return None if there are problems."""
    if tree is None:
        problems.add(Location("", label), "the document is empty")
        return None
    try:
        return Document.model_validate(tree)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            problems.add(_location(detail, label), _message(detail))
        return None


def _location(detail: ErrorDetails, label: str) -> Location:
    location = Location("", label)
    for step in detail["loc"]:
        location = location.item(step) if isinstance(step, int) else location.key(step)
    return location


def _message(detail: ErrorDetails) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        *parents, key = detail["loc"]
        known = _model(parents).model_fields
        return f"there is no such key{nearest(str(key), known) or '; known: ' + ', '.join(known)}"
    if kind == "model_type" and not detail["loc"]:
        return f"the document should be a mapping with {', '.join(Document.model_fields)}"
    return _MESSAGES.get(kind, detail["msg"])


def _model(path: Sequence[int | str]) -> type[BaseModel]:
    """Return the schema of the mapping at `path`."""
    model: type[BaseModel] = Document
    for step in path:
        if isinstance(step, str):
            model = _within(model.model_fields[step].annotation)
    return model


def _within(annotation: Any) -> type[BaseModel]:  # noqa: ANN401 (any annotation of a field)
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation
    return next(_within(inner) for inner in get_args(annotation) if inner is not type(None))
