"""What a request says that its operation does not know, named in the `Warning` of its response."""

from collections.abc import Iterable
from typing import Literal
from urllib.parse import quote

from starlette.types import Scope

HEADER = b"warning"
_SCOPE = "ignored"

# As many names as tell what is wrong, of such a length.
NAMED = 10
NAME_LENGTH = 60

Part = Literal["query parameters", "body keys"]


def note(scope: Scope, part: Part, names: Iterable[str]) -> None:
    """Note names that were ignored."""
    for name in names:
        scope.setdefault(_SCOPE, {}).setdefault(part, {})[name] = None


def warning(scope: Scope) -> bytes | None:
    """Return the value of the header (RFC 7234, section 5.5); None where nothing was ignored.

    Names are percent-encoded: nothing of them can end the quoted text or the header.
    """
    parts: dict[Part, dict[str, None]] | None = scope.get(_SCOPE)
    if not parts:
        return None
    said = "; ".join(f"ignored {part}: {_listed(list(names))}" for part, names in parts.items())
    return f'299 - "{said}"'.encode("ascii")


def _listed(names: list[str]) -> str:
    shown = [_shown(name) for name in names[:NAMED]]
    if len(names) > NAMED:
        shown.append(f"and {len(names) - NAMED} more")
    return ", ".join(shown)


def _shown(name: str) -> str:
    shortened = name[:NAME_LENGTH]
    text = quote(shortened, safe="[]", errors="replace") or "(empty)"
    return text if len(name) <= NAME_LENGTH else text + "..."
