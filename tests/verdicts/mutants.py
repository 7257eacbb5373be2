"""Errors that were put into the code of verdicts, each with the test that finds it.

Run as a program: each one is applied to a copy of the package, in which its test must fail.
`make test-traffic` does so.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
VERDICTS = "src/ringfence/ports/verdicts"
SEMANTICS = "tests/verdicts/test_verdict_semantics.py"


class Mutant(NamedTuple):
    """A line of a module, what it becomes, and the test that must fail."""

    module: str
    before: str
    after: str
    test: str


MUTANTS = (
    Mutant(
        "verdict.py",
        "for group_id in port.groups or ():",
        "for group_id in (port.groups or ())[:1]:",
        "test_a_port_with_several_groups_admits_the_union_of_all",
    ),
    Mutant(
        "regions.py",
        "return Outcome.UNDETERMINED if perhaps else Outcome.REFUSED",
        "return Outcome.REFUSED",
        "test_what_is_not_known_is_undetermined_never_refused",
    ),
    Mutant(
        "verdict.py",
        "        possible += asked\n",
        "        pass\n",
        "test_what_is_not_known_is_undetermined_never_refused",
    ),
    Mutant(
        "reach.py",
        'for addresses in pairs if lens.driver != "ovn" else ():',
        "for addresses in pairs:",
        "test_address_pairs_of_a_member_belong_to_its_group_in_iptables_and_open_vswitch_not_in_ovn",
    ),
    Mutant(
        "reach.py",
        'number = ICMPV4 if driver == "ovn" else ICMPV6',
        "number = ICMPV6",
        "test_ipv6_icmp_over_ipv4_is_protocol_58_for_iptables_and_icmp_for_ovn",
    ),
    Mutant(
        "reach.py",
        'matched = ports if driver == "iptables" else ALL_PORTS',
        "matched = ports",
        "test_iptables_matches_ports_of_dccp_and_udplite_and_ovn_admits_the_protocol",
    ),
    Mutant(
        "reach.py",
        "        if address in own:",
        "        if False:",
        "test_own_addresses_are_left_out_of_the_remote_group_by_iptables_and_open_vswitch",
    ),
    Mutant(
        "reach.py",
        '    if lens.driver == "iptables":\n        ends.may_be_all',
        "    if False:\n        ends.may_be_all",
        "test_iptables_may_ignore_an_address_group",
    ),
    Mutant(
        "verdict.py",
        "    if port.is_trusted:",
        "    if False:",
        "test_a_port_of_the_network_admits_everything",
    ),
    Mutant(
        "verdict.py",
        "    if port.port_security is False:",
        "    if not port.port_security:",
        "test_a_port_without_port_security_admits_everything",
    ),
    Mutant(
        "neutron_defaults.py",
        "_INGRESS = (_QUERY, _SOLICIT, _NEIGHBOUR, _ROUTER)",
        "_INGRESS = (_QUERY, _SOLICIT, _NEIGHBOUR)",
        "test_a_port_without_groups_admits_only_what_neutron_always_admits",
    ),
    Mutant(
        "verdict.py",
        "group is not None and group.stateful is False for group",
        "False for group",
        "test_of_stateless_groups_the_reply_must_be_admitted_too",
    ),
    Mutant(
        "verdict.py",
        "outcome = verdicts[0].verdict if len(found) == 1 else Outcome.UNDETERMINED",
        "outcome = verdicts[0].verdict",
        "test_protocol_0_is_every_protocol_for_iptables_only",
    ),
    Mutant(
        "regions.py",
        "return Outcome.PARTLY if refused else Outcome.UNDETERMINED",
        "return Outcome.ADMITTED",
        "test_a_prefix_is_admitted_in_part",
    ),
    Mutant(
        "reach.py",
        "if all_ports or first is None:",
        "if first is None:",
        "test_no_ports_or_all_of_them_are_all_ports_with_port_0",
    ),
)


def mutated(mutant: Mutant, folder: Path) -> None:
    """Write the error into a copy; raises `ValueError` if its line is not there once."""
    path = folder / VERDICTS / mutant.module
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.before) != 1:
        raise ValueError(f"{mutant.module} does not have this once: {mutant.before}")
    path.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")


def is_found(mutant: Mutant) -> bool:
    """Return whether the named test fails on the mutant."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("src", "tests/verdicts"):
            shutil.copytree(ROOT / part, folder / part)
        mutated(mutant, folder)
        program = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
        program += ["-c", os.devnull, "--rootdir", name, "--import-mode=importlib"]
        program += ["-k", mutant.test, str(folder / SEMANTICS)]
        environment = os.environ | {"PYTHONPATH": f"{folder / 'src'}:{folder}"}
        result = subprocess.run(
            program, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    # 1 is a failed test; anything else is a test that could not run.
    if result.returncode not in {0, 1}:
        sys.exit(result.stdout + result.stderr)
    return result.returncode == 1


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Print which mutants are found; return 1 if one is not."""
    missed = 0
    unchanged = Mutant("regions.py", "class TooComplex", "class TooComplex", "test_")
    if is_found(unchanged):
        sys.exit("the tests of verdicts fail without a mutant")
    for mutant in MUTANTS:
        found = is_found(mutant)
        missed += not found
        say(f"{'found' if found else 'MISSED'}: {mutant.module}: {mutant.test}")
    say(f"{len(MUTANTS) - missed} of {len(MUTANTS)} mutants of verdicts are found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
