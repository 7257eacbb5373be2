"""A stand-in for the service: it returns prepared responses, and records what was requested."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Request:
    """What the service received."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Service:
    """The stand-in: `responses` are used up one by one, None closes the connection."""

    url: str = ""
    responses: list[tuple[int, dict[str, str], Any] | None] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def respond(self, body: Any = None, status: int = 200, **headers: str) -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.responses.append((status, names, body))


@contextmanager
def serving(certificate: Path | None = None, key: Path | None = None) -> Iterator[Service]:
    """Yield the stand-in; with a certificate, over TLS."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            service.requests.append(
                Request(self.command, self.path, dict(self.headers.items()), body)
            )
            response = service.responses.pop(0)
            if response is None:
                self.close_connection = True
                return
            status, headers, content = response
            text = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - names of the standard library

        def handle(self) -> None:
            # A client that refuses the certificate hangs up.
            with suppress(ssl.SSLError, ConnectionError):
                super().handle()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}"
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        # In the thread of the connection: a client that hangs up must not stop the service.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        service.url = service.url.replace("http:", "https:")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
