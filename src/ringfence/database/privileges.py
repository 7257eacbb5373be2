"""Grant a role the privileges to serve without owning the tables, and no more."""

from typing import LiteralString

import psycopg
from psycopg import sql

from ringfence.database.pool import Database
from ringfence.errors import OperatorError

# The audit trail is insert-only; only the owner migrates.
_GRANT: LiteralString = """
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
REVOKE UPDATE, DELETE, TRUNCATE ON events, refusals FROM {role};
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON schema_migrations FROM {role};
"""


def grants(role: str, schema: str) -> sql.Composed:
    """Return the statements that grant a role the privileges to serve in a schema."""
    return sql.SQL(_GRANT).format(role=sql.Identifier(role), schema=sql.Identifier(schema))


async def grant(database: Database, role: str) -> None:
    """Grant a role the privileges to serve; raises `OperatorError` if it does not exist."""
    try:
        async with database.transaction() as connection:
            cursor = await connection.execute("SELECT current_schema()")
            row = await cursor.fetchone()
            statements = grants(role, row[0] if row else "public")
            # Several statements cannot be prepared at once.
            await connection.execute(statements, prepare=False)
    except psycopg.errors.UndefinedObject:
        raise OperatorError(
            f"the database has no role {role!r}: make it with CREATE ROLE … LOGIN"
        ) from None
    except psycopg.errors.InsufficientPrivilege:
        raise OperatorError(
            "only the owner of the tables can grant: say so in RINGFENCE_DATABASE_URL"
        ) from None
