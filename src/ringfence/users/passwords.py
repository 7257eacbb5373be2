"""Passwords: kept as Argon2id, verified in threads, and never a hint whether a user exists."""

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import LiteralString

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ringfence.database.pool import Database
from ringfence.errors import OperatorError
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.users.sessions.ending import Why, end_of_users
from ringfence.users.tokens.issuing import revoke_got_by_password
from ringfence.users.weak_passwords import require_hard_to_guess

# OWASP's first choice for Argon2id where many may sign in at once: 19 MiB, two passes.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

# Of no password that anybody knows: what is verified for a user who has none, in the same time.
DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$qCB8tx0NM2ML/mrcYyqkng"
    "$TA8gljAnIlltToF4QePdw78IzX8pwe9HJyyjJwau7OA"
)

# So many hashes at once, at most, in one process: what they take of memory and cores is bounded.
_AT_ONCE = 2 if (os.cpu_count() or 1) > 2 else 1  # noqa: PLR2004 - one core is left to all else
_NICENESS = 10


def _be_nice() -> None:
    """Let other threads go first, where a thread has a priority of its own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


_THREADS = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password", initializer=_be_nice)

_SET: LiteralString = """
UPDATE users SET password_hash = %(password_hash)s
WHERE username = %(username)s
RETURNING id, uuid
"""


async def hash_password(password: str) -> str:
    """Give what is kept of a password."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def is_right(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is the one; without a hash it never is, after the same time."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, _verify, password_hash, password)


def needs_rehash(password_hash: str) -> bool:
    """Tell whether the hash was made with other costs than those of this release."""
    return _HASHER.check_needs_rehash(password_hash)


async def set_password(database: Database, username: str, password: str) -> None:
    """Let a user sign in by this password from now on. Raises `OperatorError`.

    The user's sessions end, and so do tokens that the old password was enough for. What is wrong
    with the password is said without repeating it.
    """
    require_hard_to_guess(password, username)
    values = {"username": username, "password_hash": await hash_password(password)}
    async with database.transaction() as connection:
        cursor = await connection.execute(_SET, values)
        row = await cursor.fetchone()
        if row is None:
            raise OperatorError(
                f"no user is called {username!r}: load a file that names it (ringfence load FILE)"
            )
        said = f"The password of user {username} has been set."
        user_id, uuid = row
        await end_of_users(connection, [uuid], Why.PASSWORD)
        await revoke_got_by_password(connection, user_id)
        context = {"affected_user_uuid": uuid.hex, "affected_user_username": username}
        await record(connection, Event(EventType.PASSWORD_SET, said, context=context))


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        is_it = _HASHER.verify(password_hash or DUMMY_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return is_it and password_hash is not None
