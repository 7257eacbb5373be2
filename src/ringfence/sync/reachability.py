"""Whether each cloud responds: noted at every call, stored every few seconds."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

from ringfence.database.pool import Database
from ringfence.neutron.port import (
    AccessRefused,
    CloudError,
    CloudUnreachable,
    Misconfigured,
    NoSuchResource,
)
from ringfence.telemetry import metrics

RESPONDED = "responded"

# A refused request proves that the cloud responds. Refused credentials make it unusable.
_UNREACHABLE = (CloudUnreachable, Misconfigured, AccessRefused)

_WRITE: LiteralString = """
INSERT INTO cloud_reachability AS known (entry, responded_at, failed_at, failure)
VALUES (%(entry)s, %(responded_at)s, %(failed_at)s, %(failure)s)
ON CONFLICT (entry) DO UPDATE SET
    responded_at = coalesce(excluded.responded_at, known.responded_at),
    failed_at = CASE
        WHEN excluded.failed_at IS NOT NULL THEN coalesce(known.failed_at, excluded.failed_at)
    END,
    failure = excluded.failure
"""


@dataclass(frozen=True, slots=True)
class LastCall:
    """The last call to a cloud: when the cloud responded, or when and how the call failed."""

    responded_at: datetime | None
    failed_at: datetime | None
    failure: str | None


class Reachability:
    """The last call of each entry of clouds.yaml that is not stored yet."""

    def __init__(self) -> None:
        self._unwritten: dict[str, LastCall] = {}

    def note(self, entry: str, method: str, error: CloudError | None, seconds: float) -> None:
        """Note a call that ended, with an error or without; `seconds` is its duration."""
        outcome = RESPONDED if error is None else type(error).__name__
        metrics.current().cloud_call(entry, method, outcome, seconds)
        now = datetime.now(UTC)
        failed = isinstance(error, _UNREACHABLE) and not isinstance(error, NoSuchResource)
        self._unwritten[entry] = (
            LastCall(None, now, outcome) if failed else LastCall(now, None, None)
        )

    async def write(self, database: Database) -> None:
        """Store the calls noted since the last time; raises `Unavailable` and then keeps them."""
        if not self._unwritten:
            return
        async with database.connection() as connection:
            for entry, call in list(self._unwritten.items()):
                values = {name: getattr(call, name) for name in LastCall.__slots__}
                await connection.execute(_WRITE, values | {"entry": entry})
                if self._unwritten.get(entry) is call:
                    del self._unwritten[entry]
