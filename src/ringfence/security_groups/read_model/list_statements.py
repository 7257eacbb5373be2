"""Build the statements that read groups from their documents.

A list is read in one of two ways. If it is limited to ancestors or not at all, a page is a range of
an index, from either end or from a cursor, and the count is a sum of stored numbers. Any other
filter first selects, counts and sorts all matches, so the cost grows with their number. The
documents come from `documents`; `http.collections` runs the statements.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, LiteralString

from ringfence.access.authentication import Identity
from ringfence.http.collections.collection import Collection, ListQuery, ObjectQuery
from ringfence.http.collections.filters import Conditions
from ringfence.http.collections.page_cursors import PositionType
from ringfence.http.collections.pagination import Page
from ringfence.security_groups.read_model.ancestors import (
    EVERYWHERE,
    LEVELS,
    STATE,
    Ancestors,
    IdentityShape,
    ancestors_of,
)
from ringfence.security_groups.read_model.filters import FILTERS, searched
from ringfence.security_groups.read_model.ordering import Order, order_of

# Up to this many ancestors are always read one by one.
_FEW = 8
# Up to this many groups are scanned; more are searched with an index of texts.
_MAX_SCANNED: LiteralString = "10000"
# From this offset on, a page is read from the nearer end.
_FAR = 1_000

_TABLE: LiteralString = "security_group_documents AS stored"
_DOCUMENT: LiteralString = "stored.document"
_STAFF_DOCUMENT: LiteralString = "coalesce(stored.staff_document, stored.document)"

_VISIBLE: LiteralString = (
    "(stored.customer_id = ANY(%(sees_customers)s::bigint[])"
    " OR stored.project_id = ANY(%(sees_projects)s::bigint[]))"
)

# Each group is a row: joining a hundred documents costs PostgreSQL twice what reading them does.
# A row copies its document once, so rows with documents are neither numbered nor sorted.
_FIND: LiteralString = """
WITH {tables}
SELECT counted.total, page.document, page.digest, {position}
FROM counted
LEFT JOIN ({page}) AS page ON true
"""

# Each by its key (`OFFSET 0`): the planner cannot know how few rows a page has.
_FETCHING: LiteralString = """
SELECT chosen.*, fetched.document, fetched.digest
FROM ({chosen}) AS chosen
CROSS JOIN LATERAL (
    SELECT {document} AS document, stored.digest
    FROM security_group_documents AS stored
    WHERE stored.security_group_id = chosen.id OFFSET 0
) AS fetched
"""

_LAST_SIZE: LiteralString = (
    "(SELECT mod(greatest(counted.total, 1) - 1, %(size)s) + 1 FROM counted)"
)
_LAST_OFFSET: LiteralString = (
    "(SELECT greatest(counted.total - 1, 0) / %(size)s * %(size)s FROM counted)"
)
# The number of rows from the page on, and whether the page is in the first half
_LEFT: LiteralString = "(SELECT greatest(counted.total - %(offset)s::bigint, 0) FROM counted)"
_IS_NEAR_START: LiteralString = "(SELECT counted.total > 2 * %(offset)s::bigint FROM counted)"
_MATCHING_COUNTED: LiteralString = "counted AS (SELECT count(*) AS total FROM matching)"

_ONE: LiteralString = """
SELECT {document} AS document, stored.version, stored.digest
FROM {table} {joined}
WHERE stored.uuid = %(path_uuid)s
"""

# Joins for filters by ancestor on one object
_ANCESTOR_JOINS: LiteralString = """
INNER JOIN tenants AS tenant ON stored.tenant_id = tenant.id
INNER JOIN projects AS project ON stored.project_id = project.id
INNER JOIN customers AS customer ON stored.customer_id = customer.id
INNER JOIN clouds AS cloud ON stored.cloud_id = cloud.id
"""


class StoredGroups(Collection):
    """Groups, read from their stored documents."""

    has_cursors: ClassVar[bool] = True

    def position_types(self, query: ListQuery) -> Sequence[PositionType]:
        """Return the types of the columns of the ordering."""
        return order_of(self.ordering, query.params).types

    def shape(self, identity: Identity) -> IdentityShape:
        """Return the properties of the identity that the text of a statement depends on."""
        sees = identity.parameters
        customers, projects = sees["sees_customers"], sees["sees_projects"]
        return IdentityShape(
            sees["sees_everything"],
            has_customers=bool(customers),
            has_projects=bool(projects),
            has_one_ancestor=len(customers) + len(projects) == 1,
            has_few_ancestors=len(customers) + len(projects) <= _FEW,
            manages_everything=sees["manages_everything"],
            reads_tracebacks=sees["is_staff"],
        )

    def list_statement(
        self, query: ListQuery, shape: IdentityShape, *, continued: bool
    ) -> LiteralString:
        """Return the statement for a page."""
        source = _source(shape, query.conditions, order_of(self.ordering, query.params))
        is_far = not continued and (query.page.offset or 0) >= _FAR
        includes_documents = source.includes_documents and not is_far
        document = _document(shape)
        columns = source.order.keys + ", stored.security_group_id AS id"
        if includes_documents:
            columns += ", " + document + " AS document, stored.digest"
        return (
            _FIND.replace("{tables}", ", ".join(source.tables()))
            .replace("{page}", "{chosen}" if includes_documents else _FETCHING)
            .replace("{chosen}", source.page(columns, query.page, continued=continued))
            .replace("{position}", source.order.position)
            .replace("{document}", document)
        )

    def count_statement(self, query: ObjectQuery, shape: IdentityShape) -> LiteralString:
        """Return the statement that counts."""
        source = _source(shape, query.conditions, order_of(self.ordering, query.params))
        return "WITH " + ", ".join(source.tables()) + " SELECT counted.total FROM counted"

    def one_statement(self, query: ObjectQuery, shape: IdentityShape) -> LiteralString:
        """Return the statement for one group."""
        given = query.conditions.parameters
        conditions: list[LiteralString] = [FILTERS[name].condition for name in given]
        if not shape.sees_everything:
            conditions.append(_VISIBLE)
        joined = _ANCESTOR_JOINS if LEVELS.keys() & given.keys() else ""
        return (
            _ONE.replace("{document}", _document(shape))
            .replace("{table}", _TABLE)
            .replace("{joined}", joined)
        ) + "".join([" AND " + condition for condition in conditions])


def _document(shape: IdentityShape) -> LiteralString:
    return _STAFF_DOCUMENT if shape.reads_tracebacks else _DOCUMENT


def _source(shape: IdentityShape, conditions: Conditions, order: Order) -> "_Index | _Matches":
    ancestors = ancestors_of(shape, conditions)
    others = [name for name in conditions.parameters if name not in LEVELS]
    if not others:
        return _Index(order, ancestors)
    if ancestors is None and others == [STATE]:
        is_one = len(conditions.parameters[STATE]) == 1
        return _Index(order, Ancestors(STATE, "%(state)s::bigint[]", is_one=is_one, are_few=True))
    return _Matches(
        order,
        ancestors,
        [FILTERS[name].condition for name in others],
        [searched(name, conditions.parameters[name]) for name in others],
    )


def _read(
    columns: LiteralString,
    where: Sequence[LiteralString],
    order: LiteralString,
    limit: LiteralString,
) -> LiteralString:
    narrowed: LiteralString = " WHERE " + " AND ".join(where) if where else ""
    statement = "SELECT " + columns + " FROM " + _TABLE + narrowed
    return statement + " ORDER BY " + order + " LIMIT " + limit


@dataclass(frozen=True, slots=True)
class _Index:
    """A list limited to ancestors, or of all groups: a range of one or several indexes."""

    order: Order
    ancestors: Ancestors | None

    @property
    def includes_documents(self) -> bool:
        """Whether the rows that are read are mostly those of the page."""
        return self.ancestors is None or self.order.is_default

    def tables(self) -> list[LiteralString]:
        """Return the common table expressions of a page."""
        if self.ancestors is None:
            return ["counted AS MATERIALIZED (SELECT " + EVERYWHERE + " AS total)"]
        return [
            "ancestors AS MATERIALIZED (SELECT " + self.ancestors.ids + " AS ids)",
            "counted AS MATERIALIZED (SELECT " + self.ancestors.count + " AS total)",
        ]

    def page(self, columns: LiteralString, page: Page, *, continued: bool) -> LiteralString:
        """Return the query for the rows of a page, in order; after a cursor, one row more."""
        if continued:
            return self._rows(columns, "%(size)s::bigint + 1", [self.order.after])
        if page.offset is None:
            return self._from_end(columns, _LAST_SIZE, _LAST_SIZE)
        start = (
            "SELECT found.* FROM ("
            + self._rows(columns, "%(offset)s::bigint + %(size)s")
            + ") AS found OFFSET %(offset)s::bigint"
        )
        if page.offset < _FAR:
            return start
        end = self._from_end(columns, _LEFT, "least(%(size)s, " + _LEFT + ")")
        return (
            "SELECT start.* FROM (" + start + ") AS start WHERE " + _IS_NEAR_START
            + " UNION ALL "
            + "SELECT ending.* FROM (" + end + ") AS ending WHERE NOT " + _IS_NEAR_START
        )  # fmt: skip

    def _from_end(
        self, columns: LiteralString, reach: LiteralString, size: LiteralString
    ) -> LiteralString:
        """Return the query for the first `size` of the last `reach` rows, in order."""
        rows = self._rows(columns, reach, is_backward=True)
        piece = "SELECT found.* FROM (" + rows + ") AS found OFFSET " + reach + " - " + size
        return "SELECT piece.* FROM (" + piece + ") AS piece ORDER BY " + self.order.over_rows

    def _rows(
        self,
        columns: LiteralString,
        limit: LiteralString,
        where: Sequence[LiteralString] = (),
        *,
        is_backward: bool = False,
    ) -> LiteralString:
        order = self.order.backward if is_backward else self.order.forward
        if self.ancestors is None:
            return _read(columns, where, order, limit)
        if self.ancestors.is_one and self.order.is_default:
            there: LiteralString = " = (SELECT ancestors.ids[1] FROM ancestors)"
            return _read(columns, [self.ancestors.column + there, *where], order, limit)
        each = (
            "SELECT found.* FROM unnest((SELECT ancestors.ids FROM ancestors)::bigint[])"
            " AS ancestor (id) CROSS JOIN LATERAL ("
            + _read(columns, [self.ancestors.column + " = ancestor.id", *where], order, limit)
            + ") AS found"
        )
        ordered = self.order.over_rows_backward if is_backward else self.order.over_rows
        if not (self.order.is_default and self.ancestors.are_few):
            # The sum keeps the planner from the index of the level.
            within = (
                self.ancestors.column
                + " + 0 = ANY((SELECT ancestors.ids FROM ancestors)::bigint[])"
            )
            is_each = self._is_each(limit)
            scanned = _read(columns, [within, *where], order, limit)
            each = (
                "SELECT each.* FROM (" + each + " OFFSET 0) AS each WHERE " + is_each
                + " UNION ALL SELECT scanned.* FROM (" + scanned + ") AS scanned"
                + " WHERE NOT " + is_each
            )  # fmt: skip
        return "SELECT found.* FROM (" + each + ") AS found ORDER BY " + ordered + " LIMIT " + limit

    def _is_each(self, limit: LiteralString) -> LiteralString:
        """Return the condition for reading each ancestor, and not one index of all groups.

        The first reads a page of each ancestor in the default ordering, and all of its rows in
        others. The second reads as many rows as contain a page if ancestors are spread evenly.
        """
        if self.order.is_default:
            cost: LiteralString = "cardinality(ancestors.ids) * counted.total"
            return "(SELECT " + cost + " <= " + EVERYWHERE + " FROM ancestors, counted)"
        cost = "counted.total * counted.total"
        return "(SELECT " + cost + " <= (" + limit + ") * " + EVERYWHERE + " FROM counted)"


@dataclass(frozen=True, slots=True)
class _Matches:
    """A list with filters that have no stored numbers: all matches are selected and counted."""

    order: Order
    ancestors: Ancestors | None
    conditions: Sequence[LiteralString]
    # The same conditions, for an index search
    searched: Sequence[LiteralString]

    @property
    def includes_documents(self) -> bool:
        """Whether the rows that are read are mostly those of the page."""
        return False

    def tables(self) -> list[LiteralString]:
        """Return the common table expressions of a page."""
        columns = self.order.keys + ", stored.security_group_id AS id"
        found = "SELECT " + columns + " FROM " + _TABLE + " WHERE "
        matching = found + " AND ".join(self.searched)
        if self.ancestors is None:
            return [_materialized("matching", matching), _MATCHING_COUNTED]
        column = self.ancestors.column
        # Scan the ancestor's groups: an index of texts would also return groups of others.
        each = (
            "SELECT found.* FROM unnest((SELECT ancestors.ids FROM ancestors)::bigint[])"
            " AS ancestor (id) CROSS JOIN LATERAL (SELECT " + columns + " FROM ("
            "SELECT stored.* FROM " + _TABLE + " WHERE " + column + " = ancestor.id OFFSET 0"
            ") AS stored WHERE " + " AND ".join(self.conditions) + ") AS found"
        )  # fmt: skip
        within = column + " + 0 = ANY((SELECT ancestors.ids FROM ancestors)::bigint[])"
        is_each: LiteralString = "(SELECT held.total <= " + _MAX_SCANNED + " FROM held)"
        matching = (
            "SELECT each.* FROM (" + each + ") AS each WHERE " + is_each
            + " UNION ALL SELECT searched.* FROM ("
            + found + " AND ".join([*self.searched, within])
            + " OFFSET 0) AS searched WHERE NOT " + is_each
        )  # fmt: skip
        return [
            _materialized("ancestors", "SELECT " + self.ancestors.ids + " AS ids"),
            _materialized("held", "SELECT " + self.ancestors.count + " AS total"),
            _materialized("matching", matching),
            _MATCHING_COUNTED,
        ]

    def page(self, _columns: LiteralString, page: Page, *, continued: bool) -> LiteralString:
        """Return the query for the rows of a page, in order; after a cursor, one row more."""
        rows: LiteralString = "SELECT matching.* FROM matching"
        order = " ORDER BY " + self.order.over_rows
        if continued:
            return rows + " WHERE " + self.order.rows_after + order + " LIMIT %(size)s::bigint + 1"
        offset: LiteralString = "%(offset)s::bigint" if page.offset is not None else _LAST_OFFSET
        return rows + order + " LIMIT %(size)s OFFSET " + offset


def _materialized(name: LiteralString, statement: LiteralString) -> LiteralString:
    return name + " AS MATERIALIZED (" + statement + ")"
