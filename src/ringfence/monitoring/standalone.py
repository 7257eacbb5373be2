"""The application of a standalone worker: health checks and metrics only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from ringfence.database.embedded.keepalive import kept_running
from ringfence.database.pool import Database
from ringfence.http.middleware.pipeline import Exemptions, Pipeline
from ringfence.http.routing import respond_http_exception
from ringfence.monitoring.gauges import Gauges
from ringfence.monitoring.health import Readiness
from ringfence.monitoring.routes import PAGES, routes
from ringfence.settings import Settings
from ringfence.telemetry.logs import flush_lines


def create_monitor(settings: Settings) -> Starlette:
    """Return the ASGI application, which has a small connection pool of its own."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with kept_running(settings) as conninfo, Database.open(conninfo, size=2) as database:
            app.state.database = database
            yield
        flush_lines()

    app = Starlette(
        routes=routes,
        middleware=[Middleware(Pipeline, settings=settings, exemptions=Exemptions(PAGES))],
        exception_handlers={HTTPException: respond_http_exception},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.settings = settings
    app.state.readiness = Readiness()
    app.state.gauges = Gauges()
    return app
