"""Collections: how a feature declares objects that clients can list, count and retrieve.

A feature declares in SQL where its objects are, which of them an actor may see, and the document of
one. The statements are built here, once per query and kind of actor. `http/collections/handlers.py`
runs them, each with a check of the identity, so that a read is one round trip to the database.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, LiteralString

from starlette.datastructures import QueryParams

from ringfence.access.authentication import Identity
from ringfence.core_states import STATES
from ringfence.http.collections.documents import FieldSelection
from ringfence.http.collections.filters import Conditions, Kind, Ordering
from ringfence.http.collections.page_cursors import PositionType
from ringfence.http.collections.pagination import Links, Page

_STATES = list(STATES)

# The offset of `page=last` depends on the count.
_LIST: LiteralString = """
WITH matching AS (
    {counted}
),
page AS MATERIALIZED (
    SELECT chosen.*, row_number() OVER () AS position
    FROM (
        {rows}
        LIMIT %(size)s
        OFFSET coalesce(
            %(offset)s::bigint,
            (SELECT greatest((total - 1) / %(size)s, 0) FROM matching) * %(size)s
        )
    ) AS chosen
)
SELECT matching.total, listed.document, NULL::bigint AS digest
FROM matching
LEFT JOIN (
    SELECT shown.document
    FROM page
    INNER JOIN LATERAL ({document}) AS shown ON true
    ORDER BY page.position
) AS listed ON true
"""

_ROWS: LiteralString = "SELECT {key} {from_where} ORDER BY {order}"

_COUNT: LiteralString = "SELECT count(*) AS total {from_where}"

_RETRIEVE: LiteralString = """
SELECT shown.document, NULL::integer, NULL::bigint
FROM (
    SELECT {key} {from_where} AND {alias}.uuid = %(path_uuid)s
) AS page
INNER JOIN LATERAL ({document}) AS shown ON true
"""


@dataclass(frozen=True, slots=True, eq=False)
class ObjectQuery:
    """The query of a request, parsed once for all requests with the same query."""

    params: QueryParams
    conditions: Conditions
    fields: FieldSelection
    # Those that were built so far
    statements: dict[Hashable, LiteralString]

    def statement(self, key: Hashable, build: Callable[[], LiteralString]) -> LiteralString:
        """Return the statement with this key, built on first use."""
        found = self.statements.get(key)
        if found is None:
            found = self.statements[key] = build()
        return found


@dataclass(frozen=True, slots=True, eq=False)
class ListQuery(ObjectQuery):
    """The query of a list; `digest` is the same for all its pages."""

    page: Page
    links: Links
    digest: bytes


@dataclass(frozen=True, eq=False)
class Collection(ABC):
    """Objects of one kind that can be listed, counted and retrieved."""

    path: str
    missing: str
    filters: Mapping[str, Kind]
    ordering: Ordering

    # Whether `Link` names the next page with a cursor
    has_cursors: ClassVar[bool] = False
    # Whether an object has a path of its own
    has_objects: ClassVar[bool] = True
    # Statements may stop counting beyond this number; None: they never do. Such a list has cursors,
    # which lead beyond it.
    most_counted: ClassVar[int | None] = None

    def shape(self, _identity: Identity) -> Hashable:
        """Return what the text of a statement depends on, apart from the query."""
        return None

    def parameters(self, identity: Identity, conditions: Conditions) -> dict[str, Any]:
        """Return the parameters of the statements that depend on identity and filters."""
        return {**identity.parameters, **conditions.parameters, "state_order": _STATES}

    def position_types(self, _query: ListQuery) -> Sequence[PositionType]:
        """Return the types of the columns that make up the position of a row in the ordering."""
        return ()

    @abstractmethod
    def list_statement(self, query: ListQuery, shape: Any, *, continued: bool) -> LiteralString:  # noqa: ANN401
        """Return the statement for a page.

        It returns a row for each object, or one row of nulls. The columns: the total count; the
        document; its digest, which may be null; and, if the collection has cursors, the position of
        the row. A page that is `continued` after the position `%(after)s`, a JSON array of texts,
        has one row more than it shows if more rows follow.
        """

    @abstractmethod
    def count_statement(self, query: ObjectQuery, shape: Any) -> LiteralString:  # noqa: ANN401
        """Return the statement that counts."""

    @abstractmethod
    def one_statement(self, query: ObjectQuery, shape: Any) -> LiteralString:  # noqa: ANN401
        """Return the statement for the object `%(path_uuid)s`: its document, version and digest.

        Version and digest may be null. There is no row if the object is not in scope.
        """


@dataclass(frozen=True, eq=False)
class SqlCollection(Collection):
    """Objects whose document is built when they are read.

    `source` is a FROM clause in which `alias` is the row of the object. `visible` is the condition
    for rows in the scope of an actor. `document` selects the `document` (JSON as text) of the row
    whose columns in `key` are those of `page`; URLs in it start with `%(base)s` or the mark that
    stands for it. All of them take `actor_parameters`.
    """

    source: LiteralString
    alias: LiteralString
    visible: LiteralString
    document: LiteralString
    # Columns that find a row; those of a table in partitions include the one that divides it
    key: LiteralString = ""

    def list_statement(self, query: ListQuery, shape: Any, *, continued: bool) -> LiteralString:  # noqa: ANN401, ARG002
        """Return the statement for a page; these lists have no cursors."""
        return (
            _LIST.replace("{counted}", self.counted(query.conditions, shape))
            .replace("{rows}", self.rows(query, shape))
            .replace("{document}", self.document)
        )

    def count_statement(self, query: ObjectQuery, shape: Any) -> LiteralString:  # noqa: ANN401
        return self.counted(query.conditions, shape)

    def one_statement(self, query: ObjectQuery, shape: Any) -> LiteralString:  # noqa: ANN401, ARG002
        statement = self._statement(_RETRIEVE, query.conditions)
        return statement.replace("{document}", self.document)

    def counted(self, conditions: Conditions, shape: Any) -> LiteralString:  # noqa: ANN401, ARG002
        """Return the query for the number of rows, as `total`."""
        return self._statement(_COUNT, conditions)

    def rows(self, query: ListQuery, shape: Any) -> LiteralString:  # noqa: ANN401, ARG002
        """Return the query for the keys of all rows, in order."""
        statement = self._statement(_ROWS, query.conditions)
        return statement.replace("{order}", self.ordering.read(query.params))

    def _statement(self, template: LiteralString, conditions: Conditions) -> LiteralString:
        where: list[LiteralString] = [self.visible, *conditions.conditions]
        return (
            template.replace("{from_where}", self.source + " WHERE " + " AND ".join(where))
            .replace("{key}", self.key or "{alias}.id")
            .replace("{alias}", self.alias)
        )
