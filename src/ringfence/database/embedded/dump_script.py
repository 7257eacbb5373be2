"""Load the rows of a dump from the script that `pg_restore` writes, without running the script.

A dump can contain any statement. Here, statements only name the table whose rows follow, or the
value of a sequence; the statements that run are built from names that exist.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, LiteralString

import psycopg
from psycopg import sql

from ringfence.errors import OperatorError

LONGEST_STATEMENT = 1 << 20
END_OF_ROWS = b"\\.\n"

# What `pg_dump` writes of the tables of Ringfence, job queue included.
ENTRIES = {"TABLE", "TABLE DATA", "SEQUENCE", "SEQUENCE OWNED BY", "SEQUENCE SET", "VIEW", "TYPE"}
ENTRIES |= {"CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", "DEFAULT", "INDEX", "TRIGGER"}
ENTRIES |= {"FUNCTION", "EXTENSION", "COMMENT", "SCHEMA", "ACL", "DEFAULT ACL"}
EXTENSIONS = frozenset({"pg_trgm"})

# `4021; 1259 16390 TABLE public events ringfence_owner`
_ENTRY = re.compile(r"[0-9]+; [0-9]+ [0-9]+ ([A-Z][A-Z ]*[A-Z]) (\S+) (.*)")
_NAME = rb'("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)'
_NAMES = _NAME + rb"(?:, " + _NAME + rb")*"
_COPY = re.compile(rb"COPY public\." + _NAME + rb" \((" + _NAMES + rb")\) FROM stdin;\n")
_COPY_NOTHING = re.compile(rb"COPY public\." + _NAME + rb"  FROM stdin;\n")
_COLUMN = re.compile(_NAME)
_SEQUENCE = re.compile(
    rb"SELECT pg_catalog\.setval\('public\." + _NAME + rb"', ([0-9]+), (true|false)\);\n"
)
_IGNORED = re.compile(
    rb"\n|--.*\n|SET [a-z_]+ = [^;]*;\n|\\(?:un)?restrict [A-Za-z0-9]+\n"
    rb"|SELECT pg_catalog\.set_config\('search_path', '', false\);\n"
)

_TABLES: LiteralString = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""
_SET_SEQUENCE: LiteralString = """
SELECT setval(oid::regclass, %(value)s, %(called)s) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' AND relname = %(name)s
"""


def require_known_entries(listing: str) -> None:
    """Raise `OperatorError` for an entry of `pg_restore --list` that no backup of Ringfence has."""
    for line in listing.splitlines():
        if not line or line.startswith(";"):
            continue
        entry = _ENTRY.fullmatch(line)
        kind, _, name = entry.groups() if entry else (line[:80], "", "")
        wrong_extension = kind == "EXTENSION" and name.split(" ")[0] not in EXTENSIONS
        if kind not in ENTRIES or wrong_extension:
            raise OperatorError(
                f"the backup holds what no backup of Ringfence does ({kind} {name}".rstrip()
                + "), so nothing of it was loaded: take one that `ringfence backup` has written"
            )


def load(connection: psycopg.Connection, script: BinaryIO) -> None:
    """Replace the rows of all tables by those of the script, in one transaction.

    The connection is the owner's. Raises `OperatorError` where the script says anything else.
    """
    with connection.transaction():
        # Triggers have run already, and rows may precede those that they reference.
        connection.execute("SET LOCAL session_replication_role = replica")
        tables = {name for (name,) in connection.execute(_TABLES).fetchall()}
        names = sql.SQL(", ").join(sql.Identifier("public", name) for name in sorted(tables))
        connection.execute(sql.SQL("TRUNCATE {}").format(names))
        while line := script.readline(LONGEST_STATEMENT):
            if copy := _COPY.fullmatch(line):
                columns = [_name(found) for found in _COLUMN.findall(copy[2])]
                _copy(connection, tables, _name(copy[1]), columns, script)
            elif copy := _COPY_NOTHING.fullmatch(line):
                _copy(connection, tables, _name(copy[1]), [], script)
            elif found := _SEQUENCE.fullmatch(line):
                values = {"name": _name(found[1]), "value": int(found[2])}
                connection.execute(_SET_SEQUENCE, values | {"called": found[3] == b"true"})
            elif not _IGNORED.fullmatch(line):
                raise OperatorError(
                    "the backup holds a statement that no backup of Ringfence does, "
                    "so nothing of it was loaded: take one that `ringfence backup` has written"
                )


def _copy(
    connection: psycopg.Connection,
    tables: set[str],
    table: str,
    columns: list[str],
    script: BinaryIO,
) -> None:
    if table not in tables:
        raise OperatorError(f"the backup holds rows of {table}, a table that it cannot have")
    there = sql.Identifier("public", table)
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = (
        sql.SQL("COPY {} ({}) FROM STDIN").format(there, listed)
        if columns
        else sql.SQL("COPY {} FROM STDIN").format(there)
    )
    try:
        with connection.cursor().copy(statement) as copy:
            for piece in _rows(script):
                copy.write(piece)
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
        reason = error.diag.message_primary or type(error).__name__
        raise OperatorError(f"the rows of {table} could not be loaded: {reason}") from None


def _rows(script: BinaryIO) -> Iterator[bytes]:
    """Yield the rows up to their end, in pieces."""
    begins_line = True
    while piece := script.readline(LONGEST_STATEMENT):
        if begins_line and piece == END_OF_ROWS:
            return
        begins_line = piece.endswith(b"\n")
        yield piece
    raise OperatorError("the backup is truncated: use another copy of it")


def _name(quoted: bytes | tuple[bytes, ...]) -> str:
    text = (quoted if isinstance(quoted, bytes) else quoted[0]).decode()
    return text[1:-1].replace('""', '"') if text.startswith('"') else text
