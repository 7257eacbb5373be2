"""The static files of the console, with their cache headers.

The page loads one script and one style sheet, which all others are joined into; the modules are
served beside them.

The URL of each file contains a digest of all files, so that browsers cache the files forever and a
new release has new URLs. The page itself is revalidated on each visit, and names the current URLs.
"""

import gzip
import hashlib
import re
import threading
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

import brotli
from starlette.datastructures import Headers
from starlette.responses import Response

from ringfence.errors import NotFound
from ringfence.web.bundle import LIBRARIES, join_modules

PAGE = "index.html"
SCRIPT = "console.js"
STYLES = "styles/console.css"
# The highest takes a second for the script. A first visit does not wait for it: what it gets is a
# tenth larger, in a hundredth of the time.
_BROTLI_QUALITY, _QUICK_QUALITY = 11, 6
# What the style sheets of the pages refine.
_FIRST_STYLES = ("styles/base.css", "styles/components.css")
_CSS_COMMENT = re.compile(r"\s*/\*.*?\*/", re.DOTALL)
FONT = "fonts/inter.woff2"
_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "woff2": "font/woff2",
}

# No other origins, no inline code, no frames.
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
_IMMUTABLE = "public, max-age=31536000, immutable"
_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True)
class Asset:
    """A file in the forms in which it is sent."""

    media_type: str
    plain: bytes
    etag: str

    @classmethod
    def of(cls, name: str, content: bytes) -> "Asset":
        """Return the asset for the name and the content of a file."""
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        media_type = _TYPES[name.rpartition(".")[2]]
        return cls(media_type, content, etag)

    @cached_property
    def compressed(self) -> dict[str, bytes]:
        """The file by content coding, the smallest first."""
        return self._compressed(_BROTLI_QUALITY)

    def compressed_by_now(self) -> dict[str, bytes]:
        """Return the same, quickly compressed until a thread has compressed it well."""
        if "compressed" in vars(self):
            return self.compressed
        return self._quickly_compressed

    @cached_property
    def _quickly_compressed(self) -> dict[str, bytes]:
        threading.Thread(target=lambda: self.compressed, daemon=True).start()
        return self._compressed(_QUICK_QUALITY)

    def _compressed(self, quality: int) -> dict[str, bytes]:
        return {
            "br": brotli.compress(self.plain, quality=quality),
            "gzip": gzip.compress(self.plain, mtime=0),
        }


@cache
def read_files() -> dict[str, bytes]:
    """Return the content of each file as it is sent, by its path in the assets folder."""
    contents = dict(_list_files(files(__package__) / "assets", ""))
    modules = {name: content.decode() for name, content in contents.items() if _is_module(name)}
    return contents | {SCRIPT: join_modules(modules).encode(), STYLES: _join_styles(contents)}


@cache
def current_release() -> str:
    """Return the digest of all files and their names."""
    digest = hashlib.sha256()
    for name, content in sorted(read_files().items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


@cache
def assets() -> dict[str, Asset]:
    """Return the files beside the page, by name."""
    return {name: Asset.of(name, content) for name, content in read_files().items() if name != PAGE}


def loaded_assets() -> dict[str, Asset]:
    """Return the files that the page loads: not the modules, and not the licences."""
    return {
        name: asset
        for name, asset in assets().items()
        if not _is_module(name) and not _is_part_of_styles(name) and not name.endswith(".txt")
    }


@cache
def page(public_path: str) -> Asset:
    """Return the page of a service below `public_path`, with the URLs of its files."""
    folder = f"{public_path}/console/assets/{current_release()}/"
    scripts = sorted(name for name in loaded_assets() if name.endswith(".js"))
    preloads = "\n".join(
        [
            f'<link rel="preload" as="font" type="font/woff2" href="{folder}{FONT}" crossorigin>',
            *(f'<link rel="modulepreload" href="{folder}{name}">' for name in scripts),
        ]
    )
    text = read_files()[PAGE].decode().replace("{preloads}", preloads)
    text = text.replace("{assets}", folder).replace("{base}", public_path)
    return Asset.of(PAGE, text.encode())


def respond_page(headers: Headers, public_path: str) -> Response:
    """Respond with the page, which browsers revalidate on each visit."""
    return _respond(page(public_path), headers, "no-cache")


def respond_asset(release: str, name: str, headers: Headers) -> Response:
    """Respond with a file of the current release; raise `NotFound` for any other."""
    asset = assets().get(name)
    if asset is None or release != current_release():
        raise NotFound("Not found.")
    return _respond(asset, headers, _IMMUTABLE)


def respond_logo() -> Response:
    """Respond with the logo, which pages of other sites may embed."""
    logo = assets()["mark.svg"]
    headers = {"Cache-Control": "public, max-age=86400", "ETag": logo.etag}
    headers |= {"Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(logo.plain, media_type=logo.media_type, headers=headers)


def _respond(asset: Asset, headers: Headers, cache_control: str) -> Response:
    sent = _HEADERS | {"ETag": asset.etag, "Cache-Control": cache_control}
    if asset.etag in headers.get("if-none-match", ""):
        return Response(status_code=304, headers=sent)
    body = asset.plain
    accepted = headers.get("accept-encoding", "")
    compressed = asset.compressed_by_now()
    coding = next((name for name in compressed if _accepts(accepted, name)), None)
    if coding is not None:
        body, sent = compressed[coding], sent | {"Content-Encoding": coding}
    return Response(body, headers=sent | {"Content-Type": asset.media_type})


def _join_styles(contents: dict[str, bytes]) -> bytes:
    names = (name for name in contents if _is_part_of_styles(name))
    ordered = sorted(names, key=lambda name: (name not in _FIRST_STYLES, name))
    return "".join(_CSS_COMMENT.sub("", contents[name].decode()) for name in ordered).encode()


def _is_part_of_styles(name: str) -> bool:
    return name.endswith(".css") and name != STYLES


def _accepts(header: str, coding: str) -> bool:
    """Return whether an `Accept-Encoding` names the coding, and not with a weight of zero."""
    for part in header.split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() == coding:
            return not re.fullmatch(r"q=0(\.0*)?", weight.strip())
    return False


def _is_module(name: str) -> bool:
    # Libraries are loaded as they were published.
    return name.endswith(".js") and name != SCRIPT and not name.startswith(LIBRARIES)


def _list_files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    contents: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            contents += _list_files(entry, f"{prefix}{entry.name}/")
        else:
            contents.append((prefix + entry.name, entry.read_bytes()))
    return contents
