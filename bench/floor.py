# ruff: noqa: S608 (statements are put together from constants of this module)
"""The floor: the smallest application that does what any honest implementation of the reads must.

It looks the hashed token up, applies the scope, counts, and reads the same stored answers, all in
one statement, under the same server with the same number of processes. It has no routes, no
filters, no log, no errors: nobody could ship it. What the service costs beyond it is the price of
being one.

Run by the harness: `python -m bench.floor DATABASE_URL`.
"""

import hashlib
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any, LiteralString
from urllib.parse import parse_qsl
from uuid import UUID

from ringfence.database.documents import BASE_MARK
from ringfence.database.pool import Database
from ringfence.listening import Probe, address_of, claim
from ringfence.logs import configure
from ringfence.processes import default_api_processes, load_application, serve_api
from ringfence.supervisor import Child, Supervisor

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATH = "/api/openstack-security-groups/"

# Sums by tenant would be cheaper to count, and dearer to write: the table is counted here.
_CALLER: LiteralString = """
WITH caller AS MATERIALIZED (
    SELECT
        account.is_staff OR account.is_support AS everything,
        ARRAY(
            SELECT held.customer_id FROM role_grants AS held WHERE held.user_id = account.id
        ) AS customers,
        ARRAY(
            SELECT held.project_id FROM role_grants AS held WHERE held.user_id = account.id
        ) AS projects
    FROM tokens AS token
    INNER JOIN users AS account ON token.user_id = account.id
    WHERE
        token.digest = %(digest)s
        AND account.is_active
        AND coalesce(token.expires > now(), true)
)
"""

_SCOPE: LiteralString = """
(
    caller.everything
    OR project.customer_id = ANY(caller.customers)
    OR project.id = ANY(caller.projects)
)
"""

_COUNTED: LiteralString = (
    """
, counted AS (
    SELECT count(*) AS total
    FROM caller
    CROSS JOIN projects AS project
    INNER JOIN tenants AS tenant ON project.id = tenant.project_id
    INNER JOIN security_groups AS sg ON tenant.id = sg.tenant_id
    WHERE """
    + _SCOPE
    + ")"
)

# Each answer is a row of its own: joining 100 of them costs PostgreSQL twice what the rest does.
_LIST: LiteralString = (
    _CALLER
    + _COUNTED
    + """
SELECT (SELECT total FROM counted), convert_to(stored.document, 'UTF8')
FROM (
    SELECT sg.id, tenant.name, sg.created
    FROM caller
    CROSS JOIN tenants AS tenant
    INNER JOIN projects AS project ON tenant.project_id = project.id
    INNER JOIN security_groups AS sg ON tenant.id = sg.tenant_id
    WHERE """
    + _SCOPE
    + """
    ORDER BY tenant.name, sg.created, sg.id
    LIMIT %(size)s
) AS page
INNER JOIN security_group_documents AS stored ON page.id = stored.security_group_id
ORDER BY page.name, page.created, page.id
"""
)

_HEAD: LiteralString = _CALLER + _COUNTED + "SELECT total, '\\x'::bytea FROM counted"

_RETRIEVE: LiteralString = (
    _CALLER
    + """
SELECT 1, convert_to(stored.document, 'UTF8')
FROM caller
CROSS JOIN security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN security_group_documents AS stored ON sg.id = stored.security_group_id
WHERE sg.uuid = %(uuid)s AND """
    + _SCOPE
)


class Floor:
    """The application; `url` is the database's."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the application."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        headers = dict(scope["headers"])
        digest = hashlib.sha256(headers.get(b"authorization", b"")[6:]).digest()
        parameters: dict[str, object] = {"digest": digest}
        statement = _LIST
        if scope["path"] != PATH:
            statement = _RETRIEVE
            parameters["uuid"] = UUID(scope["path"].removeprefix(PATH).rstrip("/"))
        elif scope["method"] == "HEAD":
            statement = _HEAD
        else:
            query = dict(parse_qsl(scope["query_string"].decode()))
            parameters["size"] = int(query.get("page_size", 10))
        async with self._database.connection() as connection:
            cursor = await connection.execute(statement, parameters, binary=True)
            rows = await cursor.fetchall()
        if not rows:
            await _send(send, 404, b"", [])
            return
        base = b"http://" + headers[b"host"]
        body = b",".join([row[1] for row in rows])
        if "size" in parameters:
            body = b"[" + body + b"]"
        await _send(send, 200, body.replace(BASE_MARK, base), _paging(base, rows[0][0], parameters))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with Database.open(self._url) as self._database:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _paging(base: bytes, total: int, parameters: dict[str, object]) -> list[tuple[bytes, bytes]]:
    if "size" not in parameters:
        return [(b"x-result-count", b"%d" % total)]
    size = parameters["size"]
    assert isinstance(size, int)  # noqa: S101 - put there above
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


def main(url: str, processes: int) -> None:
    """Serve until a signal, as `ringfence serve` does."""
    configure("error")
    load_application("bench.floor:Floor")
    with claim("127.0.0.1", 0) as listener:
        factory = partial(Floor, url)
        children = [
            Child(f"floor-{number}", partial(serve_api, factory, listener), [listener.fileno()])
            for number in range(processes)
        ]
        address = address_of(listener)
        ready = partial(print, f"ready http://{address}", flush=True)
        Supervisor(children, Probe(listener), ready).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if sys.argv[2:] else default_api_processes())
