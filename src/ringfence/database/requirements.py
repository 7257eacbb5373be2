"""What a database must be for this service, looked at before anything is done with it.

What cannot work is refused in one line that names the cause and the fix, instead of failing later
at whatever needs it first.
"""

from dataclasses import dataclass
from typing import LiteralString, NoReturn

from psycopg import ConnectionInfo, OperationalError
from psycopg.rows import class_row

from ringfence.database.connect import Connection, Session
from ringfence.errors import OperatorError
from ringfence.text.connection_strings import VARIABLE

OLDEST_SERVER = 15
# Statements in turn on two sessions: enough to meet one backend in both, however busy it is.
POOLER_TRIES = 5
BOOK_COLUMNS = frozenset({"name", "checksum", "applied"})

_PLACE: LiteralString = """
SELECT
    current_setting('server_encoding') AS encoding,
    current_setting('transaction_read_only')::boolean AS is_read_only,
    pg_is_in_recovery() AS is_standby,
    current_user::text AS role,
    current_database()::text AS database,
    current_setting('search_path') AS search_path,
    current_schema()::text AS schema,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
    pg_backend_pid() AS backend,
    book.namespace AS book_schema,
    book.may_read AS may_read_book,
    book.columns AS book_columns
FROM (VALUES (1)) AS one
LEFT JOIN LATERAL (
    SELECT
        space.nspname::text AS namespace,
        has_table_privilege(class.oid, 'SELECT') AS may_read,
        ARRAY(
            SELECT attribute.attname::text FROM pg_attribute AS attribute
            WHERE attribute.attrelid = class.oid
                AND attribute.attnum > 0 AND NOT attribute.attisdropped
        ) AS columns
    FROM pg_class AS class
    INNER JOIN pg_namespace AS space ON class.relnamespace = space.oid
    WHERE class.oid = to_regclass('schema_migrations')
) AS book ON true
"""

# Of the tables beside the book that are its owner's; the audit trail is only added to.
_CLOSED: LiteralString = """
SELECT class.relname::text
FROM pg_class AS class
INNER JOIN pg_class AS book
    ON class.relnamespace = book.relnamespace AND class.relowner = book.relowner
WHERE book.oid = to_regclass('schema_migrations')
    AND class.oid <> book.oid
    AND class.relkind IN ('r', 'p')
    AND NOT (
        has_table_privilege(class.oid, 'SELECT') AND has_table_privilege(class.oid, 'INSERT')
    )
ORDER BY class.relname
"""

_BACKEND: LiteralString = "SELECT pg_backend_pid()"


@dataclass(frozen=True, slots=True)
class Place:
    """What a session says of its database; the book is the table of applied migrations."""

    encoding: str
    is_read_only: bool
    is_standby: bool
    role: str
    database: str
    search_path: str
    schema: str | None
    may_create: bool
    backend: int
    book_schema: str | None
    may_read_book: bool | None
    book_columns: list[str] | None

    @property
    def has_book(self) -> bool:
        """Whether migrations were applied here before."""
        return self.book_schema is not None


async def examine(conninfo: str, session: Session) -> Place:
    """Return what the database is; raises `OperatorError` where this service cannot use it."""
    _require_version(session.info)
    async with session.cursor(row_factory=class_row(Place)) as cursor:
        await cursor.execute(_PLACE, prepare=False)
        place = await cursor.fetchone()
    assert place is not None  # noqa: S101 - one row, whatever there is
    _require_encoding(place)
    if place.backend != session.pgconn.backend_pid:
        await _require_sessions(conninfo, session)
    _require_writable(place)
    _require_schema(place)
    _require_own_book(place)
    return place


def require_creation(place: Place) -> None:
    """Raise `OperatorError` where the role may make no tables, and some are missing."""
    if not place.may_create:
        raise OperatorError(
            f"the role {place.role} may not create tables in the schema {place.schema}: "
            "run `ringfence migrate` as the owner of the database, "
            f"or let the owner run GRANT CREATE ON SCHEMA {place.schema} TO {place.role}"
        )


async def require_grants(connection: Connection, place: Place) -> None:
    """Raise `OperatorError` where the role may not use the tables that are there."""
    rows = await (await connection.execute(_CLOSED, prepare=False)).fetchall()
    if rows:
        _refuse_without_grants(place, rows[0][0])


def _require_version(server: ConnectionInfo) -> None:
    version = server.server_version
    if version < OLDEST_SERVER * 10_000:
        raise OperatorError(
            f"the database is PostgreSQL {version // 10_000}: "
            f"Ringfence needs {OLDEST_SERVER} or newer"
        )


def _require_encoding(place: Place) -> None:
    if place.encoding != "UTF8":
        raise OperatorError(
            f"the encoding of the database is {place.encoding}: "
            "create one with `ENCODING 'UTF8' TEMPLATE template0`"
        )


def _require_writable(place: Place) -> None:
    if place.is_standby:
        raise OperatorError(
            f"the database is a standby, which is read only: let {VARIABLE} name the primary "
            "(with several hosts, add target_session_attrs=read-write)"
        )
    if place.is_read_only:
        raise OperatorError(
            f"the database {place.database} is read only for the role {place.role}: "
            "set default_transaction_read_only to off for it"
        )


def _require_schema(place: Place) -> None:
    if place.schema is None:
        raise OperatorError(
            f"the search_path ({place.search_path or 'empty'}) names no schema that the role "
            f"{place.role} may use: create it, grant USAGE on it, or set another search_path"
        )


def _require_own_book(place: Place) -> None:
    if place.book_schema is None:
        return
    if place.book_schema != place.schema:
        raise OperatorError(
            f"the tables are in the schema {place.book_schema}, and new ones would be made in "
            f"{place.schema}: set the search_path (now {place.search_path}) to one of them"
        )
    if not BOOK_COLUMNS.issubset(place.book_columns or ()):
        raise OperatorError(
            f"the table schema_migrations in the schema {place.schema} is another program's: "
            "give Ringfence a database of its own, or a schema by search_path"
        )
    if not place.may_read_book:
        _refuse_without_grants(place, "schema_migrations")


def _refuse_without_grants(place: Place, table: str) -> NoReturn:
    raise OperatorError(
        f"the role {place.role} may not use the table {table}: "
        f"let the owner of the tables run `ringfence migrate --grant {place.role}`"
    )


async def _require_sessions(conninfo: str, session: Session) -> None:
    """Refuse a pooler that lends its connections to the server by the transaction.

    What is set and locked for a session would be another client's. Two sessions at once that are
    served by one backend, or one that is served by two, give it away.
    """
    try:
        other = await Session.connect_bare(conninfo)
    except OperationalError:
        # As many as there may be: who comes next is told of it.
        return
    async with other:
        for _ in range(POOLER_TRIES):
            first, second, third = [await _backend(each) for each in (session, other, session)]
            if first == second or first != third:
                raise OperatorError(
                    "a pooler in transaction or statement mode is in front of the database, and "
                    "Ringfence needs sessions: set pool_mode = session for it in PgBouncer, "
                    f"or let {VARIABLE} name the server itself"
                )


async def _backend(session: Session) -> int:
    row = await (await session.execute(_BACKEND, prepare=False)).fetchone()
    return int(row[0]) if row else 0
