"""A recording proxy in front of a network service, with fault injection.

    def test_a_lost_response(neutron_proxy, lab, tmp_path):
        neutron_proxy.fault("POST", "/security-group-rules", Cut(after=True))  # the first such call
        neutron_proxy.fault("GET", "/security-groups", Response(503), nth=3)
        neutron_proxy.fault("PUT", "", Delay(2.0))
        path = lab.write_clouds(tmp_path, east={"network_endpoint_override": neutron_proxy.url})
        ...
        assert neutron_proxy.count("POST", "/security-group-rules") == 1
        assert [str(call) for call in neutron_proxy.changes()] == ["POST /v2.0/... 201", ...]

`path` is matched as a part of the call's path, a method of "" matches any; `calls` has every call
in the order of its end. A fault is used up by the call that it strikes, unless it is `lasting`;
`nth` counts matching calls from now on. `missing` removes an optional
extension (`missing_extensions.py`).
"""

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.lab.missing_extensions import MissingExtension

MOMENT = re.compile(rb'("(?:created|updated)_at": *")([^"]+)"')
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass(frozen=True)
class Delay:
    """Wait before the call is passed to the service."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """Close the client's connection before the call is passed on, or after the service did it.

    `first` is called before that, for example to kill the client; then `seconds` pass.
    """

    after: bool = False
    seconds: float = 0.0
    first: Callable[[], object] | None = None


@dataclass(frozen=True)
class Response:
    """Respond instead of the service, which did not get the call, or did it if `after`."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False


@dataclass(frozen=True)
class Truncate:
    """Pass on only the first half of the body of the service's response."""


Fault = Delay | Cut | Response | Truncate


@dataclass(frozen=True)
class Call:
    """One call; `status` is 0 if the client got no response."""

    method: str
    path: str
    status: int
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


class Proxy:
    """The handle of a test: URL, calls so far, and faults to inject."""

    def __init__(self, url: str, target: str) -> None:
        self.url = url
        self.target = target
        self.calls: list[Call] = []
        # The most calls that ran at once
        self.busiest = 0
        self._under_way = 0
        # How far the service's clock appears to be ahead
        self.skew = timedelta()
        # What the service appears not to have
        self.missing = MissingExtension()
        self._faults: list[list] = []
        self._lock = threading.Lock()

    def fault(
        self, method: str, path: str, fault: Fault, *, nth: int = 1, lasting: bool = False
    ) -> None:
        with self._lock:
            self._faults.append([method, path, fault, nth, lasting])

    def heal(self) -> int:
        """Remove all faults; return how many were not injected yet."""
        with self._lock:
            left = sum(waiting[3] > 0 for waiting in self._faults)
            self._faults.clear()
        return left

    def count(self, method: str, path: str = "") -> int:
        return sum(call.method == method and path in call.path for call in self.calls)

    def changes(self) -> list[Call]:
        return [call for call in self.calls if call.method != "GET"]

    def record(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
            self.busiest = max(self.busiest, self._under_way)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def next_fault(self, method: str, path: str) -> Fault | None:
        struck = None
        with self._lock:
            for waiting in list(self._faults):
                if waiting[0] in {"", method} and waiting[1] in path:
                    waiting[3] -= 1
                    if struck is None and (waiting[3] == 0 or (waiting[4] and waiting[3] < 0)):
                        struck = waiting[2]
                        if not waiting[4]:
                            self._faults.remove(waiting)
        return struck


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def handle_one_request(self) -> None:
        with suppress(ConnectionError):
            super().handle_one_request()

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self) -> None:
        with self.proxy.under_way():
            self._serve_one()

    def _serve_one(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if refused := self.proxy.missing.refusal(self.command, self.path, body):
            self._respond(body, refused[0], {"Content-Type": "application/json"}, refused[1])
            return
        match self.proxy.next_fault(self.command, self.path):
            case Response() as fault:
                if fault.after:
                    self._forward(body)
                self._respond(body, fault.status, fault.headers, fault.body)
            case Cut() as fault:
                if fault.after:
                    self._forward(body)
                self._cut(body, fault)
            case fault:
                if isinstance(fault, Delay):
                    time.sleep(fault.seconds)
                status, headers, content = self._forward(body)
                kept = len(content) // 2 if isinstance(fault, Truncate) else len(content)
                self._respond(body, status, headers, content, kept)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815 - http.server's names

    def date_time_string(self, timestamp=None) -> str:
        seconds = time.time() if timestamp is None else timestamp
        return super().date_time_string(seconds + self.proxy.skew.total_seconds())

    def _skewed(self, body: bytes) -> bytes:
        def later(match: re.Match[bytes]) -> bytes:
            seconds = datetime.fromisoformat(match[2].decode()) + self.proxy.skew
            return match[1] + seconds.strftime("%Y-%m-%dT%H:%M:%SZ").encode() + b'"'

        return MOMENT.sub(later, body) if self.proxy.skew else body

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        target = urlsplit(self.proxy.target)
        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=60)
        dropped = HOP_BY_HOP | {name.lower() for name in self.proxy.missing.headers}
        headers = {k: v for k, v in self.headers.items() if k.lower() not in dropped}
        path = target.path + self.proxy.missing.address(self.path)
        try:
            connection.request(self.command, path, body or None, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        kept = {k: v for k, v in response.getheaders() if k.lower() not in HOP_BY_HOP}
        return response.status, kept, self._skewed(self.proxy.missing.response(content))

    def _respond(
        self,
        sent: bytes,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        kept: int | None = None,
    ) -> None:
        # Recorded first, so that who has the response finds the call
        self.proxy.record(Call(self.command, self.path, status, sent))
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in {"date", "server"}:
                self.send_header(name, value)
        if status != http.client.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:kept])
        if kept is not None and kept < len(body):
            self._close()

    def _cut(self, sent: bytes, fault: Cut) -> None:
        if fault.first is not None:
            fault.first()
        time.sleep(fault.seconds)
        self.proxy.record(Call(self.command, self.path, 0, sent))
        self._close()

    def _close(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve on a free port of loopback in a thread; yield the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def recording_proxy(target: str) -> Iterator[Proxy]:
    """Serve a proxy in front of `target`, for example `http://127.0.0.1:9696`."""
    proxy = Proxy("", target)
    with serving(type("Handler", (_Handler,), {"proxy": proxy})) as url:
        proxy.url = url
        yield proxy
