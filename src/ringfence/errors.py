"""Errors, named by what the client or operator can do about them.

`http/errors.py` maps these classes to status codes; the command line prints their text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

NO_PERMISSION = "You do not have permission to perform this action."

Detail = str | Sequence[Any] | Mapping[str, Any]


class Message(str):
    """A message in a `detail`, with a hint: what is allowed, and what to do.

    `http/hints.py` sends the hint beside the error body, which stays as clients know it.
    """

    __slots__ = ("hint",)
    hint: str

    def __new__(cls, text: str, hint: str) -> Self:
        message = super().__new__(cls, text)
        message.hint = hint
        return message

    def __str__(self) -> str:
        # An exception returns its argument as text, which keeps the hint this way.
        return self


class RingfenceError(Exception):
    """Base class of all errors that this package raises."""


class OperatorError(RingfenceError):
    """An error that an operator must fix before the command can run.

    Has one line for each error, which names the fix. A line may contain any text.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class RequestError(RingfenceError):
    """Base class of the errors that become the response to a request.

    `detail` is the body that the contract defines: a string becomes `{"detail": …}`, a list or a
    mapping is sent unchanged. `hint` is sent beside it and says how to fix the error.
    """

    def __init__(self, detail: Detail, *, hint: str = "") -> None:
        super().__init__(str(detail))
        self.detail = detail
        self.hint = hint


class Unauthenticated(RequestError):
    """The request has no valid credentials."""


class Invalid(RequestError):
    """The input is invalid; `detail` names the field, the error and what is allowed."""


class NotFound(RequestError):
    """The object does not exist, or is outside the scope of the actor."""


class Forbidden(RequestError):
    """The actor may see the object, but has no permission for the action."""

    def __init__(self, detail: str = NO_PERMISSION) -> None:
        super().__init__(detail)


class Conflict(RequestError):
    """The state of the object does not allow the action; `detail` names the states that do.

    `hint` names the current state and the fix.
    """


class TooManyRequests(RequestError):
    """The client exceeded a rate limit, and may retry after `seconds`."""

    def __init__(self, seconds: int) -> None:
        unit = "second" if seconds == 1 else "seconds"
        super().__init__(f"Request was throttled. Expected available in {seconds} {unit}.")
        self.seconds = seconds


class PreconditionFailed(RequestError):
    """The object has changed since the client read it; the client must fetch it again."""


class Unavailable(RequestError):
    """Something that the response needs is unavailable; the same request may succeed later."""


class Interrupted(Unavailable):
    """A database connection failed during a statement; on another connection it may succeed.

    `is_undone` means that its transaction was rolled back; otherwise it may have been committed.
    """

    def __init__(self, detail: Detail, *, is_undone: bool) -> None:
        super().__init__(detail)
        self.is_undone = is_undone


class Ungranted(Unavailable):
    """The role of the database lacks a privilege; `reason` is for operators, with the fix."""

    def __init__(self, detail: Detail, reason: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Overloaded(Unavailable):
    """The limit of concurrent requests is reached; the same request may succeed later."""

    def __init__(self) -> None:
        super().__init__("The service is busy, try again later.")


class Deadlocked(Unavailable):
    """The transaction was rolled back because of a deadlock; the same request may succeed."""

    def __init__(self) -> None:
        super().__init__("A concurrent change conflicts with this one. Try again.")


class KeyUsedOtherwise(RequestError):
    """The `Idempotency-Key` was used for another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request; take a new one.")


class NotAcceptable(RequestError):
    """The client accepts no media type that this service can send."""

    def __init__(self) -> None:
        super().__init__(
            Message(
                "Could not satisfy the request Accept header.",
                "Allowed: application/json, also with version=2025-11 or version=2026-10.",
            )
        )


class UnsupportedMediaType(RequestError):
    """The body is not declared as JSON, or is compressed."""


class BodyTooLarge(RequestError):
    """The body is longer than `body_bytes`."""


class BodyTooSlow(RequestError):
    """The body did not arrive in time."""
