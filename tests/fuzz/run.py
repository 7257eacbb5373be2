"""Schemathesis against a served instance, with the schema that the instance describes itself by.

usage: python -m tests.fuzz.run [MINUTES]
"""

import collections
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.clients import python_client
from tests.fuzz.instance import PASSWORD, Instance, served, token

FOLDER = Path(__file__).parent
# Who fuzzes, and which share of the time is theirs.
SHARES = {"staff": 0.6, "ann": 0.4}
SEED = 20_260_101


@dataclass(frozen=True)
class Run:
    """What one run of Schemathesis sent and found."""

    user: str
    counts: list[tuple[str, int, int]]
    report: dict
    text: str

    @property
    def requests(self) -> int:
        """Return how many requests were sent."""
        return sum(number for _, _, number in self.counts)

    @property
    def failures(self) -> int:
        """Return how many different failures were found, errors of the run included."""
        return self.report["test_cases"]["unique_failures"] + len(self.report["errors"])

    def lines(self) -> Iterator[str]:
        """Yield what was sent and what came of it."""
        statuses: collections.Counter[int] = collections.Counter()
        for _, status, number in self.counts:
            statuses[status] += number
        shown = ", ".join(f"{status}: {number}" for status, number in sorted(statuses.items()))
        accepted = {operation for operation, status, _ in self.counts if status < 300}
        operations = self.report["operations"]
        yield f"{self.user}: {self.requests} requests, {self.failures} failures"
        yield f"  {operations['tested']} of {operations['total']} operations, by status {shown}"
        yield f"  operations that a request of theirs succeeded for: {len(accepted)}"
        for phase, found in self.report["phases"].items():
            yield f"  {phase}: {found['status']}"


def fuzz(instance: Instance, user: str, seed: int, *arguments: str) -> Run:
    """Run all phases as a user; `arguments` say for how long."""
    with tempfile.TemporaryDirectory() as folder:
        report, counts = Path(folder, "report.json"), Path(folder, "counts.json")
        command = [
            *(python_client("schemathesis") / "schemathesis",),
            *("--config-file", FOLDER / "schemathesis.toml", "run"),
            *(f"{instance.address}/api/schema/", "--no-color", "--seed", str(seed)),
            *("--report", "json", "--report-json-path", report, *arguments),
        ]
        variables = {
            "SCHEMATHESIS_HOOKS": "hooks",
            "PYTHONPATH": str(FOLDER),
            "FUZZ_ADDRESS": instance.address,
            "FUZZ_AUTHORIZATION": f"Token {token(user)}",
            "FUZZ_COUNTS": str(counts),
            "FUZZ_VICTIM": json.dumps(instance.victim),
            "FUZZ_PASSWORD": PASSWORD,
        }
        done = subprocess.run(
            command,
            env=os.environ | variables,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert counts.exists(), done.stdout
        assert report.exists(), done.stdout
        return Run(
            user, json.loads(counts.read_text()), json.loads(report.read_text()), done.stdout
        )


def main(minutes: float) -> int:
    """Fuzz for so long, print the counts, and give how many failures there were."""
    failures = 0
    with served() as instance:
        for user, share in SHARES.items():
            run = fuzz(instance, user, SEED, "--max-time", str(max(1, int(minutes * 60 * share))))
            print(run.text if run.failures else "", *run.lines(), sep="\n", flush=True)  # noqa: T201
            failures += run.failures
    return failures


if __name__ == "__main__":
    sys.exit(1 if main(float(sys.argv[1] if sys.argv[1:] else "20")) else 0)
