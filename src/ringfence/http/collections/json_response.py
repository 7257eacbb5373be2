"""Responses with JSON that is already bytes: ETag, 304 and compression."""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ringfence.http.headers import joined
from ringfence.http.offload import in_thread

Header = tuple[bytes, bytes]

# Smaller bodies are not worth the CPU time.
COMPRESSED_FROM = 32 * 1024
# The fastest level reduces lists of groups to a twelfth; better ones take three times as long.
_LEVEL = 1
_GZIP_FORMAT = 31

_JSON = (b"content-type", b"application/json")
_GZIPPED = (b"content-encoding", b"gzip")
_ACCEPTS_GZIP = re.compile(
    r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)"
)
# The tag of a compressed response stands for the same document.
_TAG = re.compile(r'(?:W/)?"([^"]*?)(?:-gzip)?"')


class _Bytes(Response):
    """A response whose body and headers are complete."""

    def __init__(self, body: bytes, status: int, headers: list[Header]) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = headers


def tag_of(*parts: bytes) -> str:
    """Return a tag that is equal for equal parts."""
    return blake2b(b"\n".join(parts), digest_size=8).hexdigest()


def respond_json(
    request: Request,
    body: bytes,
    tag: str,
    *,
    status: int = 200,
    headers: Sequence[Header] = (),
    media_type: bytes = b"application/json",
) -> Response:
    """Return a response with JSON, or a 304 if the client has it already."""
    if request.method == "GET" and _client_has(request, tag):
        return _Bytes(b"", 304, [*headers, _etag(tag)])
    if len(body) >= COMPRESSED_FROM and _ACCEPTS_GZIP.search(
        joined(request.scope, b"accept-encoding")
    ):
        body = _compressed(body)
        headers = (*headers, _GZIPPED)
        tag += "-gzip"
    length = (b"content-length", b"%d" % len(body))
    media = (b"content-type", media_type)
    return _Bytes(body, status, [*headers, _etag(tag), media, length])


class _Pieces(Response):
    """A response whose body is built in a thread and sent in pieces."""

    def __init__(self, pieces: Iterator[bytes], headers: list[Header]) -> None:
        self.status_code = 200
        self.background = None
        self.raw_headers = headers
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        while (piece := await in_thread(lambda: next(self._pieces, None))) is not None:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def respond_pieces(
    request: Request, pieces: Iterator[bytes], tag: str, headers: Sequence[Header]
) -> Response:
    """Return a response like `respond_json`, whose body is never complete in memory."""
    if _client_has(request, tag):
        return _Bytes(b"", 304, [*headers, _etag(tag)])
    if _ACCEPTS_GZIP.search(joined(request.scope, b"accept-encoding")):
        compressed = [_GZIPPED, _etag(f"{tag}-gzip"), _JSON]
        return _Pieces(_compressed_pieces(pieces), [*headers, *compressed])
    return _Pieces(pieces, [*headers, _etag(tag), _JSON])


def _compressed_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(_LEVEL, wbits=_GZIP_FORMAT)
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()


async def respond_built(
    build: Callable[[], Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response with JSON that is built in a thread, for many values."""
    return await in_thread(lambda: JSONResponse(build(), status, headers))


def respond_head(headers: Sequence[Header]) -> Response:
    """Return a response to HEAD, without a length: the body of GET was not built."""
    return _Bytes(b"", 200, list(headers))


def _client_has(request: Request, tag: str) -> bool:
    tags = joined(request.scope, b"if-none-match")
    return bool(tags) and (tags.strip() == "*" or tag in _TAG.findall(tags))


def _etag(tag: str) -> Header:
    return (b"etag", f'"{tag}"'.encode())


def _compressed(body: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, wbits=_GZIP_FORMAT)
    return compressor.compress(body) + compressor.flush()
