"""The parameters of operations: those of lists follow from the tables that read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ringfence.http.collections.filters import (
    Choices,
    Filter,
    Flag,
    Kind,
    Orders,
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
    """One parameter, of the query unless it says otherwise.

    `own` marks one that Waldur does not have, of an operation that it has: its value is strict, and
    so are names that nearly are its own (see `ringfence.http.unknown_names`). Of an operation of
    ours, all that no operation of Waldur's takes are.
    """

    name: str
    schema: Schema | Model
    description: str = ""
    place: Literal["query", "path", "header"] = "query"
    own: bool = False

    @property
    def type(self) -> str:
        """Return the type of its values, as its schema says it."""
        schema = self.schema.schema if isinstance(self.schema, Model) else self.schema
        return str(schema.get("type", ""))

    @property
    def style(self) -> Mapping[str, Any]:
        """Say how a list is sent, where it is not by repeating the parameter."""
        return {"style": "form", "explode": False} if self.schema is _UUIDS else {}


# With commas between them
_UUIDS = array(UUID)
UUID_IN_PATH = Parameter("uuid", UUID, place="path")
PAGING = (
    Parameter("page", INTEGER, "A page number within the paginated result set."),
    Parameter("page_size", INTEGER, "Number of results to return per page."),
)
CURSOR = Parameter(
    "cursor",
    STRING,
    "The position after which the page begins, as the URL of the next page in `Link` has it. "
    "It is opaque, and belongs to one page of one list.",
    own=True,
)
_ORDER = "Order by these fields, with commas between them; a minus before one turns it round."


def list_parameters(
    filters: Mapping[str, Kind],
    orders: Orders,
    shown: Model,
    *,
    more: Mapping[str, Any] | None = None,
    descriptions: Mapping[str, str] | None = None,
    has_cursors: bool = False,
) -> tuple[Parameter, ...]:
    """Give all parameters of a list, by name: filters, order, page, and which fields are shown.

    `more` says by name which model a filter's words are; `descriptions` what it is for.
    """
    more, descriptions = more or {}, descriptions or {}
    narrowing = [
        Parameter(name, more.get(name) or _schema_of(kind), descriptions.get(name, ""))
        for name, kind in filters.items()
    ]
    order = Parameter("o", {**STRING, "examples": sorted(orders.columns)[:1]}, _ORDER)
    paging = (*PAGING, CURSOR) if has_cursors else PAGING
    found = [*narrowing, order, *paging, choice_of_fields(shown)]
    return tuple(sorted(found, key=lambda parameter: parameter.name))


def count_parameters(parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Give the parameters of a count: those of the list, but for what an answer shows."""
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
    """Give the parameter that chooses which fields of a model an answer has."""
    return Parameter("field", array({**STRING, "enum": list(model.schema["properties"])}))
