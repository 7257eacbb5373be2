"""What was compared with OVN, iptables and the small universe, for the end of a run's output."""

from tests.traffic.amounts import ALL


def lines(reports) -> list[str]:
    """Return a line for each firewall and law; nothing where none was tried."""
    return sorted(
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "traffic" and report.when == "call"
    )


def left_out(reports) -> list[str]:
    """Return a line for each firewall that is missing, in a run of all."""
    reasons = {str(report.longrepr[2]) for report in reports if "tests/traffic" in report.nodeid}
    return sorted(reasons) if ALL else []
