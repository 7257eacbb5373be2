"""The schema, and a page to read it and try it. Both are public.

The assets of the page are in this package: it works without the internet, and its content security
policy allows no other origin and no inline code.
"""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from importlib.resources import files

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.errors import NotFound
from ringfence.http.openapi.document import assemble
from ringfence.http.openapi.operation import Operation

SCHEMA = "/api/schema/"
DOCS = "/api/docs/"
PAGES = (SCHEMA, DOCS)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ASSETS = {
    "index.html": "text/html; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
}


def routes_of(operations: Iterable[Operation], public_path: str) -> list[Route]:
    """Return the routes of the schema of these operations and of the page."""

    @cache
    def document() -> bytes:
        # Built at the first request, so that processes start faster.
        return msgspec.json.encode(assemble(operations, version("ringfence"), f"{public_path}/"))

    async def respond_schema(_request: Request) -> Response:
        return Response(document(), media_type="application/json")

    return [
        Route(SCHEMA, respond_schema, methods=["GET", "HEAD"], include_in_schema=False),
        Route(DOCS, respond_page, methods=["GET", "HEAD"], include_in_schema=False),
        Route(DOCS + "{name}", respond_asset, methods=["GET", "HEAD"], include_in_schema=False),
    ]


async def respond_page(_request: Request) -> Response:
    return _asset("index.html")


async def respond_asset(request: Request) -> Response:
    return _asset(request.path_params["name"])


def _asset(name: str) -> Response:
    if name not in _ASSETS:
        raise NotFound("Not found.")
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    return Response(_read(name), media_type=_ASSETS[name], headers=headers)


@cache
def _read(name: str) -> bytes:
    return (files(__package__) / "assets" / name).read_bytes()
