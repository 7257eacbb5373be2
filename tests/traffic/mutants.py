"""Puts errors into a copy of the source, and runs the tests that must find them.

    python -m tests.traffic.mutants

Each breaks a sentence of docs/explanation/traffic.md or of verdicts, and must fail the test that
is named after it: a test that no error can fail holds nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.traffic.mutant import Mutant
from tests.verdicts.mutants import MUTANTS as OF_VERDICTS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "ringfence"
# What pytest exits with if a test has failed, and nothing else
FAILED = 1

OF_TRAFFIC = (
    Mutant(
        "security_groups/traffic.py",
        "addresses = merged((*one.addresses, *other.addresses))",
        "addresses = one.addresses or other.addresses",
        "test_rules_admit_the_union_of_what_each_admits",
    ),
    Mutant(
        "security_groups/traffic_boxes.py",
        "        return 58",
        "        return number",
        "test_a_protocol_is_its_number",
    ),
    Mutant(
        "security_groups/traffic_boxes.py",
        "if first is None or (first, last) in ALL_PORT_RANGES:",
        "if first is None:",
        "test_all_ports_are_no_ports",
    ),
    Mutant(
        "security_groups/traffic_boxes.py",
        "return protocols, (beginning, beginning + ICMP_CODES - 1)",
        "return protocols, (beginning, beginning)",
        "test_icmp_without_type_or_code_is_all_of_them",
    ),
    Mutant(
        "security_groups/traffic.py",
        "one.symbols - other.symbols",
        "frozenset[Symbol]()",
        "test_a_symbolic_end_equals_itself_only",
    ),
    Mutant(
        "security_groups/traffic.py",
        "    if _is_everywhere(other.addresses, everywhere):\n        return NO_ENDS\n",
        "",
        "test_anywhere_covers_every_symbolic_end",
    ),
    Mutant(
        "security_groups/traffic.py",
        "if result and result[-1][0][1] + 1 == interval[0] and result[-1][1] == value:",
        "if not result and not interval:",
        "test_order_and_splitting_change_nothing",
    ),
    Mutant(
        "security_groups/intervals.py",
        "first = others[position][1] + 1",
        "first = others[position][1]",
        "test_a_difference_is_exact",
    ),
)

# Each with the file of its test
MUTANTS = (
    *((mutant, "tests/security_groups/test_traffic.py") for mutant in OF_TRAFFIC),
    *((mutant, "tests/verdicts/test_verdict_semantics.py") for mutant in OF_VERDICTS),
)


def run_tests(package: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests with a copy of the package."""
    script = (
        "import sys, pytest, ringfence\n"
        f"assert ringfence.__file__.startswith({str(package)!r}), ringfence.__file__\n"
        "sys.exit(pytest.main(sys.argv[1:]))"
    )
    options = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", script, *options, *tests],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def is_killed(package: Path, mutant: Mutant, file: str) -> bool:
    """Return whether its test fails with a mutant; the copy is as before afterwards."""
    path = package / mutant.file
    before = path.read_text(encoding="utf-8")
    path.write_text(mutant.edited(before), encoding="utf-8")
    try:
        return run_tests(package, f"{file}::{mutant.test}").returncode == FAILED
    finally:
        path.write_text(before, encoding="utf-8")


def main() -> None:
    """Print which mutants are killed; exit with 1 if one is alive."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "ringfence"
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
        unchanged = run_tests(
            package, *sorted({f"{file}::{mutant.test}" for mutant, file in MUTANTS})
        )
        if unchanged.returncode:
            sys.exit(f"the tests fail without a mutant:\n{unchanged.stdout}{unchanged.stderr}")
        killed = 0
        for mutant, file in MUTANTS:
            dead = is_killed(package, mutant, file)
            killed += dead
            sys.stdout.write(f"{'killed' if dead else 'ALIVE'}: {mutant.test}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{killed} of {len(MUTANTS)} killed\n")
    if killed < len(MUTANTS):
        sys.exit(1)


if __name__ == "__main__":
    main()
