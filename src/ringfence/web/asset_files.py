"""What the console's pages are made of: files of the package, as browsers may keep them.

Their address holds a digest of them all, so that a browser keeps each for good, and a new release
is new addresses. The page itself is asked for each time, and says which they are.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.datastructures import Headers
from starlette.responses import Response

from ringfence.errors import NotFound

PAGE = "index.html"
_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}

# Nothing from elsewhere, nothing inline, and nothing that a page could be put into.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
_FOR_GOOD = "public, max-age=31536000, immutable"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent, plain and compressed."""

    media_type: str
    plain: bytes
    compressed: bytes
    etag: str

    @classmethod
    def of(cls, name: str, content: bytes) -> "Asset":
        """Give the asset of a file's name and content."""
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        media_type = _TYPES[name.rpartition(".")[2]]
        return cls(media_type, content, gzip.compress(content, mtime=0), etag)


@cache
def read_files() -> dict[str, bytes]:
    """Give the files as the package holds them, by their name below the folder."""
    return dict(_walk(files(__package__) / "assets", ""))


@cache
def current_release() -> str:
    """Give the digest of all files with their names."""
    found = hashlib.sha256()
    for name, content in sorted(read_files().items()):
        found.update(f"{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()[:16]


@cache
def assets() -> dict[str, Asset]:
    """Return the files that the page loads, as they are sent, by their name."""
    return {name: Asset.of(name, content) for name, content in read_files().items() if name != PAGE}


@cache
def page(public_path: str) -> Asset:
    """Return the page for a service below this path, with the addresses of what it loads."""
    folder = f"{public_path}/console/assets/{current_release()}/"
    scripts = sorted(name for name in assets() if name.endswith(".js"))
    preloads = "\n".join(f'<link rel="modulepreload" href="{folder}{name}">' for name in scripts)
    text = read_files()[PAGE].decode().replace("{preloads}", preloads)
    text = text.replace("{assets}", folder).replace("{base}", public_path)
    return Asset.of(PAGE, text.encode())


def respond_page(headers: Headers, public_path: str) -> Response:
    """Return the page, which browsers ask for each time."""
    return _answer(page(public_path), headers, "no-cache")


def respond_asset(release: str, name: str, headers: Headers) -> Response:
    """Give a file of this release, for good; raises `NotFound` for any other."""
    asset = assets().get(name)
    if asset is None or release != current_release():
        raise NotFound("Not found.")
    return _answer(asset, headers, _FOR_GOOD)


def response_mark() -> Response:
    """Return the mark, which a page of any other site may show."""
    mark = assets()["mark.svg"]
    headers = {"Cache-Control": "public, max-age=86400", "ETag": mark.etag}
    headers |= {"Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(mark.plain, media_type=mark.media_type, headers=headers)


def _answer(asset: Asset, headers: Headers, keep: str) -> Response:
    sent = _HEADERS | {"ETag": asset.etag, "Cache-Control": keep}
    if asset.etag in headers.get("if-none-match", ""):
        return Response(status_code=304, headers=sent)
    body = asset.plain
    if "gzip" in headers.get("accept-encoding", ""):
        body, sent = asset.compressed, sent | {"Content-Encoding": "gzip"}
    return Response(body, headers=sent | {"Content-Type": asset.media_type})


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        else:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
