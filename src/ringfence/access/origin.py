"""The origin of a change, recorded in its events: in the request and in the jobs it creates."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from ringfence.database.job_actor import asked_by


@dataclass(frozen=True, slots=True)
class Origin:
    """User, IP address of the client, token and request id."""

    address: str | None = None
    token_uuid: UUID | None = None
    token_name: str | None = None
    request_id: str | None = None
    user_uuid: UUID | None = None
    username: str | None = None

    @classmethod
    def of_job(cls, carried: Mapping[str, str], request_id: str | None) -> "Origin":
        """Return the origin that a job carries from the request that created it."""
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
        """Record this origin in all events within, and in the jobs that are created within."""
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
        # Without a user, the address alone is no origin of a job.
        return {name: value for name, value in values.items() if value and self.user_uuid}


# Commands of an operator and periodic jobs have no origin.
_NONE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=_NONE)


def current_origin() -> Origin:
    """Return the origin of the current request or job."""
    return _current.get()
