"""What tests report, as it goes from a worker to the process that prints it."""

from typing import Any


def sendable(value: Any) -> Any:
    """Return a part of a report without what UTF-8 cannot express, and otherwise the same."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {key: sendable(item) for key, item in value.items()}
        case list():
            return [sendable(item) for item in value]
        case tuple():
            # pytest tells by it what a skip is.
            return tuple(sendable(item) for item in value)
        case _:
            return value
