"""The path prefix of `RINGFENCE_PUBLIC_URL`, usually empty.

A proxy strips the prefix from requests, so routes do not have it. URLs in requests and responses
do.
"""

from contextvars import ContextVar
from urllib.parse import unquote

# Empty, or with a slash at its start and none at its end
_prefix: ContextVar[str] = ContextVar("public path", default="")

serve_below = _prefix.set


def with_prefix(path: str) -> str:
    """Return the public form of a path."""
    return _prefix.get() + path


def without_prefix(path: str) -> str:
    """Return a path from a request without the prefix, if it has it."""
    prefix = unquote(_prefix.get())
    # With the prefix /api, /api/api/… has the prefix and /api/… has not.
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/api/") else path
