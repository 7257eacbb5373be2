"""Prepared statements of hot reads, run without psycopg's cursor.

A cursor keeps results, a position in them and what converts them. A hot read needs the rows as the
server sent them, and what a cursor does beyond that costs more than the rest of a small statement.
The protocol, the conversion of parameters and the waiting are psycopg's.
"""

from collections import OrderedDict
from collections.abc import Sequence

from psycopg import AsyncConnection, AsyncRawCursor, errors
from psycopg.adapt import PyFormat, Transformer
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

# As many as psycopg keeps; the least recently used is deallocated first.
KEPT = 100

_Key = tuple[bytes, tuple[int, ...]]


class PreparedStatements:
    """The prepared statements of one connection in autocommit mode.

    After a rollback, psycopg deallocates all statements of a session, these included. The next use
    of one fails, without effect, and prepares it again. In a transaction the failure would be the
    end of it, so a cursor runs the statement there.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._transformer = Transformer(connection)
        self._names: OrderedDict[_Key, bytes] = OrderedDict()
        self._number = 0

    async def rows(self, statement: bytes, values: Sequence[object]) -> PGresult:
        """Return the rows of a statement with numbered parameters, in binary format.

        Raises `psycopg.Error`, as a cursor does.
        """
        connection = self._connection
        if connection.pgconn.transaction_status != TransactionStatus.IDLE:
            return await self._rows_of_cursor(statement, values)
        try:
            return await self._rows(statement, values)
        except errors.InvalidSqlStatementName:
            self._names.clear()
            return await self._rows(statement, values)

    async def _rows_of_cursor(self, statement: bytes, values: Sequence[object]) -> PGresult:
        cursor = AsyncRawCursor(self._connection)
        await cursor.execute(statement, values, binary=True)
        assert cursor.pgresult is not None  # noqa: S101 - a statement was executed
        return cursor.pgresult

    async def _rows(self, statement: bytes, values: Sequence[object]) -> PGresult:
        connection = self._connection
        async with connection.lock:
            parameters = self._transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
            key = statement, self._transformer.types or ()
            formats = self._transformer.formats
            name = self._names.get(key) or await self._prepare(key)
            self._names.move_to_end(key)
            connection.pgconn.send_query_prepared(name, parameters, formats, Format.BINARY)
            return await self._result()

    async def _prepare(self, key: _Key) -> bytes:
        pgconn = self._connection.pgconn
        if len(self._names) >= KEPT:
            _, oldest = self._names.popitem(last=False)
            # Poolers know statements by this message, and not by SQL.
            pgconn.send_close_prepared(oldest)
            await self._result()
        self._number += 1
        statement, types = key
        name = b"ringfence_%d" % self._number
        pgconn.send_prepare(name, statement, types)
        await self._result()
        self._names[key] = name
        return name

    async def _result(self) -> PGresult:
        connection = self._connection
        result: PGresult
        (result,) = await connection.wait(execute(connection.pgconn))
        if result.status not in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
            raise errors.error_from_result(result)
        return result
