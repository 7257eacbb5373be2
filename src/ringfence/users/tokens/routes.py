"""Routes of personal access tokens."""

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
from ringfence.users.tokens.commands import SCOPES, IssuedToken
from ringfence.users.tokens.issuing import NO_SUCH_TOKEN
from ringfence.users.tokens.queries import PERSONAL_TOKENS

# Fields that the response to a creation or rotation omits
_OMITTED = ("token_prefix", "is_active", "last_used_at", "last_used_ip", "use_count")


async def create_token(request: Request) -> Response:
    """Create a token; return it with its secret."""
    refuse_tags(request.headers)
    never_store_response(request)
    database = request.app.state.database
    body = await read_json(request)
    max_lifetime = request.app.state.settings.token_max_lifetime
    issued = await commands.create(database, context_of(request).actor, body, max_lifetime)
    return await _with_secret(request, issued)


async def rotate_token(request: Request) -> Response:
    """Rotate a token; return it with its new secret."""
    never_store_response(request)
    uuid = _uuid(request)
    actor: Actor = context_of(request).actor
    max_lifetime = request.app.state.settings.token_max_lifetime
    issued = await commands.rotate(request.app.state.database, actor, uuid, max_lifetime)
    if actor.token and actor.token.uuid == uuid:
        # The old secret of this request is invalid, and reading the response needs the new one.
        context_of(request).request_identity.replace_token(token_digest(issued.secret))
    return await _with_secret(request, issued)


async def revoke_token(request: Request) -> Response:
    uuid = _uuid(request)
    await commands.revoke(request.app.state.database, context_of(request).actor, uuid)
    return Response(status_code=204)


async def list_scopes(request: Request) -> Response:  # noqa: ARG001 - the same for all
    return JSONResponse(
        [{"permission": word, "description": message} for word, message in SCOPES.items()],
        headers={"X-Result-Count": str(len(SCOPES))},
    )


def _uuid(request: Request) -> UUID:
    refuse_tags(request.headers)
    return path_uuid(request, NO_SUCH_TOKEN)


async def _with_secret(request: Request, issued: IssuedToken) -> Response:
    response = await respond_one(PERSONAL_TOKENS, request, issued.uuid)
    shown = msgspec.json.decode(response.body)
    returned = {name: value for name, value in shown.items() if name not in _OMITTED}
    return JSONResponse({**returned, "token": issued.secret}, 201)


class TokenRoute(Route):
    """The route of a token, which does not match `available_scopes`."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and scope["path"] == _AVAILABLE:
            return Match.NONE, {}
        return super().matches(scope)


_AVAILABLE = PERSONAL_TOKENS.path + "available_scopes/"
_TOKEN = PERSONAL_TOKENS.path + "{uuid}/"

routes = [
    Route(_AVAILABLE, list_scopes, methods=["GET", "HEAD"]),
    Route(PERSONAL_TOKENS.path, create_token, methods=["POST"]),
    *routes_of(PERSONAL_TOKENS),
    TokenRoute(_TOKEN, revoke_token, methods=["DELETE"]),
    Route(_TOKEN + "rotate/", rotate_token, methods=["POST"]),
]
