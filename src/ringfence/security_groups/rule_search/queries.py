"""The list of all rules in scope, as a collection.

`search` combines the filters of a query, `statements` builds the SQL, and
`http/collections/handlers.py` runs it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, LiteralString

from ringfence.access.authentication import Identity
from ringfence.errors import Message
from ringfence.http.collections.collection import Collection, ListQuery, ObjectQuery
from ringfence.http.collections.filters import Conditions
from ringfence.http.collections.page_cursors import PositionType
from ringfence.security_groups.read_model.ordering import Order, order_of
from ringfence.security_groups.rule_search.filters import FILTERS, GROUP_NAME, ORDERS
from ringfence.security_groups.rule_search.search import search_of
from ringfence.security_groups.rule_search.statements import MOST_COUNTED, Statements

_TYPES: Mapping[LiteralString, PositionType] = {
    **dict.fromkeys(ORDERS.columns.values(), "integer"),
    GROUP_NAME: "text",
    "rule.id": "bigint",
}


class SearchedRules(Collection):
    """Rules of the groups in scope. A rule is retrieved with its group."""

    has_cursors: ClassVar[bool] = True
    has_objects: ClassVar[bool] = False
    most_counted: ClassVar[int | None] = MOST_COUNTED

    def shape(self, identity: Identity) -> bool:
        """Return whether the identity sees everything."""
        return bool(identity.parameters["sees_everything"])

    def parameters(self, identity: Identity, conditions: Conditions) -> dict[str, Any]:
        """Return the parameters of scope and search."""
        return {**identity.parameters, **search_of(conditions).parameters}

    def position_types(self, query: ListQuery) -> Sequence[PositionType]:
        """Return the types of the columns of the ordering."""
        return _order_of(query).types

    def list_statement(self, query: ListQuery, shape: bool, *, continued: bool) -> LiteralString:  # noqa: FBT001
        """Return the statement for a page."""
        return _statements(query, sees_everything=shape).page(query.page, continued=continued)

    def count_statement(self, query: ObjectQuery, shape: bool) -> LiteralString:  # noqa: FBT001
        """Return the statement that counts."""
        return _statements(query, sees_everything=shape).count()

    def one_statement(self, query: ObjectQuery, shape: bool) -> LiteralString:  # noqa: FBT001
        """Raise `NotImplementedError`: there is no path of one rule."""
        raise NotImplementedError


def _order_of(query: ObjectQuery) -> Order:
    return order_of(ORDERS, query.params, _TYPES)


def _statements(query: ObjectQuery, *, sees_everything: bool) -> Statements:
    return Statements(
        search_of(query.conditions), _order_of(query), sees_everything=sees_everything
    )


RULES = SearchedRules(
    path="/api/security-group-rules/",
    missing=Message("There is no such rule.", "Rules are listed at /api/security-group-rules/."),
    filters=FILTERS,
    ordering=ORDERS,
)
