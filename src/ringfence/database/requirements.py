"""Check that the database meets the requirements of this release before it is used.

A database that cannot work is refused in one line that names the cause and the fix.
"""

from dataclasses import dataclass
from typing import LiteralString, NoReturn

from psycopg import ConnectionInfo, OperationalError
from psycopg.rows import class_row

from ringfence.database.connect import Connection, Session
from ringfence.errors import OperatorError
from ringfence.text.connection_strings import VARIABLE

OLDEST_SERVER = 15
# Alternating statements on two sessions: enough to detect a shared backend on a busy pooler.
POOLER_TRIES = 5
HISTORY_COLUMNS = frozenset({"name", "checksum", "applied"})

_PROPERTIES: LiteralString = """
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
    history.namespace AS history_schema,
    history.may_read AS may_read_history,
    history.columns AS history_columns
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
) AS history ON true
"""

# Tables and views of the owner of `schema_migrations` that the role may not use. The audit trail
# needs no more than INSERT.
_UNGRANTED_TABLES: LiteralString = """
SELECT class.relname::text
FROM pg_class AS class
INNER JOIN pg_class AS history
    ON class.relnamespace = history.relnamespace AND class.relowner = history.relowner
WHERE history.oid = to_regclass('schema_migrations')
    AND class.oid <> history.oid
    AND class.relkind IN ('r', 'p', 'v')
    AND NOT class.relispartition
    AND NOT (
        has_table_privilege(class.oid, 'SELECT')
        AND (class.relkind = 'v' OR has_table_privilege(class.oid, 'INSERT'))
    )
ORDER BY class.relname
"""

_BACKEND: LiteralString = "SELECT pg_backend_pid()"


@dataclass(frozen=True, slots=True)
class DatabaseProperties:
    """Properties of a database as a session sees them; the history is `schema_migrations`."""

    encoding: str
    is_read_only: bool
    is_standby: bool
    role: str
    database: str
    search_path: str
    schema: str | None
    may_create: bool
    backend: int
    history_schema: str | None
    may_read_history: bool | None
    history_columns: list[str] | None

    @property
    def has_history(self) -> bool:
        """Whether migrations were applied before."""
        return self.history_schema is not None


async def examine(conninfo: str, session: Session) -> DatabaseProperties:
    """Return the properties of the database; raises `OperatorError` if it cannot be used."""
    _require_version(session.info)
    async with session.cursor(row_factory=class_row(DatabaseProperties)) as cursor:
        await cursor.execute(_PROPERTIES, prepare=False)
        properties = await cursor.fetchone()
    assert properties is not None  # noqa: S101 - always one row
    _require_encoding(properties)
    if properties.backend != session.pgconn.backend_pid:
        await _require_sessions(conninfo, session)
    _require_writable(properties)
    _require_schema(properties)
    _require_own_history(properties)
    return properties


def require_creation(properties: DatabaseProperties) -> None:
    """Raise `OperatorError` if the role may not create tables."""
    if not properties.may_create:
        raise OperatorError(
            f"the role {properties.role} may not create tables in the schema {properties.schema}: "
            "run `ringfence migrate` as the owner of the database, "
            f"or let the owner run GRANT CREATE ON SCHEMA {properties.schema} TO {properties.role}"
        )


async def require_grants(connection: Connection, properties: DatabaseProperties) -> None:
    """Raise `OperatorError` if the role may not use the tables."""
    rows = await (await connection.execute(_UNGRANTED_TABLES, prepare=False)).fetchall()
    if rows:
        _refuse_without_grants(properties, rows[0][0])


def _require_version(server: ConnectionInfo) -> None:
    version = server.server_version
    if version < OLDEST_SERVER * 10_000:
        raise OperatorError(
            f"the database is PostgreSQL {version // 10_000}: "
            f"Ringfence needs {OLDEST_SERVER} or newer"
        )


def _require_encoding(properties: DatabaseProperties) -> None:
    if properties.encoding != "UTF8":
        raise OperatorError(
            f"the encoding of the database is {properties.encoding}: "
            "create one with `ENCODING 'UTF8' TEMPLATE template0`"
        )


def _require_writable(properties: DatabaseProperties) -> None:
    if properties.is_standby:
        raise OperatorError(
            f"the database is a standby, which is read only: point {VARIABLE} at the primary "
            "(with several hosts, add target_session_attrs=read-write)"
        )
    if properties.is_read_only:
        raise OperatorError(
            f"the database {properties.database} is read only for the role {properties.role}: "
            "set default_transaction_read_only to off for it"
        )


def _require_schema(properties: DatabaseProperties) -> None:
    if properties.schema is None:
        raise OperatorError(
            f"the search_path ({properties.search_path or 'empty'}) names no schema that the role "
            f"{properties.role} may use: create it, grant USAGE on it, or set another search_path"
        )


def _require_own_history(properties: DatabaseProperties) -> None:
    if properties.history_schema is None:
        return
    if properties.history_schema != properties.schema:
        raise OperatorError(
            f"the tables are in the schema {properties.history_schema}, and new ones would be "
            f"made in {properties.schema}: "
            f"set the search_path (now {properties.search_path}) to one of them"
        )
    if not HISTORY_COLUMNS.issubset(properties.history_columns or ()):
        raise OperatorError(
            f"the table schema_migrations in the schema {properties.schema} was not created by "
            "Ringfence: "
            "give Ringfence a database of its own, or a schema by search_path"
        )
    if not properties.may_read_history:
        _refuse_without_grants(properties, "schema_migrations")


def _refuse_without_grants(properties: DatabaseProperties, table: str) -> NoReturn:
    raise OperatorError(
        f"the role {properties.role} may not use the table {table}: "
        f"let the owner of the tables run `ringfence migrate --grant {properties.role}`"
    )


async def _require_sessions(conninfo: str, session: Session) -> None:
    """Refuse a pooler in transaction or statement mode.

    Settings and locks of a session would reach other clients. Two open sessions that share a
    backend, or one session that has two, reveal such a pooler.
    """
    try:
        other = await Session.connect_bare(conninfo)
    except OperationalError:
        # No connection is free: the next connection reports that.
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
