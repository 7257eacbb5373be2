"""Routes of sessions of the console; `web/routes.py` signs in and out."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.http.collections.handlers import routes_of
from ringfence.http.context import context_of
from ringfence.http.preconditions import refuse_tags
from ringfence.http.routing import path_uuid
from ringfence.users.sessions import commands
from ringfence.users.sessions.commands import NO_SUCH_SESSION
from ringfence.users.sessions.queries import SESSIONS


async def end_session(request: Request) -> Response:
    refuse_tags(request.headers)
    uuid = path_uuid(request, NO_SUCH_SESSION)
    await commands.end_one(request.app.state.database, context_of(request).actor, uuid)
    return Response(status_code=204)


routes = [
    *routes_of(SESSIONS),
    Route(SESSIONS.path + "{uuid}/", end_session, methods=["DELETE"]),
]
