"""The ordering of a list, in both directions, and the rows after a position in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import LiteralString

from starlette.datastructures import QueryParams

from ringfence.http.collections.filters import Ordering
from ringfence.http.collections.page_cursors import PositionType

_ID: LiteralString = "stored.security_group_id"

# The types of a position's values, which are read from JSON; others are text.
_TYPES: Mapping[LiteralString, PositionType] = {
    "stored.created": "timestamptz",
    "stored.state_rank": "integer",
    _ID: "bigint",
}


@dataclass(frozen=True, slots=True)
class Order:
    """Columns, the last of them unique, each with whether it is descending.

    A subquery selects the columns as `k0`, `k1` and so on.
    """

    terms: tuple[tuple[LiteralString, bool], ...]
    is_default: bool
    # Of the columns that are not text
    known_types: Mapping[LiteralString, PositionType] = field(default_factory=lambda: _TYPES)

    @property
    def types(self) -> tuple[PositionType, ...]:
        """Return the types of the columns."""
        return tuple(self.known_types.get(column, "text") for column, _ in self.terms)

    @property
    def keys(self) -> LiteralString:
        """The columns of a SELECT list."""
        return ", ".join(
            [column + " AS " + key for (column, _), key in zip(self.terms, _KEYS, strict=False)]
        )

    @property
    def forward(self) -> LiteralString:
        """The ORDER BY of rows of the table."""
        return ", ".join([_term(column, descending) for column, descending in self.terms])

    @property
    def backward(self) -> LiteralString:
        """The reverse of it."""
        return ", ".join([_term(column, not descending) for column, descending in self.terms])

    @property
    def over_rows(self) -> LiteralString:
        """The ORDER BY of rows of a subquery."""
        return ", ".join([_term(key, descending) for key, descending in self._row_terms])

    @property
    def over_rows_backward(self) -> LiteralString:
        """The reverse of it."""
        return ", ".join([_term(key, not descending) for key, descending in self._row_terms])

    @property
    def position(self) -> LiteralString:
        """The columns of a page's rows that are the position of a row."""
        return ", ".join(["page." + key for key, _ in self._row_terms])

    @property
    def after(self) -> LiteralString:
        """The condition on rows of the table after the position `%(after)s`."""
        return self._after([column for column, _ in self.terms])

    @property
    def rows_after(self) -> LiteralString:
        """The same condition on rows of a subquery."""
        return self._after([key for key, _ in self._row_terms])

    @property
    def _row_terms(self) -> list[tuple[LiteralString, bool]]:
        return [(key, descending) for key, (_, descending) in zip(_KEYS, self.terms, strict=False)]

    def _after(self, columns: list[LiteralString]) -> LiteralString:
        values: list[LiteralString] = [
            "(%(after)s::jsonb ->> " + number + ")::" + kind
            for number, kind in zip(_NUMBERS, self.types, strict=False)
        ]
        descending = [each for _, each in self.terms]
        if len(set(descending)) == 1:
            sign: LiteralString = " < " if descending[0] else " > "
            return "(" + ", ".join(columns) + ")" + sign + "(" + ", ".join(values) + ")"
        return _after_mixed(list(zip(columns, values, descending, strict=True)))


# Eight columns can be chosen, and the default ordering adds three.
_KEYS: tuple[LiteralString, ...] = (
    *("k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10"),
)
_NUMBERS: tuple[LiteralString, ...] = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10")


def order_of(
    orders: Ordering,
    query: QueryParams,
    types: Mapping[LiteralString, PositionType] = _TYPES,
) -> Order:
    """Return the ordering of a query, completed by the default ordering.

    `types` has those of the columns that are not text.

    The default columns have the direction of the last chosen one, so that an ordering by one column
    is one index in both directions.
    """
    chosen = orders.chosen(query)
    descending = list(chosen.values())[-1:] == [True]
    rest: list[LiteralString] = [
        column for column in _default_columns(orders.default) if column not in chosen
    ]
    terms = [*chosen.items(), *((column, descending) for column in rest)]
    return Order(tuple(terms), is_default=not chosen, known_types=types)


def _default_columns(default: LiteralString) -> list[LiteralString]:
    return default.split(", ")


def _term(column: LiteralString, descending: bool) -> LiteralString:  # noqa: FBT001 - of a pair
    return column + " DESC" if descending else column


def _after_mixed(terms: list[tuple[LiteralString, LiteralString, bool]]) -> LiteralString:
    """Return the condition for columns of different directions.

    The condition on the first column limits the range of the index.
    """
    (first, value, descending), *_ = terms
    bound: LiteralString = first + (" <= " if descending else " >= ") + value
    later: LiteralString = "false"
    for column, its_value, its_descending in reversed(terms):
        sign: LiteralString = " < " if its_descending else " > "
        later = (
            "(" + column + sign + its_value
            + " OR (" + column + " = " + its_value + " AND " + later + "))"
        )  # fmt: skip
    return "(" + bound + " AND " + later + ")"
