"""Parse YAML and JSON into a tree of mappings, lists and text.

YAML guesses types (`no`, `1e10`, `0123`, dates), which corrupts names, tokens and UUIDs. Here an
unquoted scalar stays text, marked as `Plain`, and the schema's field decides its type.
"""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ringfence.errors import OperatorError
from ringfence.provisioning.problems import Location, quote

STANDARD_INPUT = Path("-")
MAX_DEPTH = 40
# The number of values that aliases may repeat: a few hundred bytes could expand to billions.
MAX_ALIASED_VALUES = 200_000

_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({None, "!", f"{_TAG}str"})
# Programs write them; the field decides all the same.
_PLAIN_TAGS = frozenset({f"{_TAG}{name}" for name in ("bool", "int", "float", "timestamp")})
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Plain(str):
    """An unquoted scalar, as written."""

    __slots__ = ()


class _Duplicate(Exception):
    """A mapping in a JSON text has this key twice."""


def read_file(path: Path, *, label: str = "") -> object:
    """Parse a YAML or JSON file, or standard input (`-`); `label` names it in messages.

    Raises `OperatorError` with what is malformed, and where.
    """
    try:
        content = sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise OperatorError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise OperatorError(f"{path}: is not UTF-8 text (byte {error.start})") from None
    is_json = path.suffix.lower() == ".json"
    return read_text(text, label=label, is_json=is_json)


def read_text(
    text: str, *, label: str = "", is_json: bool = False, is_blank_null: bool = True
) -> object:
    """Parse a text: as JSON if it is valid JSON, whose escapes YAML reads differently.

    A key of YAML without a value is null or, unless `is_blank_null`, an empty `Plain`.
    """
    if is_json or text.lstrip()[:1] == "{":
        try:
            return _read_json(text, label)
        except json.JSONDecodeError as error:
            if is_json:
                where = f"line {error.lineno}, column {error.colno}"
                _fail(Location("", label), f"{where}: is not valid JSON: {error.msg}")
    return _Composer(label, is_blank_null=is_blank_null).read(text)


def read_json_line(line: bytes, *, label: str) -> object:
    """Parse a line of a JSON Lines file; raise `OperatorError` for malformed text."""
    location = Location("", label)
    try:
        return _read_json(line.decode("utf-8-sig"), label)
    except UnicodeDecodeError as error:
        _fail(location, f"is not UTF-8 text (byte {error.start})")
    except json.JSONDecodeError as error:
        _fail(location, f"column {error.colno}: is not valid JSON: {error.msg}")


def _fail(location: Location, message: str) -> NoReturn:
    where = str(location)
    raise OperatorError(f"{where}: {message}" if where else message)


def _read_json(text: str, label: str) -> object:
    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise _Duplicate(key)
            found[key] = value
        return found

    try:
        return json.loads(
            text,
            object_pairs_hook=mapping,
            parse_int=Plain,
            parse_float=Plain,
            parse_constant=Plain,
        )
    except _Duplicate as error:
        # The YAML parser reports the same problem with its path.
        _Composer(label).read(text)
        _fail(Location("", label), f"the key {quote(str(error))} occurs twice in one mapping")
    except RecursionError:
        _fail(Location("", label), "is nested too deeply")


class _Composer:
    """Builds the tree from the parser's events, with limits on depth and aliases.

    PyYAML's own composer recurses in C without a limit, and keeps the last of two equal keys.
    """

    def __init__(self, label: str, *, is_blank_null: bool = True) -> None:
        self._label = label
        self._nulls = _NULLS if is_blank_null else _NULLS - {""}
        # Open containers with their anchor and the count of values at their start
        self._open: list[tuple[dict[str, Any] | list[Any], str | None, int]] = []
        self._keys: list[str | None] = []
        self._anchors: dict[str, tuple[object, int]] = {}
        self._values = 0
        self._aliased = 0
        self._document: object = None
        self._documents = 0

    def read(self, text: str) -> object:
        try:
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
            _fail(Location("", self._label), f"{where}is not valid YAML: {error.problem}")
        except yaml.reader.ReaderError as error:
            _fail(
                Location("", self._label),
                f"is not valid YAML: {error.reason} (character {error.position + 1})",
            )
        except UnicodeEncodeError as error:
            _fail(Location("", self._label), f"is not UTF-8 text (character {error.start + 1})")
        if not self._documents:
            _fail(Location("", self._label), "the file is empty")
        return self._document

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
            self._add(value)
            self._anchor(event.anchor, value, 1)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor))
        elif isinstance(event, yaml.MappingStartEvent):
            self._start({}, event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._start([], event)
        elif isinstance(event, yaml.CollectionEndEvent):
            collection, anchor, start = self._open.pop()
            self._keys.pop()
            self._add(collection)
            self._anchor(anchor, collection, self._values - start)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                _fail(Location("", self._label), "holds several YAML documents; split the file")

    def _start(self, value: dict[str, Any] | list[Any], event: yaml.CollectionStartEvent) -> None:
        if event.tag not in {None, f"{_TAG}map", f"{_TAG}seq"}:
            _fail(self._location(), f"the tag {quote(str(event.tag))} is not supported")
        if isinstance(self._container(), dict) and self._keys[-1] is None:
            _fail(self._location(), "a key must be text")
        if len(self._open) >= MAX_DEPTH:
            _fail(Location("", self._label), "is nested too deeply")
        self._open.append((value, event.anchor, self._values))
        self._keys.append(None)

    def _scalar(self, event: yaml.ScalarEvent) -> str | None:
        if event.tag == f"{_TAG}null":
            return None
        if event.tag in _PLAIN_TAGS:
            return Plain(event.value)
        if event.tag not in _TEXT_TAGS:
            _fail(self._location(), f"the tag {quote(str(event.tag))} is not supported")
        if not event.implicit[0]:
            return str(event.value)
        return None if event.value in self._nulls else Plain(event.value)

    def _alias(self, anchor: str) -> None:
        if anchor not in self._anchors:
            _fail(self._location(), f"there is no anchor {quote(anchor)} before this alias")
        value, size = self._anchors[anchor]
        self._aliased += size
        self._values += size - 1
        if self._aliased > MAX_ALIASED_VALUES:
            _fail(self._location(), "aliases repeat too much; write the values out")
        self._add(value)

    def _anchor(self, anchor: str | None, value: object, size: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)

    def _add(self, value: object) -> None:
        self._values += 1
        container = self._container()
        if container is None:
            self._document = value
        elif isinstance(container, list):
            container.append(value)
        elif (key := self._keys[-1]) is None:
            if not isinstance(value, str):
                _fail(self._location(), "a key must be text")
            if value in container:
                _fail(self._location().key(value), "is given twice")
            self._keys[-1] = str(value)
        else:
            container[key] = value
            self._keys[-1] = None

    def _container(self) -> dict[str, Any] | list[Any] | None:
        return self._open[-1][0] if self._open else None

    def _location(self) -> Location:
        """Return the location of the current value; computed only for problems."""
        location = Location("", self._label)
        for (container, _, _), key in zip(self._open, self._keys, strict=True):
            if isinstance(container, list):
                location = location.item(len(container))
            elif key is not None:
                location = location.key(key)
        return location
