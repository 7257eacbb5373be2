"""Content negotiation: JSON only, in one of two shapes of the contract."""

from functools import lru_cache
from typing import get_args

from ringfence.errors import RequestError
from ringfence.settings import ContractVersion

_JSON = ("*/*", "application/*", "application/json")


class NotAcceptable(RequestError):
    """The caller takes nothing that this service can send."""

    def __init__(self) -> None:
        super().__init__("Could not satisfy the request Accept header.")


# Longer ones are read each time, so that nobody fills the memory with them.
_REMEMBERED = 256


def negotiate(accept: str | None, default: ContractVersion) -> ContractVersion:
    """Give the version of the contract to answer in; raises `NotAcceptable`.

    `Accept: application/json; version=2026-10` chooses; nothing said means the default.
    """
    accept = accept or "*/*"
    return (_remembered if len(accept) <= _REMEMBERED else _negotiated)(accept, default)


def _negotiated(accept: str, default: ContractVersion) -> ContractVersion:
    for media_type, version in map(_read, accept.split(",")):
        if media_type not in _JSON:
            continue
        if version is None:
            return default
        for known in get_args(ContractVersion):
            if version == known:
                return known  # type: ignore[no-any-return] # an argument of the Literal
    raise NotAcceptable


_remembered = lru_cache(maxsize=256)(_negotiated)


def _read(offer: str) -> tuple[str, str | None]:
    media_type, *parameters = (part.strip().lower() for part in offer.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    versions = [value.strip('" ') for name, _, value in pairs if name.strip() == "version"]
    return media_type, versions[-1] if versions else None
