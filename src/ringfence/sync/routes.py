"""What the sync tells of a group: what a change would do, and how its cloud differs."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from ringfence.access.permissions import Permission, require_everywhere
from ringfence.clouds import pulls
from ringfence.clouds.queries import TENANTS
from ringfence.clouds.routes import changeable
from ringfence.http.collections.json_response import respond_built
from ringfence.http.context import context_of
from ringfence.security_groups.preconditions import etag
from ringfence.security_groups.queries import GROUPS
from ringfence.security_groups.routes import changeable_group, seen_group
from ringfence.security_groups.rule_input.rule_lists import read_rules
from ringfence.security_groups.states import Action
from ringfence.sync.drift import drift_of_group
from ringfence.sync.dry_run import preview
from ringfence.sync.status import status


async def plan_rules(request: Request) -> Response:
    """Say what setting these rules would do; nothing is stored."""
    group = await changeable_group(request, Permission.SECURITY_GROUP_SET_RULES, Action.SET_RULES)
    base = context_of(request).base_url
    plan = await preview(request.app.state.database, group, await read_rules(request))
    return await respond_built(lambda: plan.shown(base), headers={"ETag": etag(plan.group.version)})


async def show_drift(request: Request) -> Response:
    """Show how the group differs in its cloud, as far as that was last seen."""
    group = await seen_group(request)
    base = context_of(request).base_url
    drift = await drift_of_group(request.app.state.database, group, base)
    return await respond_built(lambda: drift)


async def show_status(request: Request) -> Response:
    """Show what the sync has to do and has found, tenant by tenant."""
    require_everywhere(context_of(request).actor, Permission.SYNC_READ)
    found = await status(request.app.state.database)
    return JSONResponse([tenant.shown() for tenant in found])


async def confirm_missing(request: Request) -> Response:
    """Compare a tenant with its cloud, and mark what is missing however much it is."""
    actor, database = context_of(request).actor, request.app.state.database
    # Before the look-up: whoever may not do this at all learns nothing about what exists.
    require_everywhere(actor, Permission.TENANT_CONFIRM_MISSING)
    tenant = await changeable(request, Permission.TENANT_CONFIRM_MISSING)
    await pulls.request(database, actor, tenant, "OK", "ERRED", confirmed=True)
    return JSONResponse({"detail": "Comparison was successfully scheduled."}, 202)


class DryRun(Route):
    """A route for requests alone that say `dry_run=true`; others are left to the next route."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as any route does, and only where nothing is to be done."""
        if scope["type"] == "http" and context_of(scope).own_flag("dry_run"):
            return super().matches(scope)
        return Match.NONE, {}


_GROUP = GROUPS.path + "{uuid}/"

# Before the routes of the groups: `set_rules` itself stands there.
routes = [
    DryRun(_GROUP + "set_rules/", plan_rules, methods=["POST"]),
    Route(_GROUP + "plan/", plan_rules, methods=["POST"]),
    Route(_GROUP + "drift/", show_drift, methods=["GET"]),
    Route("/api/sync-status/", show_status, methods=["GET", "HEAD"]),
    Route(TENANTS.path + "{uuid}/confirm_missing/", confirm_missing, methods=["POST"]),
]
