"""Routes of plans, drift and the state of the sync."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from ringfence.access.permissions import Permission, require_everywhere
from ringfence.clouds import pulls
from ringfence.clouds.queries import TENANTS
from ringfence.clouds.routes import changeable
from ringfence.http.body import read_json
from ringfence.http.collections.json_response import respond_built
from ringfence.http.context import actor_and_database, context_of
from ringfence.security_groups.preconditions import etag
from ringfence.security_groups.queries import GROUPS
from ringfence.security_groups.routes import changeable_group, visible_group
from ringfence.security_groups.rule_input.rule_lists import read_rules
from ringfence.security_groups.states import Action
from ringfence.sync.drift import drift_of_group
from ringfence.sync.dry_run import dry_run, dry_run_of_rollback
from ringfence.sync.status import status


async def plan_rules(request: Request) -> Response:
    """Return what setting these rules would do; nothing is stored."""
    group = await changeable_group(request, Permission.SECURITY_GROUP_SET_RULES, Action.SET_RULES)
    base = context_of(request).base_url
    plan = await dry_run(request.app.state.database, group, await read_rules(request))
    return await respond_built(
        lambda: plan.document(base), headers={"ETag": etag(plan.group.version)}
    )


async def plan_rollback(request: Request) -> Response:
    """Return what rolling back to a version would do; nothing is stored."""
    group = await changeable_group(request, Permission.SECURITY_GROUP_SET_RULES, Action.ROLLBACK)
    base = context_of(request).base_url
    database = request.app.state.database
    plan = await dry_run_of_rollback(database, group, await read_json(request))
    return await respond_built(
        lambda: plan.document(base), headers={"ETag": etag(plan.group.version)}
    )


async def show_drift(request: Request) -> Response:
    """Return the drift of the group, from its last observation."""
    group = await visible_group(request)
    base = context_of(request).base_url
    drift = await drift_of_group(request.app.state.database, group, base)
    return await respond_built(lambda: drift)


async def show_status(request: Request) -> Response:
    """Return the state of the sync, tenant by tenant."""
    require_everywhere(context_of(request).actor, Permission.SYNC_READ)
    tenants = await status(request.app.state.database)
    return JSONResponse([tenant.document() for tenant in tenants])


async def confirm_missing(request: Request) -> Response:
    """Pull a tenant, and mark all groups that are missing, however many."""
    actor, database = actor_and_database(request)
    # Checked before the query: who may never do this learns nothing about what exists.
    require_everywhere(actor, Permission.TENANT_CONFIRM_MISSING)
    tenant = await changeable(request, Permission.TENANT_CONFIRM_MISSING)
    await pulls.request(database, actor, tenant, "OK", "ERRED", confirmed=True)
    return JSONResponse({"detail": "Pull was successfully scheduled."}, 202)


class DryRunRoute(Route):
    """A route for requests with `dry_run=true` only; the next route matches the others."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match like any route, if the request is a dry run."""
        if scope["type"] == "http" and context_of(scope).own_flag("dry_run"):
            return super().matches(scope)
        return Match.NONE, {}


_GROUP = GROUPS.path + "{uuid}/"

# These come before the routes of the groups, which have `set_rules` and `rollback` themselves.
routes = [
    DryRunRoute(_GROUP + "set_rules/", plan_rules, methods=["POST"]),
    DryRunRoute(_GROUP + "rollback/", plan_rollback, methods=["POST"]),
    Route(_GROUP + "plan/", plan_rules, methods=["POST"]),
    Route(_GROUP + "drift/", show_drift, methods=["GET"]),
    Route("/api/sync-status/", show_status, methods=["GET", "HEAD"]),
    Route(TENANTS.path + "{uuid}/confirm_missing/", confirm_missing, methods=["POST"]),
]
