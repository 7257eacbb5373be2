"""Passwords: stored as Argon2id hashes, verified in threads, in the same time for unknown users."""

import os
import sys
import threading
from contextlib import suppress
from typing import LiteralString

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ringfence.database.pool import Database
from ringfence.errors import OperatorError
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.http.offload import Threads
from ringfence.users.sessions.ending import EndReason, end_of_users
from ringfence.users.tokens.issuing import revoke_by_password
from ringfence.users.weak_passwords import require_hard_to_guess

# OWASP's first choice for Argon2id where many may sign in at once: 19 MiB, two passes.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

# The hash of an unknown password, verified for users without a password to take the same time
DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$qCB8tx0NM2ML/mrcYyqkng"
    "$TA8gljAnIlltToF4QePdw78IzX8pwe9HJyyjJwau7OA"
)

# Concurrent hashes in a process, which bounds their memory and processors
_MAX_CONCURRENT = 2 if (os.cpu_count() or 1) > 2 else 1  # noqa: PLR2004 - one core stays free
_NICENESS = 10


def _lower_priority() -> None:
    """Lower the priority of this thread, on systems where threads have priorities."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


_THREADS = Threads(_MAX_CONCURRENT, "password", _lower_priority)

_SET: LiteralString = """
UPDATE users SET password_hash = %(password_hash)s
WHERE username = %(username)s
RETURNING id, uuid
"""


async def hash_password(password: str) -> str:
    """Return the hash of a password."""
    return await _THREADS.run(lambda: _HASHER.hash(password))


async def is_right(password_hash: str | None, password: str) -> bool:
    """Verify a password; without a hash return False after the same time."""
    return await _THREADS.run(lambda: _verify(password_hash, password))


def needs_rehash(password_hash: str) -> bool:
    """Return whether the hash was made with other parameters than those of this release."""
    return _HASHER.check_needs_rehash(password_hash)


async def set_password(database: Database, username: str, password: str) -> None:
    """Set a user's password. Raises `OperatorError`, which never contains the password.

    The user's sessions end, and the tokens that were issued for the old password are revoked.
    """
    require_hard_to_guess(password, username)
    values = {"username": username, "password_hash": await hash_password(password)}
    async with database.transaction() as connection:
        cursor = await connection.execute(_SET, values)
        row = await cursor.fetchone()
        if row is None:
            raise OperatorError(
                f"no user is called {username!r}: add it with ringfence user add, or load a file "
                "that names it (ringfence load FILE)"
            )
        message = f"The password of user {username} has been set."
        user_id, uuid = row
        await end_of_users(connection, [uuid], EndReason.PASSWORD)
        await revoke_by_password(connection, user_id)
        context = {"affected_user_uuid": uuid.hex, "affected_user_username": username}
        await record(connection, Event(EventType.PASSWORD_SET, message, context=context))


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        is_it = _HASHER.verify(password_hash or DUMMY_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return is_it and password_hash is not None
