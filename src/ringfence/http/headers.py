"""Reading the headers of a request in an ASGI scope: names are lower case and may repeat."""

from starlette.types import Scope

from ringfence.errors import Unauthenticated

# Waldur's staff sends it to act as another user, with that user's rights.
_IMPERSONATION = b"impersonat"
IMPERSONATION_REFUSED = (
    "X-Impersonated-User-Uuid requests impersonation, which is not supported: "
    "send the request without it, or with a token of that user."
)


def is_impersonating(scope: Scope) -> bool:
    """Return whether a request has a header to act as another user, in any spelling."""
    return any(_IMPERSONATION in key for key, _ in scope["headers"])


def credentials(scope: Scope) -> bytes | None:
    """Return the value of `Authorization`; raises `Unauthenticated` for different ones."""
    values = {value for key, value in scope["headers"] if key == b"authorization"}
    if len(values) > 1:
        raise Unauthenticated("Invalid token. Different Authorization headers were sent.")
    return values.pop() if values else None


def first(scope: Scope, name: bytes) -> bytes | None:
    """Return the first value of a header, if any."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None


def joined(scope: Scope, name: bytes) -> str:
    """Return all values of a header, joined by commas."""
    values = [value for key, value in scope["headers"] if key == name]
    return b",".join(values).decode("latin-1")
