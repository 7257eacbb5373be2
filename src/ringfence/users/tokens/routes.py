"""The operations on tokens one by one."""

from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from ringfence.access.authentication import token_digest
from ringfence.access.permissions import Actor
from ringfence.http.body import read_json
from ringfence.http.collections.handlers import respond_one, routes_of
from ringfence.http.context import context_of
from ringfence.http.middleware.idempotency import never_store_response
from ringfence.http.preconditions import refuse_tags
from ringfence.http.routing import path_uuid
from ringfence.users.tokens import commands
from ringfence.users.tokens.commands import SCOPES, Made
from ringfence.users.tokens.issuing import NO_SUCH_TOKEN
from ringfence.users.tokens.queries import PERSONAL_TOKENS

# What the answer that makes a token does not tell of it
_UNTOLD = ("token_prefix", "is_active", "last_used_at", "last_used_ip", "use_count")


async def create_token(request: Request) -> Response:
    """Make a token and show it, once."""
    refuse_tags(request.headers)
    never_store_response(request)
    database = request.app.state.database
    body = await read_json(request)
    longest = request.app.state.settings.token_max_lifetime
    made = await commands.create(database, context_of(request).actor, body, longest)
    return await _shown_once(request, made)


async def rotate_token(request: Request) -> Response:
    """Give a token another secret and show it, once."""
    never_store_response(request)
    uuid = _uuid(request)
    actor: Actor = context_of(request).actor
    longest = request.app.state.settings.token_max_lifetime
    made = await commands.rotate(request.app.state.database, actor, uuid, longest)
    if actor.token and actor.token.uuid == uuid:
        # Its old secret reads nothing any more, and the new one would be lost.
        context_of(request).request_identity.replace_token(token_digest(made.secret))
    return await _shown_once(request, made)


async def revoke_token(request: Request) -> Response:
    """End a token."""
    uuid = _uuid(request)
    await commands.revoke(request.app.state.database, context_of(request).actor, uuid)
    return Response(status_code=204)


async def list_scopes(request: Request) -> Response:  # noqa: ARG001 - the same for all
    """Tell what a token can be made for."""
    return JSONResponse(
        [{"permission": word, "description": said} for word, said in SCOPES.items()],
        headers={"X-Result-Count": str(len(SCOPES))},
    )


def _uuid(request: Request) -> UUID:
    refuse_tags(request.headers)
    return path_uuid(request, NO_SUCH_TOKEN)


async def _shown_once(request: Request, made: Made) -> Response:
    answer = await respond_one(PERSONAL_TOKENS, request, made.uuid)
    shown = msgspec.json.decode(answer.body)
    told = {name: value for name, value in shown.items() if name not in _UNTOLD}
    return JSONResponse({**told, "token": made.secret}, 201)


class OfOne(Route):
    """A route of one token: the word that stands in the place of a uuid is none."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as any route does, but for that word."""
        if scope["type"] == "http" and scope["path"] == _AVAILABLE:
            return Match.NONE, {}
        return super().matches(scope)


_AVAILABLE = PERSONAL_TOKENS.path + "available_scopes/"
_TOKEN = PERSONAL_TOKENS.path + "{uuid}/"

routes = [
    Route(_AVAILABLE, list_scopes, methods=["GET", "HEAD"]),
    Route(PERSONAL_TOKENS.path, create_token, methods=["POST"]),
    *routes_of(PERSONAL_TOKENS),
    OfOne(_TOKEN, revoke_token, methods=["DELETE"]),
    Route(_TOKEN + "rotate/", rotate_token, methods=["POST"]),
]
