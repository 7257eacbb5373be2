"""One request and its response: the request id, common headers, errors, the log line."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from random import getrandbits
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.types import Message, Send

from ringfence.access.origin import Origin
from ringfence.access.permissions import Actor
from ringfence.errors import (
    Detail,
    RequestError,
)
from ringfence.http import warning_header
from ringfence.http.body import Incoming
from ringfence.http.errors import answer, respond_unexpected
from ringfence.http.headers import first
from ringfence.http.middleware.hosts_and_cors import HEALTH, METRICS, Header
from ringfence.http.middleware.proxies import UNKNOWN
from ringfence.telemetry import metrics, tracing
from ringfence.telemetry.logs import write_line

# As nginx writes it in its log; it is never sent.
CLIENT_LEFT = 499

# One that may be a token is not taken: it would be in every line of the log.
_REQUEST_ID = re.compile(r"(?![0-9A-Fa-f]{64}\Z)[A-Za-z0-9._:-]{1,128}")


def _any_id() -> str:
    """Give a request id; nothing depends on its being hard to guess."""
    return f"{getrandbits(128):032x}"


class Exchange:
    """One request and what was answered."""

    def __init__(
        self, scope: MutableMapping[str, Any], send: Send, headers: Sequence[Header]
    ) -> None:
        self._scope = scope
        self._send = send
        self._headers = headers
        self._started = time.perf_counter()
        self._is_head = scope["method"] == "HEAD"
        self.status = 0
        self.detail: Detail = ""
        self.username: str | None = None
        # What must be done once the change is made, and before anybody learns of it.
        self.before_answer: Callable[[], Awaitable[None]] | None = None
        given = (first(scope, b"x-request-id") or b"").decode("latin-1")
        # What is quoted of an internal error leads to it alone, whatever its client calls it.
        self.reference = _any_id()
        self.request_id: str = given if _REQUEST_ID.fullmatch(given) else self.reference
        # What every line of the log says as long as the request lasts
        self.said = {"request_id": self.request_id, "client": scope["caller"].address}

    def origin(self) -> Origin:
        """Give where the request comes from, as far as that is known by now."""
        actor: Actor | None = self._scope.get("actor")
        said: str = self._scope["caller"].address
        address = None if said == UNKNOWN else said
        if actor is None or actor.token is None:
            return Origin(address, request_id=self.request_id)
        return Origin(
            address,
            actor.token.uuid,
            actor.token.name,
            self.request_id,
            actor.user_uuid,
            actor.username,
        )

    async def send(self, message: Message) -> None:
        """Pass a message on, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            hook, self.before_answer = self.before_answer, None
            if hook is not None:
                await hook()
            self.status = message["status"]
            headers = message["headers"]
            if self._is_head:
                # A client takes it for the promise of a body, and reads one.
                headers[:] = [header for header in headers if header[0] != b"content-type"]
            given = {name for name, _ in headers}
            headers.extend(header for header in self._headers if header[0] not in given)
            headers.append((b"x-request-id", self.request_id.encode()))
            warning = warning_header.warning(self._scope)
            if warning and warning_header.HEADER not in given:
                headers.append((warning_header.HEADER, warning))
        elif self._is_head:
            message = {**message, "body": b""}
        await self._send(message)

    async def respond_error(self, error: RequestError, receive: Incoming) -> None:
        """Answer with the error, unless an answer has begun."""
        self.detail = error.detail
        if self.status == 0:
            await receive.drop_rest()
            await answer(error)(self._scope, receive, self.send)

    async def respond_fault(self, receive: Incoming) -> None:
        """Answer with a reference to the log, unless an answer has begun."""
        if self.status == 0:
            await receive.drop_rest()
            await respond_unexpected(self.reference)(self._scope, receive, self.send)

    def trace(self) -> AbstractContextManager[None]:
        """Trace the request; a caller that traces its own gets it joined to that."""
        if not tracing.is_on():
            return nullcontext()
        about = {
            "http.request.method": self._scope["method"],
            "url.path": self._scope["path"],
            "client.address": self._scope["caller"].address,
            "ringfence.request_id": self.request_id,
        }
        given = Headers(scope=self._scope).get(tracing.HEADER)
        return tracing.span(self._scope["method"], "SERVER", about, given)

    def close(self) -> None:
        """Count the request and write its line. Queries stay out: they may hold anything."""
        seconds = time.perf_counter() - self._started
        template = self._template()
        method = self._scope["method"]
        metrics.current().request(method, template or metrics.NO_ROUTE, self.status, seconds)
        tracing.end_request(method, template, self.status)
        # Who asks every few seconds would fill the log.
        level = logging.DEBUG if self._scope["path"].startswith((HEALTH, METRICS)) else logging.INFO
        write_line(
            level,
            "request",
            self._scope["path"],
            method=method,
            status=self.status,
            milliseconds=round(seconds * 1000, 1),
            user=self.username,
            **(structlog.contextvars.get_contextvars() if tracing.is_on() else self.said),
        )

    def _template(self) -> str | None:
        """Give the path without what names an object in it; None where nothing is there."""
        route = self._scope.get("route")
        found: str | None = route.path if route else self._scope.get("template")
        return found
