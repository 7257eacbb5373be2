"""Write the rows of a database as a script, and load them without running the script.

A script has `COPY … FROM stdin` with the rows of each table, and `setval` for each sequence: no
more than PostgreSQL 15 to 18 read alike. A file may contain any statement. Here, statements only
name the table whose rows follow, or the value of a sequence; the statements that run are built
from names that exist.
"""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, LiteralString

import psycopg
from psycopg import sql

from ringfence.database.backup import names
from ringfence.database.backup.file import CHUNK, Writable
from ringfence.database.connect import Connection
from ringfence.errors import OperatorError

LONGEST_STATEMENT = 1 << 20
END_OF_ROWS = b"\\.\n"
# Level 6 makes files of 100,000 groups a sixth smaller, in twice the time.
COMPRESSION = 2
# With the header of gzip
WINDOW_BITS = 31

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

# Tables of Ringfence, with the columns that hold values. Rows of partitions belong to their table.
_TABLES: LiteralString = """
SELECT
    current_schema()::text,
    class.relname::text,
    class.relkind = 'p',
    class.relpersistence = 'u',
    ARRAY(
        SELECT attribute.attname::text FROM pg_attribute AS attribute
        WHERE attribute.attrelid = class.oid
            AND attribute.attnum > 0 AND NOT attribute.attisdropped AND attribute.attgenerated = ''
        ORDER BY attribute.attnum
    )
FROM pg_class AS class
WHERE class.relnamespace = to_regnamespace(quote_ident(current_schema()))
    AND class.relkind IN ('r', 'p') AND NOT class.relispartition
    AND class.relname = ANY(%(names)s)
ORDER BY class.relname
"""
_PARTITIONS: LiteralString = """
SELECT class.relname::text
FROM pg_inherits AS part
INNER JOIN pg_class AS class ON part.inhrelid = class.oid
INNER JOIN pg_class AS whole ON part.inhparent = whole.oid
WHERE class.relispartition AND class.relkind IN ('r', 'p')
    AND whole.relnamespace = to_regnamespace(quote_ident(current_schema()))
    AND whole.relname = ANY(%(names)s)
ORDER BY class.relname
"""
_SEQUENCES: LiteralString = """
SELECT sequence.relname::text
FROM pg_class AS sequence
INNER JOIN pg_depend AS owned
    ON owned.classid = 'pg_class'::regclass AND owned.objid = sequence.oid
    AND owned.refclassid = 'pg_class'::regclass AND owned.deptype IN ('a', 'i')
INNER JOIN pg_class AS class ON owned.refobjid = class.oid
WHERE sequence.relkind = 'S'
    AND class.relnamespace = to_regnamespace(quote_ident(current_schema()))
    AND class.relname = ANY(%(names)s)
ORDER BY sequence.relname
"""
_SET_SEQUENCE: LiteralString = """
SELECT setval(sequence.oid::regclass, %(value)s, %(called)s)
FROM pg_class AS sequence
WHERE sequence.relnamespace = to_regnamespace(quote_ident(current_schema()))
    AND sequence.relkind = 'S' AND sequence.relname = %(name)s
"""
# Foreign keys, except those that partitions have from their table
_REFERENCES: LiteralString = """
SELECT class.relname::text, reference.conname::text, pg_get_constraintdef(reference.oid)
FROM pg_constraint AS reference
INNER JOIN pg_class AS class ON reference.conrelid = class.oid
WHERE reference.contype = 'f' AND reference.conparentid = 0
    AND class.relnamespace = to_regnamespace(quote_ident(current_schema()))
    AND class.relname = ANY(%(names)s)
ORDER BY class.relname, reference.conname
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of Ringfence; a crash empties one that is `unlogged`, and a backup leaves it out."""

    schema: str
    name: str
    is_partitioned: bool
    is_unlogged: bool
    columns: list[str]

    @property
    def identifier(self) -> sql.Identifier:
        """The name in a statement."""
        return sql.Identifier(self.schema, self.name)


def to_back_up(connection: psycopg.Connection) -> list[Table]:
    """Return the tables whose rows belong into a backup."""
    found = connection.execute(_TABLES, {"names": names.created()}).fetchall()
    return [table for table in (Table(*row) for row in found) if not table.is_unlogged]


def partitions(connection: psycopg.Connection) -> list[str]:
    """Return the names of the partitions of all tables."""
    found = connection.execute(_PARTITIONS, {"names": names.created()}).fetchall()
    return [name for (name,) in found]


async def existing(connection: Connection) -> list[Table]:
    """Return all tables of Ringfence."""
    cursor = await connection.execute(_TABLES, {"names": names.created()}, prepare=False)
    return [Table(*row) for row in await cursor.fetchall()]


def dump(connection: psycopg.Connection, tables: list[Table], output: Writable) -> None:
    """Write the compressed script of these tables and their sequences, of one snapshot.

    Call it in a transaction that is REPEATABLE READ.
    """
    # Rows in the order of the table, from its beginning
    connection.execute("SET LOCAL synchronize_seqscans = off")
    packing = _Packing(output)
    for table in tables:
        _dump_table(connection, table, packing)
    schema = tables[0].schema
    for (name,) in connection.execute(_SEQUENCES, {"names": [each.name for each in tables]}):
        statement = sql.SQL("SELECT last_value, is_called::text FROM {}")
        row = connection.execute(statement.format(sql.Identifier(schema, name))).fetchone()
        value, called = row or (1, "false")
        packing.write(b"SELECT pg_catalog.setval('public.%s', " % _quoted(name))
        packing.write(b"%d, %s);\n" % (value, str(called).encode()))
    packing.finish()


def _dump_table(connection: psycopg.Connection, table: Table, packing: "_Packing") -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    listed = b", ".join(map(_quoted, table.columns))
    packing.write(b"COPY public.%s %s FROM stdin;\n" % (_quoted(table.name), _in_brackets(listed)))
    if table.is_partitioned:
        # PostgreSQL 18 is the first that copies such a table itself.
        statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(columns, table.identifier)
    elif table.columns:
        statement = sql.SQL("COPY {} ({}) TO STDOUT").format(table.identifier, columns)
    else:
        statement = sql.SQL("COPY {} TO STDOUT").format(table.identifier)
    with connection.cursor().copy(statement) as copy:
        for row in copy:
            packing.write(row)
    packing.write(END_OF_ROWS)


def _in_brackets(listed: bytes) -> bytes:
    return b"(%s)" % listed if listed else b""


def _quoted(name: str) -> bytes:
    return b'"%s"' % name.replace('"', '""').encode()


class _Packing:
    """Compress what is written, in large pieces: rows come one by one."""

    def __init__(self, output: Writable) -> None:
        self._output = output
        self._compression = zlib.compressobj(COMPRESSION, wbits=WINDOW_BITS)
        self._buffer = bytearray()

    def write(self, piece: bytes | bytearray | memoryview) -> None:
        self._buffer += piece
        if len(self._buffer) >= CHUNK:
            self._output.write(self._compression.compress(self._buffer))
            self._buffer.clear()

    def finish(self) -> None:
        self._output.write(self._compression.compress(self._buffer))
        self._output.write(self._compression.flush())


def unpacked(pieces: Iterator[bytes]) -> BinaryIO:
    """Return the script of a compressed one; raises `OperatorError` as it is read, if damaged."""
    return io.BufferedReader(_Unpacking(_decompressed(pieces)), CHUNK)


def _decompressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    decompression = zlib.decompressobj(wbits=WINDOW_BITS)
    try:
        for piece in pieces:
            left = piece
            # A small piece may become a large one.
            while left and not decompression.eof:
                yield decompression.decompress(left, CHUNK)
                left = decompression.unconsumed_tail
    except zlib.error:
        raise _damaged() from None
    if not decompression.eof or decompression.unused_data:
        raise _damaged()


def _damaged() -> OperatorError:
    return OperatorError("the rows of the backup are damaged: use another copy of it")


class _Unpacking(io.RawIOBase):
    """A file of the pieces of an iterator."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview", /) -> int:  # type: ignore[override]
        while not self._left:
            following = next(self._pieces, None)
            if following is None:
                return 0
            self._left = following
        taken = self._left[: len(buffer)]
        self._left = self._left[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


async def load(connection: Connection, script: BinaryIO) -> None:
    """Replace the rows of all tables by those of the script, in one transaction.

    The connection is the owner's. Raises `OperatorError` where the script says anything else.
    """
    async with connection.transaction():
        tables = {table.name: table for table in await existing(connection)}
        references = await _drop_references(connection, list(tables))
        # They have run already.
        await _switch_triggers(connection, tables, sql.SQL("DISABLE"))
        # A table with partitions is new, and so empty; its partitions have triggers of their own.
        emptied = [each.identifier for each in tables.values() if not each.is_partitioned]
        await connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(emptied)))
        while line := script.readline(LONGEST_STATEMENT):
            if copy := _COPY.fullmatch(line):
                columns = [_name(found) for found in _COLUMN.findall(copy[2])]
                await _copy(connection, tables, _name(copy[1]), columns, script)
            elif copy := _COPY_NOTHING.fullmatch(line):
                await _copy(connection, tables, _name(copy[1]), [], script)
            elif found := _SEQUENCE.fullmatch(line):
                await _set_sequence(connection, found)
            elif not _IGNORED.fullmatch(line):
                raise OperatorError(
                    "the backup holds a statement that no backup of Ringfence does, "
                    "so nothing of it was loaded: take one that `ringfence backup` has written"
                )
        await _switch_triggers(connection, tables, sql.SQL("ENABLE"))
        for reference in references:
            await _restore_reference(connection, tables, reference)


async def _drop_references(connection: Connection, tables: list[str]) -> list[tuple[str, str, str]]:
    """Drop foreign keys, since rows may precede those that they refer to; return them."""
    cursor = await connection.execute(_REFERENCES, {"names": tables}, prepare=False)
    references = await cursor.fetchall()
    for table, name, _ in references:
        statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        await connection.execute(statement.format(sql.Identifier(table), sql.Identifier(name)))
    return references


async def _restore_reference(
    connection: Connection, tables: dict[str, Table], reference: tuple[str, str, str]
) -> None:
    table, name, definition = reference
    statement = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
    # As the server has described what a migration has created
    words = sql.SQL(definition)
    try:
        await connection.execute(
            statement.format(tables[table].identifier, sql.Identifier(name), words)
        )
    except psycopg.errors.ForeignKeyViolation as error:
        raise _not_loaded(table, error) from None


async def _switch_triggers(
    connection: Connection, tables: dict[str, Table], switch: sql.SQL
) -> None:
    for table in tables.values():
        statement = sql.SQL("ALTER TABLE {} {} TRIGGER USER")
        await connection.execute(statement.format(table.identifier, switch))


async def _set_sequence(connection: Connection, found: re.Match[bytes]) -> None:
    values = {"name": _name(found[1]), "value": int(found[2]), "called": found[3] == b"true"}
    cursor = await connection.execute(_SET_SEQUENCE, values, prepare=False)
    if not await cursor.fetchall():
        raise OperatorError(
            f"the backup holds the sequence {values['name']}, which it cannot have: "
            "take one that `ringfence backup` has written"
        )


async def _copy(
    connection: Connection,
    tables: dict[str, Table],
    table: str,
    columns: list[str],
    script: BinaryIO,
) -> None:
    if table not in tables:
        raise OperatorError(f"the backup holds rows of {table}, a table that it cannot have")
    there = tables[table].identifier
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = (
        sql.SQL("COPY {} ({}) FROM STDIN").format(there, listed)
        if columns
        else sql.SQL("COPY {} FROM STDIN").format(there)
    )
    try:
        async with connection.cursor().copy(statement) as copy:
            for piece in _rows(script):
                await copy.write(piece)
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
        raise _not_loaded(table, error) from None


def _not_loaded(table: str, error: psycopg.Error) -> OperatorError:
    reason = error.diag.message_primary or type(error).__name__
    return OperatorError(f"the rows of {table} could not be loaded: {reason}")


def _rows(script: BinaryIO) -> Iterator[bytes]:
    """Yield the rows up to their end, in large pieces."""
    begins_line = True
    rows = bytearray()
    while piece := script.readline(LONGEST_STATEMENT):
        if begins_line and piece == END_OF_ROWS:
            yield bytes(rows)
            return
        begins_line = piece.endswith(b"\n")
        rows += piece
        if len(rows) >= CHUNK:
            yield bytes(rows)
            rows.clear()
    raise OperatorError("the backup is truncated: use another copy of it")


def _name(quoted: bytes | tuple[bytes, ...]) -> str:
    text = (quoted if isinstance(quoted, bytes) else quoted[0]).decode()
    return text[1:-1].replace('""', '"') if text.startswith('"') else text
