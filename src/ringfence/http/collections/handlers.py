"""Handlers that list, count and retrieve the objects of a collection.

The statement comes from the collection (`http/collections/collection.py`) and returns documents as
bytes, from the stored documents or built by the statement. The bytes are joined, URLs get their
base, and `http/collections/json_response.py` sends them. The identity is checked by the same
statement (`access/identity.py`); if it changed, the statement is built and run again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType
from typing import NamedTuple, TypeVar
from uuid import UUID

from psycopg.pq.abc import PGresult
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.access.authentication import Identity
from ringfence.access.identity import IdentityChanged, RequestIdentity
from ringfence.access.permissions import Actor
from ringfence.database.binary_rows import integer
from ringfence.errors import NotFound, Unavailable
from ringfence.http.collections.collection import Collection, ListQuery, ObjectQuery
from ringfence.http.collections.csv_rows import CSV, csv_of
from ringfence.http.collections.documents import (
    LARGE,
    FieldSelection,
    list_of,
    pieces_of,
    with_base,
)
from ringfence.http.collections.filters import NO_CONDITIONS, read_filters
from ringfence.http.collections.json_response import (
    Header,
    respond_head,
    respond_json,
    respond_pieces,
    tag_of,
)
from ringfence.http.collections.page_cursors import binding_of, read_cursor, write_cursor
from ringfence.http.collections.pagination import PAGE_PARAMETERS, Links, NumberedPage, read_page
from ringfence.http.context import context_of
from ringfence.http.offload import in_thread
from ringfence.http.routing import path_uuid

JSON = "application/json"

# The columns of results. The first column is the check of the identity.
_TOTAL, _LIST_DOCUMENT, _LIST_DIGEST, _POSITION = 1, 2, 3, 4
_DOCUMENT, _VERSION, _DIGEST = 1, 2, 3

# How often a read is tried while the identity of its sender changes; more than once is rare.
_TRIES = 4

# Longer queries are parsed each time, so that they cannot fill the memory.
_CACHED_QUERY = 512

# In a list that counts up to a number only (see `Collection.most_counted`)
_AT_LEAST: Header = (b"x-result-count-at-least", b"true")

Query = TypeVar("Query", bound=ObjectQuery)


class Counted(NamedTuple):
    """How many objects a list has; `is_at_least` if there are more."""

    total: int
    is_at_least: bool


def _counted(collection: Collection, total: int) -> Counted:
    most = collection.most_counted
    is_at_least = most is not None and total > most
    return Counted(most if most is not None and is_at_least else total, is_at_least)


def _parse_retrieve(collection: Collection, text: bytes) -> ObjectQuery:
    params = QueryParams(text)
    # Waldur applies the filters of a list to one object, too.
    conditions = read_filters(params, collection.filters)
    return ObjectQuery(params, conditions, FieldSelection(params.getlist("field")), {})


def _parse_created(_collection: Collection, text: bytes) -> ObjectQuery:
    # Filters do not apply to an object that was just created.
    params = QueryParams(text)
    return ObjectQuery(params, NO_CONDITIONS, FieldSelection(params.getlist("field")), {})


def _parse_list(collection: Collection, text: bytes) -> ListQuery:
    query = _parse_retrieve(collection, text)
    page = read_page(query.params)
    # An invalid ordering is refused even where it is not used.
    collection.ordering.read(query.params)
    pairs = [pair for pair in query.params.multi_items() if pair[0] not in PAGE_PARAMETERS]
    pairs.sort(key=lambda pair: pair[0])
    return ListQuery(
        query.params,
        query.conditions,
        query.fields,
        {},
        page,
        Links(pairs),
        blake2b(repr((collection.path, pairs)).encode(), digest_size=16).digest(),
    )


def _without_cursor(text: bytes) -> bytes:
    """Return a query without its cursor: what is parsed is the same for many cursors."""
    if b"cursor=" not in text:
        return text
    return b"&".join(pair for pair in text.split(b"&") if not pair.startswith(b"cursor="))


def _cached(
    parse: Callable[[Collection, bytes], Query],
) -> Callable[[Collection, Request], Query]:
    """Return a parser of the query of a request that caches the results for frequent queries."""
    cached = lru_cache(maxsize=1024)(parse)

    def query_of(collection: Collection, request: Request) -> Query:
        text = _without_cursor(request.scope["query_string"])
        return (cached if len(text) <= _CACHED_QUERY else parse)(collection, text)

    return query_of


_retrieve_query = _cached(_parse_retrieve)
_created_query = _cached(_parse_created)
_list_query = _cached(_parse_list)


async def _read(
    request: Request, read: Callable[[RequestIdentity, Identity], Awaitable[PGresult]]
) -> tuple[PGresult, Identity]:
    """Return a result and its identity; reads again if the identity changed meanwhile."""
    context = context_of(request)
    request_identity = context.request_identity
    for _ in range(_TRIES):
        identity = await request_identity.current()
        try:
            found = await read(request_identity, identity)
        except IdentityChanged:
            continue
        context.known_actor = identity.actor
        return found, identity
    raise Unavailable("Your permissions changed during the request. Try again.")


async def count_of(collection: Collection, request: Request) -> int:
    """Return the number of objects on all pages of a list with the request's filters."""
    query = _list_query(collection, request)

    async def read(request_identity: RequestIdentity, identity: Identity) -> PGresult:
        shape = collection.shape(identity)
        statement = query.statement(
            ("count", shape), lambda: collection.count_statement(query, shape)
        )
        return await request_identity.read(
            statement, collection.parameters(identity, query.conditions)
        )

    found, _ = await _read(request, read)
    return integer(found.get_value(0, _TOTAL))


async def respond_list(
    collection: Collection, request: Request, *, csv_columns: Sequence[str] = ()
) -> Response:
    """Respond with a page of the objects in scope; to HEAD with the headers alone.

    With columns, the page is CSV.
    """
    query = _list_query(collection, request)
    if request.method == "HEAD":
        return await _respond_head(collection, request, query)
    found, is_continued, identity = await _read_page(collection, request, query)
    counted, size = _counted(collection, integer(found.get_value(0, _TOTAL))), query.page.size
    total = counted.total
    page = query.page.resolve(
        total,
        has_next=found.ntuples > size if is_continued else None,
        has_more=counted.is_at_least,
    )
    # An empty page is one row of nulls.
    count = 0 if found.get_value(0, _LIST_DOCUMENT) is None else min(found.ntuples, size)
    cursor = None
    if collection.has_cursors and page.has_next and count:
        binding = binding_of(query.digest, identity.actor.user_uuid, page.number + 1)
        cursor = write_cursor(found, count - 1, _POSITION, binding)
    headers = _paging(request, query, counted, page, cursor)
    base = context_of(request).base_url
    stored = [found.get_value(row, _LIST_DOCUMENT) or b"" for row in range(count)]
    if csv_columns:
        rows = list_of(stored, base)
        text = await in_thread(lambda: csv_of(rows, csv_columns))
        return respond_json(request, text, tag_of(text), headers=headers, media_type=CSV)
    is_large = sum(map(len, stored)) > LARGE
    documents = stored if is_large else [list_of(stored, base)]
    values = (found.get_value(row, _LIST_DIGEST) for row in range(count))
    digests = [digest for digest in values if digest is not None]
    tag = tag_of(
        base.encode(),
        b"%d %d %d %d %d" % (identity.actor.is_staff, total, *page),
        *(digests or documents),
    )
    if is_large:
        return respond_pieces(request, pieces_of(documents, base, query.fields), tag, headers)
    return respond_json(request, query.fields.of_list(documents[0]), tag, headers=headers)


async def _respond_head(collection: Collection, request: Request, query: ListQuery) -> Response:
    counted = _counted(collection, await count_of(collection, request))
    has_next = None
    if cursor := context_of(request).own_parameter("cursor"):
        _after(collection, query, cursor, context_of(request).actor)
        is_before_last = (query.page.number or 0) * query.page.size < counted.total
        has_next = counted.is_at_least or is_before_last
    page = query.page.resolve(counted.total, has_next=has_next, has_more=counted.is_at_least)
    return respond_head(_paging(request, query, counted, page))


async def _read_page(
    collection: Collection, request: Request, query: ListQuery
) -> tuple[PGresult, bool, Identity]:
    """Return the result of a page, and whether it continues after a cursor."""
    cursor: str | None = context_of(request).own_parameter("cursor")

    async def read(request_identity: RequestIdentity, identity: Identity) -> PGresult:
        after = _after(collection, query, cursor, identity.actor) if cursor else None
        shape, continued = collection.shape(identity), after is not None
        statement = query.statement(
            (continued, shape),
            lambda: collection.list_statement(query, shape, continued=continued),
        )
        parameters = collection.parameters(identity, query.conditions) | {
            "size": query.page.size,
            "offset": query.page.offset,
            "base": context_of(request).base_url,
            "after": after,
        }
        return await request_identity.read(statement, parameters)

    found, identity = await _read(request, read)
    return found, cursor is not None, identity


def _after(collection: Collection, query: ListQuery, cursor: str, actor: Actor) -> str:
    """Return the position after which a page begins; raises `Invalid`."""
    # The last page has a cursor under its number only.
    binding = binding_of(query.digest, actor.user_uuid, query.page.number or 0)
    return read_cursor(cursor, collection.position_types(query), binding)


def _paging(
    request: Request,
    query: ListQuery,
    counted: Counted,
    page: NumberedPage,
    cursor: str | None = None,
) -> Sequence[Header]:
    url = context_of(request).base_url + request.scope["path"]
    links = query.links.header(url, page, cursor, has_last=not counted.is_at_least)
    headers = ((b"x-result-count", b"%d" % counted.total), (b"link", links.encode("latin-1")))
    return (*headers, _AT_LEAST) if counted.is_at_least else headers


async def respond_one(
    collection: Collection,
    request: Request,
    created: UUID | None = None,
    *,
    status: int = 200,
    values: Mapping[str, object] = MappingProxyType({}),
) -> Response:
    """Respond with the object of the path, or with one that was just created.

    `values` are parameters of the collection's document that only this request has. Raises
    `NotFound` if the object is not in scope.
    """
    base = context_of(request).base_url
    query = (_retrieve_query if created is None else _created_query)(collection, request)
    uuid = path_uuid(request, collection.missing) if created is None else created

    async def read(request_identity: RequestIdentity, identity: Identity) -> PGresult:
        shape = collection.shape(identity)
        statement = query.statement(shape, lambda: collection.one_statement(query, shape))
        parameters = collection.parameters(identity, query.conditions)
        return await request_identity.read(
            statement, {**parameters, **values, "path_uuid": uuid, "base": base}
        )

    found, identity = await _read(request, read)
    stored = found.get_value(0, _DOCUMENT)
    if stored is None:
        raise NotFound(collection.missing)
    document = with_base(stored, base)
    version, digest = found.get_value(0, _VERSION), found.get_value(0, _DIGEST)
    tag = tag_of(base.encode(), b"%d" % identity.actor.is_staff, digest or document)
    if version is not None:
        # `If-Match` compares it (see security_groups/preconditions.py).
        tag = f"v{integer(version)}.{tag}"
    return respond_json(request, query.fields.of_one(document), tag, status=status)


def routes_of(collection: Collection) -> list[Route]:
    """Return the routes of a collection: list, count and retrieve."""

    async def list_objects(request: Request) -> Response:
        return await respond_list(collection, request)

    async def retrieve_object(request: Request) -> Response:
        return await respond_one(collection, request)

    return [
        Route(collection.path, list_objects, methods=["GET", "HEAD"]),
        Route(collection.path + "{uuid}/", retrieve_object, methods=["GET", "HEAD"]),
    ]
