"""Answers of JSON that is bytes already: its tag, whether the caller has it, and its size."""

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

# From here on sending less is worth the time of the processor.
COMPRESSED_FROM = 32 * 1024
# The cheapest level makes lists of groups a twelfth; better ones take three times as long.
_LEVEL = 1
_GZIP_FORM = 31

_JSON = (b"content-type", b"application/json")
_GZIPPED = (b"content-encoding", b"gzip")
_TAKES_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)")
# A tag of the compressed form names the same answer.
_TAG = re.compile(r'(?:W/)?"([^"]*?)(?:-gzip)?"')


class _Bytes(Response):
    """A body and headers that need no more work."""

    def __init__(self, body: bytes, status: int, headers: list[Header]) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = headers


def tag_of(*parts: bytes) -> str:
    """Give a tag that is equal for equal parts."""
    return blake2b(b"\n".join(parts), digest_size=8).hexdigest()


def respond_json(
    request: Request,
    body: bytes,
    tag: str,
    *,
    status: int = 200,
    headers: Sequence[Header] = (),
) -> Response:
    """Answer with JSON, or with 304 and no body where the caller says that it has it."""
    if request.method == "GET" and _has(request, tag):
        return _Bytes(b"", 304, [*headers, _etag(tag)])
    if len(body) >= COMPRESSED_FROM and _TAKES_GZIP.search(
        joined(request.scope, b"accept-encoding")
    ):
        body = _compressed(body)
        headers = (*headers, _GZIPPED)
        tag += "-gzip"
    length = (b"content-length", b"%d" % len(body))
    return _Bytes(body, status, [*headers, _etag(tag), _JSON, length])


class _Pieces(Response):
    """A body that is made and sent piece by piece, each made in a thread."""

    def __init__(self, pieces: Iterator[bytes], headers: list[Header]) -> None:
        self.status_code = 200
        self.background = None
        self.raw_headers = headers
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the response."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        while (piece := await in_thread(lambda: next(self._pieces, None))) is not None:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def respond_pieces(
    request: Request, pieces: Iterator[bytes], tag: str, headers: Sequence[Header]
) -> Response:
    """Answer as `respond_json`, with a body so long that it is never whole in memory."""
    if _has(request, tag):
        return _Bytes(b"", 304, [*headers, _etag(tag)])
    if _TAKES_GZIP.search(joined(request.scope, b"accept-encoding")):
        compressed = [_GZIPPED, _etag(f"{tag}-gzip"), _JSON]
        return _Pieces(_compressed_pieces(pieces), [*headers, *compressed])
    return _Pieces(pieces, [*headers, _etag(tag), _JSON])


def _compressed_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(_LEVEL, wbits=_GZIP_FORM)
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()


async def respond_built(
    build: Callable[[], Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with what is built of many values, in a thread: others are answered meanwhile."""
    return await in_thread(lambda: JSONResponse(build(), status, headers))


def respond_head(headers: Sequence[Header]) -> Response:
    """Answer without a body; its length would be that of an answer that nobody has made."""
    return _Bytes(b"", 200, list(headers))


def _has(request: Request, tag: str) -> bool:
    said = joined(request.scope, b"if-none-match")
    return bool(said) and (said.strip() == "*" or tag in _TAG.findall(said))


def _etag(tag: str) -> Header:
    return (b"etag", f'"{tag}"'.encode())


def _compressed(body: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, wbits=_GZIP_FORM)
    return compressor.compress(body) + compressor.flush()
