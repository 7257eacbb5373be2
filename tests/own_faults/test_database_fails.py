"""PostgreSQL stops, dies, hangs or refuses in the midst of reads and writes."""

import os
import signal
import time

import pytest
from tests.own_faults.selection import chosen
from tests.own_faults.served import Served
from tests.own_faults.traffic import Traffic
from tests.processes import children, signal_each

from ringfence.database.embedded.server import server_process_id


def stop_in_order(served: Served, _: Traffic) -> None:
    os.kill(served.postmaster(), signal.SIGINT)


def kill_at_once(served: Served, _: Traffic) -> None:
    served.kill_database()


def kill_a_backend(served: Served, _: Traffic) -> None:
    os.kill(served.backends()[0], signal.SIGKILL)


def hang(served: Served, traffic: Traffic) -> None:
    postmaster = served.postmaster()
    stopped = [postmaster, *children(postmaster)]
    signal_each(stopped, signal.SIGSTOP)
    # It comes while the server still hangs: by the service's own limits.
    traffic.until_unavailable()
    signal_each(reversed(stopped), signal.SIGCONT)


def lock_a_table(served: Served, traffic: Traffic) -> None:
    with served.connect() as connection, connection.transaction():
        connection.execute("LOCK TABLE security_groups")
        traffic.until_unavailable()


def cut_every_session(served: Served, _: Traffic) -> None:
    with served.connect() as connection:
        for _ in range(20):
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            time.sleep(0.1)


FAULTS = {
    "PostgreSQL stopped in order": stop_in_order,
    "PostgreSQL killed with all its processes": kill_at_once,
    "one backend of PostgreSQL killed": kill_a_backend,
    "every session ended, again and again for 2 s": cut_every_session,
    "PostgreSQL hangs until somebody is told": hang,
    "a table locked until somebody is told": lock_a_table,
}


@pytest.mark.parametrize(
    "fault",
    chosen(
        FAULTS,
        "PostgreSQL killed with all its processes",
        "every session ended, again and again for 2 s",
    ),
)
def test_it_says_503_and_recovers_and_keeps_what_it_acknowledged(served, outcome, fault):
    served.serve("--workers", "2")
    with Traffic(served) as traffic:
        traffic.until_written()
        time.sleep(1)
        FAULTS[fault](served, traffic)
        recovered = traffic.until_written()
        time.sleep(1)
    traffic.assert_answered_well()
    kept = traffic.assert_kept()
    assert server_process_id(served.home) is not None
    outcome(fault, traffic, kept, recovered)
