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
from ringfence.http.collections.pagination import DEFAULT_SIZE, MAXIMUM_SIZE
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
    description: str
    location: Literal["query", "path", "header"] = "query"
    own: bool = False

    def __post_init__(self) -> None:
        if not self.description:
            raise ValueError(f"the parameter {self.name} has no description")

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
UUID_IN_PATH = Parameter(
    "uuid", UUID, "The UUID of the object, with or without dashes.", location="path"
)


def paging(maximum: int = MAXIMUM_SIZE) -> tuple[Parameter, ...]:
    """Return the parameters of pages; larger pages than `maximum` are cut to it."""
    size = {**INTEGER, "minimum": 1, "maximum": maximum, "default": DEFAULT_SIZE}
    return (
        Parameter(
            "page",
            {**INTEGER, "minimum": 1, "default": 1},
            "A page number within the paginated result set.",
        ),
        Parameter("page_size", size, "Number of results to return per page."),
    )


CURSOR = Parameter(
    "cursor",
    STRING,
    "The position after which the page begins. Opaque, and valid for one page of one list only: "
    "follow the URL of the next page in `Link`.",
    own=True,
)


def list_parameters(
    filters: Mapping[str, Kind],
    ordering: Ordering,
    shown: Model,
    *,
    descriptions: Mapping[str, str],
    more: Mapping[str, Schema | Model] | None = None,
    has_cursors: bool = False,
) -> tuple[Parameter, ...]:
    """Return all parameters of a list, sorted by name: filters, ordering, page, fields.

    `descriptions` has those of all filters, by name, and `more` the schemas of filters that say
    more than their kind: words, or a model. Raises `ValueError` for a filter without description.
    """
    more = more or {}
    narrowing = [
        Parameter(name, more.get(name) or _schema_of(kind), descriptions[name])
        for name, kind in filters.items()
    ]
    pages = (*paging(), CURSOR) if has_cursors else paging()
    found = [*narrowing, _order(ordering), *pages, choice_of_fields(shown)]
    return tuple(sorted(found, key=lambda parameter: parameter.name))


def _order(ordering: Ordering) -> Parameter:
    words = sorted(ordering.columns)
    if not words:
        return Parameter("o", STRING, "Ignored: this list has one ordering.")
    one = f"-?({'|'.join(words)})"
    return Parameter(
        "o",
        {**STRING, "examples": words[:1], "pattern": f"^{one}(,{one})*$"},
        f"Order by these fields, separated by commas: {', '.join(words)}. A leading minus means "
        "descending.",
    )


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
    return Parameter(
        "field",
        array({**STRING, "enum": list(model.schema["properties"])}),
        "Return only these fields; repeat the parameter for several. Default: all fields.",
    )
