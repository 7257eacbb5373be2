"""The operations on tenants that concern their security groups."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.access.permissions import Permission, require
from ringfence.access.scope import Scope
from ringfence.clouds import comparisons, queries
from ringfence.http.documents import base_of
from ringfence.http.routing import path_uuid


async def pull_security_groups(request: Request) -> Response:
    """Ask for the cloud's view of all groups of a tenant."""
    actor, database = request.scope["actor"], request.app.state.database
    scope = Scope.of(actor)
    uuid = path_uuid(request, queries.NO_SUCH_TENANT)
    tenant = await queries.get(database, scope, uuid)
    require(
        actor,
        Permission.TENANT_PULL_SECURITY_GROUPS,
        customer_id=tenant.customer_id,
        project_id=tenant.project_id,
    )
    # A host that cannot be answered to is refused before anything is scheduled.
    base = base_of(request, request.app.state.settings.public_url)
    await comparisons.request(database, actor, tenant)
    if request.scope["contract"] == "2026-10":
        return JSONResponse({"status": "Security groups pull has been scheduled."}, 202)
    return JSONResponse(await queries.representation(database, tenant.id, base))


routes = [
    Route(
        "/api/openstack-tenants/{uuid}/pull_security_groups/",
        pull_security_groups,
        methods=["POST"],
    )
]
