"""The order of a list of groups, in both directions, and what comes after a place in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

from starlette.datastructures import QueryParams

from ringfence.http.collections.filters import Ordering
from ringfence.http.collections.page_cursors import PositionType

_ID: LiteralString = "stored.security_group_id"

# As a place is read back from JSON; the rest are texts.
_TYPES: Mapping[LiteralString, PositionType] = {
    "stored.created": "timestamptz",
    "stored.state_rank": "integer",
    _ID: "bigint",
}


@dataclass(frozen=True, slots=True)
class Order:
    """Columns, the last of them unique, each with whether it descends.

    Rows that are found have the columns as `k0`, `k1` and so on.
    """

    terms: tuple[tuple[LiteralString, bool], ...]
    is_default: bool

    @property
    def types(self) -> tuple[PositionType, ...]:
        """Return the types of the columns."""
        return tuple(_TYPES.get(column, "text") for column, _ in self.terms)

    @property
    def keys(self) -> LiteralString:
        """Give the columns, to select."""
        return ", ".join(
            [column + " AS " + key for (column, _), key in zip(self.terms, _KEYS, strict=False)]
        )

    @property
    def forward(self) -> LiteralString:
        """Give the order of rows of the table."""
        return ", ".join([_term(column, descending) for column, descending in self.terms])

    @property
    def backward(self) -> LiteralString:
        """Give the same order from its end."""
        return ", ".join([_term(column, not descending) for column, descending in self.terms])

    @property
    def over_rows(self) -> LiteralString:
        """Give the order of rows that were found."""
        return ", ".join([_term(key, descending) for key, descending in self._found])

    @property
    def of_found_backward(self) -> LiteralString:
        """Give the same order from its end."""
        return ", ".join([_term(key, not descending) for key, descending in self._found])

    @property
    def place(self) -> LiteralString:
        """Give the columns of a page's rows that tell where each stands."""
        return ", ".join(["page." + key for key, _ in self._found])

    @property
    def after(self) -> LiteralString:
        """Give the condition on rows of the table that come after the place `%(after)s`."""
        return self._after([column for column, _ in self.terms])

    @property
    def found_after(self) -> LiteralString:
        """Give the same condition on rows that were found."""
        return self._after([key for key, _ in self._found])

    @property
    def _found(self) -> list[tuple[LiteralString, bool]]:
        return [(key, descending) for key, (_, descending) in zip(_KEYS, self.terms, strict=False)]

    def _after(self, columns: list[LiteralString]) -> LiteralString:
        values: list[LiteralString] = [
            _value(number, column)
            for number, (column, _) in zip(_NUMBERS, self.terms, strict=False)
        ]
        descending = [each for _, each in self.terms]
        if len(set(descending)) == 1:
            sign: LiteralString = " < " if descending[0] else " > "
            return "(" + ", ".join(columns) + ")" + sign + "(" + ", ".join(values) + ")"
        return _after_mixed(list(zip(columns, values, descending, strict=True)))


# There are eight columns to order by, and three of the default order.
_KEYS: tuple[LiteralString, ...] = (
    *("k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10"),
)
_NUMBERS: tuple[LiteralString, ...] = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10")


def order_of(orders: Ordering, query: QueryParams) -> Order:
    """Give the order that a query asks for; what it leaves open is decided as by default.

    The default follows in the direction of the last column, so that each order by one column is
    one index in both directions.
    """
    chosen = orders.chosen(query)
    descending = list(chosen.values())[-1:] == [True]
    rest: list[LiteralString] = [
        column for column in _default_columns(orders.default) if column not in chosen
    ]
    terms = [*chosen.items(), *((column, descending) for column in rest)]
    return Order(tuple(terms), is_default=not chosen)


def _default_columns(default: LiteralString) -> list[LiteralString]:
    return default.split(", ")


def _term(column: LiteralString, descending: bool) -> LiteralString:  # noqa: FBT001 - of a pair
    return column + " DESC" if descending else column


def _value(number: LiteralString, column: LiteralString) -> LiteralString:
    kind = _TYPES.get(column, "text")
    return "(%(after)s::jsonb ->> " + number + ")::" + kind


def _after_mixed(terms: list[tuple[LiteralString, LiteralString, bool]]) -> LiteralString:
    """Give the condition where some columns ascend and some descend.

    The first column bounds the piece of an index that is read.
    """
    (first, value, descending), *_ = terms
    bound: LiteralString = first + (" <= " if descending else " >= ") + value
    later: LiteralString = "false"
    for column, its_value, its_falls in reversed(terms):
        sign: LiteralString = " < " if its_falls else " > "
        later = (
            "(" + column + sign + its_value
            + " OR (" + column + " = " + its_value + " AND " + later + "))"
        )  # fmt: skip
    return "(" + bound + " AND " + later + ")"
