"""The path below which clients see the service: that of `RINGFENCE_PUBLIC_URL`, mostly none.

A proxy strips it from what it passes on. So no route has it, but every address in a text does:
those that responses show, and those that requests hold.
"""

from contextvars import ContextVar
from urllib.parse import unquote

# Of the request that is served; empty, or with a slash at its start and none at its end.
_prefix: ContextVar[str] = ContextVar("public path", default="")

serve_below = _prefix.set


def with_prefix(path: str) -> str:
    """Return the path by which clients ask for a path of ours."""
    return _prefix.get() + path


def without_prefix(path: str) -> str:
    """Return our path for one that a client knows; one without the prefix is ours already."""
    prefix = unquote(_prefix.get())
    # A prefix may read like the start of our own paths: /api, where /api/api/ is meant.
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/api/") else path
