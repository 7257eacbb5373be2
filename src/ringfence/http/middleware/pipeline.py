"""The outermost layer of HTTP: who asks, one log line a request, no exception past it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ringfence.access.authentication import of_session, of_token
from ringfence.access.identity import IdentityCache, IdentityChanged, RequestIdentity
from ringfence.access.permissions import SAFE_METHODS, Actor, require_writable
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
from ringfence.http.body import BodyBroken, Incoming, checked_without_reader, start_over
from ringfence.http.collections.collection import Collection
from ringfence.http.collections.fast_path import FastPath
from ringfence.http.headers import IMPERSONATION_REFUSED, credentials, first, is_impersonating
from ringfence.http.limits import Limits, check_query
from ringfence.http.middleware.exchange import CLIENT_LEFT, Exchange
from ringfence.http.middleware.hosts_and_cors import HEALTH, METRICS, HostsAndCors
from ringfence.http.middleware.idempotency import HEADER, read_key, run_once
from ringfence.http.middleware.negotiation import negotiate
from ringfence.http.middleware.proxies import Proxies
from ringfence.http.middleware.refused_changes import RefusedChanges, is_refusal
from ringfence.http.middleware.session_cookie import session_of
from ringfence.http.openapi.operation import Operation
from ringfence.http.public_path import serve_below
from ringfence.http.routing import is_served, redirect_to_slash
from ringfence.http.unknown_names import Expected, UnknownNames
from ringfence.settings import Settings

log = structlog.get_logger(__name__)


# Who asks changes meanwhile: once is rare.
_TRIES = 4


@dataclass(frozen=True)
class Exemptions:
    """Paths that need no token."""

    # Prefixes of what is no API: negotiated neither
    pages: tuple[str, ...] = ()
    # Whole paths below `/api/`
    paths: frozenset[str] = frozenset()


class Pipeline:
    """Wraps the routes: request id, host, negotiation, authentication, errors, the log line.

    Everything below `/api/` needs an actor, known routes and unknown ones alike, so that nobody
    learns without a token what exists; only `exemptions` need none. The actor is found in
    `request.scope["actor"]`, who asks from where in `request.scope["caller"]`. Lists and objects of
    `collections` are read without passing the routes, and look the caller up themselves, in the
    statement that reads.
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
        self.callers = IdentityCache()
        self.reads = FastPath(collections)
        self.proxies = Proxies(settings)
        self.front = HostsAndCors(settings)
        self.limits = Limits(settings)
        self.refusals = RefusedChanges(settings.refusal_days)
        self.names = UnknownNames(operations, is_strict=settings.strict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, whatever happens."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        caller = scope["caller"] = self.proxies.caller(scope)
        # What the framework builds addresses from.
        scope["scheme"] = caller.scheme
        scope["base"] = self.front.base(caller)
        serve_below(self.public_path)
        exchange = Exchange(scope, send, self.front.headers(scope, caller))
        before = structlog.contextvars.bind_contextvars(**exchange.said)
        try:
            with exchange.trace():
                await self._handle(exchange, scope, Incoming(receive))
                exchange.close()
                if is_refusal(scope, exchange.status):
                    origin = exchange.origin()
                    await self.refusals.keep(scope, origin, exchange.status, exchange.detail)
        finally:
            structlog.contextvars.reset_contextvars(**before)

    async def _handle(self, exchange: Exchange, scope: Scope, receive: Incoming) -> None:
        try:
            is_for_machines = scope["path"].startswith((HEALTH, METRICS))
            if not scope["path"].startswith(HEALTH):
                self.front.check_host(scope["caller"])
            check_query(scope)
            if not is_for_machines:
                self.limits.admit(scope["caller"].address)
            if preflight := self.front.preflight(scope):
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
                await self._serve_again(exchange, scope, receive)
            finally:
                self.limits.leave()
        except RequestError as error:
            await exchange.respond_error(error, receive)
        except ClientDisconnect:
            # Its body was never whole, so nothing was changed. A client that left reads no answer;
            # one whose chunks or lengths are wrong does.
            await exchange.respond_error(BodyBroken(), receive)
            exchange.status = CLIENT_LEFT
        except Exception:
            where = {"method": scope["method"], "path": scope["path"]}
            log.exception("request_failed", reference=exchange.reference, **where)
            await exchange.respond_fault(receive)

    async def _serve_again(self, exchange: Exchange, scope: Scope, receive: Receive) -> None:
        """Serve a request, and once more where its connection to the database failed under it.

        A change only if it has done nothing: no transaction was committed, and the one that failed
        was undone.
        """
        found = dict(scope)
        commits = None if scope["method"] in SAFE_METHODS else watch_commits()
        try:
            await self._serve(exchange, scope, receive)
        except Interrupted as error:
            is_harmless = commits is None or (error.is_undone and not commits.any)
            if exchange.status or not is_harmless:
                raise
        else:
            return
        start_over(scope, found)
        await self._serve(exchange, scope, receive)

    async def _serve(self, exchange: Exchange, scope: Scope, receive: Receive) -> None:
        scope["limits"] = self.limits
        if scope["path"].startswith(self.exemptions.pages):
            with exchange.origin().known():
                await self.app(scope, receive, exchange.send)
            return
        accept = first(scope, b"accept") or b""
        scope["contract"] = negotiate(accept.decode("latin-1"), self.settings.contract)
        if scope["path"].startswith("/api/") and scope["path"] not in self.exemptions.paths:
            asking = scope["asking"] = self._asking(scope)
            if not asking.is_remembered:
                with self.limits.stranger(scope["caller"].address):
                    await asking.settle()
            if is_impersonating(scope):
                await self._refuse_impersonation(exchange, scope, asking)
            if read := self.reads.find(scope):
                answered = partial(self._answer_read, read, Request(scope, receive))
                response = await self._read(asking, scope["method"], answered)
                self._note(exchange, scope)
                await response(scope, receive, exchange.send)
                return
            actor = scope["actor"] = (await asking.settle()).actor
            self._note(exchange, scope)
            self.limits.charge(actor, scope["method"])
            require_writable(actor, scope["method"])
        self.names.check(scope)
        if scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, exchange.send)
            return
        replica: Replica | None = scope["app"].state.replica
        if replica is not None and "actor" in scope:
            exchange.before_answer = partial(replica.wrote, scope["actor"].user_id)
        with exchange.origin().known():
            await self._change_as_settled(exchange, scope, receive)

    async def _answer_read(
        self, read: Callable[[Request], Awaitable[Response]], request: Request
    ) -> Response:
        self.names.check(request.scope)
        return await read(request)

    async def _refuse_impersonation(
        self, exchange: Exchange, scope: Scope, asking: RequestIdentity
    ) -> NoReturn:
        """Raise `Forbidden`: served with the caller's own rights, a request would do too much."""
        actor = scope["actor"] = (await asking.settle()).actor
        self._note(exchange, scope)
        self.limits.charge(actor, scope["method"])
        raise Forbidden(IMPERSONATION_REFUSED)

    async def _change_as_settled(self, exchange: Exchange, scope: Scope, receive: Receive) -> None:
        """Carry out what may change something, for who asks as it is when the change is made.

        However long the request was under way, each transaction of it begins by reading who asks
        again. Where that is somebody else by now, the request is decided anew for whom it is.
        """
        asking: RequestIdentity | None = scope.get("asking")
        if asking is None:
            await self._change(exchange, scope, receive)
            return
        expected: Expected | None = scope.get("expected")
        alone = expected is not None and expected.ends_tokens
        for _ in range(_TRIES):
            try:
                with checked_first(partial(asking.confirm, alone=alone)):
                    await self._change(exchange, scope, receive)
            except (IdentityChanged, Deadlocked):
                actor = scope["actor"] = (await asking.settle()).actor
                require_writable(actor, scope["method"])
            else:
                return
        raise Unavailable("What you may do is changing, try again.")

    async def _change(self, exchange: Exchange, scope: Scope, receive: Receive) -> None:
        receive = await checked_without_reader(scope, receive)
        headers = Headers(scope=scope)
        # Who is nobody has no keys.
        has_key = "actor" in scope and HEADER in headers and is_served(scope)
        key = read_key(headers) if has_key else None
        if key is None:
            await self.app(scope, receive, exchange.send)
            return
        database: Database = scope["app"].state.database
        response = await run_once(database, scope, receive, key, partial(self.app, scope))
        await response(scope, receive, exchange.send)

    def _asking(self, scope: Scope) -> RequestIdentity:
        shown = credentials(scope)
        if shown is None and (secret := session_of(scope, Headers(scope=scope), self.settings)):
            credential = of_session(secret)
        else:
            credential = of_token((shown or b"").decode("latin-1"))
        state = scope["app"].state
        replica = state.replica if scope["method"] in SAFE_METHODS else None
        return self.callers.asking(state.database, replica, credential)

    async def _read(
        self, asking: RequestIdentity, method: str, answered: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Give the answer of a read; who asks is settled before what is wrong with the question."""
        try:
            self.limits.charge((await asking.caller()).actor, method)
            return await answered()
        except (Unavailable, TooManyRequests):
            raise
        except RequestError:
            await asking.settle()
            raise

    def _note(self, exchange: Exchange, scope: Scope) -> None:
        actor: Actor = scope["actor"]
        exchange.username = actor.username
        if actor.token is not None:
            self.token_uses.note(actor.token.id, scope["caller"].address)
