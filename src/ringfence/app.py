"""The composition root: builds the application from settings, database, routes and middleware."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from ringfence.about.openapi import operations as about_operations
from ringfence.about.routes import PUBLIC_PATHS
from ringfence.about.routes import routes_of as about_routes
from ringfence.access.token_use import TokenUses
from ringfence.background import in_background, pause
from ringfence.clouds.openapi import operations as tenant_operations
from ringfence.clouds.queries import CLOUDS, TENANTS
from ringfence.clouds.routes import routes as tenant_routes
from ringfence.database.embedded.keepalive import kept_running
from ringfence.database.pool import USE_SECONDS, Database
from ringfence.database.replica import Replica
from ringfence.discovery.openapi import operations as discovery_operations
from ringfence.discovery.routes import routes as discovery_routes
from ringfence.events.openapi import operations as event_operations
from ringfence.events.retention import RemovalNotice
from ringfence.events.routes import routes as event_routes
from ringfence.http.middleware.pipeline import Exemptions, Pipeline
from ringfence.http.openapi.operation import Operation
from ringfence.http.routing import respond_http_exception
from ringfence.monitoring import routes as monitoring
from ringfence.monitoring.checks.openapi import operations as doctor_operations
from ringfence.monitoring.checks.routes import routes as doctor_routes
from ringfence.monitoring.gauges import Gauges
from ringfence.monitoring.health import Readiness
from ringfence.organisations.openapi import operations as organisation_operations
from ringfence.organisations.queries import CUSTOMERS, PROJECTS
from ringfence.organisations.routes import routes as organisation_routes
from ringfence.ports.exposures.openapi import operations as exposure_operations
from ringfence.ports.exposures.routes import routes as exposure_routes
from ringfence.ports.openapi import operations as port_operations
from ringfence.ports.queries import INSTANCES, PORTS
from ringfence.ports.routes import routes as port_routes
from ringfence.ports.verdicts.openapi import operations as verdict_operations
from ringfence.ports.verdicts.routes import routes as verdict_routes
from ringfence.reference.routes import PAGES
from ringfence.reference.routes import routes_of as reference_routes
from ringfence.security_groups.history.openapi import operations as history_operations
from ringfence.security_groups.history.routes import routes as history_routes
from ringfence.security_groups.openapi import operations as security_group_operations
from ringfence.security_groups.overviews.openapi import operations as overview_operations
from ringfence.security_groups.queries import GROUPS
from ringfence.security_groups.routes import routes as security_group_routes
from ringfence.security_groups.rule_search.openapi import operations as rule_search_operations
from ringfence.security_groups.rule_search.queries import RULES
from ringfence.security_groups.rule_search.routes import routes as rule_search_routes
from ringfence.security_groups.tenant_groups.openapi import operations as tenant_group_operations
from ringfence.settings import Settings, load_settings
from ringfence.sync.openapi import operations as sync_operations
from ringfence.sync.routes import routes as sync_routes
from ringfence.telemetry import metrics, tracing
from ringfence.telemetry.logs import configure, flush_lines
from ringfence.users.openapi import operations as user_operations
from ringfence.users.queries import ROLES, USERS
from ringfence.users.routes import routes as user_routes
from ringfence.users.sessions.openapi import operations as session_operations
from ringfence.users.sessions.routes import routes as session_routes
from ringfence.users.tokens.openapi import operations as personal_token_operations
from ringfence.users.tokens.routes import routes as personal_token_routes
from ringfence.web.routes import CONSOLE, ICONS
from ringfence.web.routes import routes as web_routes

METRICS_SECONDS = 1.0

# The operations in `/api/schema/`, in the order of its pages
OPERATIONS: tuple[Operation, ...] = (
    *security_group_operations,
    *overview_operations,
    *rule_search_operations,
    *exposure_operations,
    *history_operations,
    *port_operations,
    *verdict_operations,
    *sync_operations,
    *discovery_operations,
    *tenant_operations,
    *tenant_group_operations,
    *organisation_operations,
    *user_operations,
    *personal_token_operations,
    *session_operations,
    *event_operations,
    *doctor_operations,
    *about_operations,
)


# GET requests for these bypass the router; the routes of the same paths handle everything else.
COLLECTIONS = (GROUPS, RULES, PORTS, INSTANCES, TENANTS, CLOUDS, PROJECTS, CUSTOMERS, USERS, ROLES)


def create_app(settings: Settings | None = None) -> Starlette:
    """Return the ASGI application; it opens its database at start-up and closes it at shutdown."""
    settings = settings or load_settings()
    configure(settings.log_level)

    token_uses = TokenUses()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with (
            kept_running(settings) as conninfo,
            tracing.sending(),
            Database.open(conninfo, use_seconds=USE_SECONDS) as database,
        ):
            app.state.database = database
            async with (
                in_background(partial(app.state.token_uses.keep_writing, database), "token uses"),
                in_background(partial(_write_metrics, database), "metrics"),
                Replica.open(database, settings.database_replica_url) as app.state.replica,
            ):
                yield
        flush_lines()

    app = Starlette(
        routes=[
            # First, because dry runs have the paths of the groups' own routes.
            *sync_routes,
            *security_group_routes,
            *history_routes,
            *rule_search_routes,
            *port_routes,
            *exposure_routes,
            *verdict_routes,
            *tenant_routes,
            *discovery_routes,
            *organisation_routes,
            *user_routes,
            *personal_token_routes,
            *session_routes,
            *event_routes,
            *doctor_routes,
            *about_routes(OPERATIONS),
            *reference_routes(OPERATIONS, settings.public_path),
            *monitoring.routes,
            *web_routes,
        ],
        middleware=[
            Middleware(
                Pipeline,
                settings=settings,
                exemptions=Exemptions((*PAGES, *monitoring.PAGES, CONSOLE, ICONS), PUBLIC_PATHS),
                collections=COLLECTIONS,
                token_uses=token_uses,
                operations=OPERATIONS,
            )
        ],
        exception_handlers={HTTPException: respond_http_exception},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.settings = settings
    app.state.token_uses = token_uses
    app.state.readiness = Readiness()
    app.state.gauges = Gauges()
    app.state.removal_notice = RemovalNotice()
    app.state.replica = None
    return app


async def _write_metrics(database: Database, stop: asyncio.Event) -> None:
    """Write the request counts and the pool's usage of this process every second."""
    while not stop.is_set():
        metrics.current().write()
        metrics.current().pool(**database.usage())
        await pause(stop, METRICS_SECONDS)
    metrics.current().write()
