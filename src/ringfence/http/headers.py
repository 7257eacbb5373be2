"""The headers of a request, as ASGI gives them: names in lower case, some of them repeated."""

from starlette.types import Scope

from ringfence.errors import Unauthenticated

# Who sends this wants to be seen as somebody else, with no more rights than that user has.
_IMPERSONATION = b"impersonat"
IMPERSONATION_REFUSED = (
    "X-Impersonated-User-Uuid asks to act as another user, which is not served here: "
    "send the request without it, or with a token of that user."
)


def is_impersonating(scope: Scope) -> bool:
    """Return whether a request asks to be served as another user's, in whichever spelling."""
    return any(_IMPERSONATION in key for key, _ in scope["headers"])


def credentials(scope: Scope) -> bytes | None:
    """Return the value of `Authorization`; raises `Unauthenticated` for different ones."""
    shown = {value for key, value in scope["headers"] if key == b"authorization"}
    if len(shown) > 1:
        raise Unauthenticated("Invalid token. Different Authorization headers were sent.")
    return shown.pop() if shown else None


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
