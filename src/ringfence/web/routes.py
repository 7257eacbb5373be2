"""The routes of the console: its pages, their files, and its sessions."""

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from ringfence.errors import Forbidden, Invalid
from ringfence.http.body import SIGN_IN_BYTES, read_json
from ringfence.http.collections.filters import StrictFlag
from ringfence.http.context import context_of
from ringfence.http.middleware.session_cookie import (
    drop_session,
    is_own_request,
    keep_session,
    session_of,
)
from ringfence.http.offload import in_thread
from ringfence.http.public_path import with_prefix
from ringfence.http.routing import ROOT
from ringfence.users.sessions import commands
from ringfence.web import asset_files

CONSOLE = "/console/"
# Waldur's portal loads logos from here, without a token.
ICONS = "/api/icons/"
_ASSETS = CONSOLE + "assets/{release}/"

# The first part of the pages' URLs; the page shows what the rest names.
_PAGES = (
    "clouds",
    "doctor",
    "events",
    "exposures",
    "groups",
    "instances",
    "map",
    "reach",
    "sign-in",
    "tokens",
    "users",
)
_BELOW = ("", "{one}/", "{one}/{two}/")


async def lead_to_console(_request: Request) -> Response:
    """Redirect to the console, which is what a browser at the root of a service looks for."""
    return RedirectResponse(with_prefix(CONSOLE), 302)


async def show_page(request: Request) -> Response:
    """Respond with the page, which shows what its URL names; 404 if no page has the URL."""
    path = request.app.state.settings.public_path
    # The first visit joins and compresses what it loads, which takes a quarter of a second.
    response = await in_thread(lambda: asset_files.respond_page(request.headers, path))
    if request.path_params.get("unknown"):
        response.status_code = 404
    return response


async def show_asset(request: Request) -> Response:
    """Respond with a file that the page loads."""
    path = request.path_params
    name = f"{path['folder']}/{path['name']}" if "folder" in path else path["name"]
    release = path["release"]
    return await in_thread(lambda: asset_files.respond_asset(release, name, request.headers))


async def show_icon(_request: Request) -> Response:
    """Respond with the logo of Ringfence, whichever logo is requested."""
    return asset_files.respond_logo()


async def begin_session(request: Request) -> Response:
    """Sign in with a token, or with username and password."""
    settings = request.app.state.settings
    if not is_own_request(request.scope, request.headers, settings):
        raise Forbidden
    body, limits = await read_json(request, SIGN_IN_BYTES), context_of(request).limits
    longest = settings.token_max_lifetime
    session = await commands.begin(
        request.app.state.database, context_of(request).client.address, body, limits, longest
    )
    response = JSONResponse({"seconds": session.seconds})
    keep_session(response, request.scope, settings, session.secret, session.seconds)
    return response


async def end_session(request: Request) -> Response:
    """Sign out of this session, or of all sessions of the user."""
    settings = request.app.state.settings
    if not is_own_request(request.scope, request.headers, settings):
        raise Forbidden
    everywhere = _read_everywhere(request)
    if secret := session_of(request.scope, request.headers, settings):
        await commands.end(request.app.state.database, secret, everywhere=everywhere)
    response = Response(status_code=204)
    drop_session(response, request.scope, settings)
    return response


def _read_everywhere(request: Request) -> bool:
    values = request.query_params.getlist("everywhere")
    try:
        return bool(values) and StrictFlag("").read(values)
    except Invalid as error:
        raise Invalid({"everywhere": error.detail}) from None


_ROUTES = [
    (ROOT, lead_to_console, ["GET", "HEAD"]),
    (CONSOLE + "session/", begin_session, ["POST"]),
    (CONSOLE + "session/", end_session, ["DELETE"]),
    (_ASSETS + "{name}", show_asset, ["GET", "HEAD"]),
    (_ASSETS + "{folder}/{name}", show_asset, ["GET", "HEAD"]),
    (CONSOLE, show_page, ["GET", "HEAD"]),
    *(
        (f"{CONSOLE}{page}/{below}", show_page, ["GET", "HEAD"])
        for page in _PAGES
        for below in _BELOW
    ),
    *((f"{CONSOLE}{page}/{{unknown:path}}/", show_page, ["GET", "HEAD"]) for page in _PAGES),
    (CONSOLE + "{unknown}/", show_page, ["GET", "HEAD"]),
    (CONSOLE + "{unknown}/{one}/", show_page, ["GET", "HEAD"]),
    (ICONS + "{name}/", show_icon, ["GET", "HEAD"]),
]

# Not in the API schema: these are for browsers.
routes = [
    Route(path, endpoint, methods=methods, include_in_schema=False)
    for path, endpoint, methods in _ROUTES
]
