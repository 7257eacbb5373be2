"""`If-Match`: a change applies only to the version that its sender fetched (RFC 9110, 13.1.1)."""

import re

from starlette.datastructures import Headers

from ringfence.errors import PreconditionFailed

# Strong tags only: a weak tag never matches in If-Match.
_TAG = re.compile(r'(?:^|,)\s*("[^"]*")\s*(?=,|$)')
ANY = "*"


def read_tags(headers: Headers) -> frozenset[str] | None:
    """Return the tags of `If-Match`, or `ANY`; None where it was not sent."""
    sent = headers.getlist("if-match")
    if not sent:
        return None
    joined = ", ".join(sent).strip()
    return frozenset({ANY} if joined == ANY else _TAG.findall(joined))


def refuse_tags(headers: Headers) -> None:
    """Raise `PreconditionFailed` for tags on an object that has no version."""
    tags = read_tags(headers)
    if tags is not None and ANY not in tags:
        raise PreconditionFailed("This resource has no ETag; send the request without If-Match.")
