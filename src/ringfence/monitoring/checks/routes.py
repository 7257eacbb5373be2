"""The route of the doctor."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.access.permissions import Permission, require_everywhere
from ringfence.http.context import context_of
from ringfence.monitoring.checks.in_process import examine

PATH = "/api/doctor/"


async def show_checks(request: Request) -> Response:
    """Return what an API process finds; it changes nothing."""
    require_everywhere(context_of(request).actor, Permission.DOCTOR_READ)
    state = request.app.state
    return JSONResponse([each.document() for each in await examine(state.database, state.settings)])


routes = [Route(PATH, show_checks, methods=["GET", "HEAD"])]
