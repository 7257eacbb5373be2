from collections.abc import Iterator

import pytest
from tests.cli.operating import operating
from tests.own_faults.selection import ALL, may_mount
from tests.own_faults.served import Served

# Left out, not skipped: there is nothing that could be run. The summary says so.
collect_ignore = [] if may_mount() else ["test_disk_is_full.py"]
# The usual ones are struck in less than a minute.
if not ALL:
    names = ("read_only", "clock", "connections_run_out", "failover")
    collect_ignore += [f"test_{name}.py" for name in names]


@pytest.fixture
def served() -> Iterator[Served]:
    """A home of its own with data in it; the test starts the service."""
    with operating() as operator:
        served = Served(operator)
        served.load()
        yield served


@pytest.fixture
def outcome(record_property):
    """Note what was done to the service and what came of it, for the end of the run's output."""

    def note(fault: str, traffic, kept: int, recovered: float) -> None:
        record_property(
            "own fault",
            {
                "fault": fault,
                "answers": len(traffic.answers),
                "unavailable": traffic.unavailable(),
                "cut": sum(answer.status == 0 for _, answer in traffic.answers),
                "longest": traffic.longest(),
                "kept": kept,
                "recovered": recovered,
            },
        )

    return note
