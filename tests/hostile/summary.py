"""What hostile and generated requests came to, in a few lines: measured, never asserted."""

from collections.abc import Iterable, Iterator

import pytest


def lines(reports: Iterable[pytest.TestReport]) -> Iterator[str]:
    """Yield the lines of what the tests wrote down; reports of the ends of tests have all of it."""
    slowest, grown, number = (0.0, ""), (0.0, ""), 0
    for report in reports:
        if getattr(report, "when", "") != "teardown":
            continue
        name = report.nodeid.partition("::")[2]
        properties = dict(report.user_properties)
        if "fuzzed" in properties:
            yield from properties["fuzzed"]
        if "MiB more" in properties:
            number += 1
            slowest = max(slowest, (properties.get("milliseconds", 0.0), name))
            grown = max(grown, (properties["MiB more"], name))
    if number:
        yield f"{number} hostile clients; the service answered after each"
        yield f"  slowest answer: {slowest[0]:.1f} ms, {slowest[1]}"
        yield f"  memory grown at most: {grown[0]:.1f} MiB, {grown[1]}"
