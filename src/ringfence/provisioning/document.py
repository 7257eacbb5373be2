"""A file as a checked document, or its mistakes with their paths."""

import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ringfence.errors import OperatorError
from ringfence.provisioning.parser import read_file
from ringfence.provisioning.problems import Mistakes, Place, nearest
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
    """Read and check the files; each with the label that its mistakes bear.

    Raises `OperatorError` with all mistakes of all files.
    """
    mistakes = Mistakes()
    documents = []
    for path in paths:
        if path.suffix.lower() == JSON_LINES:
            raise OperatorError(f"{path}: JSON Lines need --resumable")
        label = str(path) if len(paths) > 1 else ""
        document = check_document(read_file(path, label=label), label, mistakes)
        documents.append((label, document))
    mistakes.check()
    return [(label, document) for label, document in documents if document is not None]


def check_document(tree: object, label: str, mistakes: Mistakes) -> Document | None:
    """Check a tree against the schema; None where that found mistakes."""
    if tree is None:
        mistakes.add(Place("", label), "the document is empty")
        return None
    try:
        return Document.model_validate(tree)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            mistakes.add(_place(detail, label), _message(detail))
        return None


def _place(detail: ErrorDetails, label: str) -> Place:
    place = Place("", label)
    for step in detail["loc"]:
        place = place.item(step) if isinstance(step, int) else place.key(step)
    return place


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
    """Give the schema of the mapping that stands at `path`."""
    model: type[BaseModel] = Document
    for step in path:
        if isinstance(step, str):
            model = _within(model.model_fields[step].annotation)
    return model


def _within(annotation: Any) -> type[BaseModel]:  # noqa: ANN401 (any annotation of a field)
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation
    return next(_within(inner) for inner in get_args(annotation) if inner is not type(None))
