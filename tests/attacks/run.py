"""All attacks on a served instance, beside an innocent client: `python -m tests.attacks.run`.

Prints a line for each attack with what it met, and how the innocent client fared meanwhile. Exit
code 1 if a defence fails, if the innocent client is ever told that the service is busy, or if one
of a hundred of its requests takes longer than `LIMIT_SECONDS`.
"""

# ruff: noqa: T201 - it is run by hand

import json
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.attacks.attacks import ATTACKS, names
from tests.fuzz.instance import Instance, served, token

LIMIT_SECONDS = 0.25
# The innocent client alone, for comparison
QUIET_SECONDS = 5.0
# As it is where nothing is set
DEFAULTS = {
    "RINGFENCE_ADDRESS_RATE": "",
    "RINGFENCE_TOKEN_RATE": "",
    "RINGFENCE_TOKEN_CHANGE_RATE": "",
}
Seen = tuple[str, int, float]


class Innocent:
    """The innocent client's process."""

    def __init__(self, address: str) -> None:
        command = [sys.executable, "-m", "tests.attacks.innocent", address, token("bob")]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def mark(self, part: str) -> None:
        """Return which part of the run begins."""
        assert self._process.stdin
        self._process.stdin.write(f"{part}\n")
        self._process.stdin.flush()

    def end(self) -> list[Seen]:
        """End it, and give what it saw: the part, the status and the seconds of each request."""
        written, _ = self._process.communicate(timeout=60)
        return [(mark, status, seconds) for mark, status, seconds in json.loads(written)]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that such a share of all does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def figures(seconds: Sequence[float]) -> str:
    """Return the median, the 99th of a hundred and the worst, in milliseconds."""
    p50, p99, worst = (percentile(seconds, share) * 1000 for share in (0.5, 0.99, 1))
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, worst {worst:.0f} ms of {len(seconds)}"


def attacked(instance: Instance, one: Innocent) -> dict[str, tuple[bool, str]]:
    """Run all attacks; give of each whether it was met, and by what."""
    found: dict[str, tuple[bool, str]] = {}
    for each in ATTACKS:
        one.mark(each.name)
        try:
            found[each.name] = True, each.run(instance)
        except Exception as error:  # noqa: BLE001 - whatever is wrong is told, and the next is tried
            found[each.name] = False, f"{type(error).__name__}: {error}"[:300]
    return found


def main() -> int:
    """Run all attacks and give the exit code."""
    names()
    with served(**DEFAULTS) as instance:
        one = Innocent(instance.address)
        time.sleep(QUIET_SECONDS)
        found = attacked(instance, one)
        seen = one.end()
        faults = instance.faults()
        restarted = len(instance.processes()) != 1
    for each in ATTACKS:
        is_met, said = found[each.name]
        meanwhile = [seconds for mark, _, seconds in seen if mark == each.name]
        print(f"{'met   ' if is_met else 'FAILED'} {each.title}")
        print(f"         {said}")
        if meanwhile:
            print(f"         meanwhile: {figures(meanwhile)}")
    before = [seconds for mark, _, seconds in seen if mark == "before"]
    during = [seconds for mark, _, seconds in seen if mark != "before"]
    statuses = sorted({status for _, status, _ in seen})
    print(f"innocent client before: {figures(before)}")
    print(f"innocent client during: {figures(during)}; statuses {statuses}")
    wrong = {
        "attacks that were not met": [name for name, (is_met, _) in found.items() if not is_met],
        "innocent requests that were refused": [each for each in statuses if each != 200],
        "slow for the innocent client": percentile(during, 0.99) > LIMIT_SECONDS,
        "errors in the log": [fault.get("event") for fault in faults],
        "the process was started anew": restarted,
    }
    for what, instances in wrong.items():
        if instances:
            print(f"WRONG {what}: {instances}")
    print(f"{sum(is_met for is_met, _ in found.values())} of {len(found)} attacks were met")
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
