"""Reading a body that its operation does not declare: JSON, a form, or neither."""

import json
import re

from ringfence.text.json_value import Json

# A body with more pairs is not taken for a form.
_PAIRS = 100
# A value is required: without one it may be any word, or the end of a secret in base64.
_PAIR = re.compile(r"([A-Za-z0-9_.\[\]-]{1,60})=[^=]+")


def read_object(raw: bytes) -> Json:
    """Return a JSON object or a list of objects, {} for an empty body, None for all else."""
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw.decode())
    except (ValueError, RecursionError):
        return None
    if body is None:
        return {}
    entries = body if isinstance(body, list) else [body]
    return body if all(isinstance(each, dict) for each in entries) else None


def read_form(raw: bytes) -> dict[str, None] | None:
    """Return the names in a form; None for a body that is not a form."""
    if raw.count(b"&") >= _PAIRS:
        return None
    pairs = [_PAIR.fullmatch(pair) for pair in raw.decode("latin-1").split("&")]
    names = [pair[1] for pair in pairs if pair]
    return dict.fromkeys(names) if len(names) == len(pairs) else None
