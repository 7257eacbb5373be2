"""UUIDs in paths, and the responses to requests that no route matches."""

from collections.abc import Sequence
from urllib.parse import quote
from uuid import UUID

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from ringfence.access.permissions import READ_METHODS
from ringfence.errors import NotFound
from ringfence.http.fields import printable
from ringfence.http.public_path import with_prefix

# Where a browser begins
ROOT = "/"


def path_uuid(request: Request, missing: str) -> UUID:
    """Return the UUID in the path, with or without dashes; raises `NotFound` with `missing`."""
    text = request.path_params["uuid"]
    try:
        return UUID(hex=text)
    except ValueError:
        raise NotFound(missing) from None


def allowed_methods(routes: Sequence[BaseRoute], request: Request) -> list[str]:
    """Return the methods of all routes that match the path."""
    methods: set[str] = set()
    for route in routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return sorted(methods)


async def respond_http_exception(request: Request, error: Exception) -> Response:
    """Respond to an unknown path with 404, and to a method that the path does not have with 405."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    app: Starlette = request.app
    if error.status_code == 405:  # noqa: PLR2004 - HTTP's own number
        detail = f'Method "{printable(request.method)}" not allowed.'
        allow = ", ".join(allowed_methods(app.routes, request))
        return JSONResponse({"detail": detail}, 405, headers={"Allow": allow})
    body = {"detail": "Not found."}
    if lacks_slash(request.scope):
        path = with_prefix(printable(request.scope["path"]))
        body["hint"] = f"{path}/ exists: the path ends with a slash."
    return JSONResponse(body, error.status_code)


def is_served(scope: Scope) -> bool:
    """Return whether a route matches the path and the method."""
    return any(route.matches(scope)[0] is Match.FULL for route in scope["app"].routes)


def lacks_slash(scope: Scope) -> bool:
    """Return whether a route matches the path with a slash at its end."""
    path: str = scope["path"]
    with_slash = dict(scope, path=f"{path}/")
    routes = scope["app"].routes
    return not path.endswith("/") and any(
        r.matches(with_slash)[0] is not Match.NONE for r in routes
    )


def redirect_to_slash(scope: Scope) -> Response | None:
    """Return the redirect of a GET whose path lacks the slash at its end; None for all else."""
    path: str = scope["path"]
    if path.endswith("/") or scope["method"] not in READ_METHODS:
        return None
    if not is_served(dict(scope, path=f"{path}/")):
        return None
    query = scope.get("query_string", b"").decode("latin-1")
    return RedirectResponse(f"{with_prefix(quote(path))}/{'?' if query else ''}{query}", 301)
