"""HTTP transport to a cloud: bounded in time and size, without redirects to another origin.

It is mounted in the whole session, so it applies to tokens, discovery and calls.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from ringfence.neutron.port import CloudUnreachable

CHUNK_BYTES = 65536
_PORTS = {"http": 80, "https": 443}


class BoundedAdapter(HTTPAdapter):
    """Send requests within the time limit of the current call, and read at most `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_retries=0)
        self._max_bytes = max_bytes
        self._call = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Limit the total time of all requests that this thread sends inside the block."""
        self._call.deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            del self._call.deadline

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override] # noqa: ANN401 - as requests calls it
        """Send one request; raise `CloudUnreachable` for a timeout or a cross-origin redirect."""
        deadline = self._call.deadline
        # `api_timeout` of clouds.yaml arrives here; the shorter of the two applies.
        configured, remaining = options.get("timeout"), _remaining(deadline)
        timeout = remaining if configured is None else min(remaining, float(configured))
        response = super().send(request, **{**options, "timeout": timeout})
        _check_redirect(response)
        response.raw = _Body(response.raw, self._max_bytes, deadline)
        return response


class _Body:
    """A body that raises `CloudUnreachable` when it is too large or too late."""

    def __init__(self, raw: Any, max_bytes: int, deadline: float) -> None:  # noqa: ANN401 - urllib3's
        self._raw = raw
        self._max_bytes = max_bytes
        self._deadline = deadline

    def stream(self, amount: int, **options: Any) -> Iterator[bytes]:  # noqa: ANN401 - urllib3's
        """Yield chunks as they arrive: waiting for full ones could pass the deadline."""
        received = 0
        while chunk := self._raw.read1(max(amount, CHUNK_BYTES), **options):
            received += len(chunk)
            try:
                _remaining(self._deadline)
                _check_size(received, self._max_bytes)
            except CloudUnreachable:
                # The rest of the response is still in this connection.
                self._raw.close()
                raise
            yield chunk

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever urllib3 has
        return getattr(self._raw, name)


def _remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise CloudUnreachable("The cloud did not respond in time.")
    return remaining


def _check_size(received: int, max_bytes: int) -> None:
    if received > max_bytes:
        raise CloudUnreachable("The cloud sent a response that is too large.")


def _check_redirect(response: requests.Response) -> None:
    """Raise if a redirect leaves the origin: a password or a token would be sent with it.

    keystoneauth follows more statuses than requests calls redirects.
    """
    location = response.headers.get("location")
    if not 300 <= response.status_code < 400 or location is None:  # noqa: PLR2004 - HTTP's own
        return
    if _origin(response.url, location) != _origin(response.url):
        response.close()
        raise CloudUnreachable(
            "The cloud redirects to another host, port or scheme; the redirect was not followed."
        )


def _origin(url: str, location: str = "") -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(urljoin(url, location))
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
