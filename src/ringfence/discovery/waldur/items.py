"""An object of a response, whose fields are checked when they are read.

A field that is missing or of another type is an error that names it: nothing is guessed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from ringfence.core_states import STATES
from ringfence.errors import OperatorError
from ringfence.provisioning.problems import quote
from ringfence.text.json_value import Json
from ringfence.text.uuids import parse_uuid

T = TypeVar("T")

_KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "an integer"}


@dataclass(frozen=True, slots=True)
class Item:
    """The fields of an object; `where` leads to it, for messages."""

    where: str
    values: Mapping[str, Json]

    @classmethod
    def of(cls, path: str, index: int, value: Json) -> "Item":
        """Return an object of a list, which its UUID identifies, or its position."""
        if not isinstance(value, dict):
            raise OperatorError(f"{path}[{index}]: expected an object, found {_kind(value)}")
        uuid = value.get("uuid")
        is_known = isinstance(uuid, str) and parse_uuid(uuid) is not None
        return cls(f"{path}{uuid}/" if is_known else f"{path}[{index}]", value)

    def text(self, field: str) -> str:
        return self._read(field, str)

    def text_or_empty(self, field: str) -> str:
        """Return a text; null and a field that this release lacks are empty."""
        return self._optional(field, self.text) or ""

    def boolean(self, field: str) -> bool:
        return self._read(field, bool)

    def flag(self, field: str) -> bool | None:
        """Return a boolean, or None for null and for a field that this release lacks."""
        return self._optional(field, self.boolean)

    def integer(self, field: str) -> int:
        return self._read(field, int)

    def integer_or_none(self, field: str) -> int | None:
        """Return an integer or null; the field must be there."""
        return None if self.value(field) is None else self.integer(field)

    def text_or_none(self, field: str) -> str | None:
        """Return a text or null; the field must be there."""
        return None if self.value(field) is None else self.text(field)

    def uuid(self, field: str) -> UUID:
        text = self.text(field)
        uuid = parse_uuid(text)
        if uuid is None:
            raise self.error(field, f"{quote(text)} is not a UUID")
        return uuid

    def uuid_or_none(self, field: str) -> UUID | None:
        """Return a UUID, or None for null, empty and missing."""
        return self.uuid(field) if self.text_or_empty(field) else None

    def time_or_none(self, field: str) -> datetime | None:
        """Return a time, or None for null and missing."""
        return self._optional(field, self.time)

    def time(self, field: str) -> datetime:
        text = self.text(field)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self.error(field, f"{quote(text)} is not a time") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def state(self, field: str = "state") -> str:
        """Return one of the eight states; older releases send their labels."""
        text = self.text(field)
        state = text.strip().upper().replace(" ", "_")
        if state not in STATES:
            raise self.error(field, f"{quote(text)} is not a state that is known here")
        return state

    def mapping_or_none(self, field: str) -> dict[str, Json] | None:
        return self._optional(field, lambda name: self._read(name, dict))

    def items(self, field: str) -> list["Item"]:
        """Return the objects of a list."""
        return [
            Item(f"{self.where} {field}[{index}]", _object(self, f"{field}[{index}]", value))
            for index, value in enumerate(self._read(field, list))
        ]

    def value(self, field: str) -> Json:
        """Return the value of a field that must be there."""
        if field not in self.values:
            raise self.error(field, "is missing")
        return self.values[field]

    def error(self, field: str, message: str) -> OperatorError:
        return OperatorError(f"{self.where}: {field}: {message}")

    def _optional(self, field: str, read: Callable[[str], T]) -> T | None:
        return None if self.values.get(field) is None else read(field)

    def _read(self, field: str, kind: type[T]) -> T:
        value = self.value(field)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(field, f"expected {_KINDS[kind]}, found {_kind(value)}")
        return value


def _object(item: Item, field: str, value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise item.error(field, f"expected an object, found {_kind(value)}")
    return value


def _kind(value: Json) -> str:
    return "null" if value is None else _KINDS.get(type(value), "a number")
