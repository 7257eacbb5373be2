"""Objects of one kind as clients list, count and retrieve them: one way for every feature.

A feature says in SQL where its objects are, who sees which and how one is shown; the statements,
paging, headers and chosen fields are the same for all. A statement also looks the caller's token
up: a read is one round trip to the database.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

from starlette.datastructures import QueryParams

from ringfence.access.authentication import Identity
from ringfence.core_states import STATES
from ringfence.http.collections.documents import Choice
from ringfence.http.collections.filters import (
    Conditions,
    Kind,
    Orders,
)
from ringfence.http.collections.pagination import Links, Page

_STATES = list(STATES)


# A page past the last one has no offset of its own: `last` computes it from the count.
_LIST: LiteralString = """
WITH matching AS (
    SELECT count(*) AS total {from_where}
),
page AS MATERIALIZED (
    SELECT chosen.id, row_number() OVER () AS place
    FROM (
        SELECT {alias}.id {from_where}
        ORDER BY {order}
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
    ORDER BY page.place
) AS listed ON true
"""

_COUNT: LiteralString = "SELECT count(*) {from_where}"

_RETRIEVE: LiteralString = """
SELECT shown.document, NULL::integer, NULL::bigint
FROM (
    SELECT {alias}.id {from_where} AND {alias}.uuid = %(path_uuid)s
) AS page
INNER JOIN LATERAL ({document}) AS shown ON true
"""


@dataclass(frozen=True, slots=True, eq=False)
class ObjectQuery:
    """What the query of a request says, read once for all requests that say the same."""

    query: QueryParams
    conditions: Conditions
    fields: Choice
    # Those made of it so far
    statements: dict[Hashable, LiteralString]

    def statement(self, key: Hashable, make: Callable[[], LiteralString]) -> LiteralString:
        """Give the statement with this key, made when it is first asked for."""
        found = self.statements.get(key)
        if found is None:
            found = self.statements[key] = make()
        return found


@dataclass(frozen=True, slots=True, eq=False)
class ListQuery(ObjectQuery):
    """What the query of a list says; `walk` is the same for all pages of one list."""

    page: Page
    links: Links
    walk: bytes


@dataclass(frozen=True, eq=False)
class Collection(ABC):
    """Objects of one kind that can be listed, counted and retrieved."""

    path: str
    missing: str
    filters: Mapping[str, Kind]
    orders: Orders

    def shape(self, _caller: Identity) -> Hashable:
        """Give what the text of a statement depends on, of who asks."""
        return None

    def parameters(self, caller: Identity, conditions: Conditions) -> dict[str, Any]:
        """Give what the statements take of the caller and of the filters."""
        return {**caller.parameters, **conditions.parameters, "state_order": _STATES}

    @abstractmethod
    def list_statement(self, asked: ListQuery, shape: Any, *, continued: bool) -> LiteralString:  # noqa: ANN401
        """Give the statement for a page.

        It finds a row for each object, or one of nulls: how many there are in all; its document;
        its digest, which may be null; and the columns of its place, if pages can be continued. A
        page that is `continued` after the place `%(after)s`, an array of texts in JSON, has one row
        more than it shows, if more follow.
        """

    @abstractmethod
    def count_statement(self, asked: ObjectQuery, shape: Any) -> LiteralString:  # noqa: ANN401
        """Give the statement that counts."""

    @abstractmethod
    def one_statement(self, asked: ObjectQuery, shape: Any) -> LiteralString:  # noqa: ANN401
        """Give the statement for the object `%(path_uuid)s`: its document, version and digest.

        The latter two may be null; there is no row where none is seen.
        """


@dataclass(frozen=True, eq=False)
class SqlCollection(Collection):
    """Objects that are shown as they are read.

    `source` is a FROM clause in which `alias` names the row itself. `visible` holds for the rows
    that an actor may see. `document` selects the `document` (JSON as text) of the row whose id is
    `page.id`; addresses in it start with `%(base)s` or the mark that stands for it. All of them
    take the parameters of `actor_parameters`.
    """

    source: LiteralString
    alias: LiteralString
    visible: LiteralString
    document: LiteralString

    def list_statement(self, asked: ListQuery, shape: None, *, continued: bool) -> LiteralString:  # noqa: ARG002
        """Give the statement for a page; none is ever continued."""
        return self._statement(_LIST, asked.conditions, self.orders.read(asked.query))

    def count_statement(self, asked: ObjectQuery, shape: None) -> LiteralString:  # noqa: ARG002
        """Give the statement that counts."""
        return self._statement(_COUNT, asked.conditions)

    def one_statement(self, asked: ObjectQuery, shape: None) -> LiteralString:  # noqa: ARG002
        """Give the statement for one object."""
        return self._statement(_RETRIEVE, asked.conditions)

    def _statement(
        self, template: LiteralString, conditions: Conditions, order: LiteralString = ""
    ) -> LiteralString:
        where: list[LiteralString] = [self.visible, *conditions.conditions]
        return (
            template.replace("{from_where}", self.source + " WHERE " + " AND ".join(where))
            .replace("{alias}", self.alias)
            .replace("{document}", self.document)
            .replace("{order}", order)
        )
