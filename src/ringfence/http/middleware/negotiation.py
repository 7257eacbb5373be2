"""Content negotiation: JSON only, in one of two shapes of the contract."""

from functools import lru_cache
from typing import get_args

from ringfence.errors import NotAcceptable
from ringfence.http.spelling import nearest, plain
from ringfence.settings import ContractVersion

# Of what nearly is a version: it is served as little as an unknown one.
_NO_VERSION = ""
_JSON = ("*/*", "application/*", "application/json")


# Longer ones are read each time, so that nobody fills the memory with them.
_REMEMBERED = 256


def negotiate(accept: str | None, default: ContractVersion) -> ContractVersion:
    """Give the version of the contract to answer in; raises `NotAcceptable`.

    `Accept: application/json; version=2026-10` chooses; nothing said means the default.
    """
    accept = accept or "*/*"
    return (_remembered if len(accept) <= _REMEMBERED else _negotiated)(accept, default)


# More offers and parameters than these no client makes.
_MOST_PARTS = 100


def _negotiated(accept: str, default: ContractVersion) -> ContractVersion:
    if accept.count(",") + accept.count(";") > _MOST_PARTS:
        raise NotAcceptable
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
    pairs = [parameter.partition("=") for parameter in parameters]
    if any(_is_misspelt(name.strip()) for name, _, _ in pairs):
        return media_type, _NO_VERSION
    versions = [value.strip('" ') for name, _, value in pairs if name.strip() == "version"]
    return media_type, versions[-1] if versions else None


def _is_misspelt(name: str) -> bool:
    """Return whether a parameter is meant for `version`: the default would be another contract."""
    if name == "version":
        return False
    return name == "v" or "version" in plain(name) or nearest(name, ("version",)) is not None
