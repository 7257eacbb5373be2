"""HTTP routes of security groups.

Each handler finds the group in the actor's scope, checks permission and state, and calls a command.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.access.permissions import Permission, require, require_everywhere
from ringfence.access.scope import Scope
from ringfence.clouds import queries as tenants
from ringfence.clouds.routes import changeable
from ringfence.http.body import read_json
from ringfence.http.collections.handlers import JSON, respond_one, routes_of
from ringfence.http.collections.json_response import respond_built
from ringfence.http.context import actor_and_database, context_of
from ringfence.http.routing import path_uuid
from ringfence.security_groups import commands, drift_modes, queries, redundant_rules, usage
from ringfence.security_groups.overviews.queries import OVERVIEWS
from ringfence.security_groups.preconditions import etag, read_preconditions
from ringfence.security_groups.queries import GROUPS, NO_SUCH_GROUP, SecurityGroup
from ringfence.security_groups.readiness import require_state
from ringfence.security_groups.rule_input.rule_lists import read_rules
from ringfence.security_groups.states import Action
from ringfence.security_groups.tenant_groups import commands as tenant_groups


async def update_group(request: Request) -> Response:
    """Update the name and description of a group."""
    actor, database = actor_and_database(request)
    group = await changeable_group(request, Permission.SECURITY_GROUP_UPDATE, Action.UPDATE)
    body = await read_json(request)
    preconditions = read_preconditions(request)
    partial = request.method == "PATCH"
    values = await commands.update(database, actor, group, body, preconditions, partial=partial)
    return JSONResponse(values)


async def set_rules(request: Request) -> Response:
    """Replace all rules of a group."""
    actor, database = actor_and_database(request)
    group = await changeable_group(request, Permission.SECURITY_GROUP_SET_RULES, Action.SET_RULES)
    body = await read_rules(request)
    await commands.set_rules(database, actor, group, body, read_preconditions(request))
    if context_of(request).contract == "2025-11":
        return Response(status_code=200)
    return JSONResponse({"status": "Rules update was successfully scheduled."}, 202)


async def pull_group(request: Request) -> Response:
    """Schedule a pull of a group."""
    actor, database = actor_and_database(request)
    group = await changeable_group(request, Permission.SECURITY_GROUP_PULL, Action.PULL)
    await commands.pull(database, actor, group, read_preconditions(request))
    return JSONResponse({"detail": "Pull operation was successfully scheduled."}, 202)


async def delete_group(request: Request) -> Response:
    """Schedule the deletion of a group."""
    actor, database = actor_and_database(request)
    group = await changeable_group(request, Permission.SECURITY_GROUP_DELETE, Action.DELETE)
    preconditions = read_preconditions(request)
    await commands.delete(
        database, actor, group, preconditions, detach=context_of(request).own_flag("detach")
    )
    return Response(status_code=204)


async def show_usage(request: Request) -> Response:
    """Show the ports that carry a group, and the groups that reference it."""
    _, database = actor_and_database(request)
    group = await visible_group(request)
    base = context_of(request).base_url
    return Response(await usage.usage_document(database, group.id, base), media_type=JSON)


async def show_redundancy(request: Request) -> Response:
    """Show the rules that others cover, and a shorter list that admits the same."""
    _, database = actor_and_database(request)
    group = await visible_group(request)
    base = context_of(request).base_url
    document = await redundant_rules.redundancy_of(database, group, base)
    return await respond_built(lambda: document, headers={"ETag": etag(group.version)})


async def set_drift_mode(request: Request) -> Response:
    """Set the drift mode of a group."""
    actor, database = actor_and_database(request)
    group = await visible_group(request)
    require(
        actor,
        Permission.SECURITY_GROUP_SET_RULES,
        customer_id=group.customer_id,
        project_id=group.project_id,
    )
    body = await read_json(request)
    await drift_modes.set_mode(database, actor, group, body, read_preconditions(request))
    return JSONResponse({"status": "Drift mode has been set."})


async def unlink_group(request: Request) -> Response:
    """Delete a group here, whatever its state, and leave it in the cloud."""
    actor, database = actor_and_database(request)
    group = await _group_for_staff(request, Permission.SECURITY_GROUP_UNLINK)
    await commands.unlink(database, actor, group, read_preconditions(request))
    return Response(status_code=204)


async def set_group_ok(request: Request) -> Response:
    """Set the state of a group to OK manually."""
    actor, database = actor_and_database(request)
    group = await _group_for_staff(request, Permission.SECURITY_GROUP_SET_OK)
    await commands.set_ok(database, actor, group, read_preconditions(request))
    return JSONResponse({"detail": "Resource has been marked as OK."})


async def set_group_erred(request: Request) -> Response:
    """Set the state of a group to ERRED manually."""
    actor, database = actor_and_database(request)
    group = await _group_for_staff(request, Permission.SECURITY_GROUP_SET_ERRED)
    body = await read_json(request)
    await commands.set_erred(database, actor, group, body, read_preconditions(request))
    return JSONResponse({"detail": "Resource has been marked as ERRED."})


async def create_group(request: Request) -> Response:
    """Create a group in a tenant."""
    actor, database = actor_and_database(request)
    tenant = await changeable(request, Permission.SECURITY_GROUP_CREATE)
    tenants.require_ok(tenant)
    body = await read_rules(request)
    # Read before the commit: afterwards, a worker or another request may change the group.
    async with database.enclosing():
        created = await commands.create(database, actor, tenant.id, body)
        return await respond_one(GROUPS, request, created, status=201)


async def plan_group(request: Request) -> Response:
    """Show what creating a group would do, and change nothing."""
    _, database = actor_and_database(request)
    tenant = await changeable(request, Permission.SECURITY_GROUP_CREATE)
    return JSONResponse(
        await commands.plan_creation(database, tenant.id, await read_rules(request))
    )


async def push_groups(request: Request) -> Response:
    """Replace all groups of a tenant."""
    actor, database = actor_and_database(request)
    tenant = await changeable(request, Permission.TENANT_PUSH_SECURITY_GROUPS)
    tenants.require_ok(tenant)
    await tenant_groups.replace_groups(database, actor, tenant.id, await read_rules(request))
    if context_of(request).contract == "2025-11":
        return Response(status_code=200)
    return JSONResponse({"status": "Security groups update has been scheduled."}, 202)


async def visible_group(request: Request) -> SecurityGroup:
    """Return the group in the path; raises `NotFound` if it is not in the actor's scope."""
    actor, database = actor_and_database(request)
    uuid = path_uuid(request, NO_SUCH_GROUP)
    return await queries.get(database, Scope.of(actor), uuid)


async def _group_for_staff(request: Request, permission: Permission) -> SecurityGroup:
    actor, _ = actor_and_database(request)
    # Before the query: without the permission, nobody learns which groups exist.
    require_everywhere(actor, permission)
    return await visible_group(request)


async def changeable_group(
    request: Request, permission: Permission, action: Action
) -> SecurityGroup:
    """Return the group in the path, if the actor may change it and the action may start."""
    actor, _ = actor_and_database(request)
    group = await visible_group(request)
    require(actor, permission, customer_id=group.customer_id, project_id=group.project_id)
    require_state(group, action, context_of(request).contract)
    return group


_GROUP = GROUPS.path + "{uuid}/"
_TENANT = tenants.TENANTS.path + "{uuid}/"

routes = [
    *routes_of(GROUPS),
    *routes_of(OVERVIEWS),
    Route(_GROUP, update_group, methods=["PUT", "PATCH"]),
    Route(_GROUP, delete_group, methods=["DELETE"]),
    Route(_GROUP + "usage/", show_usage, methods=["GET", "HEAD"]),
    Route(_GROUP + "redundancy/", show_redundancy, methods=["GET"]),
    Route(_GROUP + "pull/", pull_group, methods=["POST"]),
    Route(_GROUP + "set_rules/", set_rules, methods=["POST"]),
    Route(_GROUP + "set_drift_mode/", set_drift_mode, methods=["POST"]),
    Route(_GROUP + "unlink/", unlink_group, methods=["POST"]),
    Route(_GROUP + "set_ok/", set_group_ok, methods=["POST"]),
    Route(_GROUP + "set_erred/", set_group_erred, methods=["POST"]),
    Route(_TENANT + "create_security_group/", create_group, methods=["POST"]),
    Route(_TENANT + "plan_security_group/", plan_group, methods=["POST"]),
    Route(_TENANT + "push_security_groups/", push_groups, methods=["POST"]),
]
