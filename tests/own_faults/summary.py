"""What was done to the service's own parts and what came of it, for the end of a run's output."""

from tests.own_faults.selection import may_mount


def lines(reports) -> list[str]:
    """Return a line for each fault; nothing where none was struck."""
    struck = [
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "own fault" and report.when == "call"
    ]
    if not struck:
        return []
    answers, kept = (sum(each[key] for each in struck) for key in ("answers", "kept"))
    total = f"{len(struck)} faults of our own parts: {answers} answers, none of them 500; "
    left_out = [] if may_mount() else ["the disk full: left out, this user may mount none to fill"]
    return [*map(_line, struck), *left_out, f"{total}{kept} acknowledged groups, all kept"]


def _line(struck: dict) -> str:
    counts = f"{struck['answers']} answers, {struck['unavailable']} of them 503"
    if struck["cut"]:
        counts += f", {struck['cut']} cut"
    return (
        f"{struck['fault']}: {counts}, the longest {struck['longest']:.1f} s; "
        f"{struck['kept']} acknowledged groups kept; writes again after {struck['recovered']:.1f} s"
    )
