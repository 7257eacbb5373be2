"""What was compared with OVN, iptables and the small universe, for the end of a run's output."""

from tests.traffic.amounts import ALL


def lines(reports) -> list[str]:
    """Return a line for each comparison; nothing where none was made."""
    return sorted(
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "traffic" and report.when == "call"
    )


def left_out(reports) -> list[str]:
    """Return a line for each comparison that could not be made, in a run of them."""
    reasons = {str(report.longrepr[2]) for report in reports if "tests/traffic" in report.nodeid}
    return sorted(reasons) if ALL else []
