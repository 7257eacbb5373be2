"""The statements that read groups from their stored answers.

A list is read in one of two ways. Confined to places or to nothing, it is a piece of an index, from
either end or from where the page before it ended, and its count is a sum of numbers that are kept.
Narrowed by anything else, what matches is found first, counted and sorted: that costs as much as
there are matches.
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
    CallerShape,
    Places,
    places_of,
)
from ringfence.security_groups.read_model.filters import FILTERS, searched
from ringfence.security_groups.read_model.ordering import Order, order_of

# So many places at most are read each on its own without asking whether one index would do.
_FEW = 8
# Up to so many groups are looked at one by one rather than searched for by what they hold.
_SEARCHED: LiteralString = "10000"
# From here on a page is read from the end that is nearer.
_FAR = 1_000

_TABLE: LiteralString = "security_group_documents AS stored"
_DOCUMENT: LiteralString = "stored.document"
_STAFF_DOCUMENT: LiteralString = "coalesce(stored.staff_document, stored.document)"

_SEEN: LiteralString = (
    "(stored.customer_id = ANY(%(sees_customers)s::bigint[])"
    " OR stored.project_id = ANY(%(sees_projects)s::bigint[]))"
)

# Each group is a row of its own: joining a hundred answers costs PostgreSQL twice what reading them
# does. A row is one answer copied once, so nothing numbers or sorts rows that carry theirs.
_FIND: LiteralString = """
WITH {tables}
SELECT counted.total, page.document, page.digest, {place}
FROM counted
LEFT JOIN ({page}) AS page ON true
"""

# Each by its key (`OFFSET 0`): how few rows a page has is nothing that the planner can know.
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
# How many rows there are from the page on, and on which side of the middle it is.
_LEFT: LiteralString = "(SELECT greatest(counted.total - %(offset)s::bigint, 0) FROM counted)"
_IS_NEAR_START: LiteralString = "(SELECT counted.total > 2 * %(offset)s::bigint FROM counted)"
_MATCHING_COUNTED: LiteralString = "counted AS (SELECT count(*) AS total FROM matching)"

_ONE: LiteralString = """
SELECT {document} AS document, stored.version, stored.digest
FROM {table} {joined}
WHERE stored.uuid = %(path_uuid)s
"""

# For filters by place on one object: what the places are named.
_WITH_PLACES: LiteralString = """
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

    def shape(self, caller: Identity) -> CallerShape:
        """Give what the text of a statement depends on, of who asks."""
        sees = caller.parameters
        customers, projects = sees["sees_customers"], sees["sees_projects"]
        return CallerShape(
            sees["sees_everything"],
            has_customers=bool(customers),
            has_projects=bool(projects),
            is_at_one=len(customers) + len(projects) == 1,
            is_at_few=len(customers) + len(projects) <= _FEW,
            manages_everything=sees["manages_everything"],
            reads_tracebacks=sees["is_staff"],
        )

    def list_statement(
        self, query: ListQuery, shape: CallerShape, *, continued: bool
    ) -> LiteralString:
        """Give the statement for a page."""
        source = _source(shape, query.conditions, order_of(self.ordering, query.params))
        is_far = not continued and (query.page.offset or 0) >= _FAR
        carries = source.may_carry and not is_far
        document = _document(shape)
        columns = source.order.keys + ", stored.security_group_id AS id"
        if carries:
            columns += ", " + document + " AS document, stored.digest"
        return (
            _FIND.replace("{tables}", ", ".join(source.tables()))
            .replace("{page}", "{chosen}" if carries else _FETCHING)
            .replace("{chosen}", source.page(columns, query.page, continued=continued))
            .replace("{place}", source.order.place)
            .replace("{document}", document)
        )

    def count_statement(self, query: ObjectQuery, shape: CallerShape) -> LiteralString:
        """Give the statement that counts."""
        source = _source(shape, query.conditions, order_of(self.ordering, query.params))
        return "WITH " + ", ".join(source.tables()) + " SELECT counted.total FROM counted"

    def one_statement(self, query: ObjectQuery, shape: CallerShape) -> LiteralString:
        """Give the statement for one group."""
        given = query.conditions.parameters
        conditions: list[LiteralString] = [FILTERS[name].condition for name in given]
        if not shape.sees_everything:
            conditions.append(_SEEN)
        joined = _WITH_PLACES if LEVELS.keys() & given.keys() else ""
        return (
            _ONE.replace("{document}", _document(shape))
            .replace("{table}", _TABLE)
            .replace("{joined}", joined)
        ) + "".join([" AND " + condition for condition in conditions])


def _document(shape: CallerShape) -> LiteralString:
    return _STAFF_DOCUMENT if shape.reads_tracebacks else _DOCUMENT


def _source(shape: CallerShape, conditions: Conditions, order: Order) -> "_Index | _Matches":
    places = places_of(shape, conditions)
    others = [name for name in conditions.parameters if name not in LEVELS]
    if not others:
        return _Index(order, places)
    if places is None and others == [STATE]:
        is_one = len(conditions.parameters[STATE]) == 1
        return _Index(order, Places(STATE, "%(state)s::bigint[]", is_one=is_one, are_few=True))
    return _Matches(
        order,
        places,
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
    """A list in places, or of everything: a piece of an index, or of several."""

    order: Order
    places: Places | None

    @property
    def may_carry(self) -> bool:
        """Tell whether rows that are found are mostly those of the page."""
        return self.places is None or self.order.is_default

    def tables(self) -> list[LiteralString]:
        """Give the named tables that a page is found with."""
        if self.places is None:
            return ["counted AS MATERIALIZED (SELECT " + EVERYWHERE + " AS total)"]
        return [
            "places AS MATERIALIZED (SELECT " + self.places.ids + " AS ids)",
            "counted AS MATERIALIZED (SELECT " + self.places.count + " AS total)",
        ]

    def page(self, columns: LiteralString, page: Page, *, continued: bool) -> LiteralString:
        """Give the rows of a page in their order, with one more of one that is continued."""
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
        """Give the first `size` of the last `reach` rows, in their order."""
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
        if self.places is None:
            return _read(columns, where, order, limit)
        if self.places.is_one and self.order.is_default:
            there: LiteralString = " = (SELECT places.ids[1] FROM places)"
            return _read(columns, [self.places.column + there, *where], order, limit)
        each = (
            "SELECT found.* FROM unnest((SELECT places.ids FROM places)::bigint[]) AS place (id)"
            " CROSS JOIN LATERAL ("
            + _read(columns, [self.places.column + " = place.id", *where], order, limit)
            + ") AS found"
        )
        ordered = self.order.of_found_backward if is_backward else self.order.over_rows
        if not (self.order.is_default and self.places.are_few):
            # The sum keeps the planner from the index of places: this is the other way.
            within = self.places.column + " + 0 = ANY((SELECT places.ids FROM places)::bigint[])"
            is_each = self._is_each(limit)
            walked = _read(columns, [within, *where], order, limit)
            each = (
                "SELECT each.* FROM (" + each + " OFFSET 0) AS each WHERE " + is_each
                + " UNION ALL SELECT walked.* FROM (" + walked + ") AS walked WHERE NOT " + is_each
            )  # fmt: skip
        return "SELECT found.* FROM (" + each + ") AS found ORDER BY " + ordered + " LIMIT " + limit

    def _is_each(self, limit: LiteralString) -> LiteralString:
        """Give whether to read each place on its own, and not one index until enough is found.

        In the default order the former takes a page of each place, in others all that is there;
        the latter as many rows as hold a page if places are spread evenly.
        """
        if self.order.is_default:
            dear: LiteralString = "cardinality(places.ids) * counted.total"
            return "(SELECT " + dear + " <= " + EVERYWHERE + " FROM places, counted)"
        dear = "counted.total * counted.total"
        return "(SELECT " + dear + " <= (" + limit + ") * " + EVERYWHERE + " FROM counted)"


@dataclass(frozen=True, slots=True)
class _Matches:
    """A list narrowed by what no number is kept of: all that matches, found and counted."""

    order: Order
    places: Places | None
    conditions: Sequence[LiteralString]
    # The same, for whoever looks them up in an index
    searched: Sequence[LiteralString]

    @property
    def may_carry(self) -> bool:
        """Tell whether rows that are found are mostly those of the page."""
        return False

    def tables(self) -> list[LiteralString]:
        """Give the named tables that a page is found with."""
        columns = self.order.keys + ", stored.security_group_id AS id"
        found = "SELECT " + columns + " FROM " + _TABLE + " WHERE "
        matching = found + " AND ".join(self.searched)
        if self.places is None:
            return [_materialized("matching", matching), _MATCHING_COUNTED]
        column = self.places.column
        # What is there is looked at as it is: an index of texts would find what is elsewhere, too.
        each = (
            "SELECT found.* FROM unnest((SELECT places.ids FROM places)::bigint[]) AS place (id)"
            " CROSS JOIN LATERAL (SELECT " + columns + " FROM ("
            "SELECT stored.* FROM " + _TABLE + " WHERE " + column + " = place.id OFFSET 0"
            ") AS stored WHERE " + " AND ".join(self.conditions) + ") AS found"
        )  # fmt: skip
        within = column + " + 0 = ANY((SELECT places.ids FROM places)::bigint[])"
        is_each: LiteralString = "(SELECT held.total <= " + _SEARCHED + " FROM held)"
        matching = (
            "SELECT each.* FROM (" + each + ") AS each WHERE " + is_each
            + " UNION ALL SELECT searched.* FROM ("
            + found + " AND ".join([*self.searched, within])
            + " OFFSET 0) AS searched WHERE NOT " + is_each
        )  # fmt: skip
        return [
            _materialized("places", "SELECT " + self.places.ids + " AS ids"),
            _materialized("held", "SELECT " + self.places.count + " AS total"),
            _materialized("matching", matching),
            _MATCHING_COUNTED,
        ]

    def page(self, _columns: LiteralString, page: Page, *, continued: bool) -> LiteralString:
        """Give the rows of a page in their order, with one more of one that is continued."""
        rows: LiteralString = "SELECT matching.* FROM matching"
        order = " ORDER BY " + self.order.over_rows
        if continued:
            return rows + " WHERE " + self.order.found_after + order + " LIMIT %(size)s::bigint + 1"
        offset: LiteralString = "%(offset)s::bigint" if page.offset is not None else _LAST_OFFSET
        return rows + order + " LIMIT %(size)s OFFSET " + offset


def _materialized(name: LiteralString, statement: LiteralString) -> LiteralString:
    return name + " AS MATERIALIZED (" + statement + ")"
