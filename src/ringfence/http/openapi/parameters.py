"""The parameters of operations; those of lists are generated from filters and ordering."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ringfence.http.collections.filters import (
    Choices,
    Filter,
    Flag,
    Kind,
    Ordering,
    Several,
    moment,
    timestamp,
    uuid,
    uuids,
)
from ringfence.http.openapi.schema import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    TIME,
    UUID,
    Model,
    Schema,
    array,
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, of the query by default.

    `own` marks a parameter that Waldur does not have, of an operation that it has: its value is
    validated strictly, and misspelt names of it are refused (see `http/unknown_names/check.py`).
    Parameters of operations that Waldur does not have need no mark.
    """

    name: str
    schema: Schema | Model
    description: str = ""
    location: Literal["query", "path", "header"] = "query"
    own: bool = False

    @property
    def type(self) -> str:
        """Return the type in its schema; empty if there is none."""
        schema = self.schema.schema if isinstance(self.schema, Model) else self.schema
        return str(schema.get("type", ""))

    @property
    def style(self) -> Mapping[str, Any]:
        """Return how a list is sent, unless by repeating the parameter."""
        return {"style": "form", "explode": False} if self.schema is _UUIDS else {}


# Separated by commas
_UUIDS = array(UUID)
UUID_IN_PATH = Parameter("uuid", UUID, location="path")
PAGING = (
    Parameter("page", INTEGER, "A page number within the paginated result set."),
    Parameter("page_size", INTEGER, "Number of results to return per page."),
)
CURSOR = Parameter(
    "cursor",
    STRING,
    "The position after which the page begins. Opaque, and valid for one page of one list only: "
    "follow the URL of the next page in `Link`.",
    own=True,
)
_ORDER = "Order by these fields, separated by commas; a leading minus means descending."


def list_parameters(
    filters: Mapping[str, Kind],
    ordering: Ordering,
    shown: Model,
    *,
    more: Mapping[str, Any] | None = None,
    descriptions: Mapping[str, str] | None = None,
    has_cursors: bool = False,
) -> tuple[Parameter, ...]:
    """Return all parameters of a list, sorted by name: filters, ordering, page, fields.

    `more` has the schemas of filters that have a model, `descriptions` those of filters, by name.
    """
    more, descriptions = more or {}, descriptions or {}
    narrowing = [
        Parameter(name, more.get(name) or _schema_of(kind), descriptions.get(name, ""))
        for name, kind in filters.items()
    ]
    order = Parameter("o", {**STRING, "examples": sorted(ordering.columns)[:1]}, _ORDER)
    paging = (*PAGING, CURSOR) if has_cursors else PAGING
    found = [*narrowing, order, *paging, choice_of_fields(shown)]
    return tuple(sorted(found, key=lambda parameter: parameter.name))


def count_parameters(parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Return the parameters of a count: those of the list without fields and cursor."""
    return tuple(each for each in parameters if each.name not in {"field", "cursor"})


def _schema_of(kind: Kind) -> Schema:
    match kind:
        case Flag():
            return BOOLEAN
        case Choices():
            return array({**STRING, "enum": list(kind.words)})
        case Several():
            return array(_converted(kind.convert))
        case Filter():
            return _converted(kind.convert)
        case _:
            return STRING


def _converted(convert: Any) -> Schema:  # noqa: ANN401 - compared, never called
    known: tuple[tuple[object, Schema], ...] = (
        (uuid, UUID),
        (uuids, _UUIDS),
        (moment, TIME),
        (timestamp, NUMBER),
    )
    return next((schema for each, schema in known if each is convert), STRING)


def choice_of_fields(model: Model) -> Parameter:
    """Return the parameter that selects the fields of a model in the response."""
    return Parameter("field", array({**STRING, "enum": list(model.schema["properties"])}))
