"""Content negotiation: JSON only, in one of two shapes of the contract."""

from typing import get_args

from ringfence.errors import RequestError
from ringfence.settings import ContractVersion

_JSON = ("*/*", "application/*", "application/json")


class NotAcceptable(RequestError):
    """The caller takes nothing that this service can send."""

    def __init__(self) -> None:
        super().__init__("Could not satisfy the request Accept header.")


def negotiate(accept: str | None, default: ContractVersion) -> ContractVersion:
    """Give the version of the contract to answer in; raises `NotAcceptable`.

    `Accept: application/json; version=2026-10` chooses; nothing said means the default.
    """
    offers = [_read(offer) for offer in (accept or "*/*").split(",")]
    for media_type, version in offers:
        if media_type not in _JSON:
            continue
        if version is None:
            return default
        for known in get_args(ContractVersion):
            if version == known:
                return known  # type: ignore[no-any-return] # an argument of the Literal
    raise NotAcceptable


def _read(offer: str) -> tuple[str, str | None]:
    media_type, *parameters = (part.strip().lower() for part in offer.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    versions = [value.strip('" ') for name, _, value in pairs if name.strip() == "version"]
    return media_type, versions[-1] if versions else None
