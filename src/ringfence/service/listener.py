"""The listening socket of a service, and a probe that detects when it serves."""

import contextlib
import errno
import select
import socket
import time

from ringfence.errors import OperatorError

BACKLOG = 1024
# The processes of a service that was just killed close its port within this time.
RELEASE_SECONDS = 2.5
PROBE_SECONDS = 2.0


def listen(host: str, port: int) -> socket.socket:
    """Listen on a host and port; port 0 selects a free one.

    Raises `OperatorError` that names the option to change.
    """
    family, address = _resolve(host, port)
    deadline = time.monotonic() + RELEASE_SECONDS
    while True:
        try:
            return _bind(family, address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise OperatorError(_explain(error, host, port)) from None


def host_and_port_of(listener: socket.socket) -> str:
    """Return host and port as in a URL, for example `127.0.0.1:8000` or `[::1]:8000`."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise OperatorError(
            f"'{host}' is not an IP address of this machine; choose another with --host"
        ) from None
    family, _, _, _, address = found[0]
    return family, (str(address[0]), port)


def _bind(family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)  # noqa: FBT003 - a positional-only parameter
    except OSError:
        listener.close()
        raise
    return listener


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; choose another with --port (0: any free one)"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"this user may not listen on port {port}; choose one above 1023 with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"'{host}' is not an IP address of this machine; choose another with --host"
    return f"cannot listen on {host}:{port}: {error.strerror}; see --host and --port"


# Not logged, unlike a request for a path that does not exist
_REQUEST = b"HEAD /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Probe:
    """Sends HEAD requests until the service responds; any status counts as a response."""

    def __init__(self, listener: socket.socket) -> None:
        self._family = listener.family
        host, self._port = listener.getsockname()[:2]
        self._host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
        self._socket: socket.socket | None = None
        self._sent_at = 0.0

    def descriptor(self) -> int | None:
        """Return the descriptor that becomes readable when the response arrives."""
        if self._socket is not None and time.monotonic() - self._sent_at > PROBE_SECONDS:
            self._close()
        if self._socket is None:
            self._send()
        return self._socket.fileno() if self._socket is not None else None

    def has_response(self) -> bool:
        """Return whether a response has arrived; never waits."""
        if self._socket is None or not select.select([self._socket], [], [], 0)[0]:
            return False
        try:
            response = self._socket.recv(64)
        except OSError:
            response = b""
        self._close()
        return response.startswith(b"HTTP/")

    def _send(self) -> None:
        connection = socket.socket(self._family, socket.SOCK_STREAM)
        connection.settimeout(1)
        try:
            connection.connect((self._host, self._port))
            connection.sendall(_REQUEST)
        except OSError:
            connection.close()
            return
        self._socket, self._sent_at = connection, time.monotonic()

    def _close(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket = None
