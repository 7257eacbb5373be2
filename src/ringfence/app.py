"""The composition root: settings → database → routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from ringfence.clouds.routes import routes as tenant_routes
from ringfence.database.embedded import running
from ringfence.database.pool import Database
from ringfence.events.routes import routes as event_routes
from ringfence.http.about import routes as about_routes
from ringfence.http.boundary import Boundary
from ringfence.http.routing import answer_http_exception
from ringfence.logs import configure
from ringfence.organisations.routes import routes as organisation_routes
from ringfence.security_groups.routes import routes as security_group_routes
from ringfence.settings import Settings, load_settings
from ringfence.users.routes import routes as user_routes


def create_app(settings: Settings | None = None) -> Starlette:
    """Give the ASGI application; its database is joined at start-up and left at shutdown."""
    settings = settings or load_settings()
    configure(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        with running(settings) as conninfo:
            async with Database.open(conninfo) as database:
                app.state.database = database
                yield

    app = Starlette(
        routes=[
            *security_group_routes,
            *tenant_routes,
            *organisation_routes,
            *user_routes,
            *event_routes,
            *about_routes,
        ],
        middleware=[Middleware(Boundary, settings=settings)],
        exception_handlers={HTTPException: answer_http_exception},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.settings = settings
    return app
