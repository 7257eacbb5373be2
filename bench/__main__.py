"""`python -m bench`: measure the requests of the service and of the floor; see bench/README.md."""

import argparse
import sys
from pathlib import Path

from bench.measure import Options
from bench.run import keep, run, show, write
from bench.server import default_cache

RESULTS = Path("build/bench/requests.json")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--groups", type=int, nargs="+", default=[2000], help="sizes of data sets")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each window of load")
    parser.add_argument("--rounds", type=int, default=5, help="windows of each case")
    parser.add_argument("--connections", type=int, default=8, help="requests at once")
    parser.add_argument("--page", type=Path, help="a page that takes the tables and plots")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="where data sets stay")
    return parser.parse_args()


def main() -> None:
    """Measure, print, save, and write to the page."""
    arguments = _arguments()
    options = Options(arguments.seconds, arguments.rounds, arguments.connections)
    made = run(arguments.cache, sorted(arguments.groups), options, _say)
    # Saved first, in case that printing the tables fails.
    keep(made, RESULTS)
    show(made)
    if arguments.page:
        write(made, arguments.page)


if __name__ == "__main__":
    main()
