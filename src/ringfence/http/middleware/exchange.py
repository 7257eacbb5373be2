"""One request and its response: the request id, common headers, errors, the log line."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from random import getrandbits

import structlog
from starlette.datastructures import Headers
from starlette.types import Message, Scope, Send

from ringfence.access.origin import Origin
from ringfence.errors import Detail, RequestError
from ringfence.http.body import Incoming
from ringfence.http.context import UNKNOWN, RequestContext
from ringfence.http.errors import error_response, unexpected_error_response
from ringfence.http.headers import first
from ringfence.http.middleware.hosts_and_cors import HEALTH, METRICS, Header
from ringfence.http.unknown_names import warning_header
from ringfence.telemetry import metrics, tracing
from ringfence.telemetry.logs import write_line

# The status that nginx logs for a client that left; it is never sent.
CLIENT_LEFT = 499

# An id that may be a token is not taken, because it would be in every log line.
_REQUEST_ID = re.compile(r"(?![0-9A-Fa-f]{64}\Z)[A-Za-z0-9._:-]{1,128}")


def _new_id() -> str:
    """Return a request id; nothing depends on it being hard to guess."""
    return f"{getrandbits(128):032x}"


class Exchange:
    """One request and what is sent in response."""

    def __init__(
        self, scope: Scope, context: RequestContext, send: Send, headers: Sequence[Header]
    ) -> None:
        self.context = context
        self._scope = scope
        self._send = send
        self._headers = headers
        self._started = time.perf_counter()
        self._is_head = scope["method"] == "HEAD"
        self.status = 0
        self.detail: Detail = ""
        self.username: str | None = None
        # Runs after the change and before the response is sent.
        self.before_response: Callable[[], Awaitable[None]] | None = None
        given = (first(scope, b"x-request-id") or b"").decode("latin-1")
        # Unique, unlike an id that the client chooses: the reference of an internal error.
        self.reference = _new_id()
        self.request_id: str = given if _REQUEST_ID.fullmatch(given) else self.reference
        # In every log line of the request
        self.logged = {"request_id": self.request_id, "client": context.client.address}

    def origin(self) -> Origin:
        """Return where the request comes from, as far as it is known by now."""
        actor = self.context.known_actor
        address = self.context.client.address
        known = None if address == UNKNOWN else address
        if actor is None or actor.token is None:
            return Origin(known, request_id=self.request_id)
        return Origin(
            known,
            actor.token.uuid,
            actor.token.name,
            self.request_id,
            actor.user_uuid,
            actor.username,
        )

    async def send(self, message: Message) -> None:
        """Pass a message on, with the headers that every response has."""
        if message["type"] == "http.response.start":
            hook, self.before_response = self.before_response, None
            if hook is not None:
                await hook()
            self.status = message["status"]
            headers = message["headers"]
            if self._is_head:
                # Some clients wait for a body when they see a content type.
                headers[:] = [header for header in headers if header[0] != b"content-type"]
            given = {name for name, _ in headers}
            headers.extend(header for header in self._headers if header[0] not in given)
            headers.append((b"x-request-id", self.request_id.encode()))
            warning = warning_header.warning(self.context)
            if warning and warning_header.HEADER not in given:
                headers.append((warning_header.HEADER, warning))
        elif self._is_head:
            message = {**message, "body": b""}
        await self._send(message)

    async def respond_error(self, error: RequestError, receive: Incoming) -> None:
        """Respond with the error, unless a response has begun."""
        self.detail = error.detail
        if self.status == 0:
            await receive.drop_rest()
            await error_response(error)(self._scope, receive, self.send)

    async def respond_unexpected(self, receive: Incoming) -> None:
        """Respond with a reference to the log, unless a response has begun."""
        if self.status == 0:
            await receive.drop_rest()
            await unexpected_error_response(self.reference)(self._scope, receive, self.send)

    def trace(self) -> AbstractContextManager[None]:
        """Trace the request, as a part of the client's own trace if it has one."""
        if not tracing.is_on():
            return nullcontext()
        attributes = {
            "http.request.method": self._scope["method"],
            "url.path": self._scope["path"],
            "client.address": self.context.client.address,
            "ringfence.request_id": self.request_id,
        }
        parent = Headers(scope=self._scope).get(tracing.HEADER)
        return tracing.span(self._scope["method"], "SERVER", attributes, parent)

    def close(self) -> None:
        """Count the request and log it, without its query: that may hold secrets."""
        seconds = time.perf_counter() - self._started
        template = self._template()
        method = self._scope["method"]
        metrics.current().request(method, template or metrics.NO_ROUTE, self.status, seconds)
        tracing.end_request(method, template, self.status)
        # Probes come every few seconds and would fill the log.
        level = logging.DEBUG if self._scope["path"].startswith((HEALTH, METRICS)) else logging.INFO
        write_line(
            level,
            "request",
            self._scope["path"],
            method=method,
            status=self.status,
            milliseconds=round(seconds * 1000, 1),
            user=self.username,
            **(structlog.contextvars.get_contextvars() if tracing.is_on() else self.logged),
        )

    def _template(self) -> str | None:
        """Return the path with placeholders; None where no route matches."""
        route = self._scope.get("route")
        found: str | None = route.path if route else self.context.template
        return found
