"""From a name and a password to a token."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

import structlog
from psycopg.rows import class_row

from ringfence.access.permissions import Actor
from ringfence.database.pool import Connection, Database
from ringfence.errors import Unauthenticated
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.http.fields import (
    Field,
    FieldError,
    Text,
    clean_fields,
    is_unicode,
    refuse_null,
)
from ringfence.http.limits import Limits
from ringfence.text.json_value import Json
from ringfence.text.masking import present
from ringfence.users import login_throttle, passwords
from ringfence.users.tokens.issuing import SIGNED_IN_FOR, Holder, Terms, Token, issue
from ringfence.users.weak_passwords import MAXIMUM_LENGTH

log = structlog.get_logger(__name__)

# One answer for whatever was wrong: nobody learns which names exist.
REFUSED = "Invalid username/password."

_ACCOUNT: LiteralString = """
SELECT id, uuid, username, is_active, password_hash FROM users WHERE username = %(username)s
"""

# Before anything else of the user is locked, and as strongly as what follows needs it
_LOCK: LiteralString = """
SELECT account.password_hash FROM users AS account
WHERE account.id = %(id)s AND account.is_active
FOR NO KEY UPDATE
"""

# A password that was set meanwhile stays.
_REHASH: LiteralString = """
UPDATE users SET password_hash = %(rehashed)s
WHERE id = %(id)s AND password_hash = %(password_hash)s
"""


@dataclass(frozen=True, slots=True)
class Password:
    """A password: a string as it was typed, blanks included."""

    def clean(self, value: Json) -> str:
        """Give the password."""
        refuse_null(value)
        if not isinstance(value, str) or not is_unicode(value):
            raise FieldError("Not a valid string.")
        if not value:
            raise FieldError("This field may not be blank.")
        if len(value) > MAXIMUM_LENGTH:
            raise FieldError(f"Ensure this field has no more than {MAXIMUM_LENGTH} characters.")
        present(value)
        return value


SIGN_IN_FIELDS: Mapping[str, Field] = {
    "username": Text(max_length=128),
    "password": Password(),
}


@dataclass(frozen=True, slots=True)
class _Account:
    id: int
    uuid: UUID
    username: str
    is_active: bool
    password_hash: str | None


async def sign_in(
    database: Database,
    address: str,
    body: Json,
    limits: Limits,
    longest: timedelta | None = None,
) -> Token:
    """Return a new token for who knows a user's password; it lasts no longer than `longest`.

    `address` is where the request comes from. It waits for its turn to hash in a place of its own,
    and lends the one among `limits` to other requests. Raises `Invalid`, `Unauthenticated` and
    `TooManyRequests`.
    """
    values = clean_fields(body, SIGN_IN_FIELDS, required=tuple(SIGN_IN_FIELDS))
    username, password = values["username"], values["password"]
    lifetime = min(SIGNED_IN_FOR, longest or SIGNED_IN_FOR)
    with login_throttle.PLACES.taken(address), limits.away():
        account = await _recognised(database, address, username, password)
        return await _welcome(database, address, account, password, lifetime)


async def _recognised(database: Database, address: str, username: str, password: str) -> _Account:
    await login_throttle.count_try(database, address, username)
    account = await _account(database, username)
    # No connection is held meanwhile: this is what takes the time.
    password_hash = account.password_hash if account else None
    is_right = await passwords.is_right(password_hash, password)
    if account is None or not is_right or not account.is_active:
        log.info("sign_in_refused", address=address, user=account and account.username)
        raise Unauthenticated(REFUSED)
    return account


async def _account(database: Database, username: str) -> _Account | None:
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(_Account))
        await cursor.execute(_ACCOUNT, {"username": username})
        return await cursor.fetchone()


async def _require_still(connection: Connection, account: _Account, password: str) -> None:
    """Lock who signs in; what was right before hashing took its time must be so now."""
    row = await (await connection.execute(_LOCK, {"id": account.id})).fetchone()
    # A sign-in at the same time may have hashed the same password anew.
    if row is None or (
        row[0] != account.password_hash and not await passwords.is_right(row[0], password)
    ):
        raise Unauthenticated(REFUSED)


async def _welcome(
    database: Database, address: str, account: _Account, password: str, lifetime: timedelta
) -> Token:
    rehashed = None
    if account.password_hash and passwords.needs_rehash(account.password_hash):
        rehashed = await passwords.hash_password(password)
    actor = Actor(account.id, account.uuid, account.username, ())
    said = f"User {account.username} has signed in by password."
    async with database.transaction() as connection:
        await _require_still(connection, account, password)
        if rehashed:
            values = {"id": account.id, "password_hash": account.password_hash}
            await connection.execute(_REHASH, values | {"rehashed": rehashed})
        holder = Holder(account.id, account.uuid, account.username, account.is_active)
        token = await issue(connection, holder, Terms(lifetime, is_by_password=True))
        context = {"ip_address": address}
        await record(connection, Event(EventType.SIGNED_IN, said, actor, context=context))
        await login_throttle.give_back(connection, address, account.username)
    return token
