"""The middleware around all routes: what happens to a request before a handler and after it.

The server passes each request to `Pipeline`. It checks host, rate limits, `Accept`, credentials and
parameters, and turns every exception into a response. Reads of lists and objects continue in
`http/collections/handlers.py`, which gets them from one SQL statement; everything else continues in
the routes of its feature. `http/middleware/exchange.py` sends the response and logs it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from ringfence.access.authentication import of_session, of_token
from ringfence.access.identity import IdentityCache, IdentityChanged, RequestIdentity
from ringfence.access.permissions import SAFE_METHODS, require_writable
from ringfence.access.token_use import TokenUses
from ringfence.database.pool import Database, checked_first, watch_commits
from ringfence.database.replica import Replica
from ringfence.errors import (
    Deadlocked,
    Forbidden,
    Interrupted,
    RequestError,
    TooManyRequests,
    Unavailable,
)
from ringfence.http.body import BodyBroken, Incoming, check_unread_body
from ringfence.http.collections.collection import Collection
from ringfence.http.collections.fast_path import FastPath
from ringfence.http.context import RequestContext, set_context
from ringfence.http.headers import IMPERSONATION_REFUSED, credentials, first, is_impersonating
from ringfence.http.limits import Limits, check_query
from ringfence.http.middleware.exchange import CLIENT_LEFT, Exchange
from ringfence.http.middleware.hosts_and_cors import HEALTH, METRICS, HostsAndCors
from ringfence.http.middleware.idempotency import HEADER, read_key, run_once
from ringfence.http.middleware.negotiation import negotiate, prefers_csv
from ringfence.http.middleware.proxies import Proxies
from ringfence.http.middleware.refused_changes import RefusedChanges, is_refusal
from ringfence.http.middleware.session_cookie import session_of
from ringfence.http.openapi.operation import Operation
from ringfence.http.public_path import serve_below
from ringfence.http.routing import ROOT, is_served, redirect_to_slash
from ringfence.http.unknown_names.check import UnknownNames
from ringfence.settings import Settings

log = structlog.get_logger(__name__)

# How often a change is tried while the identity of its sender changes; more than once is rare.
_TRIES = 4


@dataclass(frozen=True)
class Exemptions:
    """Paths that need no token."""

    # Prefixes outside the API: no content negotiation either
    pages: tuple[str, ...] = ()
    # Whole paths below `/api/`
    paths: frozenset[str] = frozenset()


class Pipeline:
    """The outermost middleware.

    Every path below `/api/` needs an actor, known routes and unknown ones alike, so that nobody
    learns without a token which paths exist; only `exemptions` need none. The `RequestContext`
    has what is known about a request. Lists and objects of `collections` bypass the routes: the
    statement that reads them checks the identity as well.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        exemptions: Exemptions = Exemptions(),
        collections: Sequence[Collection] = (),
        token_uses: TokenUses | None = None,
        operations: Sequence[Operation] = (),
    ) -> None:
        self.app = app
        self.settings = settings
        self.public_path = settings.public_path
        self.exemptions = exemptions
        self.token_uses = TokenUses() if token_uses is None else token_uses
        self.identities = IdentityCache()
        self.fast_path = FastPath(collections)
        self.proxies = Proxies(settings)
        self.hosts = HostsAndCors(settings)
        self.limits = Limits(settings)
        self.refused_changes = RefusedChanges(settings.refusal_days)
        self.csv_paths = {
            operation.path
            for operation in operations
            if any(each.is_also_csv for each in operation.responses.values())
        }
        self.reading_paths = [
            compile_path(operation.path)[0] for operation in operations if operation.reads
        ]
        self.names = UnknownNames(operations, is_strict=settings.strict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; no exception leaves this method."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        client = self.proxies.client(scope)
        # Starlette builds URLs from it.
        scope["scheme"] = client.scheme
        context = RequestContext(
            client, self.hosts.base_url(client), self.limits, self.settings.contract
        )
        set_context(scope, context)
        serve_below(self.public_path)
        exchange = Exchange(scope, context, send, self.hosts.headers(scope, client))
        before = structlog.contextvars.bind_contextvars(**exchange.logged)
        try:
            with exchange.trace():
                await self._handle(exchange, scope, Incoming(receive))
                exchange.close()
                if is_refusal(scope, exchange.status):
                    origin = exchange.origin()
                    await self.refused_changes.record(
                        scope, origin, exchange.status, exchange.detail
                    )
        finally:
            structlog.contextvars.reset_contextvars(**before)

    async def _handle(self, exchange: Exchange, scope: Scope, receive: Incoming) -> None:
        try:
            is_for_machines = scope["path"].startswith((HEALTH, METRICS))
            if not scope["path"].startswith(HEALTH):
                self.hosts.check_host(exchange.context.client)
            check_query(scope)
            if not is_for_machines:
                self.limits.admit(exchange.context.client.address)
            if preflight := self.hosts.preflight(scope):
                await preflight(scope, receive, exchange.send)
                return
            if redirect := redirect_to_slash(scope):
                await redirect(scope, receive, exchange.send)
                return
            if is_for_machines:
                await self.app(scope, receive, exchange.send)
                return
            self.limits.enter()
            try:
                await self._serve_with_retry(exchange, scope, receive)
            finally:
                self.limits.leave()
        except RequestError as error:
            await exchange.respond_error(error, receive)
        except ClientDisconnect:
            # The body was incomplete, so nothing was changed. A client that left reads no response;
            # one whose chunks or lengths are wrong does.
            await exchange.respond_error(BodyBroken(), receive)
            exchange.status = CLIENT_LEFT
        except Exception:
            where = {"method": scope["method"], "path": scope["path"]}
            log.exception("request_failed", reference=exchange.reference, **where)
            await exchange.respond_unexpected(receive)

    async def _serve_with_retry(self, exchange: Exchange, scope: Scope, receive: Receive) -> None:
        """Serve a request, and retry it once if its database connection failed.

        A change is retried only if it had no effect: no transaction was committed, and the failed
        one was rolled back.
        """
        initial = dict(scope)
        commits = None if scope["method"] in SAFE_METHODS else watch_commits()
        try:
            await self._serve(exchange, scope, receive)
        except Interrupted as error:
            had_no_effect = commits is None or (error.is_undone and not commits.any)
            if exchange.status or not had_no_effect:
                raise
        else:
            return
        scope.clear()
        scope.update(initial)
        exchange.context.start_over(self.settings.contract)
        await self._serve(exchange, scope, receive)

    async def _serve(self, exchange: Exchange, scope: Scope, receive: Receive) -> None:
        context = exchange.context
        if scope["path"] == ROOT or scope["path"].startswith(self.exemptions.pages):
            with exchange.origin().recorded():
                await self.app(scope, receive, exchange.send)
            return
        accept = (first(scope, b"accept") or b"").decode("latin-1")
        context.prefers_csv = scope["path"] in self.csv_paths and prefers_csv(accept)
        context.contract = negotiate(
            None if context.prefers_csv else accept, self.settings.contract
        )
        if scope["path"].startswith("/api/") and scope["path"] not in self.exemptions.paths:
            identity = context.identity = self._identity_of(scope)
            if not identity.is_cached:
                with self.limits.unknown_client(context.client.address):
                    await identity.confirm()
            if is_impersonating(scope):
                await self._refuse_impersonation(exchange, scope, identity)
            if read := self.fast_path.find(scope):
                response = await self._read(scope, receive, identity, read)
                self._note_actor(exchange)
                await response(scope, receive, exchange.send)
                return
            actor = context.known_actor = (await identity.confirm()).actor
            self._note_actor(exchange)
            self.limits.charge(actor, scope["method"])
            if not self._reads(scope):
                require_writable(actor)
        self.names.check(scope)
        if scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, exchange.send)
            return
        replica: Replica | None = scope["app"].state.replica
        if replica is not None and context.known_actor is not None:
            exchange.before_response = partial(replica.wrote, context.known_actor.user_id)
        with exchange.origin().recorded():
            await self._change_as_confirmed(exchange, scope, receive)

    async def _refuse_impersonation(
        self, exchange: Exchange, scope: Scope, identity: RequestIdentity
    ) -> NoReturn:
        """Raise `Forbidden`: served with the sender's own rights, a request would do too much."""
        actor = exchange.context.known_actor = (await identity.confirm()).actor
        self._note_actor(exchange)
        self.limits.charge(actor, scope["method"])
        raise Forbidden(IMPERSONATION_REFUSED)

    async def _change_as_confirmed(
        self, exchange: Exchange, scope: Scope, receive: Receive
    ) -> None:
        """Carry out a change with the identity as it is at the moment of the change.

        Each transaction begins by reading the identity again, locked. If it changed since the
        request was admitted, permissions are checked again for the new one.
        """
        context = exchange.context
        identity = context.identity
        if identity is None:
            await self._change(exchange, scope, receive)
            return
        exclusive = context.expected is not None and context.expected.ends_tokens
        for _ in range(_TRIES):
            try:
                with checked_first(partial(identity.lock, exclusive=exclusive)):
                    await self._change(exchange, scope, receive)
            except (IdentityChanged, Deadlocked):
                actor = context.known_actor = (await identity.confirm()).actor
                if not self._reads(scope):
                    require_writable(actor)
            else:
                return
        raise Unavailable("Your permissions changed during the request. Try again.")

    def _reads(self, scope: Scope) -> bool:
        """Return whether the operation changes nothing, whatever its method."""
        path: str = scope["path"]
        return scope["method"] in SAFE_METHODS or (
            scope["method"] == "POST" and any(each.match(path) for each in self.reading_paths)
        )

    async def _change(self, exchange: Exchange, scope: Scope, receive: Receive) -> None:
        receive = await check_unread_body(scope, receive)
        headers = Headers(scope=scope)
        # Keys belong to users, so a request without an actor has none.
        has_actor = exchange.context.known_actor is not None
        has_key = has_actor and HEADER in headers and is_served(scope)
        key = read_key(headers) if has_key else None
        if key is None:
            await self.app(scope, receive, exchange.send)
            return
        database: Database = scope["app"].state.database
        response = await run_once(database, scope, receive, key, partial(self.app, scope))
        await response(scope, receive, exchange.send)

    def _identity_of(self, scope: Scope) -> RequestIdentity:
        header = credentials(scope)
        if header is None and (secret := session_of(scope, Headers(scope=scope), self.settings)):
            credential = of_session(secret)
        else:
            credential = of_token((header or b"").decode("latin-1"))
        state = scope["app"].state
        replica = state.replica if scope["method"] in SAFE_METHODS else None
        return self.identities.of_request(state.database, replica, credential)

    async def _read(
        self,
        scope: Scope,
        receive: Receive,
        identity: RequestIdentity,
        read: Callable[[Request], Awaitable[Response]],
    ) -> Response:
        """Return the response of a read; an invalid token is reported before an invalid query."""
        try:
            self.limits.charge((await identity.current()).actor, scope["method"])
            self.names.check(scope)
            return await read(Request(scope, receive))
        except (Unavailable, TooManyRequests):
            raise
        except RequestError:
            await identity.confirm()
            raise

    def _note_actor(self, exchange: Exchange) -> None:
        """Log the user, and count a use of the token."""
        actor = exchange.context.actor
        exchange.username = actor.username
        if actor.token is not None:
            self.token_uses.note(actor.token.id, exchange.context.client.address)
