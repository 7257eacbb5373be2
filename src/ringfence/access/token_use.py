"""The uses of tokens: counted in memory, and written once a minute.

No request waits for a write. Uses that a killed process had not written are lost; nothing depends
on them.
"""

import asyncio
import time
from ipaddress import ip_address
from typing import LiteralString

import structlog
from psycopg.types.json import Jsonb

from ringfence.background import pause
from ringfence.database.pool import Database
from ringfence.errors import Unavailable

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 60.0

# Processes write uses of the same tokens: in one order, so that they cannot deadlock.
_WRITE: LiteralString = """
WITH used AS MATERIALIZED (
    SELECT token.id, entry.uses, to_timestamp(entry.moment) AS moment, entry.address
    FROM jsonb_to_recordset(%(uses)s)
    AS entry (id bigint, uses bigint, moment double precision, address inet)
    INNER JOIN tokens AS token ON entry.id = token.id
    ORDER BY token.id
    FOR NO KEY UPDATE OF token
)
UPDATE tokens
SET
    use_count = tokens.use_count + used.uses,
    last_used = greatest(tokens.last_used, used.moment),
    last_used_address = CASE
        WHEN tokens.last_used > used.moment THEN tokens.last_used_address ELSE used.address
    END
FROM used
WHERE tokens.id = used.id
"""


class TokenUses:
    """Uses that are not written yet: by token their count, and time and address of the last."""

    def __init__(self) -> None:
        self._uses: dict[int, tuple[int, float, str]] = {}

    def note(self, token_id: int, address: str) -> None:
        """Count a use now."""
        used = self._uses.get(token_id)
        self._uses[token_id] = (used[0] + 1 if used else 1, time.time(), address)

    async def write(self, database: Database) -> None:
        """Write the uses; if the database is unavailable, keep them for the next time."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        rows = [
            {"id": token_id, "uses": count, "moment": moment, "address": _address(address)}
            for token_id, (count, moment, address) in uses.items()
        ]
        try:
            async with database.connection() as connection:
                await connection.execute(_WRITE, {"uses": Jsonb(rows)})
        except Unavailable:
            self._restore(uses)

    async def keep_writing(self, database: Database, stop: asyncio.Event) -> None:
        """Write every minute, and once more when `stop` is set."""
        while not stop.is_set():
            await pause(stop, FLUSH_SECONDS)
            try:
                await self.write(database)
            except Exception:
                log.exception("token_uses_not_written")

    def _restore(self, uses: dict[int, tuple[int, float, str]]) -> None:
        for token_id, (count, moment, address) in uses.items():
            newer = self._uses.get(token_id)
            self._uses[token_id] = (
                (count + newer[0], *newer[1:]) if newer else (count, moment, address)
            )


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None
