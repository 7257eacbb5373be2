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

from ringfence.access.authentication import ACTORS, Credential, Kind, Recognised, recognise
from ringfence.database.pool import Database
from ringfence.database.reading import Values, find_row, on_one_line, read_row
from ringfence.database.replica import Replica

# Credentials that a process remembers; the least recently used go first.
REMEMBERED = 4096


class Changed(Exception):
    """The database says something else of the caller than was remembered."""


class Callers:
    """What a process remembers of the credentials that it saw."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Credential, Recognised] = OrderedDict()

    def asking(
        self, database: Database, replica: Replica | None, credential: Credential
    ) -> "Asking":
        """Begin with what a request shows; what it reads comes from `replica`, where there is."""
        return Asking(self, database, replica, credential, self._seen.get(credential))

    def remember(self, credential: Credential, recognised: Recognised) -> None:
        """Remember what the database just said of a credential."""
        self._seen[credential] = recognised
        self._seen.move_to_end(credential)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def forget(self, credential: Credential) -> None:
        """Forget a credential."""
        self._seen.pop(credential, None)


class Asking:
    """One request's caller: remembered at first, settled once the database has confirmed it."""

    def __init__(
        self,
        callers: Callers,
        database: Database,
        replica: Replica | None,
        credential: Credential,
        remembered: Recognised | None,
    ) -> None:
        self._callers = callers
        self._database = database
        self._replica = replica
        self._credential = credential
        # Of this caller at this database
        self.mark = database.mark + credential.digest
        self._recognised = remembered
        self.is_settled = False

    async def caller(self) -> Recognised:
        """Give who asks, as remembered; looked up where nothing is. Raises `Unauthenticated`."""
        return self._recognised or await self.settle()

    async def settle(self) -> Recognised:
        """Give who asks, looked up by a statement of its own; raises `Unauthenticated`."""
        if self._recognised is None or not self.is_settled:
            self._callers.forget(self._credential)
            self._recognised = await recognise(self._database, self._credential)
            self._callers.remember(self._credential, self._recognised)
            self.is_settled = True
        return self._recognised

    async def read(self, statement: LiteralString, parameters: Mapping[str, Any]) -> Values:
        """Give the one row of a statement made for the caller; nulls where it finds none.

        Raises `Changed` where the caller is not what it was made for: make it anew, for what
        `caller` gives now. Raises `Unauthenticated`.
        """
        if self._replica is not None:
            return await self._read_there(self._replica, statement, parameters)
        seen = self._recognised
        given = {**parameters, "credential": self._credential.digest}
        statement = _with_caller(statement, self._credential.kind)
        row = await read_row(self._database, statement, given)
        width = len(seen.row) if seen else 0
        if seen is not None and row is not None and row[:width] == seen.row:
            self.is_settled = True
            return row[width:]
        self.is_settled = False
        await self.settle()
        raise Changed

    async def _read_there(
        self, replica: Replica, statement: LiteralString, parameters: Mapping[str, Any]
    ) -> Values:
        # A replica may not know yet that a token was revoked: who asks, the primary says.
        seen = self._recognised
        settled = await self.settle()
        if seen is None or settled.row != seen.row:
            raise Changed
        find = partial(find_row, statement=_alone(statement), parameters=parameters)
        row = await replica.read(find, settled.actor.written)
        assert row is not None  # noqa: S101 - a row of nulls, where nothing is found
        return row


@lru_cache(maxsize=2048)
def _alone(statement: LiteralString) -> LiteralString:
    return on_one_line(
        "SELECT answer.* FROM (VALUES (true)) AS caller LEFT JOIN ("
        + statement
        + ") AS answer ON true"
    )


@lru_cache(maxsize=2048)
def _with_caller(statement: LiteralString, kind: Kind) -> LiteralString:
    return on_one_line(
        "SELECT caller.*, answer.* FROM ("
        + ACTORS[kind]
        # There is one at most. Told so, the planner does not put the answer by for a second one.
        + " LIMIT 1) AS caller LEFT JOIN ("
        + statement
        + ") AS answer ON true"
    )
