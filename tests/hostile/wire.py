"""What a client may send that no HTTP library would: bytes on a socket."""

import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.patience import PATIENCE_SECONDS

PIECE = 65_536


@dataclass(frozen=True)
class Response:
    """The first answer of a connection; no status means that none came."""

    status: int | None
    head: str
    body: bytes
    # From the first byte sent to the answer
    milliseconds: float


def send(address: str, *parts: bytes, ends: bool = False) -> Response:
    """Send the parts as far as they are taken; `ends` says that nothing more will come."""
    with connected(address) as connection:
        began = time.perf_counter()
        try:
            for part in parts:
                connection.sendall(part)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            # It was answered before all of it was read.
            pass
        raw = received(connection)
    head, _, body = raw.partition(b"\r\n\r\n")
    words = head.decode("latin-1").split(" ", 2)
    status = int(words[1]) if words[0].startswith("HTTP/") else None
    elapsed = (time.perf_counter() - began) * 1000
    return Response(status, head.decode("latin-1").lower(), body, elapsed)


def connected(address: str) -> socket.socket:
    """Return a connection."""
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_SECONDS)


def received(connection: socket.socket) -> bytes:
    """Read up to the end of the first answer, as far as its length says where that is."""
    raw = b""
    try:
        while piece := connection.recv(PIECE):
            raw += piece
            head, found, body = raw.partition(b"\r\n\r\n")
            length = [
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            ]
            if found and length and len(body) >= length[0]:
                break
    except OSError:
        # Reset, after an answer or instead of one
        pass
    return raw


def request(method: str, target: str, *headers: str, body: bytes | None = None) -> bytes:
    """Return the bytes of a request; its length is said where it has a body."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *headers]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def chunked(method: str, target: str, *headers: str, chunks: Iterable[bytes]) -> list[bytes]:
    """Return the head of a request without a length, and then the chunks as they are."""
    more = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    return [request(method, target, *headers, *more), *chunks]


def memory(process: int) -> float:
    """Return a process's resident memory, in MiB."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    [line] = [line for line in lines if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024
