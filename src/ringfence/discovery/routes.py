"""Routes of discoveries, for staff; support may read them."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.access.permissions import Permission, require_everywhere
from ringfence.discovery import runs
from ringfence.discovery.requests import NO_SUCH_DISCOVERY, follow, forget, request_run
from ringfence.discovery.schemas import parse_follow, parse_request
from ringfence.http.body import read_json
from ringfence.http.context import actor_and_database, context_of
from ringfence.http.preconditions import refuse_tags
from ringfence.http.routing import path_uuid

PATH = "/api/discoveries/"


async def show_discoveries(request: Request) -> Response:
    """Return all discoveries with the report of their last run."""
    require_everywhere(context_of(request).actor, Permission.SYNC_READ)
    found = await runs.discoveries(request.app.state.database)
    return JSONResponse([discovery.document() for discovery in found])


async def start_discovery(request: Request) -> Response:
    """Store a discovery and request that a worker runs it."""
    actor, database = actor_and_database(request)
    require_everywhere(actor, Permission.DISCOVERY_CHANGE)
    refuse_tags(request.headers)
    discovery = await request_run(database, actor, parse_request(await read_json(request)))
    return JSONResponse(discovery.document(), 202)


async def set_follow(request: Request) -> Response:
    """Set whether workers repeat a discovery."""
    actor, database = actor_and_database(request)
    require_everywhere(actor, Permission.DISCOVERY_CHANGE)
    uuid = path_uuid(request, NO_SUCH_DISCOVERY)
    refuse_tags(request.headers)
    is_followed = parse_follow(await read_json(request))
    discovery = await follow(database, actor, uuid, is_followed=is_followed)
    return JSONResponse(discovery.document())


async def forget_discovery(request: Request) -> Response:
    """Remove a discovery; its tenants stay."""
    actor, database = actor_and_database(request)
    require_everywhere(actor, Permission.DISCOVERY_CHANGE)
    uuid = path_uuid(request, NO_SUCH_DISCOVERY)
    refuse_tags(request.headers)
    await forget(database, actor, uuid)
    return Response(status_code=204)


routes = [
    Route(PATH, show_discoveries, methods=["GET", "HEAD"]),
    Route(PATH, start_discovery, methods=["POST"]),
    Route(PATH + "{uuid}/set_follow/", set_follow, methods=["POST"]),
    Route(PATH + "{uuid}/", forget_discovery, methods=["DELETE"]),
]
