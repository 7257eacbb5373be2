"""Connections run out."""

import time
from contextlib import ExitStack, suppress

import psycopg
from tests.own_faults.served import Served
from tests.own_faults.traffic import Traffic

CONNECTIONS = 24


def take_every_connection(served: Served, held: ExitStack) -> None:
    """Take what is free and what the service loses, until there is nothing left to take."""
    first = held.enter_context(served.connect())
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        with suppress(psycopg.OperationalError):
            held.enter_context(served.connect())
            continue
        first.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'ringfence'"
        )


def test_connections_that_ran_out_are_taken_up_again(served, outcome):
    assert served.operator.run("migrate").returncode == 0
    served.serve("--workers", "2")
    with served.connect() as connection:
        connection.execute(f"ALTER SYSTEM SET max_connections = {CONNECTIONS}")
    served.kill_database()
    with Traffic(served) as traffic:
        traffic.until_written()
        with ExitStack() as held:
            take_every_connection(served, held)
            traffic.until_unavailable()
        recovered = traffic.until_written()
        time.sleep(1)
    traffic.assert_answered_well()
    kept = traffic.assert_kept()
    outcome("every connection of PostgreSQL taken by others", traffic, kept, recovered)
