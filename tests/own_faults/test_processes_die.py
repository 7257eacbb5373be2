"""Processes of the service are killed in the midst of reads and writes."""

import os
import signal
import time

import pytest
from tests.own_faults.selection import chosen
from tests.own_faults.served import Served
from tests.own_faults.traffic import Traffic
from tests.processes import children, signal_each


def kill_the_worker(served: Served) -> None:
    os.kill(served.children("worker")[-1], signal.SIGKILL)


def kill_an_api_process(served: Served) -> None:
    os.kill(served.children("api")[-1], signal.SIGKILL)


def kill_all_children(served: Served) -> None:
    signal_each(children(served.processes[0].pid))


FAULTS = {
    "the job worker killed": kill_the_worker,
    "an API process killed": kill_an_api_process,
    "every child of the service killed at once": kill_all_children,
}


@pytest.mark.parametrize("fault", chosen(FAULTS, "every child of the service killed at once"))
def test_others_take_over_and_nothing_acknowledged_is_lost(served, outcome, fault):
    served.serve("--workers", "2")
    with Traffic(served) as traffic:
        traffic.until_written()
        time.sleep(1)
        FAULTS[fault](served)
        recovered = traffic.until_written()
        time.sleep(1)
    traffic.assert_answered_well(cut="worker" not in fault)
    outcome(fault, traffic, traffic.assert_kept(), recovered)


def test_the_next_start_has_what_was_acknowledged_before_everything_was_killed(served, outcome):
    served.serve("--workers", "1")
    with Traffic(served) as traffic:
        traffic.until_written()
        time.sleep(1)
        served.kill_service(served.processes[0])
        served.kill_database()
    traffic.assert_answered_well(cut=True)
    begun = time.monotonic()
    served.address = served.serve("--workers", "1")
    recovered = time.monotonic() - begun
    kept = traffic.assert_kept()
    outcome("everything killed, PostgreSQL included", traffic, kept, recovered)


@pytest.mark.parametrize("killed", chosen([0, 1], 0), ids=lambda number: f"number {number}")
def test_of_two_services_on_one_home_the_other_goes_on(served, outcome, killed):
    addresses = [served.serve("--workers", "1") for _ in range(2)]
    served.address = addresses[1 - killed]
    with Traffic(served) as traffic:
        traffic.until_written()
        process = served.processes[killed]
        served.kill_service(process)
        time.sleep(1)
        # The one that is left starts the database that both have used.
        served.kill_database()
        recovered = traffic.until_written()
        time.sleep(1)
    traffic.assert_answered_well()
    kept = traffic.assert_kept()
    fault = "two services on one home: one of them killed, then the database"
    outcome(fault, traffic, kept, recovered)
