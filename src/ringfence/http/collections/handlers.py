"""Handlers that list, count and retrieve the objects of a collection."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

from psycopg.pq.abc import PGresult
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.access.authentication import Identity
from ringfence.access.identity import IdentityChanged, RequestIdentity
from ringfence.database.binary_rows import integer
from ringfence.errors import NotFound, Unavailable
from ringfence.http.collections.collection import Collection, ListQuery, ObjectQuery
from ringfence.http.collections.documents import LARGE, Choice, list_of, pieces_of, with_base
from ringfence.http.collections.filters import (
    NO_CONDITIONS,
    read_filters,
)
from ringfence.http.collections.json_response import (
    Header,
    respond_head,
    respond_json,
    respond_pieces,
    tag_of,
)
from ringfence.http.collections.page_cursors import WALKS, after, key_of, place_of
from ringfence.http.collections.pagination import Links, NumberedPage, read_page
from ringfence.http.context import context_of
from ringfence.http.routing import path_uuid

JSON = "application/json"

# The columns of what is found: of a list, and of one object. The first of all is the caller's.
_TOTAL, _LISTED, _LISTED_DIGEST, _PLACE = 1, 2, 3, 4

_ONE, _VERSION, _ONE_DIGEST = 1, 2, 3

# Whoever asks changes meanwhile: once is rare.
_TRIES = 4

Read = TypeVar("Read", bound="ObjectQuery")

# Longer queries are read each time, so that nobody fills the memory with them.
_REMEMBERED_QUERY = 512


def _read_one(collection: Collection, text: bytes) -> ObjectQuery:
    query = QueryParams(text)
    conditions = read_filters(query, collection.filters)
    return ObjectQuery(query, conditions, Choice(query.getlist("field")), {})


def _read_made(_collection: Collection, text: bytes) -> ObjectQuery:
    # As at Waldur, the filters of a list hold for one object too; what was just made is no list.
    query = QueryParams(text)
    return ObjectQuery(query, NO_CONDITIONS, Choice(query.getlist("field")), {})


def _read_list(collection: Collection, text: bytes) -> ListQuery:
    asked = _read_one(collection, text)
    page = read_page(asked.query)
    # Also where nothing is shown, an order that does not exist is refused.
    collection.orders.read(asked.query)
    pairs = [pair for pair in asked.query.multi_items() if pair[0] != "page"]
    pairs.sort(key=lambda pair: pair[0])
    return ListQuery(
        asked.query,
        asked.conditions,
        asked.fields,
        {},
        page,
        Links(pairs),
        blake2b(repr((collection.path, pairs)).encode(), digest_size=16).digest(),
    )


def _remembering(
    read: Callable[[Collection, bytes], Read],
) -> Callable[[Collection, Request], Read]:
    """Give how a request's query is read: of what most callers send, nothing is read anew."""
    remembered = lru_cache(maxsize=1024)(read)

    def asked(collection: Collection, request: Request) -> Read:
        text: bytes = request.scope["query_string"]
        return (remembered if len(text) <= _REMEMBERED_QUERY else read)(collection, text)

    return asked


_asked_one = _remembering(_read_one)

_asked_made = _remembering(_read_made)

_asked_list = _remembering(_read_list)


async def _settled(
    request: Request, read: Callable[[RequestIdentity, Identity], Awaitable[PGresult]]
) -> tuple[PGresult, Identity]:
    """Read for whoever asks, anew where that turns out to be somebody else than was thought."""
    context = context_of(request)
    identity = context.request_identity
    for _ in range(_TRIES):
        caller = await identity.current()
        try:
            found = await read(identity, caller)
        except IdentityChanged:
            continue
        context.known_actor = caller.actor
        return found, caller
    raise Unavailable("What you may see is changing, try again.")


async def count_of(collection: Collection, request: Request) -> int:
    """Give how many objects a list with the request's filters would show."""
    asked = _asked_list(collection, request)

    async def read(asking: RequestIdentity, caller: Identity) -> PGresult:
        shape = collection.shape(caller)
        statement = asked.statement(
            ("count", shape), lambda: collection.count_statement(asked, shape)
        )
        return await asking.read(statement, collection.parameters(caller, asked.conditions))

    found, _ = await _settled(request, read)
    return integer(found.get_value(0, _TOTAL))


async def respond_list(collection: Collection, request: Request) -> Response:
    """Answer with the objects that the actor may see; HEAD gives the headers alone."""
    asked = _asked_list(collection, request)
    base = context_of(request).base_url
    if request.method == "HEAD":
        total = await count_of(collection, request)
        return respond_head(_paging(request, asked, base, total, asked.page.resolve(total)))
    found, is_continued, caller = await _page(collection, request, asked, base)
    total, size = integer(found.get_value(0, _TOTAL)), asked.page.size
    page = asked.page.resolve(total, has_next=found.ntuples > size if is_continued else None)
    # Of no objects there is one row, of nulls.
    count = 0 if found.get_value(0, _LISTED) is None else min(found.ntuples, size)
    if page.has_next and count and found.nfields > _PLACE:
        key = key_of(context_of(request).request_identity.cache_key, asked.walk, page.number)
        WALKS.remember(key, place_of(found, count - 1, _PLACE))
    stored = [found.get_value(row, _LISTED) or b"" for row in range(count)]
    is_large = sum(map(len, stored)) > LARGE
    documents = stored if is_large else [list_of(stored, base)]
    values = (found.get_value(row, _LISTED_DIGEST) for row in range(count))
    digests = [digest for digest in values if digest is not None]
    tag = tag_of(
        base.encode(),
        b"%d %d %d %d %d" % (caller.actor.is_staff, total, *page),
        *(digests or documents),
    )
    headers = _paging(request, asked, base, total, page)
    if is_large:
        return respond_pieces(request, pieces_of(documents, base, asked.fields), tag, headers)
    return respond_json(request, asked.fields.of_list(documents[0]), tag, headers=headers)


async def _page(
    collection: Collection, request: Request, asked: ListQuery, base: str
) -> tuple[PGresult, bool, Identity]:
    """Read a page; tell whether it continues another one."""
    place: bytes | None = None

    async def read(asking: RequestIdentity, caller: Identity) -> PGresult:
        nonlocal place
        if asked.page.number is not None and asked.page.number > 1:
            place = WALKS.recall(key_of(asking.cache_key, asked.walk, asked.page.number - 1))
        shape, continued = collection.shape(caller), place is not None
        statement = asked.statement(
            (continued, shape),
            lambda: collection.list_statement(asked, shape, continued=continued),
        )
        parameters = collection.parameters(caller, asked.conditions) | {
            "size": asked.page.size,
            "offset": asked.page.offset,
            "base": base,
            "after": after(place) if place else None,
        }
        return await asking.read(statement, parameters)

    found, caller = await _settled(request, read)
    return found, place is not None, caller


def _paging(
    request: Request, asked: ListQuery, base: str, total: int, page: NumberedPage
) -> Sequence[Header]:
    links = asked.links.header(base + request.scope["path"], page)
    return ((b"x-result-count", b"%d" % total), (b"link", links.encode("latin-1")))


async def respond_one(
    collection: Collection,
    request: Request,
    made: UUID | None = None,
    *,
    status: int = 200,
    values: Mapping[str, object] = MappingProxyType({}),
) -> Response:
    """Answer with the object of the path, or with the one that was just made.

    `values` are parameters of the collection's document that only this request has. Raises
    `NotFound` for one that is not seen.
    """
    base = context_of(request).base_url
    asked = (_asked_one if made is None else _asked_made)(collection, request)
    path = path_uuid(request, collection.missing) if made is None else made

    async def read(asking: RequestIdentity, caller: Identity) -> PGresult:
        shape = collection.shape(caller)
        statement = asked.statement(shape, lambda: collection.one_statement(asked, shape))
        parameters = collection.parameters(caller, asked.conditions)
        own = {**values, "path_uuid": path, "base": base}
        return await asking.read(statement, parameters | own)

    found, caller = await _settled(request, read)
    stored = found.get_value(0, _ONE)
    if stored is None:
        raise NotFound(collection.missing)
    document = with_base(stored, base)
    version, digest = found.get_value(0, _VERSION), found.get_value(0, _ONE_DIGEST)
    tag = tag_of(base.encode(), b"%d" % caller.actor.is_staff, digest or document)
    if version is not None:
        # What `If-Match` compares (see security_groups/preconditions.py).
        tag = f"v{integer(version)}.{tag}"
    return respond_json(request, asked.fields.of_one(document), tag, status=status)


def routes_of(collection: Collection) -> list[Route]:
    """Give the routes that every collection has: list, count and retrieve."""

    async def answer_collection(request: Request) -> Response:
        return await respond_list(collection, request)

    async def answer_object(request: Request) -> Response:
        return await respond_one(collection, request)

    return [
        Route(collection.path, answer_collection, methods=["GET", "HEAD"]),
        Route(collection.path + "{uuid}/", answer_object, methods=["GET", "HEAD"]),
    ]
