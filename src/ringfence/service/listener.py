"""The port of a service: claimed before anything else happens, asked until it answers."""

import contextlib
import errno
import select
import socket
import time

from ringfence.errors import OperatorError

BACKLOG = 1024
# Processes of a service that was killed a moment ago leave its port within this time.
LEAVE_SECONDS = 2.5
PROBE_SECONDS = 2.0


def claim(host: str, port: int) -> socket.socket:
    """Listen on the address; port 0 takes a free one.

    Raises `OperatorError` that names the option to change.
    """
    family, address = _resolve(host, port)
    deadline = time.monotonic() + LEAVE_SECONDS
    while True:
        try:
            return _listen(family, address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise OperatorError(_explain(error, host, port)) from None


def address_of(listener: socket.socket) -> str:
    """Give the address as it stands in a URL, for example `127.0.0.1:8000` or `[::1]:8000`."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise OperatorError(
            f"'{host}' is no address of this machine; name another with --host"
        ) from None
    family, _, _, _, address = found[0]
    return family, (str(address[0]), port)


def _listen(family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
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
        return f"'{host}' is no address of this machine; name another with --host"
    return f"cannot listen on {host}:{port}: {error.strerror}; see --host and --port"


class Probe:
    """Asks one small question over HTTP, again where no answer came; any status is an answer."""

    def __init__(self, listener: socket.socket) -> None:
        self._family = listener.family
        host, self._port = listener.getsockname()[:2]
        self._host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
        self._socket: socket.socket | None = None
        self._asked = 0.0

    def descriptor(self) -> int | None:
        """Give what becomes readable when the answer comes."""
        if self._socket is not None and time.monotonic() - self._asked > PROBE_SECONDS:
            self._close()
        if self._socket is None:
            self._ask()
        return self._socket.fileno() if self._socket is not None else None

    def answered(self) -> bool:
        """Tell whether an answer has come; never waits."""
        if self._socket is None or not select.select([self._socket], [], [], 0)[0]:
            return False
        try:
            answer = self._socket.recv(64)
        except OSError:
            answer = b""
        self._close()
        return answer.startswith(b"HTTP/")

    def _ask(self) -> None:
        asking = socket.socket(self._family, socket.SOCK_STREAM)
        asking.settimeout(1)
        try:
            asking.connect((self._host, self._port))
            asking.sendall(b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        except OSError:
            asking.close()
            return
        self._socket, self._asked = asking, time.monotonic()

    def _close(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket = None
