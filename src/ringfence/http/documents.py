"""From stored documents to the body of an answer: the base of addresses, chosen fields."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request

from ringfence.database.documents import BASE_MARK
from ringfence.http.peers import caller_of

_group_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list_decoder = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_encode = msgspec.json.Encoder().encode


def base_of(request: Request, public_url: str | None) -> str:
    """Give the base of every address in the answer, without a slash at its end."""
    if public_url:
        return public_url
    caller = caller_of(request)
    return f"{caller.scheme}://{caller.host}"


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
