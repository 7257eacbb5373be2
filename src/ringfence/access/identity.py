"""Who asks, settled by the same statement that reads the answer.

The caller was seen before, mostly. So a read is made for the actor that was seen last, and
the statement itself looks the caller up again: only if the database says the very same of it, in
the same snapshot, is the answer one. Otherwise the caller is looked up anew, and asks again. What
is remembered decides nothing but which statement is tried first.
"""

from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, LiteralString

from psycopg.pq.abc import PGresult

from ringfence.access.authentication import ACTORS, Credential, Identity, Kind, hold, recognise
from ringfence.database.binary_rows import TRUE, find_rows, on_one_line, read_rows
from ringfence.database.pool import Connection, Database
from ringfence.database.replica import Replica
from ringfence.errors import Unauthenticated

# Credentials that a process remembers; the least recently used go first.
REMEMBERED = 4096


class IdentityChanged(Exception):
    """The database says something else of the caller than was remembered."""


class IdentityCache:
    """What a process remembers of the credentials that it saw."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Credential, Identity] = OrderedDict()

    def asking(
        self, database: Database, replica: Replica | None, credential: Credential
    ) -> "RequestIdentity":
        """Begin with what a request shows; what it reads comes from `replica`, where there is."""
        return RequestIdentity(self, database, replica, credential, self._seen.get(credential))

    def remember(self, credential: Credential, recognised: Identity) -> None:
        """Remember what the database just said of a credential."""
        self._seen[credential] = recognised
        self._seen.move_to_end(credential)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def forget(self, credential: Credential) -> None:
        """Forget a credential."""
        self._seen.pop(credential, None)


class RequestIdentity:
    """One request's caller: remembered at first, settled once the database has confirmed it."""

    def __init__(
        self,
        callers: IdentityCache,
        database: Database,
        replica: Replica | None,
        credential: Credential,
        remembered: Identity | None,
    ) -> None:
        self._callers = callers
        self._database = database
        self._replica = replica
        self._credential = credential
        self._recognised = remembered
        self.is_settled = False

    @property
    def is_remembered(self) -> bool:
        """Return whether the credential was somebody's when it was last looked up."""
        return self._recognised is not None

    @property
    def mark(self) -> bytes:
        """Give what tells this caller at this database from all others."""
        return self._database.mark + self._credential.digest

    async def caller(self) -> Identity:
        """Give who asks, as remembered; looked up where nothing is. Raises `Unauthenticated`."""
        return self._recognised or await self.settle()

    async def settle(self) -> Identity:
        """Give who asks, looked up by a statement of its own; raises `Unauthenticated`."""
        if self._recognised is None or not self.is_settled:
            try:
                self._recognised = await recognise(self._database, self._credential)
            except Unauthenticated:
                self._callers.forget(self._credential)
                raise
            self._callers.remember(self._credential, self._recognised)
            self.is_settled = True
        return self._recognised

    def renew(self, digest: bytes) -> None:
        """Go on as who shows the new secret of its token; a session goes on as it is."""
        if self._credential.kind == "token":
            self._credential = Credential("token", digest)
            self._recognised, self.is_settled = None, False

    async def confirm(self, connection: Connection, *, alone: bool = False) -> None:
        """Hold who asks, as it was settled, until the connection's transaction ends.

        Raises `IdentityChanged` if the database has another identity by now. What ends tokens holds
        it `alone`.
        """
        known = await self.settle()
        if not await hold(connection, self._credential, known, alone=alone):
            self.is_settled = False
            raise IdentityChanged

    async def read(self, statement: LiteralString, parameters: Mapping[str, Any]) -> PGresult:
        """Give the rows of a statement made for the caller; one of nulls where it finds none.

        Their first column tells of the caller; the statement's own columns follow.

        Raises `IdentityChanged` if the statement was built for another identity: build it again for
        the one that `caller` returns now. Raises `Unauthenticated`.
        """
        if self._replica is not None:
            return await self._read_there(self._replica, statement, parameters)
        seen = self._recognised
        if seen is not None:
            given = {
                **parameters,
                "credential": self._credential.digest,
                "remembered": seen.fingerprint,
            }
            statement = _with_caller(statement, self._credential.kind)
            found = await read_rows(self._database, statement, given)
            if found.ntuples and found.get_value(0, 0) == TRUE:
                self.is_settled = True
                return found
        self.is_settled = False
        await self.settle()
        raise IdentityChanged

    async def _read_there(
        self, replica: Replica, statement: LiteralString, parameters: Mapping[str, Any]
    ) -> PGresult:
        # A replica may not know yet that a token was revoked: who asks, the primary says.
        seen = self._recognised
        settled = await self.settle()
        if seen is None or settled.fingerprint != seen.fingerprint:
            raise IdentityChanged
        find = partial(find_rows, statement=_alone(statement), parameters=parameters)
        return await replica.read(find, settled.actor.written)


@lru_cache(maxsize=2048)
def _alone(statement: LiteralString) -> LiteralString:
    return on_one_line(
        "SELECT caller.*, answer.* FROM (VALUES (true)) AS caller (is_as_remembered) LEFT JOIN ("
        + statement
        + ") AS answer ON true"
    )


@lru_cache(maxsize=2048)
def _with_caller(statement: LiteralString, kind: Kind) -> LiteralString:
    return on_one_line(
        "SELECT caller.*, answer.* FROM ("
        "SELECT record_send(actor) = %(remembered)s AS is_as_remembered FROM ("
        + ACTORS[kind]
        # There is one at most. Told so, the planner does not put the answer by for a second one.
        + ") AS actor LIMIT 1) AS caller LEFT JOIN ("
        + statement
        + ") AS answer ON true"
    )
