"""Roles of the embedded server: one administers it, one owns the tables, one serves.

Only the first is a superuser. It creates databases and the other two roles, and runs no statement
of a request, a migration or a backup. A data directory in which it owns the tables is converted
when its server is joined.
"""

from typing import LiteralString

import psycopg

from ringfence.database.privileges import grants
from ringfence.errors import OperatorError
from ringfence.settings import Settings

ADMINISTRATOR = "ringfence"
OWNER = "ringfence_owner"
SERVICE = "ringfence_service"
MAINTAIN_SINCE = 170_000
ALL = (ADMINISTRATOR, OWNER, SERVICE)

_IS_READY: LiteralString = """
SELECT
    (SELECT count(*) = 2 FROM pg_roles WHERE rolname IN ('ringfence_owner', 'ringfence_service'))
    AND (
        SELECT pg_get_userbyid(datdba) = 'ringfence_owner'
        FROM pg_database
        WHERE datname = current_database()
    )
    AND NOT EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
            AND pg_get_userbyid(relowner) = 'ringfence'
    )
"""

_MAKE: LiteralString = """
DO $$
BEGIN
    IF to_regrole('ringfence_owner') IS NULL THEN
        CREATE ROLE ringfence_owner LOGIN;
    END IF;
    IF to_regrole('ringfence_service') IS NULL THEN
        CREATE ROLE ringfence_service LOGIN;
    END IF;
END
$$;
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I OWNER TO ringfence_owner', current_database());
END
$$;
ALTER DEFAULT PRIVILEGES FOR ROLE ringfence, ringfence_owner IN SCHEMA public
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ringfence_service;
ALTER DEFAULT PRIVILEGES FOR ROLE ringfence, ringfence_owner IN SCHEMA public
GRANT USAGE, SELECT ON SEQUENCES TO ringfence_service;
GRANT USAGE ON SCHEMA public TO ringfence_service;
"""

# What belongs to an extension stays with it; a sequence of a column follows its table. A partition
# depends on its table, and does not follow it.
_HAND_OVER: LiteralString = """
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format(
            'ALTER %s %I.%I OWNER TO ringfence_owner',
            CASE class.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
            'public', class.relname
        )
        FROM pg_class AS class
        WHERE class.relnamespace = 'public'::regnamespace
            AND class.relkind IN ('r', 'p', 'v', 'S')
            AND pg_get_userbyid(class.relowner) = 'ringfence'
            AND NOT EXISTS (
                SELECT FROM pg_depend AS held
                WHERE held.classid = 'pg_class'::regclass AND held.objid = class.oid
                    AND held.objsubid = 0 AND held.deptype IN ('a', 'e', 'i')
                    AND NOT class.relispartition
            )
        UNION ALL
        SELECT format(
            'ALTER ROUTINE public.%I(%s) OWNER TO ringfence_owner',
            routine.proname, pg_get_function_identity_arguments(routine.oid)
        )
        FROM pg_proc AS routine
        WHERE routine.pronamespace = 'public'::regnamespace
            AND pg_get_userbyid(routine.proowner) = 'ringfence'
            AND NOT EXISTS (
                SELECT FROM pg_depend AS held
                WHERE held.classid = 'pg_proc'::regclass AND held.objid = routine.oid
                    AND held.deptype = 'e'
            )
        UNION ALL
        SELECT format('ALTER TYPE public.%I OWNER TO ringfence_owner', type.typname)
        FROM pg_type AS type
        LEFT JOIN pg_class AS class ON type.typrelid = class.oid
        WHERE type.typnamespace = 'public'::regnamespace
            AND (type.typtype IN ('e', 'd', 'r') OR class.relkind = 'c')
            AND pg_get_userbyid(type.typowner) = 'ringfence'
            AND NOT EXISTS (
                SELECT FROM pg_depend AS held
                WHERE held.classid = 'pg_type'::regclass AND held.objid = type.oid
                    AND held.deptype = 'e'
            )
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
"""

# For `ANALYZE` after a load
_MAINTAIN: LiteralString = """
ALTER DEFAULT PRIVILEGES FOR ROLE ringfence, ringfence_owner IN SCHEMA public
GRANT MAINTAIN ON TABLES TO ringfence_service;
GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO ringfence_service;
"""

_HAS_TABLES: LiteralString = "SELECT to_regclass('public.refusals') IS NOT NULL"


def prepare(connection: psycopg.Connection) -> None:
    """Create the roles and transfer the tables of this database to them, if that is not done yet.

    The connection is the administrator's, in autocommit.
    """
    row = connection.execute(_IS_READY).fetchone()
    if row and row[0]:
        return
    # PostgreSQL 16 and older have no MAINTAIN privilege; there, only autovacuum analyzes tables.
    has_maintain = connection.info.server_version >= MAINTAIN_SINCE
    try:
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '5s'")
            connection.execute(_MAKE)
            connection.execute(_HAND_OVER)
            if has_maintain:
                connection.execute(_MAINTAIN)
    except psycopg.errors.LockNotAvailable:
        raise OperatorError(
            "the tables of the embedded database are in use by an older release: "
            "stop `ringfence serve` and every worker of this data directory, then run this again"
        ) from None
    restrict(connection)


def restrict(connection: psycopg.Connection) -> None:
    """Revoke the default privileges of the serving role on the audit trail."""
    row = connection.execute(_HAS_TABLES).fetchone()
    if row and row[0]:
        connection.execute(grants(SERVICE, "public"))


# If a parameter is repeated, libpq uses the last value.
def owning(settings: Settings, conninfo: str) -> str:
    """Return the connection string of the owner; of an external server, the given one."""
    return conninfo if settings.database_url else f"{conninfo} user={OWNER}"


def serving(settings: Settings, conninfo: str) -> str:
    """Return the connection string of the serving role; of an external server, the given one."""
    return conninfo if settings.database_url else f"{conninfo} user={SERVICE}"
