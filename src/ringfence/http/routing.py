"""What the routes share: paths that name an object, and answers to what no route matches."""

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


def path_uuid(request: Request, missing: str) -> UUID:
    """Give the uuid in the path, with or without dashes; raises `NotFound` with `missing`."""
    text = request.path_params["uuid"]
    try:
        return UUID(hex=text)
    except ValueError:
        raise NotFound(missing) from None


def allowed_methods(routes: Sequence[BaseRoute], request: Request) -> list[str]:
    """Give the methods that some route takes at the request's path."""
    methods: set[str] = set()
    for route in routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return sorted(methods)


async def respond_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the router refuses: an unknown path, or a method that it does not take."""
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
    """Tell whether some route takes the path and the method."""
    return any(route.matches(scope)[0] is Match.FULL for route in scope["app"].routes)


def lacks_slash(scope: Scope) -> bool:
    """Tell whether there is a route for the path with a slash at its end, and none without."""
    path: str = scope["path"]
    there = dict(scope, path=f"{path}/")
    routes = scope["app"].routes
    return not path.endswith("/") and any(r.matches(there)[0] is not Match.NONE for r in routes)


def redirect_to_slash(scope: Scope) -> Response | None:
    """Give the redirect of a GET that lacks the slash at its end, where a route would take it."""
    path: str = scope["path"]
    if path.endswith("/") or scope["method"] not in READ_METHODS:
        return None
    if not is_served(dict(scope, path=f"{path}/")):
        return None
    query = scope.get("query_string", b"").decode("latin-1")
    return RedirectResponse(f"{with_prefix(quote(path))}/{'?' if query else ''}{query}", 301)
