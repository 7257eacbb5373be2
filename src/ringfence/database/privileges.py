"""Grant a role the privileges to serve without owning the tables, and no more."""

from typing import LiteralString

import psycopg
from psycopg import sql

from ringfence.database.pool import Connection, Database
from ringfence.errors import OperatorError, Ungranted

# The audit trail is insert-only, and nobody but the owner reaches its partitions other than through
# their tables. Only the owner migrates.
_GRANT: LiteralString = """
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {role};
GRANT USAGE, SELECT ON {sequences} TO {role};
REVOKE UPDATE, DELETE, TRUNCATE ON events, refusals FROM {role};
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON schema_migrations FROM {role};
DO $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN
        SELECT inhrelid FROM pg_inherits
        WHERE inhparent IN (to_regclass('events'), to_regclass('refusals'))
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %I', partition, {name});
    END LOOP;
END
$$;
"""


# Other programs may have tables in the schema.
_OWNED: LiteralString = """
SELECT
    array_agg(class.relname::text ORDER BY class.relname) FILTER (WHERE class.relkind <> 'S'),
    array_agg(class.relname::text ORDER BY class.relname) FILTER (WHERE class.relkind = 'S')
FROM pg_class AS class
INNER JOIN pg_class AS history
    ON class.relnamespace = history.relnamespace AND class.relowner = history.relowner
WHERE history.oid = to_regclass('schema_migrations')
    AND class.relkind IN ('r', 'p', 'v', 'S')
    AND NOT class.relispartition
"""


def grants(role: str, schema: str) -> sql.Composed:
    """Return the statements that grant a role the privileges to serve in a schema of our own."""
    where = sql.Identifier(schema)
    return sql.SQL(_GRANT).format(
        role=sql.Identifier(role),
        name=sql.Literal(role),
        schema=where,
        tables=sql.SQL("ALL TABLES IN SCHEMA {}").format(where),
        sequences=sql.SQL("ALL SEQUENCES IN SCHEMA {}").format(where),
    )


async def grant_to(connection: Connection, role: str) -> None:
    """Grant a role the privileges to serve; call it in a transaction of the owner."""
    row = await (await connection.execute("SELECT current_schema()")).fetchone()
    schema = str(row[0]) if row else "public"
    owned = await (await connection.execute(_OWNED)).fetchone()
    tables, sequences = (
        sql.SQL(", ").join(sql.Identifier(schema, name) for name in found or ())
        for found in owned or ((), ())
    )
    statements = sql.SQL(_GRANT).format(
        role=sql.Identifier(role),
        name=sql.Literal(role),
        schema=sql.Identifier(schema),
        tables=tables,
        sequences=sql.SQL("SEQUENCE {}").format(sequences),
    )
    # Several statements cannot be prepared at once.
    await connection.execute(statements, prepare=False)


async def grant(database: Database, role: str) -> None:
    """Grant a role the privileges to serve; raises `OperatorError` if it does not exist."""
    try:
        async with database.transaction() as connection:
            await grant_to(connection, role)
    except psycopg.errors.UndefinedObject:
        raise OperatorError(
            f"the database has no role {role!r}: make it with CREATE ROLE … LOGIN"
        ) from None
    except Ungranted:
        raise OperatorError(
            "only the owner of the tables can grant: say so in RINGFENCE_DATABASE_URL"
        ) from None
