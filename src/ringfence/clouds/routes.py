"""Routes of clouds and tenants, except those that change groups (`security_groups/routes.py`)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.access.permissions import Permission, require, require_everywhere
from ringfence.access.scope import Scope
from ringfence.clouds import default_egress, pulls, queries
from ringfence.clouds.queries import CLOUDS, TENANTS, Tenant
from ringfence.http.body import read_json
from ringfence.http.collections.handlers import respond_one, routes_of
from ringfence.http.context import actor_and_database, context_of
from ringfence.http.preconditions import refuse_tags
from ringfence.http.routing import path_uuid


async def pull_tenant(request: Request) -> Response:
    """Schedule a pull of a tenant: of its groups."""
    tenant = await changeable(request, Permission.TENANT_PULL)
    actor, database = actor_and_database(request)
    await pulls.request(database, actor, tenant, "OK", "ERRED")
    return JSONResponse({"detail": "Pull operation was successfully scheduled."}, 202)


async def pull_security_groups(request: Request) -> Response:
    """Schedule a pull of all groups of a tenant."""
    tenant = await changeable(request, Permission.TENANT_PULL_SECURITY_GROUPS)
    actor, database = actor_and_database(request)
    await pulls.request(database, actor, tenant, "OK")
    if context_of(request).contract == "2026-10":
        return JSONResponse({"status": "Security groups pull has been scheduled."}, 202)
    return await respond_one(TENANTS, request, tenant.uuid)


async def set_default_egress(request: Request) -> Response:
    actor, database = actor_and_database(request)
    # Before the lookup, so that an actor without the permission does not learn what exists.
    require_everywhere(actor, Permission.TENANT_SET_DEFAULT_EGRESS)
    tenant = await changeable(request, Permission.TENANT_SET_DEFAULT_EGRESS)
    body = await read_json(request)
    keep = await default_egress.set_default_egress(database, actor, tenant, body)
    return JSONResponse({"keep": keep})


async def changeable(request: Request, permission: Permission) -> Tenant:
    """Return the tenant in the path if the actor sees it and has the permission.

    Raises `NotFound`, `Forbidden`, `PreconditionFailed`.
    """
    actor, database = actor_and_database(request)
    uuid = path_uuid(request, queries.NO_SUCH_TENANT)
    tenant = await queries.get(database, Scope.of(actor), uuid)
    require(actor, permission, customer_id=tenant.customer_id, project_id=tenant.project_id)
    refuse_tags(request.headers)
    return tenant


_TENANT = TENANTS.path + "{uuid}/"

routes = [
    *routes_of(TENANTS),
    Route(_TENANT + "pull/", pull_tenant, methods=["POST"]),
    Route(_TENANT + "pull_security_groups/", pull_security_groups, methods=["POST"]),
    Route(_TENANT + "set_default_egress/", set_default_egress, methods=["POST"]),
    *routes_of(CLOUDS),
]
