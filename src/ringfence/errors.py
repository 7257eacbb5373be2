"""What can go wrong, named by what the caller can do about it.

`http/errors.py` maps these classes to statuses; the command line prints their text.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Detail = str | Sequence[Any] | Mapping[str, Any]


class RingfenceError(Exception):
    """Base of every error that this package raises on purpose."""


class OperatorError(RingfenceError):
    """Something an operator must mend before the command can run.

    One line that names the fix, or one for each of several mistakes. A line may hold any text.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class RequestError(RingfenceError):
    """Base of the errors that answer a request.

    `detail` is the body as the contract gives it: a string becomes `{"detail": …}`, a list or a
    mapping is sent as it is. A `hint` says what helps, beside the words that the contract records.
    """

    def __init__(self, detail: Detail, *, hint: str = "") -> None:
        super().__init__(str(detail))
        self.detail = detail
        self.hint = hint


class Unauthenticated(RequestError):
    """The request does not say who makes it, or says it wrongly."""


class Invalid(RequestError):
    """The input breaks a rule; `detail` names the field, what is wrong and what is allowed."""


class NotFound(RequestError):
    """It does not exist, or the actor may not know that it does."""


class Forbidden(RequestError):
    """The actor sees the object, but may not do this to it."""

    def __init__(self, detail: str = "You do not have permission to perform this action.") -> None:
        super().__init__(detail)


class Conflict(RequestError):
    """The object's state does not allow this now; `detail` names the states that do.

    `hint` says how it is now and what helps.
    """


class TooManyRequests(RequestError):
    """The caller has tried too often; `seconds` says when it may try again."""

    def __init__(self, seconds: int) -> None:
        unit = "second" if seconds == 1 else "seconds"
        super().__init__(f"Request was throttled. Expected available in {seconds} {unit}.")
        self.seconds = seconds


class PreconditionFailed(RequestError):
    """The object is not what the caller has seen; it must look again and decide anew."""


class Unavailable(RequestError):
    """A part that the answer needs is away for now; the same request may succeed later."""


class Interrupted(Unavailable):
    """A connection to the database failed under its statement; on another one it may succeed.

    `is_undone` says that its transaction has done nothing; otherwise a change may have been made.
    """

    def __init__(self, detail: Detail, *, is_undone: bool) -> None:
        super().__init__(detail)
        self.is_undone = is_undone


class Overloaded(Unavailable):
    """As many requests are being served as there is room for; the same one may succeed later."""

    def __init__(self) -> None:
        super().__init__("The service is busy, try again later.")


class Deadlocked(Unavailable):
    """Others held what the change needed, and waited for what it held; it was undone whole."""

    def __init__(self) -> None:
        super().__init__("Others are changing the same at this moment, try again.")


class KeyUsedOtherwise(RequestError):
    """The `Idempotency-Key` was used before, for another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request; take a new one.")


class NotAcceptable(RequestError):
    """The caller takes nothing that this service can send."""

    def __init__(self) -> None:
        super().__init__("Could not satisfy the request Accept header.")


class UnsupportedMediaType(RequestError):
    """The body is not JSON by its own account, or it is packed."""


class BodyTooLarge(RequestError):
    """The body is longer than any sensible request."""


class BodyTooSlow(RequestError):
    """The body did not arrive in time."""
