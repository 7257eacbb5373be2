"""Routes of users, their tokens, and sign-in by password."""

from collections.abc import Mapping
from datetime import UTC

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.access.authentication import read_token
from ringfence.database.pool import Database
from ringfence.errors import NotFound
from ringfence.http.body import SIGN_IN_BYTES, read_json
from ringfence.http.collections.handlers import respond_list, respond_one, routes_of
from ringfence.http.context import actor_and_database, context_of
from ringfence.http.middleware.idempotency import never_store_response
from ringfence.http.preconditions import refuse_tags
from ringfence.http.routing import path_uuid
from ringfence.users.queries import AUTH_TOKENS, ME, ROLES, USERS
from ringfence.users.sign_in import sign_in
from ringfence.users.tokens import issuing
from ringfence.users.tokens.issuing import NO_SUCH_TOKEN, NO_SUCH_USER, Holder, Token


async def show_me(request: Request) -> Response:
    """Return the user, with the token of this request."""
    actor, _ = actor_and_database(request)
    header = request.headers.get("authorization")
    token = None if header is None else read_token(header)
    return await respond_one(ME, request, actor.user_uuid, values={"token": token})


async def show_token(request: Request) -> Response:
    """Return a user's newest token without its secret."""
    actor, database = actor_and_database(request)
    holder = await issuing.holder_by_uuid(database, actor, path_uuid(request, NO_SUCH_USER))
    return JSONResponse(_shown(holder, await issuing.newest_token(database, holder)))


async def refresh_token(request: Request) -> Response:
    """Replace all of a user's tokens by a new one; return it with its secret."""
    actor, database = actor_and_database(request)
    holder = await issuing.holder_by_uuid(database, actor, path_uuid(request, NO_SUCH_USER))
    refuse_tags(request.headers)
    never_store_response(request)
    max_lifetime = request.app.state.settings.token_max_lifetime
    token = await issuing.replace_tokens(database, actor, holder, max_lifetime)
    return JSONResponse(_shown(holder, token))


async def list_tokens(request: Request) -> Response:
    """List the visible users who have tokens."""
    return await respond_list(AUTH_TOKENS, request)


async def retrieve_token(request: Request) -> Response:
    """Return the newest token of a user, without its secret."""
    actor, database = actor_and_database(request)
    holder = await issuing.visible_holder(database, actor, _user_id(request))
    return await respond_one(AUTH_TOKENS, request, holder.uuid)


async def delete_token(request: Request) -> Response:
    """Revoke all tokens of a user."""
    actor, database = actor_and_database(request)
    holder = await issuing.holder_by_id(database, actor, _user_id(request))
    refuse_tags(request.headers)
    await issuing.revoke_tokens(database, actor, holder)
    return Response(status_code=204)


async def sign_in_by_password(request: Request) -> Response:
    """Issue a token for a name and a password."""
    database: Database = request.app.state.database
    max_lifetime = request.app.state.settings.token_max_lifetime
    body, limits = await read_json(request, SIGN_IN_BYTES), context_of(request).limits
    token = await sign_in(database, context_of(request).client.address, body, limits, max_lifetime)
    return JSONResponse({"token": token.secret})


def _user_id(request: Request) -> int:
    text: str = request.path_params["user_id"]
    # Longer numbers do not fit a bigint.
    if text.isascii() and text.isdecimal() and len(text) <= 18:  # noqa: PLR2004
        return int(text)
    raise NotFound(NO_SUCH_TOKEN)


def _shown(holder: Holder, token: Token) -> Mapping[str, object]:
    return {
        "created": token.created.astimezone(UTC).isoformat(),
        "user_first_name": "",
        "user_last_name": "",
        "user_username": holder.username,
        "user_is_active": holder.is_active,
        "user_token_lifetime": token.lifetime,
        # Clients up to 7.9 need the key; only the response that creates the token has the secret.
        "token": token.secret,
    }


routes = [
    Route("/api/users/me/", show_me, methods=["GET", "HEAD"]),
    *routes_of(USERS),
    *routes_of(ROLES),
    Route("/api/users/{uuid}/token/", show_token, methods=["GET", "HEAD"]),
    Route("/api/users/{uuid}/refresh_token/", refresh_token, methods=["POST"]),
    Route("/api/auth-tokens/", list_tokens, methods=["GET", "HEAD"]),
    Route("/api/auth-tokens/{user_id}/", retrieve_token, methods=["GET", "HEAD"]),
    Route("/api/auth-tokens/{user_id}/", delete_token, methods=["DELETE"]),
    Route("/api-auth/password/", sign_in_by_password, methods=["POST"]),
]
