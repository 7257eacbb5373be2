"""How often somebody may try to sign in: counted in the database, for all processes alike.

Only failures count in the end: a try is counted before the password is looked at, so that many at
once gain nothing, and given back when it was right.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import LiteralString

from ringfence.database.pool import Connection, Database
from ringfence.errors import TooManyRequests

# Tries a minute. Nobody can lock a user out from one address: the pair is refused long before.
TRIES_FROM_AN_ADDRESS = 60
TRIES_OF_A_PAIR = 10
TRIES_AS_A_USER = 100

# A beginning that lies ahead is of before the clock was set back.
_COUNT: LiteralString = """
INSERT INTO sign_in_tries AS tried (key) VALUES (%(key)s)
ON CONFLICT (key) DO UPDATE
SET
    tries = CASE
        WHEN tried.began BETWEEN now() - interval '1 minute' AND now() + interval '1 minute'
            THEN tried.tries + 1
        ELSE 1
    END,
    began = CASE
        WHEN tried.began BETWEEN now() - interval '1 minute' AND now() + interval '1 minute'
            THEN tried.began
        ELSE now()
    END
RETURNING tries, extract(epoch FROM began + interval '1 minute' - now())::float
"""

_GIVE_BACK: LiteralString = """
UPDATE sign_in_tries SET tries = greatest(tries - 1, 0)
WHERE key IN (
    SELECT tried.key FROM sign_in_tries AS tried
    WHERE tried.key = ANY(%(keys)s)
    ORDER BY tried.key
    FOR UPDATE
)
"""

_FORGET: LiteralString = """
DELETE FROM sign_in_tries
WHERE key IN (
    SELECT tried.key FROM sign_in_tries AS tried
    WHERE tried.began < now() - interval '1 minute'
    ORDER BY tried.began
    LIMIT 100
    FOR UPDATE SKIP LOCKED
)
"""


async def count_try(database: Database, address: str, username: str) -> None:
    """Count a try to sign in; raises `TooManyRequests` where there were too many already."""
    async with database.connection() as connection:
        await connection.execute(_FORGET)
        for key, limit in _limits(address, username):
            cursor = await connection.execute(_COUNT, {"key": key})
            row = await cursor.fetchone()
            # What is refused at one limit does not count at the next.
            if row and row[0] > limit:
                raise TooManyRequests(max(1, math.ceil(row[1])))


async def give_back(connection: Connection, address: str, username: str) -> None:
    """Take a try back: it was the right password."""
    keys = [key for key, _ in _limits(address, username)]
    await connection.execute(_GIVE_BACK, {"keys": keys})


def _limits(address: str, username: str) -> Sequence[tuple[bytes, int]]:
    return [
        (_key("address", address), TRIES_FROM_AN_ADDRESS),
        (_key("pair", address, username), TRIES_OF_A_PAIR),
        (_key("user", username), TRIES_AS_A_USER),
    ]


def _key(*words: str) -> bytes:
    # People type passwords where the name belongs: it is not kept as it was typed.
    return hashlib.sha256("\x00".join(words).encode()).digest()
