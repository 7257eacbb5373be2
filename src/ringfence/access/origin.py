"""Where a request comes from and how it is told apart, for what records its effects."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Origin:
    """The client's address, the token that was used, and the request's id."""

    address: str | None = None
    token_uuid: UUID | None = None
    token_name: str | None = None
    request_id: str | None = None

    @contextmanager
    def known(self) -> Iterator[None]:
        """Have whatever is recorded within say that it comes from here."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


# Commands of an operator and jobs have none.
_NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def current_origin() -> Origin:
    """Give the origin of the request that is being served."""
    return _current.get()
