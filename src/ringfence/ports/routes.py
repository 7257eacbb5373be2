"""HTTP routes of ports and instances.

Each handler finds the object in the actor's scope, checks permission and state, and calls a
command.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.access.permissions import Permission, require
from ringfence.access.scope import Scope
from ringfence.http.body import read_json
from ringfence.http.collections.handlers import routes_of
from ringfence.http.collections.json_response import respond_built
from ringfence.http.context import actor_and_database, context_of
from ringfence.http.preconditions import read_tags
from ringfence.http.routing import path_uuid
from ringfence.ports import commands, queries
from ringfence.ports.commands import GroupsPlan
from ringfence.ports.plan import plan_document
from ringfence.ports.queries import INSTANCE, INSTANCES, PORT, PORTS, Kind, Target
from ringfence.ports.states import require_at_rest

SCHEDULED = "security groups update was scheduled"


Handler = Callable[[Request], Awaitable[Response]]


def plan_security_groups(kind: Kind) -> Handler:
    """Return the handler that shows what setting groups would do; nothing is stored."""

    async def plan(request: Request) -> Response:
        actor, database = actor_and_database(request)
        target = await _changeable(request, kind)
        body, tags = await read_json(request), read_tags(request.headers)
        planned = await commands.plan_groups(database, actor, target, body, tags)
        base = context_of(request).base_url
        return await respond_built(lambda: plan_document(planned, base))

    return plan


def update_security_groups(kind: Kind) -> Handler:
    """Return the handler that sets the groups of a port or an instance."""
    plan = plan_security_groups(kind)

    async def update(request: Request) -> Response:
        if context_of(request).own_flag("dry_run"):
            return await plan(request)
        actor, database = actor_and_database(request)
        target = await _changeable(request, kind)
        body, tags = await read_json(request), read_tags(request.headers)
        done = await commands.update_groups(database, actor, target, body, tags)
        status = 200 if context_of(request).contract == "2025-11" else 202
        return JSONResponse(_scheduled(done), status)

    return update


def _scheduled(plan: GroupsPlan) -> dict[str, object]:
    """Return the response to a change; it says which groups stay although they were not named."""
    return {
        "status": SCHEDULED,
        "kept_security_group_ids": plan.kept,
        "skipped_port_ids": [port.backend_id for port in plan.skipped],
    }


async def _changeable(request: Request, kind: Kind) -> Target:
    """Return the object in the path, if the actor may change it and no change is pending."""
    actor, database = actor_and_database(request)
    uuid = path_uuid(request, kind.collection.missing)
    target = await queries.get(database, Scope.of(actor), kind, uuid)
    require(
        actor,
        Permission.PORT_UPDATE_SECURITY_GROUPS,
        customer_id=target.customer_id,
        project_id=target.project_id,
    )
    require_at_rest([port.state for port in target.ports], kind.noun)
    return target


routes = [
    *routes_of(PORTS),
    *routes_of(INSTANCES),
    *(
        Route(kind.collection.path + "{uuid}/" + action, handler(kind), methods=["POST"])
        for kind in (PORT, INSTANCE)
        for action, handler in (
            ("update_security_groups/", update_security_groups),
            ("plan_security_groups/", plan_security_groups),
        )
    ),
]
