# ruff: noqa: S608 (statements are put together from constants of this module)
"""The floor: the smallest application that does what any implementation of the reads must do.

It looks up the hashed token, applies the scope, counts, and reads the same documents, in one
prepared statement. It has no routes, no filters, no log and no errors: it could not be shipped.
What the service costs beyond it is the cost of these.

It shares nothing with the service but the tables, so that no cost is in both columns: Granian and
`psycopg_pool` are used as their documentation shows, with one setting of PostgreSQL, generic plans.

Run by the harness: `python -m bench.floor DATABASE_URL [PROCESSES]`.
"""

import hashlib
import os
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, LiteralString
from urllib.parse import parse_qsl
from uuid import UUID

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from psycopg import AsyncRawCursor
from psycopg_pool import AsyncConnectionPool

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATH = "/api/openstack-security-groups/"
# Stands for the base URL in stored documents.
BASE_MARK = b"\x01"
POOL_SIZE = 8

# A project in a customer of the actor needs no ancestor of its own.
_ACTOR: LiteralString = """
WITH actor AS MATERIALIZED (
    SELECT
        account.id,
        account.is_staff OR account.is_support AS everything,
        ARRAY(
            SELECT DISTINCT held.customer_id FROM role_grants AS held
            WHERE held.user_id = account.id AND held.customer_id IS NOT NULL
        ) AS customers
    FROM tokens AS token
    INNER JOIN users AS account ON token.user_id = account.id
    WHERE
        token.digest = $1
        AND account.is_active
        AND coalesce(token.expires > now(), true)
),
ancestor AS MATERIALIZED (
    SELECT 'all' AS level, 0 AS id FROM actor WHERE actor.everything
    UNION ALL
    SELECT 'customer', unnest(actor.customers) FROM actor WHERE NOT actor.everything
    UNION ALL
    SELECT DISTINCT 'project', project.id
    FROM actor
    INNER JOIN role_grants AS held ON actor.id = held.user_id
    INNER JOIN projects AS project ON held.project_id = project.id
    WHERE NOT actor.everything AND project.customer_id <> ALL(actor.customers)
)
"""

# The counts by ancestor that the service keeps, and the changes that are not yet added.
_COUNTED: LiteralString = """
SELECT sum(counted.groups)::bigint AS total
FROM ancestor
CROSS JOIN LATERAL (
    SELECT summed.groups FROM security_group_counts AS summed
    WHERE summed.level = ancestor.level AND summed.id = ancestor.id
    UNION ALL
    SELECT change.groups FROM security_group_count_changes AS change
    WHERE change.level = ancestor.level AND change.id = ancestor.id
) AS counted
"""

_FIRST: LiteralString = """
(
    SELECT stored.document, stored.tenant_name, stored.created, stored.security_group_id
    FROM ancestor
    CROSS JOIN LATERAL (
        SELECT * FROM security_group_documents AS one
        WHERE {condition}
        ORDER BY one.tenant_name, one.created, one.security_group_id
        LIMIT $2
    ) AS stored
    WHERE ancestor.level = '{level}'
)
"""


def _first(level: LiteralString, condition: LiteralString) -> LiteralString:
    return _FIRST.replace("{level}", level).replace("{condition}", condition)


# One row for each document: joining 100 of them costs PostgreSQL twice as much as the rest.
_LIST: LiteralString = (
    _ACTOR
    + "SELECT page.document, ("
    + _COUNTED
    + ") FROM ("
    + " UNION ALL ".join(
        [
            _first("all", "true"),
            _first("customer", "one.customer_id = ancestor.id"),
            _first("project", "one.project_id = ancestor.id"),
        ]
    )
    + """) AS page
ORDER BY page.tenant_name, page.created, page.security_group_id
LIMIT $2
"""
)

_HEAD: LiteralString = _ACTOR + "SELECT '', (" + _COUNTED + ")"

_RETRIEVE: LiteralString = (
    _ACTOR
    + """
SELECT stored.document, 1::bigint
FROM security_group_documents AS stored
WHERE
    stored.uuid = $2
    AND EXISTS (
        SELECT 1 FROM ancestor
        WHERE
            ancestor.level = 'all'
            OR (ancestor.level = 'customer' AND ancestor.id = stored.customer_id)
            OR (ancestor.level = 'project' AND ancestor.id = stored.project_id)
    )
"""
)


class Floor:
    """The application; `url` is that of the database."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan protocol."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        headers = dict(scope["headers"])
        values: list[object] = [hashlib.sha256(headers[b"authorization"][6:]).digest()]
        statement, size = _HEAD, 0
        if scope["path"] != PATH:
            statement = _RETRIEVE
            values.append(UUID(scope["path"].removeprefix(PATH).rstrip("/")))
        elif scope["method"] == "GET":
            query = dict(parse_qsl(scope["query_string"].decode()))
            statement, size = _LIST, int(query.get("page_size", 10))
            values.append(size)
        async with self._pool.connection() as connection:
            cursor = AsyncRawCursor(connection)
            await cursor.execute(statement, values, binary=True)
            found = cursor.pgresult
        if found is None or not found.ntuples:
            await _send(send, 404, b"", [])
            return
        base = b"http://" + headers[b"host"]
        body = b",".join([found.get_value(row, 0) or b"" for row in range(found.ntuples)])
        if size:
            body = b"[" + body + b"]"
        total = int.from_bytes(found.get_value(0, 1) or b"", "big")
        await _send(send, 200, body.replace(BASE_MARK, base), _paging(base, total, size))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        options = {
            "autocommit": True,
            "prepare_threshold": 0,
            "options": "-c plan_cache_mode=force_generic_plan",
        }
        async with AsyncConnectionPool(self._url, kwargs=options, max_size=POOL_SIZE) as self._pool:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _paging(base: bytes, total: int, size: int) -> list[tuple[bytes, bytes]]:
    if not size:
        return [(b"x-result-count", b"%d" % total)]
    address = b"%s%s?page_size=%d" % (base, PATH.encode(), size)
    link = b'<%s>; rel="first", <%s&page=2>; rel="next", <%s&page=%d>; rel="last"'
    links = link % (address, address, address, -(-total // size))
    return [(b"x-result-count", b"%d" % total), (b"link", links)]


async def _send(send: Send, status: int, body: bytes, more: list[tuple[bytes, bytes]]) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Announcing(Floor):
    """The floor as a program: it announces its address as soon as it is ready."""

    def __init__(self) -> None:
        super().__init__(os.environ["FLOOR_DATABASE_URL"])

    async def _live(self, receive: Receive, send: Send) -> None:
        async def announce(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                sys.stdout.write(f"ready http://127.0.0.1:{os.environ['FLOOR_PORT']}\n")
                sys.stdout.flush()

        await super()._live(receive, announce)


def main(url: str, processes: int) -> None:
    """Serve until a signal."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ |= {"FLOOR_DATABASE_URL": url, "FLOOR_PORT": str(port)}
    Granian(
        "bench.floor:Announcing",
        factory=True,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        loop=Loops.uvloop,
        workers=processes,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if sys.argv[2:] else min(2, os.cpu_count() or 1))
