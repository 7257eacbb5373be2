"""What a change opens and closes as lines, for people to read."""

from collections.abc import Iterator, Mapping
from typing import Any

from ringfence.text.counting import counted
from ringfence.text.rule_lines import line_of, remote_of

Traffic = Mapping[str, Any]

TRAFFIC_KINDS = ("opens", "closes")
_UNKNOWN = "whose name is not known"


def traffic_lines(traffic: Traffic) -> Iterator[str]:
    """Yield what opens and closes, whom it concerns, and why it is not exact."""
    for kind in TRAFFIC_KINDS:
        pieces = traffic.get(kind) or ()
        for piece in pieces:
            yield f"{kind}: {line_of(_named(piece))}{_reach(piece)}"
        if (more := (traffic.get(f"{kind}_total") or 0) - len(pieces)) > 0:
            yield f"{kind}: {more} more"
    if traffic.get("same"):
        yield "opens nothing and closes nothing"
    elif traffic.get("instances") is not None:
        floating = counted(traffic.get("floating_ips") or 0, "floating IP")
        yield f"on {counted(traffic['instances'], 'instance')}, with {floating}"
    for other in traffic.get("still_admitted_by") or ():
        part = "all" if other.get("admits") == "all" else "part"
        yield (
            f"still admitted by {other.get('security_group_name')}: {part} of it, on"
            f" {counted(other.get('ports') or 0, 'port')}"
        )
    for note in traffic.get("notes") or ():
        yield f"note: {note['message']}"


def traffic_rows(traffic: Traffic) -> Iterator[dict[str, Any]]:
    """Yield what opens and closes as rows, as those of rules."""
    for kind in TRAFFIC_KINDS:
        for piece in traffic.get(kind) or ():
            yield {**piece, "change": kind, "remote": remote_of(_named(piece))}


def _named(piece: Traffic) -> Traffic:
    """Return the piece with a name of its end, which never reads like any address."""
    if piece.get("cidr") is not None or piece.get("remote_address_group_backend_id"):
        return piece
    if piece.get("remote_group_name") or piece.get("remote_group_backend_id"):
        return piece
    return {**piece, "remote_group_name": piece.get("unreadable_end") or _UNKNOWN}


def _reach(piece: Traffic) -> str:
    return " (internet)" if piece.get("internet") else ""
