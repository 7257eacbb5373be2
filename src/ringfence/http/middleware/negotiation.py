"""Content negotiation: JSON in one of two versions of the contract, and CSV of some lists."""

from functools import lru_cache
from typing import get_args

from ringfence.errors import NotAcceptable
from ringfence.http.unknown_names.spelling import nearest, plain
from ringfence.settings import ContractVersion

# The version of a misspelt parameter: refused like an unknown one.
_NO_VERSION = ""
_JSON = ("*/*", "application/*", "application/json")


# Longer ones are parsed each time, so that they cannot fill the memory.
_CACHED_LENGTH = 256


def negotiate(accept: str | None, default: ContractVersion) -> ContractVersion:
    """Return the contract of the response; raises `NotAcceptable`.

    `Accept: application/json; version=2026-10` selects one; without a version it is the default.
    """
    accept = accept or "*/*"
    return (_cached if len(accept) <= _CACHED_LENGTH else _negotiate)(accept, default)


def prefers_csv(accept: str | None) -> bool:
    """Return whether CSV is named, and before JSON."""
    if not accept or "text/csv" not in accept.lower():
        return False
    if accept.count(",") + accept.count(";") > _MOST_PARTS:
        raise NotAcceptable
    types = [offer.partition(";")[0].strip().lower() for offer in accept.split(",")]
    return next(each for each in types if each == "text/csv" or each in _JSON) == "text/csv"


# No client sends more media types and parameters.
_MOST_PARTS = 100


def _negotiate(accept: str, default: ContractVersion) -> ContractVersion:
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


_cached = lru_cache(maxsize=256)(_negotiate)


def _read(offer: str) -> tuple[str, str | None]:
    media_type, *parameters = (part.strip().lower() for part in offer.split(";"))
    pairs = [parameter.partition("=") for parameter in parameters]
    if any(_is_misspelt(name.strip()) for name, _, _ in pairs):
        return media_type, _NO_VERSION
    versions = [value.strip('" ') for name, _, value in pairs if name.strip() == "version"]
    return media_type, versions[-1] if versions else None


def _is_misspelt(name: str) -> bool:
    """Return whether a parameter is a misspelt `version`: ignoring it would select the default."""
    if name == "version":
        return False
    return name == "v" or "version" in plain(name) or nearest(name, ("version",)) is not None
