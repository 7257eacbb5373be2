"""Which clouds answer, as their calls tell; noted at each call, written down every few seconds."""

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

ANSWERED = "answered"

# A refusal of what was asked is an answer; one of who asks leaves nothing to be done.
_NO_ANSWER = (CloudUnreachable, Misconfigured, AccessRefused)

_WRITE: LiteralString = """
INSERT INTO cloud_contacts AS known (entry, answered_at, failed_at, failure)
VALUES (%(entry)s, %(answered_at)s, %(failed_at)s, %(failure)s)
ON CONFLICT (entry) DO UPDATE SET
    answered_at = coalesce(excluded.answered_at, known.answered_at),
    failed_at = CASE
        WHEN excluded.failed_at IS NOT NULL THEN coalesce(known.failed_at, excluded.failed_at)
    END,
    failure = excluded.failure
"""


@dataclass(frozen=True, slots=True)
class Contact:
    """The last call to a cloud: when it was answered, or failed and in which way."""

    answered_at: datetime | None
    failed_at: datetime | None
    failure: str | None


class Contacts:
    """The last call of each entry of clouds.yaml that is not written down yet."""

    def __init__(self) -> None:
        self._unwritten: dict[str, Contact] = {}

    def note(self, entry: str, method: str, error: CloudError | None, seconds: float) -> None:
        """Note a call that ended, well or with an error."""
        outcome = ANSWERED if error is None else type(error).__name__
        metrics.current().cloud_call(entry, method, outcome, seconds)
        now = datetime.now(UTC)
        failed = isinstance(error, _NO_ANSWER) and not isinstance(error, NoSuchResource)
        self._unwritten[entry] = Contact(None, now, outcome) if failed else Contact(now, None, None)

    async def write(self, database: Database) -> None:
        """Write down what was noted since the last time; raises `Unavailable` and keeps it."""
        if not self._unwritten:
            return
        async with database.connection() as connection:
            for entry, contact in list(self._unwritten.items()):
                values = {name: getattr(contact, name) for name in Contact.__slots__}
                await connection.execute(_WRITE, values | {"entry": entry})
                if self._unwritten.get(entry) is contact:
                    del self._unwritten[entry]
