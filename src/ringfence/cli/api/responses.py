"""Error responses of the API as one line: what is wrong, at which field, and what to do."""

import json
from collections.abc import Iterator, Mapping

from ringfence.errors import OperatorError
from ringfence.text.json_value import Json

_MOST_MESSAGES = 10
# What belongs to no field
_WHOLE = "non_field_errors"
# What to do, where the response itself does not say it
_FIXES = {
    404: "check the name and that you may see it",
    412: "it changed meanwhile: run the command again",
}


class ApiError(OperatorError):
    """A response with an error status."""

    def __init__(self, status: int, message: str, fix: str = "") -> None:
        super().__init__(f"{message.rstrip('.')}; {fix}" if fix else message)
        self.status = status
        self.message = message


def error_of(
    status: int,
    body: Json,
    *,
    root: str = "",
    hints: Mapping[str, str] | None = None,
    advice: str = "",
) -> ApiError:
    """Return the error of a response; `root` names the list that was sent, if it was one.

    `hints` are those of the response by field; each is shown once, and not if the message has it.
    `advice` is what to do if the token is refused.
    """
    found = list(_messages(body, root if isinstance(body, list) else ""))
    left = dict(hints or {})
    shown = []
    for path, text in found[:_MOST_MESSAGES]:
        hint = left.pop(path.rpartition(".")[2] or _WHOLE, "")
        # A message of Ringfence's own may say it already.
        hint = "" if hint in text else hint
        shown.append(" ".join(part for part in (path and f"{path}:", text, hint) if part))
    more = len(found) - len(shown)
    line = " ".join([*shown, *([f"And {more} more."] if more > 0 else [])])
    beside = body.get("hint") if isinstance(body, dict) else None
    fix = beside if isinstance(beside, str) and beside else (_FIXES | {401: advice}).get(status, "")
    line = line or f"the service responded with status {status}"
    return ApiError(status, line, fix)


def hints_in(header: str | None) -> dict[str, str]:
    """Return the hints in the header `Ringfence-Hint`; none if it is not as expected."""
    try:
        found = json.loads(header or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {field: hint for field, hint in found.items() if isinstance(hint, str)}


def _messages(body: Json, path: str) -> Iterator[tuple[str, str]]:
    """Yield each message with the path of its field, such as `rules[2].cidr`."""
    if isinstance(body, str):
        yield path, body
    elif isinstance(body, list):
        for index, each in enumerate(body):
            yield from _messages(each, path if isinstance(each, str) else f"{path}[{index}]")
    elif isinstance(body, dict):
        for key, each in body.items():
            if path or key not in {"hint", "reference"}:
                yield from _messages(each, _below(path, str(key)))


def _below(path: str, key: str) -> str:
    if key in {"detail", _WHOLE}:
        return path
    return f"{path}.{key}" if path else key
