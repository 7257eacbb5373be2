"""The headers of a request, as ASGI gives them: names in lower case, some of them repeated."""

from starlette.types import Scope


def first(scope: Scope, name: bytes) -> bytes | None:
    """Give the first value of a header; None where there is none."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None


def joined(scope: Scope, name: bytes) -> str:
    """Give all values of a header, with commas between them."""
    values = [value for key, value in scope["headers"] if key == name]
    return b",".join(values).decode("latin-1")
