"""What comparing traffic costs: `python -m bench.traffic`.

Plans of lists of rules are compared in this process, without a database: some rules change, and
all. Each time is the shortest of several runs. Redundancy is found in the same lists.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from ringfence.security_groups.redundancy import reduce
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic_changes import compare

SIZES = (20, 200, 1000)
# The most milliseconds that a comparison may take, by the number of rules
BOUNDS = {20: 1.0, 200: 10.0, 1000: 150.0}
REDUNDANCY_BOUNDS = {20: 300.0, 200: 300.0, 1000: 300.0}


def ports(size: int) -> list[Rule]:
    """Return rules from a few prefixes to many ports, as people write them."""
    chosen = random.Random(size)  # noqa: S311 - the same rules in each run
    prefixes = ("10.0.0.0/8", "192.0.2.0/24", "0.0.0.0/0", "172.16.4.0/22")
    return [
        Rule("IPv4", "ingress", chosen.choice(("tcp", "udp")), port, port, chosen.choice(prefixes))
        for port in chosen.sample(range(1, 65_536), size)
    ]


def prefixes(size: int) -> list[Rule]:
    """Return rules from many prefixes to a few ranges of ports that overlap."""
    chosen = random.Random(size)  # noqa: S311
    ranges = ((22, 22), (443, 443), (8000, 8100), (8050, 9000), (1, 65_535))
    return [
        Rule("IPv4", "ingress", "tcp", *chosen.choice(ranges), f"10.{one}.{other}.0/{length}")
        for one, other, length in (
            (chosen.randrange(256), chosen.randrange(256), chosen.choice((16, 24, 24, 24, 28)))
            for _ in range(size)
        )
    ]


def ends(size: int) -> list[Rule]:
    """Return rules of all kinds: groups, both ethertypes and directions, all protocols."""
    chosen = random.Random(size)  # noqa: S311
    rules = []
    for number in range(size):
        kind = ("IPv4", "IPv6", "group")[number % 3]
        prefix = f"2001:db8:{number:x}::/48" if kind == "IPv6" else f"10.{number % 256}.0.0/16"
        rules.append(
            Rule(
                "IPv6" if kind == "IPv6" else "IPv4",
                chosen.choice(("ingress", "egress")),
                chosen.choice(("tcp", "udp", "icmp", "")),
                cidr=None if kind == "group" else prefix,
                remote_group=f"{number:032x}" if kind == "group" else None,
            )
        )
    return rules


LISTS: dict[str, Callable[[int], list[Rule]]] = {
    "ports": ports,
    "prefixes": prefixes,
    "ends": ends,
}


def milliseconds(work: Callable[[], object], rounds: int) -> float:
    """Return the shortest time of the work: others delay it, and nothing speeds it up."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


def rows(rounds: int) -> Iterator[Sequence[str]]:
    """Yield a row for each list and size."""
    for name, make in LISTS.items():
        for size in SIZES:
            rules, others = make(size), make(size + 1)
            few = [*rules[: -max(1, size // 20)], *others[: size // 20]]
            some = milliseconds(lambda: compare(rules, few), rounds)  # noqa: B023 - run at once
            whole = milliseconds(lambda: compare(others, rules), rounds)  # noqa: B023
            new = milliseconds(lambda: compare((), rules), rounds)  # noqa: B023
            smaller = milliseconds(lambda: reduce(rules), rounds)  # noqa: B023
            yield (
                name,
                str(size),
                *(_judged(each, BOUNDS[size]) for each in (some, whole, new)),
                _judged(smaller, REDUNDANCY_BOUNDS[size]),
            )


def _judged(took: float, bound: float) -> str:
    return f"{took:.2f} ms" + ("" if took <= bound else f" (over {bound:g} ms)")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.traffic", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="runs of each comparison")
    arguments = parser.parse_args()
    header = ("list", "rules", "a twentieth changes", "all change", "all open", "redundancy")
    for row in (header, *rows(arguments.rounds)):
        sys.stdout.write("  ".join(cell.ljust(22) for cell in row).rstrip() + "\n")


if __name__ == "__main__":
    main()
