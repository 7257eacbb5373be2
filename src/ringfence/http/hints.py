"""Hints: what is allowed instead, beside messages that do not say so.

Error bodies are Waldur's, and clients compare and show them as they are, so the hints of a 400 are
in a header: a JSON object of hints by field. A `Message` carries its hint from where the input is
validated to the response.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ringfence.errors import Message
from ringfence.http.unknown_names.spelling import nearest

HEADER = "Ringfence-Hint"
# Proxies limit the headers of a response to 4 kB in all.
_LONGEST = 2000
# What belongs to no field
_WHOLE = "non_field_errors"

WITHOUT_NULL = "Send the text without U+0000."
VALUE_OR_NOTHING = "Send a value, or leave the field out."


def allowed(what: str) -> str:
    """Return the hint for a value that is not allowed."""
    return f"Allowed: {what}."


def one_of(words: Sequence[str], sent: str = "") -> str:
    """Return the hint for a choice; names the word that was probably meant."""
    listed = ", ".join(word or '""' for word in words)
    meant = nearest(sent, [word for word in words if word], limit=1)
    return allowed(listed) + (f" Did you mean {meant}?" if meant else "")


def hints_of(detail: Any) -> dict[str, str]:  # noqa: ANN401 - any part of an error body
    """Return the hints of the messages in an error body, by field; each hint occurs once."""
    found: dict[str, list[str]] = {}
    size = 0
    for field, hint in _within(detail, _WHOLE):
        known = found.setdefault(field, [])
        # As the header has them, in ASCII
        length = len(json.dumps(hint)) + (0 if known else len(json.dumps(field)))
        if hint not in known and size + length <= _LONGEST:
            known.append(hint)
            size += length
    return {field: " ".join(known) for field, known in found.items() if known}


def header_of(hints: Mapping[str, str]) -> dict[str, str]:
    """Return the header with these hints, which is ASCII; empty without hints."""
    return {HEADER: json.dumps(hints)} if hints else {}


def _within(detail: Any, field: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any part
    match detail:
        case Message():
            yield field, detail.hint
        case str():
            return
        case Mapping():
            for name, value in detail.items():
                yield from _within(value, str(name))
        case Sequence():
            for value in detail:
                yield from _within(value, field)
