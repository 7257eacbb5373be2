"""The summary of injected faults and their outcomes for the end of a run."""

from collections import Counter


def lines(reports) -> list[str]:
    """Return a line for each kind of injected fault with its outcome; none without any."""
    faults = [
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "fault" and report.when == "call"
    ]
    if not faults:
        return []
    counted = Counter((trouble, outcome) for _, trouble, outcome in faults)
    operations = Counter(operation for operation, _, _ in faults)
    met = ", ".join(f"{operation} {number}" for operation, number in sorted(operations.items()))
    return [
        *(f"{number:4} x {trouble}: {outcome}" for (trouble, outcome), number in counted.items()),
        f"{len(faults)} faults injected ({met})",
    ]
