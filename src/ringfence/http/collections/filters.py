"""The filters and the ordering of lists: from query parameters to conditions in SQL.

A feature declares a table of its filters by parameter; the condition takes the value under the same
name.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, Protocol
from uuid import UUID

from starlette.datastructures import QueryParams

from ringfence.errors import Invalid, Message
from ringfence.http import hints
from ringfence.http.fields import NO_NULL, path_of, printable, uuid_in

# The condition of a filter that matches nothing
NOWHERE: LiteralString = "false"

NO_NULL_CHARACTER = Message(NO_NULL, hints.WITHOUT_NULL)

NOT_SENT: Any = object()


_NOT_A_UUID = Message(
    "Enter a valid UUID.", hints.allowed("32 hexadecimal digits, with or without dashes")
)
_NOT_A_TIME = Message(
    "Enter a valid date/time.", hints.allowed("a time in ISO 8601, as in 2026-10-01T12:00:00Z")
)
_NOT_A_NUMBER = Message("Enter a number.", hints.allowed("seconds since 1970"))


class Kind(Protocol):
    """A kind of filter."""

    @property
    def condition(self) -> LiteralString:
        """Return the condition on rows."""
        ...

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Return the value for the condition, or `NOT_SENT`; raises `Invalid`."""
        ...


def trimmed(text: str) -> str:
    """Return the text: the converter of filters by text."""
    return text


@dataclass(frozen=True, slots=True)
class Filter:
    """One value, trimmed; an empty one counts as not sent, and of several the last one counts."""

    condition: LiteralString
    convert: Callable[[str], Any] = trimmed

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Return the converted value; raises `Invalid`."""
        text = values[-1] if values else ""
        if "\x00" in text:
            raise Invalid([NO_NULL_CHARACTER])
        text = text.strip()
        return self.convert(text) if text else NOT_SENT


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean; anything else counts as not sent."""

    condition: LiteralString

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        words = {"true": True, "1": True, "false": False, "0": False}
        return words.get(values[-1].strip().lower() if values else "", NOT_SENT)


class StrictFlag(Flag):
    """A boolean in an operation that Waldur does not have: anything else is refused."""

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Return True or False; raises `Invalid`."""
        if not {"true", "false"}.issuperset(text.lower() for text in values):
            raise Invalid(["Must be true or false."])
        if len({text.lower() for text in values}) > 1:
            raise Invalid(["This parameter is given more than once, with different values."])
        return Flag.read(self, values)


@dataclass(frozen=True, slots=True)
class Choices:
    """One or more of the words, as alternatives; an empty one is invalid."""

    condition: LiteralString
    words: Sequence[str]

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Return the words; raises `Invalid`."""
        for word in values:
            if word not in self.words:
                raise Invalid([_not_available(word, self.words)])
        return list(values) or NOT_SENT


@dataclass(frozen=True, slots=True)
class Several:
    """One or more values, as alternatives."""

    condition: LiteralString
    convert: Callable[[str], Any] = trimmed

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Return the converted values that are not empty; raises `Invalid`."""
        if any("\x00" in text for text in values):
            raise Invalid([NO_NULL_CHARACTER])
        return [self.convert(text.strip()) for text in values if text.strip()] or NOT_SENT


def uuid(text: str) -> UUID:
    """Parse a UUID; raises `Invalid`."""
    try:
        # `UUID` accepts braces and `urn:uuid:`, as Django does.
        return UUID(text)
    except ValueError:
        raise Invalid([_NOT_A_UUID]) from None


def uuids(text: str) -> list[UUID]:
    """Parse UUIDs separated by commas; raises `Invalid`."""
    return [uuid(part.strip()) for part in text.split(",") if part.strip()]


def contains(text: str) -> str:
    """Return a LIKE pattern that matches texts that contain this one."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"


def contained(pattern: str) -> str:
    """Return the text of a pattern of `contains`."""
    return re.sub(r"\\(.)", r"\1", pattern[1:-1])


def moment(text: str) -> datetime:
    """Parse a time in ISO 8601, in UTC if it has no zone; raises `Invalid`."""
    try:
        # The plus sign of a zone is decoded to a space in queries.
        time = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    except ValueError:
        raise Invalid([_NOT_A_TIME]) from None


def timestamp(text: str) -> datetime:
    """Parse seconds since 1970; raises `Invalid`."""
    try:
        seconds = float(text)
        if math.isfinite(seconds):
            return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        pass
    raise Invalid([_NOT_A_NUMBER])


def uuid_from_url(collection: str) -> Callable[[str], UUID | None]:
    """Return a parser of an object's URL, on any host or as a path, or of its UUID.

    It returns None for anything else, which matches no row.
    """

    def read(text: str) -> UUID | None:
        found = uuid_in(path_of(text), collection) or uuid_in(
            f"/api/{collection}/{text}/", collection
        )
        return UUID(found) if found else None

    return read


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions that rows must all meet, with their parameters."""

    conditions: tuple[LiteralString, ...]
    parameters: Mapping[str, Any]


NO_CONDITIONS = Conditions((), {})


def read_filters(query: QueryParams, filters: Mapping[str, Kind]) -> Conditions:
    """Parse all filters; raises `Invalid` with all errors at once.

    Other parameters are ignored.
    """
    conditions: list[LiteralString] = []
    parameters: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name in sorted(filters.keys() & set(query)):
        try:
            value = filters[name].read(query.getlist(name))
        except Invalid as error:
            errors[name] = error.detail
            continue
        if value is not NOT_SENT:
            parameters[name] = value
            conditions.append(filters[name].condition)
    if errors:
        raise Invalid(errors)
    return Conditions(tuple(conditions), parameters)


@dataclass(frozen=True, slots=True)
class Ordering:
    """The columns that `o` may name, and the default ordering that always follows them.

    The default must be unique, so that pages do not overlap. `skips_unknown` is for lists where
    Waldur ignores an unknown column instead of refusing it.
    """

    columns: Mapping[str, LiteralString]
    default: LiteralString
    skips_unknown: bool = False

    def read(self, query: QueryParams) -> LiteralString:
        """Return the ORDER BY: `o` names columns, with `-` in front for descending.

        Raises `Invalid` for an unknown column; an empty `o` is the default.
        """
        terms: list[LiteralString] = [
            column + " DESC" if is_descending else column
            for column, is_descending in self.chosen(query).items()
        ]
        return ", ".join([*terms, self.default])

    def chosen(self, query: QueryParams) -> dict[LiteralString, bool]:
        """Return the columns that `o` names, each with whether it is descending.

        Raises `Invalid` for an unknown column.
        """
        # A second time, a column would not change the ordering.
        terms: dict[LiteralString, bool] = {}
        for word in self._words(query):
            column = self.columns.get(word.removeprefix("-"))
            if column is not None:
                terms.setdefault(column, word.startswith("-"))
            elif not self.skips_unknown:
                raise Invalid({"o": [_not_available(word, sorted(self.columns))]})
        return terms

    def _words(self, query: QueryParams) -> list[str]:
        text = query.get("o", "").strip()
        return [part.strip() for part in text.split(",")] if text else []


def _not_available(word: str, words: Sequence[str]) -> str:
    message = f"Select a valid choice. {word} is not one of the available choices."
    return Message(printable(message.replace("\x00", "")), hints.one_of(words, word))
