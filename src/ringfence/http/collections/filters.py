"""The query parameters of a list, as conditions on rows: the kinds there are, and the order.

A feature declares a table of its filters, by the name of their parameter; a condition finds what
was read under that same name.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, Protocol
from uuid import UUID

from starlette.datastructures import QueryParams

from ringfence.errors import Invalid
from ringfence.http.fields import path_of, printable, uuid_in

# No row has it: what cannot be resolved finds nothing.
NOWHERE: LiteralString = "false"

NO_NULL = "Null characters are not allowed."


NOT_GIVEN: Any = object()


class Kind(Protocol):
    """How one parameter narrows a list."""

    @property
    def condition(self) -> LiteralString:
        """Give what holds for the rows that are asked for."""
        ...

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Give the condition's parameter, or `NOT_GIVEN`; raises `Invalid`."""
        ...


def trimmed(text: str) -> str:
    """Give the text, where it is the value already."""
    return text


@dataclass(frozen=True, slots=True)
class Filter:
    """One value, trimmed; an empty one is not given, and the last one counts."""

    condition: LiteralString
    convert: Callable[[str], Any] = trimmed

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Give the converted value; raises `Invalid`."""
        text = values[-1] if values else ""
        if "\x00" in text:
            raise Invalid([NO_NULL])
        text = text.strip()
        return self.convert(text) if text else NOT_GIVEN


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no; anything else is not given."""

    condition: LiteralString

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Give True or False."""
        words = {"true": True, "1": True, "false": False, "0": False}
        return words.get(values[-1].strip().lower() if values else "", NOT_GIVEN)


class StrictFlag(Flag):
    """Yes or no, in an operation that Waldur does not have: anything else is refused."""

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Return True or False; raises `Invalid`."""
        if not {"true", "false"}.issuperset(text.lower() for text in values):
            raise Invalid(["Must be true or false."])
        if len({text.lower() for text in values}) > 1:
            raise Invalid(["This parameter is given more than once, with different values."])
        return Flag.read(self, values)


@dataclass(frozen=True, slots=True)
class Choices:
    """Words that are alternatives when repeated; an empty one is wrong."""

    condition: LiteralString
    words: Sequence[str]

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Give the words; raises `Invalid`."""
        for word in values:
            if word not in self.words:
                raise Invalid([_not_available(word)])
        return list(values) or NOT_GIVEN


@dataclass(frozen=True, slots=True)
class Several:
    """Any values that are alternatives when repeated."""

    condition: LiteralString
    convert: Callable[[str], Any] = trimmed

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Give the converted values that are not empty; raises `Invalid`."""
        if any("\x00" in text for text in values):
            raise Invalid([NO_NULL])
        return [self.convert(text.strip()) for text in values if text.strip()] or NOT_GIVEN


def uuid(text: str) -> UUID:
    """Read a uuid; raises `Invalid`."""
    try:
        # `UUID` also takes braces and `urn:uuid:`, as Django's field does.
        return UUID(text)
    except ValueError:
        raise Invalid(["Enter a valid UUID."]) from None


def uuids(text: str) -> list[UUID]:
    """Read uuids with commas between them; raises `Invalid`."""
    return [uuid(part.strip()) for part in text.split(",") if part.strip()]


def contains(text: str) -> str:
    """Give a LIKE pattern in which `%`, `_` and the backslash are ordinary characters."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"


def contained(pattern: str) -> str:
    """Give the text that `contains` made a pattern of."""
    return re.sub(r"\\(.)", r"\1", pattern[1:-1])


def moment(text: str) -> datetime:
    """Read a time in ISO 8601, in UTC where it names no zone; raises `Invalid`."""
    try:
        # In a query, the plus sign of a zone arrives as a blank.
        time = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    except ValueError:
        raise Invalid(["Enter a valid date/time."]) from None


def timestamp(text: str) -> datetime:
    """Read seconds since 1970; raises `Invalid`."""
    try:
        seconds = float(text)
        if math.isfinite(seconds):
            return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        pass
    raise Invalid(["Enter a number."])


def uuid_from_url(collection: str) -> Callable[[str], UUID | None]:
    """Give how to read an object's address, on any host or as a path, or its bare uuid.

    What is neither reads as None, which equals nothing.
    """

    def read(text: str) -> UUID | None:
        found = uuid_in(path_of(text), collection) or uuid_in(
            f"/api/{collection}/{text}/", collection
        )
        return UUID(found) if found else None

    return read


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions that all hold, with their parameters."""

    conditions: tuple[LiteralString, ...]
    parameters: Mapping[str, Any]


NO_CONDITIONS = Conditions((), {})


def read_filters(query: QueryParams, filters: Mapping[str, Kind]) -> Conditions:
    """Read all filters; raises `Invalid` with everything that is wrong at once.

    Parameters that are no filter are ignored.
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
        if value is not NOT_GIVEN:
            parameters[name] = value
            conditions.append(filters[name].condition)
    if errors:
        raise Invalid(errors)
    return Conditions(tuple(conditions), parameters)


@dataclass(frozen=True, slots=True)
class Ordering:
    """The columns that `o` may name, and the order that always follows them.

    The default must be unique, so that pages never overlap. Where Waldur skips a column that does
    not exist instead of refusing it, so does `skips_unknown`.
    """

    columns: Mapping[str, LiteralString]
    default: LiteralString
    skips_unknown: bool = False

    def read(self, query: QueryParams) -> LiteralString:
        """Give the ORDER BY: `o` names columns, `-` before one turns it round.

        Raises `Invalid` for a column that does not exist; an empty `o` means the default.
        """
        terms: list[LiteralString] = [
            column + " DESC" if is_descending else column
            for column, is_descending in self.chosen(query).items()
        ]
        return ", ".join([*terms, self.default])

    def chosen(self, query: QueryParams) -> dict[LiteralString, bool]:
        """Give the columns that `o` names, and of each whether it is turned round.

        Raises `Invalid` for a column that does not exist.
        """
        # Each column once: a second time it could not change the order.
        terms: dict[LiteralString, bool] = {}
        for word in self._words(query):
            column = self.columns.get(word.removeprefix("-"))
            if column is not None:
                terms.setdefault(column, word.startswith("-"))
            elif not self.skips_unknown:
                raise Invalid({"o": [_not_available(word)]})
        return terms

    def _words(self, query: QueryParams) -> list[str]:
        text = query.get("o", "").strip()
        return [part.strip() for part in text.split(",")] if text else []


def _not_available(word: str) -> str:
    message = f"Select a valid choice. {word} is not one of the available choices."
    return printable(message.replace("\x00", ""))
