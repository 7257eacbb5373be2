"""A server whose responses a test sets, as a fake cloud.

    with fake_server(lambda call: Response(200, b"<html>")) as server:
        server.url, server.calls

The function gets a `Call` and returns a `Response`, or a function that writes to the socket.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from tests.lab.proxy import Call, Response, serving

Wire = Callable[[Callable[[bytes], object]], None]


class Server:
    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.headers: list[dict[str, str]] = []


@contextmanager
def fake_server(
    respond: Callable[[Call], Response | Wire], tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = Call(self.command, self.path, 0, body)
            server.calls.append(call)
            server.headers.append(dict(self.headers))
            response = respond(call)
            if not isinstance(response, Response):
                self.close_connection = True
                try:
                    response(self.wfile.write)
                except OSError:
                    return
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - http.server's names

    with serving(Handler, tls) as server.url:
        yield server
