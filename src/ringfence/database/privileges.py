"""What a role needs that serves without owning the tables, and what it must not be able to do."""

from typing import LiteralString

import psycopg
from psycopg import sql

from ringfence.database.pool import Database
from ringfence.errors import OperatorError

# The audit trail only grows; migrations are the owner's.
_GRANT: LiteralString = """
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
REVOKE UPDATE, DELETE, TRUNCATE ON events, refusals FROM {role};
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON schema_migrations FROM {role};
"""


def grants(role: str, schema: str) -> sql.Composed:
    """Return the statements that let a role serve in a schema, and no more."""
    return sql.SQL(_GRANT).format(role=sql.Identifier(role), schema=sql.Identifier(schema))


async def grant(database: Database, role: str) -> None:
    """Let a role serve, and no more. Raises `OperatorError` for one that there is not."""
    try:
        async with database.transaction() as connection:
            cursor = await connection.execute("SELECT current_schema()")
            row = await cursor.fetchone()
            statements = grants(role, row[0] if row else "public")
            # Several at once cannot be prepared.
            await connection.execute(statements, prepare=False)
    except psycopg.errors.UndefinedObject:
        raise OperatorError(
            f"the database has no role {role!r}: make it with CREATE ROLE … LOGIN"
        ) from None
    except psycopg.errors.InsufficientPrivilege:
        raise OperatorError(
            "only the owner of the tables can grant: say so in RINGFENCE_DATABASE_URL"
        ) from None
