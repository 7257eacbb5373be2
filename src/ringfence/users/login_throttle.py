"""Throttle sign-in attempts; they are counted in the database, for all processes.

Nobody is locked out. After repeated failures the next attempt has to wait, first a second, then
twice as long each time. Failures are counted for a user from a network, for a network (which stops
one password tried with many names), and for a user from anywhere. The last count does not apply to
networks from which the user has signed in, so that others cannot delay the user.

An attempt is counted before the password is verified, so that parallel attempts gain nothing, and
forgotten if the password was right. The counts decrease with time.
"""

import hashlib
import math
from dataclasses import asdict, dataclass
from typing import LiteralString

import structlog

from ringfence.database.pool import Connection, Database
from ringfence.errors import TooManyRequests
from ringfence.http.limits import Slots, network_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AttemptRate:
    """`free` attempts have no delay; every `decay_seconds`, the count decreases by one.

    Later attempts are delayed by a second, doubled each time, up to `max_delay` seconds.
    """

    free: int
    decay_seconds: float
    max_delay: float


PER_USER_AND_NETWORK = AttemptRate(free=5, decay_seconds=60, max_delay=30)
PER_NETWORK = AttemptRate(free=20, decay_seconds=60, max_delay=30)
PER_USER = AttemptRate(free=50, decay_seconds=10, max_delay=5)
# After this many delayed attempts the count stops, so that it decreases within minutes.
_MAX_DOUBLINGS = 8
# Longer than any count needs to decrease to zero
REMEMBERED_HOURS = 2
KNOWN_DAYS = 90

# Concurrent sign-ins in a process: each hash takes a processor and 19 MiB.
MAX_CONCURRENT = 8
MAX_CONCURRENT_PER_NETWORK = 4

# A delay that is longer than any began before the clock was set back.
_WAIT: LiteralString = """
SELECT coalesce(max(extract(epoch FROM tried.next_at - now())), 0)::float
FROM sign_in_attempts AS tried
WHERE tried.key = ANY(%(keys)s) AND tried.next_at < now() + interval '1 minute'
"""

# Returns no row if another attempt came first and its delay applies.
_COUNT: LiteralString = """
INSERT INTO sign_in_attempts AS tried (key) VALUES (%(key)s)
ON CONFLICT (key) DO UPDATE
SET
    attempts = {tries},
    counted = now(),
    next_at = now() + CASE
        WHEN {tries} > %(free)s
            THEN make_interval(secs => least(power(2, {tries} - %(free)s - 1), %(max_delay)s))
        ELSE interval '0'
    END
WHERE tried.next_at <= now() OR tried.next_at > now() + interval '1 minute'
RETURNING attempts
""".replace(
    "{tries}",
    """least(
        greatest(
            tried.attempts
            - greatest(extract(epoch FROM now() - tried.counted), 0) / %(decay_seconds)s,
            0
        ) + 1,
        %(most)s
    )""",
)

_KNOWN: LiteralString = "SELECT true FROM sign_in_networks WHERE key = %(key)s"

# The delay began with this attempt, which was no failure.
_TAKE_BACK: LiteralString = """
UPDATE sign_in_attempts SET attempts = greatest(attempts - 1, 0), next_at = now()
WHERE key IN (
    SELECT tried.key FROM sign_in_attempts AS tried
    WHERE tried.key = ANY(%(keys)s)
    ORDER BY tried.key
    FOR UPDATE
)
"""

_RESET: LiteralString = "DELETE FROM sign_in_attempts WHERE key = %(key)s"

_REMEMBER: LiteralString = """
INSERT INTO sign_in_networks (key) VALUES (%(key)s)
ON CONFLICT (key) DO UPDATE SET last_used = now()
"""

_DELETE_OLD_TRIES: LiteralString = """
DELETE FROM sign_in_attempts
WHERE key IN (
    SELECT tried.key FROM sign_in_attempts AS tried
    WHERE tried.counted < now() - make_interval(hours => %(hours)s)
    ORDER BY tried.counted
    LIMIT 100
    FOR UPDATE SKIP LOCKED
)
"""

_DELETE_OLD_NETWORKS: LiteralString = """
DELETE FROM sign_in_networks
WHERE key IN (
    SELECT known.key FROM sign_in_networks AS known
    WHERE known.last_used < now() - make_interval(days => %(days)s)
    ORDER BY known.last_used
    LIMIT 100
    FOR UPDATE SKIP LOCKED
)
"""


SLOTS = Slots(MAX_CONCURRENT, MAX_CONCURRENT_PER_NETWORK)


async def count_attempt(database: Database, address: str, username: str) -> None:
    """Count a sign-in attempt; raises `TooManyRequests` during a delay."""
    network = network_of(address)
    async with database.connection() as connection:
        await connection.execute(_DELETE_OLD_TRIES, {"hours": REMEMBERED_HOURS})
        rates = _rates(network, username)
        cursor = await connection.execute(_KNOWN, {"key": _known(network, username)})
        if await cursor.fetchone():
            del rates[_as_user(username)]
        cursor = await connection.execute(_WAIT, {"keys": list(rates)})
        row = await cursor.fetchone()
        if row and row[0] > 0:
            # Refused attempts are not counted.
            raise TooManyRequests(math.ceil(row[0]))
        for key, rate in rates.items():
            await _count(connection, key, rate, network)


async def _count(connection: Connection, key: bytes, rate: AttemptRate, network: str) -> None:
    values = asdict(rate) | {"key": key, "most": rate.free + _MAX_DOUBLINGS}
    row = await (await connection.execute(_COUNT, values)).fetchone()
    if row is None:
        raise TooManyRequests(1)
    if rate is PER_NETWORK and rate.free < row[0] <= rate.free + 1:
        log.warning("many_sign_ins_failed", network=network, tries=round(row[0]))


async def forget_attempt(connection: Connection, address: str, username: str) -> None:
    """Forget an attempt whose password was right, and remember the network as the user's."""
    network = network_of(address)
    keys = [_from_network(network), _as_user(username)]
    await connection.execute(_TAKE_BACK, {"keys": keys})
    await connection.execute(_RESET, {"key": _pair(network, username)})
    await connection.execute(_REMEMBER, {"key": _known(network, username)})
    await connection.execute(_DELETE_OLD_NETWORKS, {"days": KNOWN_DAYS})


def _rates(network: str, username: str) -> dict[bytes, AttemptRate]:
    return {
        _from_network(network): PER_NETWORK,
        _pair(network, username): PER_USER_AND_NETWORK,
        _as_user(username): PER_USER,
    }


def _from_network(network: str) -> bytes:
    return _key("network", network)


def _pair(network: str, username: str) -> bytes:
    return _key("pair", network, username)


def _as_user(username: str) -> bytes:
    return _key("user", username)


def _known(network: str, username: str) -> bytes:
    return _key("known", network, username)


def _key(*words: str) -> bytes:
    # Users sometimes type the password as the name, so the name is not stored in clear.
    return hashlib.sha256("\x00".join(words).encode()).digest()
