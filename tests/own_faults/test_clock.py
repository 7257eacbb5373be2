"""The clock jumps: as if all that the database has noted lay elsewhere in time."""

import time

import psycopg
import pytest
from psycopg import sql
from tests.own_faults.selection import chosen
from tests.own_faults.served import Served
from tests.own_faults.traffic import Traffic

COLUMNS = """
SELECT format('%I', pg_class.relname), format('%I', pg_attribute.attname)
FROM pg_attribute
INNER JOIN pg_class ON pg_attribute.attrelid = pg_class.oid
WHERE
    pg_class.relkind IN ('r', 'p')
    AND pg_class.relnamespace = 'public'::regnamespace
    AND pg_attribute.atttypid = 'timestamptz'::regtype
    AND NOT pg_attribute.attisdropped
    AND pg_class.relname <> 'schema_migrations'
"""


def jump(connection: psycopg.Connection, hours: int) -> None:
    """Set the clock forward, as the database sees it; back with a negative number."""
    while True:
        try:
            _jump_at_once(connection, hours)
        except psycopg.errors.DeadlockDetected:
            # The service locks rows in an order of its own, and was first.
            continue
        return


def _jump_at_once(connection: psycopg.Connection, hours: int) -> None:
    columns = connection.execute(COLUMNS).fetchall()
    with connection.transaction():
        # It is the clock that changes: nothing is to note a change of rows.
        connection.execute("SET LOCAL session_replication_role = replica")
        for table, column in columns:
            statement = "UPDATE {table} SET {column} = {column} - make_interval(hours => %s)"
            connection.execute(
                sql.SQL(statement).format(table=sql.SQL(table), column=sql.SQL(column)), [hours]
            )


@pytest.mark.parametrize("hours", chosen([30, -30], -30))
def test_a_clock_that_jumps_stops_no_work(served: Served, outcome, hours):
    served.serve("--workers", "1")
    with Traffic(served) as traffic:
        traffic.until_written()
        time.sleep(1)
        with served.connect() as connection:
            jump(connection, hours)
        recovered = traffic.until_written()
        time.sleep(1)
    traffic.assert_answered_well()
    kept = traffic.assert_kept()
    direction = "forward" if hours > 0 else "back"
    outcome(f"the clock set {direction} by {abs(hours)} hours", traffic, kept, recovered)
