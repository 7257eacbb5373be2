"""How often somebody may try to sign in: counted in the database, for all processes alike.

Nobody is locked out. Who fails again and again waits between two tries, a second at first and
longer each time: as one user from one network, from one network whatever the names (as somebody
does who tries one password for many), and as one user from anywhere. The last does not hold for
networks that the user has signed in from, so that strangers cannot slow the user down.

A try is counted before the password is looked at, so that many at once gain nothing, and given
back when it was right. What has failed is forgiven with time.
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
class Pace:
    """So many tries come without a pause; one is forgiven in so many seconds.

    From there on pauses begin at a second and double, up to `longest` seconds.
    """

    free: int
    forgiven: float
    longest: float


OF_A_PAIR = Pace(free=5, forgiven=60, longest=30)
FROM_A_NETWORK = Pace(free=20, forgiven=60, longest=30)
AS_A_USER = Pace(free=50, forgiven=10, longest=5)
# Beyond so many pauses in a row failures add nothing: what is counted is forgiven within minutes.
_MOST_DOUBLINGS = 8
# Longer than it takes to forgive all that is counted
REMEMBERED_HOURS = 2
KNOWN_DAYS = 90

# At the same time in one process: hashing takes the processor, and each hash 19 MiB.
AT_ONCE = 8
AT_ONCE_FROM_A_NETWORK = 4

# A pause that lies further ahead than any is of before the clock was set back.
_WAIT: LiteralString = """
SELECT coalesce(max(extract(epoch FROM tried.next_at - now())), 0)::float
FROM sign_in_attempts AS tried
WHERE tried.key = ANY(%(keys)s) AND tried.next_at < now() + interval '1 minute'
"""

# No row comes back where another try came first, whose pause holds.
_COUNT: LiteralString = """
INSERT INTO sign_in_attempts AS tried (key) VALUES (%(key)s)
ON CONFLICT (key) DO UPDATE
SET
    attempts = {tries},
    counted = now(),
    next_at = now() + CASE
        WHEN {tries} > %(free)s
            THEN make_interval(secs => least(power(2, {tries} - %(free)s - 1), %(longest)s))
        ELSE interval '0'
    END
WHERE tried.next_at <= now() OR tried.next_at > now() + interval '1 minute'
RETURNING attempts
""".replace(
    "{tries}",
    """least(
        greatest(
            tried.attempts
            - greatest(extract(epoch FROM now() - tried.counted), 0) / %(forgiven)s,
            0
        ) + 1,
        %(most)s
    )""",
)

_KNOWN: LiteralString = "SELECT true FROM sign_in_networks WHERE key = %(key)s"

# Its pause began with this try, which was no failure.
_GIVE_BACK: LiteralString = """
UPDATE sign_in_attempts SET attempts = greatest(attempts - 1, 0), next_at = now()
WHERE key IN (
    SELECT tried.key FROM sign_in_attempts AS tried
    WHERE tried.key = ANY(%(keys)s)
    ORDER BY tried.key
    FOR UPDATE
)
"""

_START_ANEW: LiteralString = "DELETE FROM sign_in_attempts WHERE key = %(key)s"

_REMEMBER: LiteralString = """
INSERT INTO sign_in_networks (key) VALUES (%(key)s)
ON CONFLICT (key) DO UPDATE SET last_used = now()
"""

_FORGET: LiteralString = """
DELETE FROM sign_in_attempts
WHERE key IN (
    SELECT tried.key FROM sign_in_attempts AS tried
    WHERE tried.counted < now() - make_interval(hours => %(hours)s)
    ORDER BY tried.counted
    LIMIT 100
    FOR UPDATE SKIP LOCKED
)
"""

_FORGET_NETWORKS: LiteralString = """
DELETE FROM sign_in_networks
WHERE key IN (
    SELECT known.key FROM sign_in_networks AS known
    WHERE known.last_used < now() - make_interval(days => %(days)s)
    ORDER BY known.last_used
    LIMIT 100
    FOR UPDATE SKIP LOCKED
)
"""


PLACES = Slots(AT_ONCE, AT_ONCE_FROM_A_NETWORK)


async def count_try(database: Database, address: str, username: str) -> None:
    """Count a try to sign in; raises `TooManyRequests` while a pause lasts."""
    network = network_of(address)
    async with database.connection() as connection:
        await connection.execute(_FORGET, {"hours": REMEMBERED_HOURS})
        paces = _paces(network, username)
        cursor = await connection.execute(_KNOWN, {"key": _known(network, username)})
        if await cursor.fetchone():
            del paces[_as_user(username)]
        cursor = await connection.execute(_WAIT, {"keys": list(paces)})
        row = await cursor.fetchone()
        if row and row[0] > 0:
            # What is refused counts nowhere.
            raise TooManyRequests(math.ceil(row[0]))
        for key, pace in paces.items():
            await _count(connection, key, pace, network)


async def _count(connection: Connection, key: bytes, pace: Pace, network: str) -> None:
    values = asdict(pace) | {"key": key, "most": pace.free + _MOST_DOUBLINGS}
    row = await (await connection.execute(_COUNT, values)).fetchone()
    if row is None:
        raise TooManyRequests(1)
    if pace is FROM_A_NETWORK and pace.free < row[0] <= pace.free + 1:
        log.warning("many_sign_ins_failed", network=network, tries=round(row[0]))


async def give_back(connection: Connection, address: str, username: str) -> None:
    """Take a try back: it was the right password, and the network is one of the user's."""
    network = network_of(address)
    keys = [_from_network(network), _as_user(username)]
    await connection.execute(_GIVE_BACK, {"keys": keys})
    await connection.execute(_START_ANEW, {"key": _pair(network, username)})
    await connection.execute(_REMEMBER, {"key": _known(network, username)})
    await connection.execute(_FORGET_NETWORKS, {"days": KNOWN_DAYS})


def _paces(network: str, username: str) -> dict[bytes, Pace]:
    return {
        _from_network(network): FROM_A_NETWORK,
        _pair(network, username): OF_A_PAIR,
        _as_user(username): AS_A_USER,
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
    # People type passwords where the name belongs: it is not kept as it was typed.
    return hashlib.sha256("\x00".join(words).encode()).digest()
