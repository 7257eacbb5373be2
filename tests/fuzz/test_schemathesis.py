"""A short run of Schemathesis, always the same; `make fuzz` is a long one, of all phases."""

import pytest
from tests.fuzz.instance import served
from tests.fuzz.run import SEED, fuzz

EXAMPLES = {"staff": 2}
# Without the edge cases of each parameter, which take minutes
PHASES = ("examples", "fuzzing", "stateful")


@pytest.fixture(scope="module")
def instance():
    with served() as instance:
        yield instance


@pytest.mark.parametrize("user", EXAMPLES)
def test_no_answer_breaks_the_schema(instance, user, record_property):
    options = ("--max-examples", str(EXAMPLES[user]), "--phases", ",".join(PHASES))
    run = fuzz(instance, user, SEED, *options)
    assert run.failures == 0, run.text
    assert instance.faults() == []
    assert {phase: run.report["phases"][phase]["status"] for phase in PHASES} == dict.fromkeys(
        PHASES, "success"
    )
    assert run.report["operations"]["tested"] == run.report["operations"]["total"]
    # Enough that the whole would not pass on a service that refuses everybody
    assert sum(number for _, status, number in run.counts if status < 300) > run.requests / 10
    record_property("fuzzed", list(run.lines()))
