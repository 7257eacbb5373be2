"""The identity of a request, checked by the statement that reads the result.

A process caches the identity of each credential. A read is built for the cached identity, and the
same statement re-checks it in the same snapshot. If it changed, the result is discarded, the
identity is looked up again and the read is retried. The cache only decides which statement is tried
first.
"""

from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, LiteralString

from psycopg.pq.abc import PGresult

from ringfence.access.authentication import ACTORS, Credential, Identity, Kind, lock, look_up
from ringfence.database.binary_rows import TRUE, find_rows, on_one_line, read_rows
from ringfence.database.connect import Session
from ringfence.database.pool import Database
from ringfence.database.replica import Replica
from ringfence.errors import Unauthenticated

# Credentials that a process caches; the least recently used are evicted first.
CACHED = 4096


class IdentityChanged(Exception):
    """The identity in the database is not the one that the statement was built for."""


class IdentityCache:
    """The identities that a process has looked up, by credential."""

    def __init__(self) -> None:
        self._identities: OrderedDict[Credential, Identity] = OrderedDict()

    def of_request(
        self, database: Database, replica: Replica | None, credential: Credential
    ) -> "RequestIdentity":
        """Return the identity of a request; where there is a replica, its reads go there."""
        cached = self._identities.get(credential)
        return RequestIdentity(self, database, replica, credential, cached)

    def store(self, credential: Credential, identity: Identity) -> None:
        """Cache an identity that was just looked up."""
        self._identities[credential] = identity
        self._identities.move_to_end(credential)
        if len(self._identities) > CACHED:
            self._identities.popitem(last=False)

    def discard(self, credential: Credential) -> None:
        """Remove a credential that is not valid any more."""
        self._identities.pop(credential, None)


class RequestIdentity:
    """The identity of one request: cached at first, confirmed once the database has checked it."""

    def __init__(
        self,
        cache: IdentityCache,
        database: Database,
        replica: Replica | None,
        credential: Credential,
        cached: Identity | None,
    ) -> None:
        self._cache = cache
        self._database = database
        self._replica = replica
        self._credential = credential
        self._identity = cached
        self.is_confirmed = False

    @property
    def is_cached(self) -> bool:
        """Return whether the credential was valid when it was last looked up."""
        return self._identity is not None

    async def current(self) -> Identity:
        """Return the cached identity, or look it up. Raises `Unauthenticated`."""
        return self._identity or await self.confirm()

    async def confirm(self) -> Identity:
        """Return the identity as the database has it.

        Looks it up unless this request has done so. Raises `Unauthenticated`.
        """
        if self._identity is None or not self.is_confirmed:
            try:
                self._identity = await look_up(self._database, self._credential)
            except Unauthenticated:
                self._cache.discard(self._credential)
                raise
            self._cache.store(self._credential, self._identity)
            self.is_confirmed = True
        return self._identity

    def replace_token(self, digest: bytes) -> None:
        """Continue with the new secret of a renewed token; a session continues as it is."""
        if self._credential.kind == "token":
            self._credential = Credential("token", digest)
            self._identity, self.is_confirmed = None, False

    async def lock(self, connection: Session, *, exclusive: bool = False) -> None:
        """Lock the confirmed identity until the transaction of the connection ends.

        Raises `IdentityChanged` if the database has another identity by now. An operation that ends
        tokens locks it `exclusive`.
        """
        known = await self.confirm()
        if not await lock(connection, self._credential, known, exclusive=exclusive):
            self.is_confirmed = False
            raise IdentityChanged

    async def read(self, statement: LiteralString, parameters: Mapping[str, Any]) -> PGresult:
        """Return the rows of a statement that was built for `current`; one row of nulls for none.

        The first column is the check of the identity; the columns of the statement follow.

        Raises `IdentityChanged` if the statement was built for another identity: build it again for
        the one that `current` returns now. Raises `Unauthenticated`.
        """
        if self._replica is not None:
            return await self._read_replica(self._replica, statement, parameters)
        cached = self._identity
        if cached is not None:
            given = {
                **parameters,
                "credential": self._credential.digest,
                "fingerprint": cached.fingerprint,
            }
            statement = _with_identity(statement, self._credential.kind)
            found = await read_rows(self._database, statement, given)
            if found.ntuples and found.get_value(0, 0) == TRUE:
                self.is_confirmed = True
                return found
        self.is_confirmed = False
        await self.confirm()
        raise IdentityChanged

    async def _read_replica(
        self, replica: Replica, statement: LiteralString, parameters: Mapping[str, Any]
    ) -> PGresult:
        # A replica may not know yet that a token was revoked, so the primary is queried.
        cached = self._identity
        confirmed = await self.confirm()
        if cached is None or confirmed.fingerprint != cached.fingerprint:
            raise IdentityChanged
        find = partial(find_rows, statement=_without_identity(statement), parameters=parameters)
        return await replica.read(find, confirmed.actor.written)


@lru_cache(maxsize=2048)
def _without_identity(statement: LiteralString) -> LiteralString:
    return on_one_line(
        "SELECT identity.*, result.* FROM (VALUES (true)) AS identity (is_unchanged) LEFT JOIN ("
        + statement
        + ") AS result ON true"
    )


@lru_cache(maxsize=2048)
def _with_identity(statement: LiteralString, kind: Kind) -> LiteralString:
    return on_one_line(
        "SELECT identity.*, result.* FROM ("
        "SELECT record_send(actor) = %(fingerprint)s AS is_unchanged FROM ("
        + ACTORS[kind]
        # There is one row at most. With the LIMIT, the planner does not materialize the result.
        + ") AS actor LIMIT 1) AS identity LEFT JOIN ("
        + statement
        + ") AS result ON true"
    )
