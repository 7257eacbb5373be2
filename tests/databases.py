"""Migrated databases for tests: each is like a new copy of the template, and most are used again.

To copy the template, connect to the copy for the first time and drop it takes PostgreSQL longer
than most tests do. So a database that a test leaves is emptied and lent again under another name,
unless the test changed more than rows: then it is dropped.
"""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

# Deleted rows stay in the files until they are vacuumed.
MOST_USES = 40
TERMINATE_MILLISECONDS = 10_000

# Changes with every definition in the database, and with statistics that steer the planner. What
# came with PostgreSQL has smaller OIDs.
_DEFINITIONS: LiteralString = """
SELECT concat_ws(' ',
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_class WHERE oid >= 16384),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_attribute WHERE attrelid >= 16384),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_attrdef),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_constraint WHERE oid >= 16384),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_index WHERE indexrelid >= 16384),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_trigger),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_proc WHERE oid >= 16384),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_type WHERE oid >= 16384),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_namespace),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_extension),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_policy),
    (SELECT (count(*), sum(xmin::text::bigint)) FROM pg_default_acl),
    (SELECT count(*) FROM pg_publication),
    (SELECT count(*) FROM pg_event_trigger),
    (SELECT count(*) FROM pg_largeobject_metadata),
    (SELECT count(*) FROM pg_statistic WHERE starelid >= 16384),
    (
        SELECT string_agg(setting::text, ' ')
        FROM pg_db_role_setting AS setting
        INNER JOIN pg_database AS here ON here.oid = setting.setdatabase
        WHERE here.datname = current_database()
    ),
    (
        SELECT (datallowconn, datconnlimit, datacl, datdba)
        FROM pg_database WHERE datname = current_database()
    )
)
"""
# Tables without a file's content have no rows, and are not looked into.
_TABLES: LiteralString = """
SELECT oid::regclass::text FROM pg_class
WHERE
    relkind = 'r'
    AND relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
    AND pg_relation_size(oid) > 0
ORDER BY oid
"""
_SEQUENCES: LiteralString = """
SELECT format('%I.%I', schemaname, sequencename), last_value, start_value FROM pg_sequences
"""
_TERMINATE: LiteralString = """
SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

_numbers = itertools.count()


def drop(name: str) -> sql.Composed:
    """Return the statement that drops a database, whoever is connected to it."""
    return sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name))


@contextmanager
def fresh(connection: psycopg.Connection, template: str) -> Iterator[str]:
    """Lend a new copy of a template by its connection string, and drop it afterwards."""
    name = _copy(connection, template)
    try:
        yield make_conninfo(connection.info.dsn, dbname=name)
    finally:
        connection.execute(drop(name))


def _copy(connection: psycopg.Connection, template: str) -> str:
    name = _new_name()
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return name


def _new_name() -> str:
    return f"test_{os.getpid()}_{next(_numbers)}"


class Copies:
    """The copies of one template that a process has; `connection` is to the server."""

    def __init__(self, connection: psycopg.Connection, template: str) -> None:
        self._connection = connection
        self._template = template
        self._free: list[tuple[str, int]] = []
        self._original: _Original | None = None

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Lend a copy by its connection string; it has a name of its own each time."""
        name, uses = self._take()
        try:
            yield self._conninfo(name)
        finally:
            if uses < MOST_USES and self._clean(name):
                self._free.append((name, uses))
            else:
                self._connection.execute(drop(name))

    def close(self) -> None:
        """Drop the copies."""
        for name, _ in self._free:
            self._connection.execute(drop(name))

    def _take(self) -> tuple[str, int]:
        if not self._free:
            name = _copy(self._connection, self._template)
            if self._original is None:
                with psycopg.connect(self._conninfo(name), autocommit=True) as connection:
                    self._original = _Original(connection)
            return name, 1
        former, uses = self._free.pop()
        # What a process remembers of a database, it remembers by its name.
        name = _new_name()
        statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        self._connection.execute(statement.format(sql.Identifier(former), sql.Identifier(name)))
        return name, uses + 1

    def _clean(self, name: str) -> bool:
        assert self._original is not None
        try:
            with psycopg.connect(self._conninfo(name), autocommit=True) as connection:
                return self._original.restore(connection)
        except psycopg.Error:
            return False

    def _conninfo(self, name: str) -> str:
        return make_conninfo(self._connection.info.dsn, dbname=name)


class _Original:
    """What a new copy holds: its definitions, its rows and where its sequences stand."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._definitions = _definitions(connection)
        self._sequences = dict(_sequences(connection))
        self._rows = {name: _dump(connection, name) for name in self._used(connection)}

    def restore(self, connection: psycopg.Connection) -> bool:
        """Bring a copy back to this; return false for one that has other definitions."""
        connection.execute(_TERMINATE, [TERMINATE_MILLISECONDS])
        if _definitions(connection) != self._definitions:
            return False
        # Neither triggers nor references: some tables only take rows.
        connection.execute("SET session_replication_role = replica")
        for name in {*self._used(connection), *self._rows}:
            if name in self._rows and _dump(connection, name) == self._rows[name]:
                continue
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.SQL(name)))
            self._fill(connection, name)
        moved = [name for name, state in _sequences(connection) if state != self._sequences[name]]
        if moved:
            states = [(name, *self._sequences[name]) for name in moved]
            values = [(name, last or start, last is not None) for name, last, start in states]
            settings = sql.SQL(", ").join(
                sql.SQL("setval({})").format(sql.SQL(", ").join(map(sql.Literal, value)))
                for value in values
            )
            connection.execute(sql.SQL("SELECT {}").format(settings))
        return True

    def _fill(self, connection: psycopg.Connection, name: str) -> None:
        if name in self._rows:
            statement = sql.SQL("COPY {} FROM STDIN").format(sql.SQL(name))
            with connection.cursor().copy(statement) as copy:
                copy.write(self._rows[name])

    def _used(self, connection: psycopg.Connection) -> list[str]:
        """Return the tables that have rows."""
        looks = sql.SQL(", ").join(
            sql.SQL("CASE WHEN EXISTS (SELECT FROM {}) THEN {} END").format(
                sql.SQL(name), sql.Literal(name)
            )
            for (name,) in connection.execute(_TABLES)
        )
        row = connection.execute(sql.SQL("SELECT {}").format(looks)).fetchone() or ()
        return [name for name in row if name is not None]


def _definitions(connection: psycopg.Connection) -> object:
    return connection.execute(_DEFINITIONS).fetchone()


def _sequences(connection: psycopg.Connection) -> Iterator[tuple[str, tuple[int | None, int]]]:
    for name, last, start in connection.execute(_SEQUENCES):
        yield name, (last, start)


def _dump(connection: psycopg.Connection, name: str) -> bytes:
    statement = sql.SQL("COPY {} TO STDOUT").format(sql.SQL(name))
    with connection.cursor().copy(statement) as copy:
        return b"".join(map(bytes, copy))
