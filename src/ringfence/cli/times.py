"""Times on the command line."""

from datetime import UTC, datetime

from ringfence.errors import OperatorError


def read_time(option: str, text: str | None) -> datetime | None:
    """Return the time of an option, in UTC; raises `OperatorError`."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise OperatorError(
            f"{option} {text!r}: expected a time such as 2026-11-01 or 2026-11-01T12:30:00+02:00"
        ) from None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise OperatorError(f"{option} {text!r}: use a time in the years 1 to 9999") from None
