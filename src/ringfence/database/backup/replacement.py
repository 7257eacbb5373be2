"""Make room for a restore: drop what Ringfence has in a schema, and nothing else.

Everything runs in the transaction of the restore. Objects of others stay, and a restore that
would drop one of them, since it depends on a table of Ringfence, is refused.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import LiteralString

import psycopg
from psycopg import sql

from ringfence.database.backup import names
from ringfence.database.connect import Connection
from ringfence.database.privileges import grant_to
from ringfence.database.requirements import DatabaseProperties
from ringfence.errors import OperatorError

# A session that was closed is still shown for a moment.
LEAVE_SECONDS = 5.0
POLL_SECONDS = 0.1
SHOWN_TABLES = 3

_TABLES: LiteralString = """
SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename
"""

# Sessions of roles that may write to the tables: a service, or somebody at a prompt. Columns of
# other roles' sessions may be hidden.
_USERS: LiteralString = """
SELECT activity.usename::text, count(*)
FROM pg_stat_activity AS activity
WHERE activity.datname = current_database()
    AND activity.usesysid IS NOT NULL
    AND activity.leader_pid IS NULL
    AND coalesce(activity.backend_type, 'client backend') = 'client backend'
    AND activity.pid <> pg_backend_pid()
    AND has_table_privilege(activity.usesysid, to_regclass('security_groups'), 'INSERT')
GROUP BY activity.usename
ORDER BY activity.usename
"""

_OWNER: LiteralString = """
SELECT pg_get_userbyid(class.relowner)::text, pg_has_role(class.relowner, 'MEMBER')
FROM pg_class AS class
WHERE class.oid = to_regclass('schema_migrations')
"""

# Privileges on tables and views that other roles than the owner have
_GRANTS: LiteralString = """
SELECT class.relname::text, grantee.rolname::text, acl.privilege_type
FROM pg_class AS class
CROSS JOIN LATERAL aclexplode(class.relacl) AS acl
INNER JOIN pg_roles AS grantee ON acl.grantee = grantee.oid
WHERE class.relnamespace = to_regnamespace(quote_ident(current_schema()))
    AND class.relkind IN ('r', 'p', 'v') AND NOT class.relispartition
    AND class.relname = ANY(%(names)s)
    AND acl.grantee <> class.relowner
ORDER BY class.relname, grantee.rolname, acl.privilege_type
"""

# Tables, views, routines and types of all programs, and foreign keys by the name of their table.
# What belongs to an extension is of another program.
_OBJECTS: LiteralString = """
SELECT
    named.kind,
    CASE
        WHEN named.kind = 'ROUTINE' THEN named.oid::regprocedure::text
        ELSE format('%%I.%%I', space.nspname, named.name)
    END,
    pg_describe_object(named.class, named.oid, 0),
    space.nspname = current_schema()
    AND (named.name = ANY(%(names)s) OR starts_with(named.name, %(prefix)s))
    AND NOT EXISTS (
        SELECT FROM pg_depend AS held
        WHERE held.classid = named.class AND held.objid = named.oid AND held.deptype = 'e'
    )
FROM (
    SELECT 'pg_class'::regclass AS class, relation.oid, relation.relnamespace AS space,
        relation.relname::text AS name,
        CASE WHEN relation.relkind = 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind
    FROM pg_class AS relation
    WHERE relation.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relation.relispartition
    UNION ALL
    SELECT 'pg_proc'::regclass, routine.oid, routine.pronamespace, routine.proname::text, 'ROUTINE'
    FROM pg_proc AS routine
    UNION ALL
    SELECT 'pg_type'::regclass, type.oid, type.typnamespace, type.typname::text, 'TYPE'
    FROM pg_type AS type
    LEFT JOIN pg_class AS relation ON type.typrelid = relation.oid
    WHERE type.typtype IN ('e', 'd', 'r') OR relation.relkind = 'c'
    UNION ALL
    SELECT 'pg_constraint'::regclass, reference.oid, relation.relnamespace,
        relation.relname::text, 'FOREIGN KEY'
    FROM pg_constraint AS reference
    INNER JOIN pg_class AS relation ON reference.conrelid = relation.oid
    WHERE reference.contype = 'f'
) AS named
INNER JOIN pg_namespace AS space ON named.space = space.oid
WHERE NOT starts_with(space.nspname, 'pg_') AND space.nspname <> 'information_schema'
"""
# In this order; what depends on one of them goes with it.
DROPPED = ("VIEW", "TABLE", "ROUTINE", "TYPE")


@dataclass(frozen=True, slots=True)
class Former:
    """What roles could do with the tables that were replaced: (table, role, privilege)."""

    grants: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def services(self) -> list[str]:
        """The roles that could serve."""
        return sorted(
            {
                role
                for table, role, privilege in self.grants
                if (table, privilege) == ("security_groups", "INSERT")
            }
        )


async def refuse_existing(
    connection: Connection, properties: DatabaseProperties, *, overwrite: bool
) -> None:
    """Raise `OperatorError` if the schema has tables and may not be overwritten."""
    if overwrite:
        return
    cursor = await connection.execute(_TABLES, prepare=False)
    if tables := [name for (name,) in await cursor.fetchall()]:
        shown = ", ".join(tables[:SHOWN_TABLES]) + (", …" if len(tables) > SHOWN_TABLES else "")
        raise OperatorError(
            f"the database {properties.database} is not empty (its schema {properties.schema} has "
            f"{shown}): use --overwrite to lose what Ringfence has there, or restore into another"
        )


async def refuse_users(connection: Connection) -> None:
    """Raise `OperatorError` if others use the tables. Call it outside a transaction."""
    deadline = time.monotonic() + LEAVE_SECONDS
    while users := await sessions(connection):
        if time.monotonic() > deadline:
            shown = ", ".join(f"{count} of {role}" for role, count in users)
            raise OperatorError(
                f"the database is in use (sessions: {shown}): stop `ringfence serve`, every worker "
                "and whatever else uses it, then run this again"
            )
        await asyncio.sleep(POLL_SECONDS)


async def sessions(connection: Connection) -> list[tuple[str, int]]:
    """Return roles that may write to the tables, with the number of their other sessions."""
    return await (await connection.execute(_USERS, prepare=False)).fetchall()


async def clear(connection: Connection, properties: DatabaseProperties) -> Former:
    """Drop all that Ringfence has in the schema; return what is needed to grant it again.

    From here on, the transaction runs as the owner of the former tables.
    """
    if not properties.has_history:
        return Former()
    await _become_owner(connection, properties)
    cursor = await connection.execute(_GRANTS, {"names": names.created()}, prepare=False)
    former = Former(await cursor.fetchall())
    ours, before = await _objects(connection)
    try:
        for kind, name in sorted(ours, key=lambda each: DROPPED.index(each[0])):
            # Both are the server's words, which has quoted the name.
            await connection.execute(sql.SQL(f"DROP {kind} IF EXISTS {name} CASCADE"))
    except psycopg.errors.LockNotAvailable:
        raise OperatorError(
            "somebody holds a table of Ringfence: end their transaction, then run this again"
        ) from None
    _, after = await _objects(connection)
    if lost := before - after:
        raise OperatorError(
            f"{min(lost)} is not of Ringfence and depends on a table of it, so nothing was "
            "changed: drop it first, and create it again after the restore"
        )
    return former


async def _objects(connection: Connection) -> tuple[list[tuple[str, str]], set[str]]:
    """Return kinds and names of the objects of Ringfence, and descriptions of all others."""
    values = {"names": names.created(), "prefix": names.PREFIX}
    cursor = await connection.execute(_OBJECTS, values, prepare=False)
    ours, others = [], set()
    for kind, name, description, is_ours in await cursor.fetchall():
        if not is_ours:
            others.add(description)
        elif kind in DROPPED:
            ours.append((kind, name))
    return ours, others


async def _become_owner(connection: Connection, properties: DatabaseProperties) -> None:
    row = await (await connection.execute(_OWNER, prepare=False)).fetchone()
    assert row is not None  # noqa: S101 - it has a history
    owner, is_member = row
    if not is_member:
        raise OperatorError(
            f"the role {properties.role} does not own the tables: restore as their owner, {owner}"
        )
    if owner != properties.role:
        await connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(owner)))


async def grant_again(
    connection: Connection, schema: str, former: Former, services: list[str]
) -> None:
    """Grant roles what they had, and what is new to those that serve."""
    cursor = await connection.execute(_TABLES, prepare=False)
    present = {name for (name,) in await cursor.fetchall()}
    for table, role, privilege in former.grants:
        if table in present:
            statement = sql.SQL("GRANT {} ON {} TO {}").format(
                sql.SQL(privilege),
                sql.Identifier(schema, table),
                sql.Identifier(role),
            )
            await connection.execute(statement)
    for role in services:
        await grant_to(connection, role)
