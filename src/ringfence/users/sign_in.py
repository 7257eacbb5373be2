"""Sign in by name and password: throttle, verify, issue a token."""

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
from ringfence.http import hints
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
from ringfence.users.tokens.issuing import SIGN_IN_LIFETIME, Holder, Terms, Token, issue
from ringfence.users.weak_passwords import MAXIMUM_LENGTH

log = structlog.get_logger(__name__)

# One message for all failures, so that nobody learns which names exist
REFUSED = "Invalid username/password."

_ACCOUNT: LiteralString = """
SELECT id, uuid, username, is_active, password_hash FROM users WHERE username = %(username)s
"""

# The user is locked first, as strongly as the following statements need
_LOCK: LiteralString = """
SELECT account.password_hash FROM users AS account
WHERE account.id = %(id)s AND account.is_active
FOR NO KEY UPDATE
"""

# Does not overwrite a password that was set meanwhile.
_REHASH: LiteralString = """
UPDATE users SET password_hash = %(rehashed)s
WHERE id = %(id)s AND password_hash = %(password_hash)s
"""


@dataclass(frozen=True, slots=True)
class Password:
    """A password: a string, spaces included."""

    allowed = f"a text of 1 to {MAXIMUM_LENGTH} characters"

    def clean(self, value: Json) -> str:
        refuse_null(value, self.allowed)
        if not isinstance(value, str) or not is_unicode(value):
            raise FieldError("Not a valid string.", hints.allowed(self.allowed))
        if not value:
            raise FieldError("This field may not be blank.", hints.allowed(self.allowed))
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
    max_lifetime: timedelta | None = None,
) -> Token:
    """Issue a token for a user's name and password; it lasts no longer than `max_lifetime`.

    `address` is the client's IP address. While the hash is computed, the request gives its slot in
    `limits` to others. Raises `Invalid`, `Unauthenticated` and `TooManyRequests`.
    """
    values = clean_fields(body, SIGN_IN_FIELDS, required=tuple(SIGN_IN_FIELDS))
    username, password = values["username"], values["password"]
    lifetime = min(SIGN_IN_LIFETIME, max_lifetime or SIGN_IN_LIFETIME)
    with login_throttle.SLOTS.taken(address), limits.away():
        account = await _authenticate(database, address, username, password)
        return await _issue_token(database, address, account, password, lifetime)


async def _authenticate(database: Database, address: str, username: str, password: str) -> _Account:
    await login_throttle.count_attempt(database, address, username)
    account = await _account(database, username)
    # This takes most of the time, so it holds no connection.
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


async def _check_again(connection: Connection, account: _Account, password: str) -> None:
    """Lock the user and check the password again, which may have changed during hashing."""
    row = await (await connection.execute(_LOCK, {"id": account.id})).fetchone()
    # A concurrent sign-in may have hashed the same password again.
    if row is None or (
        row[0] != account.password_hash and not await passwords.is_right(row[0], password)
    ):
        raise Unauthenticated(REFUSED)


async def _issue_token(
    database: Database, address: str, account: _Account, password: str, lifetime: timedelta
) -> Token:
    rehashed = None
    if account.password_hash and passwords.needs_rehash(account.password_hash):
        rehashed = await passwords.hash_password(password)
    actor = Actor(account.id, account.uuid, account.username, ())
    message = f"User {account.username} has signed in by password."
    async with database.transaction() as connection:
        await _check_again(connection, account, password)
        if rehashed:
            values = {"id": account.id, "password_hash": account.password_hash}
            await connection.execute(_REHASH, values | {"rehashed": rehashed})
        holder = Holder(account.id, account.uuid, account.username, account.is_active)
        token = await issue(connection, holder, Terms(lifetime, is_by_password=True))
        context = {"ip_address": address}
        await record(connection, Event(EventType.SIGNED_IN, message, actor, context=context))
        await login_throttle.forget_attempt(connection, address, account.username)
    return token
