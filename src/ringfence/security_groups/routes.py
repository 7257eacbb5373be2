"""The operations on security groups, as clients know them."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.access.permissions import Actor, Permission, require, require_everywhere
from ringfence.access.scope import Scope
from ringfence.clouds import queries as tenants
from ringfence.database.pool import Database
from ringfence.http.body import read_json
from ringfence.http.documents import base_of, pick, with_base
from ringfence.http.lists import link_header, read_page
from ringfence.http.routing import path_uuid
from ringfence.security_groups import commands, queries
from ringfence.security_groups.filters import NO_CONDITIONS, read_filters, read_order
from ringfence.security_groups.queries import NO_SUCH_GROUP, SecurityGroup
from ringfence.security_groups.states import Operation, require_state

JSON = "application/json"


async def list_groups(request: Request) -> Response:
    """List the groups that the actor may see; HEAD gives the headers alone."""
    actor, database = _context(request)
    scope = Scope.of(actor)
    conditions = read_filters(request.query_params, actor)
    order = read_order(request.query_params)
    page = read_page(request.query_params)
    base = _base(request)
    if request.method == "HEAD":
        total, body = await queries.count(database, scope, conditions), None
    else:
        total, documents = await queries.list_documents(
            database, scope, conditions, order=order, page=page, is_staff=actor.is_staff
        )
        fields = request.query_params.getlist("field")
        body = pick(with_base(documents, base), fields, many=True)
    numbered = page.resolve(total)
    query = request.query_params.multi_items()
    response = Response(body, media_type=JSON)
    response.headers["X-Result-Count"] = str(total)
    response.headers["Link"] = link_header(base + request.url.path, query, numbered)
    if body is None:
        # It would be the length of an answer that nobody has made.
        del response.headers["Content-Length"]
    return response


async def retrieve_group(request: Request) -> Response:
    """Give one group."""
    return await _answer_group(request, path_uuid(request, NO_SUCH_GROUP))


async def update_group(request: Request) -> Response:
    """Set name and description."""
    actor, database = _context(request)
    group = await _changeable(request, Permission.SECURITY_GROUP_UPDATE, Operation.UPDATE)
    body = await read_json(request)
    values = await commands.update(database, actor, group, body, partial=request.method == "PATCH")
    return JSONResponse(values)


async def set_rules(request: Request) -> Response:
    """Replace all rules."""
    actor, database = _context(request)
    group = await _changeable(request, Permission.SECURITY_GROUP_SET_RULES, Operation.SET_RULES)
    await commands.replace_rules(database, actor, group, await read_json(request))
    if request.scope["contract"] == "2025-11":
        return Response(status_code=200)
    return JSONResponse({"status": "Rules update was successfully scheduled."}, 202)


async def pull_group(request: Request) -> Response:
    """Ask for the cloud's view of the group."""
    actor, database = _context(request)
    group = await _changeable(request, Permission.SECURITY_GROUP_PULL, Operation.PULL)
    await commands.pull(database, actor, group)
    return JSONResponse({"detail": "Pull operation was successfully scheduled."}, 202)


async def delete_group(request: Request) -> Response:
    """Ask for the group to go."""
    actor, database = _context(request)
    group = await _changeable(request, Permission.SECURITY_GROUP_DELETE, Operation.DELETE)
    await commands.delete(database, actor, group)
    return Response(status_code=204)


async def unlink_group(request: Request) -> Response:
    """Forget the group here, whatever its state."""
    actor, database = _context(request)
    # Before the look-up: whoever may not do this at all learns nothing about what exists.
    require_everywhere(actor, Permission.SECURITY_GROUP_UNLINK)
    group = await _seen(request)
    await commands.unlink(database, actor, group)
    return Response(status_code=204)


async def create_group(request: Request) -> Response:
    """Create a group in a tenant."""
    actor, database = _context(request)
    uuid = path_uuid(request, tenants.NO_SUCH_TENANT)
    tenant = await tenants.get(database, Scope.of(actor), uuid)
    require(
        actor,
        Permission.SECURITY_GROUP_CREATE,
        customer_id=tenant.customer_id,
        project_id=tenant.project_id,
    )
    tenants.require_ok(tenant)
    # A host that cannot be answered to is refused before anything is made.
    _base(request)
    created = await commands.create(database, actor, tenant.id, await read_json(request))
    return await _answer_group(request, created, status=201)


def _context(request: Request) -> tuple[Actor, Database]:
    return request.scope["actor"], request.app.state.database


def _base(request: Request) -> str:
    return base_of(request, request.app.state.settings.public_url)


async def _seen(request: Request) -> SecurityGroup:
    actor, database = _context(request)
    uuid = path_uuid(request, NO_SUCH_GROUP)
    return await queries.get(database, Scope.of(actor), uuid)


async def _changeable(
    request: Request, permission: Permission, operation: Operation
) -> SecurityGroup:
    """Give the group, once it is sure that it is seen, may be changed, and is at rest."""
    actor, _ = _context(request)
    group = await _seen(request)
    require(actor, permission, customer_id=group.customer_id, project_id=group.project_id)
    require_state(group.state, operation)
    return group


async def _answer_group(request: Request, uuid: UUID, *, status: int = 200) -> Response:
    actor, database = _context(request)
    # As at Waldur, the filters of a list hold for one group too; what was just made is no list.
    query = request.query_params
    conditions = read_filters(query, actor) if status == 200 else NO_CONDITIONS  # noqa: PLR2004
    document = await queries.document(
        database, Scope.of(actor), uuid, conditions, is_staff=actor.is_staff
    )
    body = pick(with_base(document, _base(request)), query.getlist("field"), many=False)
    return Response(body, status, media_type=JSON)


_GROUPS = "/api/openstack-security-groups/"
_GROUP = _GROUPS + "{uuid}/"

routes = [
    Route(_GROUPS, list_groups, methods=["GET", "HEAD"]),
    Route(_GROUP, retrieve_group, methods=["GET", "HEAD"]),
    Route(_GROUP, update_group, methods=["PUT", "PATCH"]),
    Route(_GROUP, delete_group, methods=["DELETE"]),
    Route(_GROUP + "pull/", pull_group, methods=["POST"]),
    Route(_GROUP + "set_rules/", set_rules, methods=["POST"]),
    Route(_GROUP + "unlink/", unlink_group, methods=["POST"]),
    Route("/api/openstack-tenants/{uuid}/create_security_group/", create_group, methods=["POST"]),
]
