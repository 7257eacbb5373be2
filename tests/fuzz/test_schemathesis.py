"""A short run of all phases of Schemathesis, always the same; `make fuzz` is a long one."""

import pytest
from tests.fuzz.instance import served
from tests.fuzz.run import SEED, fuzz

# So few that the examples and edge cases of the schema are most of the run; `make fuzz` takes more
EXAMPLES = {"staff": 2}
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@pytest.fixture(scope="module")
def instance():
    with served() as instance:
        yield instance


@pytest.mark.parametrize("user", EXAMPLES)
def test_no_answer_breaks_the_schema(instance, user, record_property):
    run = fuzz(instance, user, SEED, "--max-examples", str(EXAMPLES[user]))
    assert run.failures == 0, run.text
    assert instance.faults() == []
    assert {phase: run.report["phases"][phase]["status"] for phase in PHASES} == dict.fromkeys(
        PHASES, "success"
    )
    assert run.report["operations"]["tested"] == run.report["operations"]["total"]
    # Enough that the whole would not pass on a service that refuses everybody
    assert sum(number for _, status, number in run.counts if status < 300) > run.requests / 10
    record_property("fuzzed", list(run.lines()))
