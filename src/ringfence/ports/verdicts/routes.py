"""HTTP routes of verdicts. They read, and change nothing."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.access.scope import Scope
from ringfence.clouds.queries import NO_SUCH_TENANT, TENANTS
from ringfence.http.body import read_json
from ringfence.http.collections.json_response import respond_built
from ringfence.http.context import actor_and_database
from ringfence.http.routing import path_uuid
from ringfence.ports.verdicts.judging import effective_rules_of, sources_of, verdict_of
from ringfence.ports.verdicts.queries import NO_SUCH_PORT
from ringfence.ports.verdicts.schemas import read_query, read_request


async def show_verdict(request: Request) -> Response:
    """Return whether a packet is admitted between two ends, and by which rules."""
    actor, database = actor_and_database(request)
    uuid = path_uuid(request, NO_SUCH_TENANT)
    requested = read_request(await read_json(request), request.app.state.settings.rules_per_request)
    document = await verdict_of(database, Scope.of(actor), uuid, requested)
    return await respond_built(lambda: document)


async def show_effective_rules(request: Request) -> Response:
    """Return what all groups of a port admit together."""
    actor, database = actor_and_database(request)
    uuid = path_uuid(request, NO_SUCH_PORT)
    document = await effective_rules_of(database, Scope.of(actor), uuid)
    return await respond_built(lambda: document)


async def show_who_can_reach(request: Request) -> Response:
    """Return the sources that a port admits."""
    actor, database = actor_and_database(request)
    uuid = path_uuid(request, NO_SUCH_PORT)
    traffic = read_query(request.query_params.multi_items())
    document = await sources_of(database, Scope.of(actor), uuid, traffic)
    return await respond_built(lambda: document)


PORT_PATH = "/api/openstack-ports/{uuid}/"

routes = [
    Route(TENANTS.path + "{uuid}/verdict/", show_verdict, methods=["POST"]),
    Route(PORT_PATH + "effective_rules/", show_effective_rules, methods=["GET", "HEAD"]),
    Route(PORT_PATH + "who_can_reach/", show_who_can_reach, methods=["GET", "HEAD"]),
]
