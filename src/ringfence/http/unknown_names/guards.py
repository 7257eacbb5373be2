"""Names that mean a dry run or a precondition: `dry_run`, `plan_token`, `If-Match` and lookalikes.

Waldur ignores unknown names. If such a name is misspelt, or a parameter is sent as a header, and
ignored, a change is carried out that its sender only meant to try. So changes refuse them, wherever
they are. Reads have no side effects and ignore them.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from starlette.types import Scope

from ringfence.errors import Invalid
from ringfence.http.unknown_names.spelling import NEAR, distance, plain

_DRY_RUN = "dry_run"
_TOKEN = "plan_token"  # noqa: S105 - the name of a parameter
_MATCH = "If-Match"
_KEY = "Idempotency-Key"

# What a name means if it contains these letters
CONTAINED: Mapping[str, str] = {
    "dryrun": _DRY_RUN,
    "plantoken": _TOKEN,
    "detach": "detach",
    "rundry": _DRY_RUN,
    "ifmatch": _MATCH,
    "idempotencykey": _KEY,
}
# The same within a value, which may be a sentence: fewer of them
_IN_VALUES = ("dryrun", "plantoken")

# Names of dry runs and plan tokens in other tools: whole names, in letters and digits
_UNMISTAKABLE: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("dry", "drymode", "dryonly", "isdry", "simulate", "simulated", "simulation"),
            *("checkmode", "checkonly", "validateonly", "onlyvalidate", "noop", "nooperation"),
            *("whatif", "testrun", "testmode", "testonly", "trialrun", "planonly", "previewonly"),
            *("noexecute", "noexec", "nocommit", "pretend"),
        ),
        _DRY_RUN,
    ),
    **dict.fromkeys(("planhash", "planid", "planetag", "planversion"), _TOKEN),
    **dict.fromkeys(("ifversion", "expectedversion"), _MATCH),
}
# The same for parameters and keys alone: headers may have these names for other reasons.
_NAMES: Mapping[str, str] = {
    **_UNMISTAKABLE,
    **dict.fromkeys(
        ("preview", "check", "validate", "commit", "execute", "trial", "rehearse"), _DRY_RUN
    ),
    **dict.fromkeys(("etag", "ifnonematch", "ifunmodifiedsince"), _MATCH),
}

_EXACT = frozenset({b"if-match", b"idempotency-key"})
_EXACT_NAMES = ("ifmatch", "idempotencykey")
# Headers with these prefixes are preconditions; in RFC 9110, the two below apply to reads only.
_CONDITION = (b"if-", b"if_", b"x-if-", b"x_if_")
_OF_READS = frozenset({b"if-modified-since", b"if-range"})
# Longer names are checked each time, so that they cannot fill the memory.
_CACHED_NAME = 64

_CONTAINED_BYTES = tuple((word.encode(), meant) for word, meant in CONTAINED.items())
_LOWER = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    b"abcdefghijklmnopqrstuvwxyz",
)
_NO_LETTERS = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
# The NUL between names is kept.
_NO_LETTERS_WITHIN = _NO_LETTERS.replace(b"\0", b"")


def meaning_of(name: str) -> str | None:
    """Return the parameter or header that a name stands for, if any."""
    written = plain(name)
    return _contained(written) or _NAMES.get(written)


def contained_in(names: Iterable[str]) -> str | None:
    """Return what one of the names in a body contains; synonyms do not count."""
    letters = _letters_within(names)
    return next((meant for word, meant in _CONTAINED_BYTES if word in letters), None)


def contained_in_value(text: str) -> str | None:
    """Return the parameter that a value contains, as in `x=1;dry_run=true`."""
    written = plain(text)
    return next((CONTAINED[word] for word in _IN_VALUES if word in written), None)


def named_by_one_of(texts: Iterable[str]) -> str | None:
    """Return the parameter that one of the texts names, as `--dry-run` in a list of options."""
    letters = b"\0" + _letters_within(texts) + b"\0"
    return next((CONTAINED[word] for word in _IN_VALUES if f"\0{word}\0".encode() in letters), None)


def contained_in_bytes(raw: bytes) -> str | None:
    """Return what bytes in any encoding contain, by their ASCII letters."""
    letters = raw.translate(_LOWER, _NO_LETTERS)
    return next((meant for word, meant in _CONTAINED_BYTES if word in letters), None)


def _letters_within(texts: Iterable[str]) -> bytes:
    return "\0".join(texts).encode("utf-8", "replace").translate(_LOWER, _NO_LETTERS_WITHIN)


def _contained(written: str) -> str | None:
    return next((meant for word, meant in CONTAINED.items() if word in written), None)


def refuse_headers(scope: Scope) -> None:
    """Raise `Invalid` for a header of a change that resembles one of these names."""
    for name, value in scope["headers"]:
        read = _cached_meaning if len(name) <= _CACHED_NAME else header_meaning
        meant = read(name)
        if meant is None and name == b"prefer" and contained_in_bytes(value) == _DRY_RUN:
            meant = _DRY_RUN
        if meant is not None:
            raise Invalid({"detail": _error(name.decode("latin-1")[:_CACHED_NAME], meant)})


def header_meaning(name: bytes) -> str | None:
    """Return what a header of a change was meant to be; None for a header that is allowed."""
    if name in _EXACT or name in _OF_READS:
        return None
    if name == b"if" or name.startswith(_CONDITION):
        return _MATCH
    written = plain(name.decode("latin-1"))
    if "idempoten" in written:
        return _KEY
    forms = (written, written.removeprefix("x"))
    near = (known for known in _EXACT_NAMES if min(distance(form, known) for form in forms) <= NEAR)
    meant = CONTAINED.get(next(near, ""))
    return meant or _contained(written) or next(filter(None, map(_UNMISTAKABLE.get, forms)), None)


_cached_meaning = lru_cache(maxsize=1024)(header_meaning)


def _error(name: str, meant: str) -> str:
    kind = "header" if meant in {_MATCH, _KEY} else "parameter of the query"
    return (
        f"The header {name} is not served here, and nothing was done. "
        f"Send the {kind} {meant}, or the request without it."
    )
