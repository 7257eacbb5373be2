"""From stored documents to the body of an answer: the base of addresses, chosen fields."""

import re
from collections.abc import Sequence

import msgspec
from starlette.requests import Request

from ringfence.database.documents import BASE_MARK
from ringfence.errors import Invalid

# What a Host header may hold (RFC 9110, section 7.2); anything else is not echoed.
_HOST = re.compile(r"[A-Za-z0-9._~-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")

_group_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list_decoder = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_encode = msgspec.json.Encoder().encode


def base_of(request: Request, public_url: str | None) -> str:
    """Give the base of every address in the answer, without a slash at its end."""
    if public_url:
        return public_url
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise Invalid({"detail": "The Host header is missing or malformed."})
    return f"{request.url.scheme}://{host}"


def with_base(document: bytes, base: str) -> bytes:
    """Fill in the base of addresses in one or many stored documents."""
    return document.replace(BASE_MARK, base.encode())


def pick(document: bytes, names: Sequence[str], *, many: bool) -> bytes:
    """Keep the named fields; unknown names are ignored, and none known means all fields.

    Values are copied as they are, never decoded. The base of addresses must be filled in before.
    """
    if not names:
        return document
    chosen = set(names)
    if many:
        groups = _list_decoder.decode(document)
        if not groups or chosen.isdisjoint(groups[0]):
            return document
        return _encode([{k: v for k, v in group.items() if k in chosen} for group in groups])
    group = _group_decoder.decode(document)
    if chosen.isdisjoint(group):
        return document
    return _encode({k: v for k, v in group.items() if k in chosen})
