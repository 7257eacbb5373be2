"""Objects of one kind as clients list, count and retrieve them: one way for every feature.

A feature says in SQL where its objects are, who sees which and how one is shown; the statements,
paging, headers and chosen fields are the same for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.access.permissions import Actor
from ringfence.access.scope import actor_parameters
from ringfence.database.pool import Database
from ringfence.errors import NotFound
from ringfence.http.documents import base_of, pick, with_base
from ringfence.http.filters import NO_CONDITIONS, STATES, Conditions, Kind, Orders, read_filters
from ringfence.http.lists import Page, link_header, read_page
from ringfence.http.routing import path_uuid

JSON = "application/json"

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
            %(offset)s, (SELECT greatest((total - 1) / %(size)s, 0) FROM matching) * %(size)s
        )
    ) AS chosen
)
SELECT
    (SELECT total FROM matching),
    convert_to('[' || coalesce((
        SELECT string_agg(shown.document, ',' ORDER BY page.place)
        FROM page
        INNER JOIN LATERAL ({document}) AS shown ON true
    ), '') || ']', 'UTF8')
"""

_COUNT: LiteralString = "SELECT count(*) {from_where}"

_RETRIEVE: LiteralString = """
SELECT convert_to(shown.document, 'UTF8')
FROM (
    SELECT {alias}.id {from_where} AND {alias}.uuid = %(path_uuid)s
) AS page
INNER JOIN LATERAL ({document}) AS shown ON true
"""


@dataclass(frozen=True, slots=True)
class Collection:
    """Objects of one kind.

    `source` is a FROM clause in which `alias` names the row itself. `visible` holds for the rows
    that an actor may see. `document` selects the `document` (JSON as text) of the row whose id is
    `page.id`; addresses in it start with `%(base)s` or the mark that stands for it. All of them
    take the parameters of `actor_parameters`.
    """

    path: str
    missing: str
    source: LiteralString
    alias: LiteralString
    visible: LiteralString
    document: LiteralString
    filters: Mapping[str, Kind]
    orders: Orders

    def statement(
        self, template: LiteralString, conditions: Conditions, order: LiteralString = ""
    ) -> LiteralString:
        """Give a statement on the visible rows that meet the conditions."""
        where: list[LiteralString] = [self.visible, *conditions.conditions]
        return (
            template.replace("{from_where}", self.source + " WHERE " + " AND ".join(where))
            .replace("{alias}", self.alias)
            .replace("{document}", self.document)
            .replace("{order}", order)
        )


async def _page(
    collection: Collection, request: Request, conditions: Conditions, page: Page, base: str
) -> tuple[int, bytes]:
    """Give how many objects match, and those of one page as a JSON array; one statement."""
    order = collection.orders.read(request.query_params)
    parameters = {"size": page.size, "offset": page.offset, "base": base}
    row = await _one_row(
        request,
        collection.statement(_LIST, conditions, order),
        _parameters(request, conditions) | parameters,
    )
    return (row[0], row[1]) if row else (0, b"[]")


async def _count(collection: Collection, request: Request, conditions: Conditions) -> int:
    # Also where nothing is shown, an order that does not exist is refused.
    collection.orders.read(request.query_params)
    statement = collection.statement(_COUNT, conditions)
    row = await _one_row(request, statement, _parameters(request, conditions))
    return row[0] if row else 0


async def count_of(collection: Collection, request: Request) -> int:
    """Give how many objects a list with the request's filters would show."""
    return await _count(collection, request, read_filters(request.query_params, collection.filters))


async def _one_row(
    request: Request, statement: LiteralString, parameters: Mapping[str, Any]
) -> tuple[Any, ...] | None:
    database: Database = request.app.state.database
    async with database.connection() as connection:
        cursor = await connection.execute(statement, parameters, binary=True)
        return await cursor.fetchone()


def _parameters(request: Request, conditions: Conditions) -> dict[str, Any]:
    actor: Actor = request.scope["actor"]
    return {
        **actor_parameters(actor),
        **conditions.parameters,
        "state_order": list(STATES),
    }


def request_base(request: Request) -> str:
    """Give the base of the addresses in an answer; raises `Invalid` for a malformed host."""
    return base_of(request, request.app.state.settings.public_url)


async def answer_list(collection: Collection, request: Request) -> Response:
    """Answer with the objects that the actor may see; HEAD gives the headers alone."""
    query = request.query_params
    conditions = read_filters(query, collection.filters)
    page = read_page(query)
    base = request_base(request)
    if request.method == "HEAD":
        total, body = await _count(collection, request, conditions), None
    else:
        total, documents = await _page(collection, request, conditions, page, base)
        body = pick(with_base(documents, base), query.getlist("field"), many=True)
    numbered = page.resolve(total)
    response = Response(body, media_type=JSON)
    response.headers["X-Result-Count"] = str(total)
    response.headers["Link"] = link_header(base + request.url.path, query.multi_items(), numbered)
    if body is None:
        # It would be the length of an answer that nobody has made.
        del response.headers["Content-Length"]
    return response


async def answer_one(
    collection: Collection, request: Request, made: UUID | None = None, *, status: int = 200
) -> Response:
    """Answer with the object of the path, or with the one that was just made.

    Raises `NotFound` for one that is not seen.
    """
    query, base = request.query_params, request_base(request)
    # As at Waldur, the filters of a list hold for one object too; what was just made is no list.
    conditions = read_filters(query, collection.filters) if made is None else NO_CONDITIONS
    path = path_uuid(request, collection.missing) if made is None else made
    row = await _one_row(
        request,
        collection.statement(_RETRIEVE, conditions),
        _parameters(request, conditions) | {"path_uuid": path, "base": base},
    )
    if row is None:
        raise NotFound(collection.missing)
    body = pick(with_base(bytes(row[0]), base), query.getlist("field"), many=False)
    return Response(body, status, media_type=JSON)


def routes_of(collection: Collection) -> list[Route]:
    """Give the routes that every collection has: list, count and retrieve."""

    async def answer_collection(request: Request) -> Response:
        return await answer_list(collection, request)

    async def answer_object(request: Request) -> Response:
        return await answer_one(collection, request)

    return [
        Route(collection.path, answer_collection, methods=["GET", "HEAD"]),
        Route(collection.path + "{uuid}/", answer_object, methods=["GET", "HEAD"]),
    ]
