"""Where a request comes from, for what records its effects: in the request, and in its jobs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from ringfence.database.outbox import asked_by


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks, the client's address, the token that was used, and the request's id."""

    address: str | None = None
    token_uuid: UUID | None = None
    token_name: str | None = None
    request_id: str | None = None
    user_uuid: UUID | None = None
    username: str | None = None

    @classmethod
    def of_job(cls, carried: Mapping[str, str], request_id: str | None) -> "Origin":
        """Return what a job carries of the request that asked for it."""
        token, user = carried.get("token_uuid"), carried.get("user_uuid")
        return cls(
            carried.get("address"),
            UUID(token) if token else None,
            carried.get("token_name"),
            request_id,
            UUID(user) if user else None,
            carried.get("username"),
        )

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Have what is recorded within, and by the jobs asked for within, say so."""
        token = _current.set(self)
        try:
            with asked_by(self._carried()):
                yield
        finally:
            _current.reset(token)

    def _carried(self) -> Mapping[str, str]:
        values = {
            "user_uuid": self.user_uuid and self.user_uuid.hex,
            "username": self.username,
            "token_uuid": self.token_uuid and self.token_uuid.hex,
            "token_name": self.token_name,
            "address": self.address,
        }
        # Nobody asked by name where nobody is known: an address alone says nothing of a job.
        return {name: value for name, value in values.items() if value and self.user_uuid}


# Commands of an operator and periodic jobs have none.
_NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def current_origin() -> Origin:
    """Give the origin of the request that is being served."""
    return _current.get()
