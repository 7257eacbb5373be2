"""How bytes reach a cloud: bounded in time and size, and never led to another origin.

It is mounted under the whole session, so that tokens, discovery and calls are held alike.
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


class Guard(HTTPAdapter):
    """Sends requests within the time of the current call; `largest` is in bytes."""

    def __init__(self, largest: int) -> None:
        super().__init__(max_retries=0)
        self._largest = largest
        self._call = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Bound everything that this thread sends inside the block, taken together."""
        self._call.deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            del self._call.deadline

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override] # noqa: ANN401 - as requests calls it
        """Send one request; raise `CloudUnreachable` for time, size and strange redirects."""
        deadline = self._call.deadline
        # `api_timeout` of clouds.yaml arrives here: the shorter of the two holds.
        asked, left = options.get("timeout"), _left(deadline)
        wait = left if asked is None else min(left, float(asked))
        response = super().send(request, **{**options, "timeout": wait})
        _refuse_detour(response)
        response.raw = _Body(response.raw, self._largest, deadline)
        return response


class _Body:
    """A body that ends in an error once it is too long or too late."""

    def __init__(self, raw: Any, largest: int, deadline: float) -> None:  # noqa: ANN401 - urllib3's
        self._raw = raw
        self._largest = largest
        self._deadline = deadline

    def stream(self, amount: int, **options: Any) -> Iterator[bytes]:  # noqa: ANN401 - urllib3's
        """Give pieces as they arrive: waiting for full ones would outlast any deadline."""
        received = 0
        while piece := self._raw.read1(max(amount, CHUNK_BYTES), **options):
            received += len(piece)
            try:
                _left(self._deadline)
                _refuse_more(received, self._largest)
            except CloudUnreachable:
                # What is left of the answer is still in this connection.
                self._raw.close()
                raise
            yield piece

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever urllib3 has
        return getattr(self._raw, name)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise CloudUnreachable("The cloud did not answer in time.")
    return left


def _refuse_more(received: int, largest: int) -> None:
    if received > largest:
        raise CloudUnreachable("The cloud sent an answer that is too large.")


def _refuse_detour(response: requests.Response) -> None:
    """Raise where a redirect leaves the origin: a password or a token would go with it.

    keystoneauth follows more statuses than requests calls redirects.
    """
    location = response.headers.get("location")
    if not 300 <= response.status_code < 400 or location is None:  # noqa: PLR2004 - HTTP's own
        return
    if _origin(response.url, location) != _origin(response.url):
        response.close()
        raise CloudUnreachable(
            "The cloud's answer points to another host, port or scheme; it was not followed."
        )


def _origin(url: str, location: str = "") -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(urljoin(url, location))
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
