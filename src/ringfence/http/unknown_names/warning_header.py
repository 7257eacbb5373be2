"""The `Warning` header: names in a request that were ignored because they are unknown."""

import re
from collections.abc import Collection, Iterable
from typing import Literal

from ringfence.http.context import RequestContext

HEADER = b"warning"

# Names that the header lists; the rest are counted.
NAMED = 10
# Only these names are repeated: anything else may be a secret, or end the quoted text.
_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,60}")

Part = Literal["query parameters", "body keys", "the body"]


def note(context: RequestContext, part: Part, names: Iterable[str]) -> None:
    """Record ignored names; a body that cannot be parsed has none."""
    if context.ignored is None:
        context.ignored = {}
    context.ignored.setdefault(part, {}).update(dict.fromkeys(names))


def warning(context: RequestContext) -> bytes | None:
    """Return the value of the header (RFC 7234, section 5.5); None where nothing was ignored."""
    if not context.ignored:
        return None
    text = "; ".join(
        f"ignored {part}: {_listed(names)}" if names else f"ignored {part}"
        for part, names in context.ignored.items()
    )
    return f'299 - "{text}"'.encode("ascii")


def _listed(names: Collection[str]) -> str:
    known = [name for name in names if _NAME.fullmatch(name)]
    shown = known[:NAMED]
    if unnamed := len(names) - len(known):
        shown.append(f"{unnamed} (unnamed)")
    if len(known) > NAMED:
        shown.append(f"and {len(known) - NAMED} more")
    return ", ".join(shown)
