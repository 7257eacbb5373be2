"""The states of a port, and the transitions between them.

A port is desired only in its groups, so it is never created or deleted here. After a failure it
shows the groups that the cloud has: the change is forgotten, and can be requested again.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from ringfence.errors import Conflict


class PortState(StrEnum):
    """A state, as the API shows it."""

    UPDATE_SCHEDULED = "UPDATE_SCHEDULED"
    UPDATING = "UPDATING"
    OK = "OK"
    ERRED = "ERRED"


# The states of a port for which no job is pending
AT_REST = (PortState.OK, PortState.ERRED)
PENDING = (PortState.UPDATE_SCHEDULED, PortState.UPDATING)

# A transition to the same state is a job that was requeued after its worker died.
ALLOWED: Mapping[PortState, frozenset[PortState]] = {
    PortState.UPDATE_SCHEDULED: frozenset({PortState.UPDATING, PortState.ERRED}),
    PortState.UPDATING: frozenset({PortState.UPDATING, PortState.OK, PortState.ERRED}),
    PortState.OK: frozenset({PortState.UPDATE_SCHEDULED}),
    PortState.ERRED: frozenset({PortState.UPDATE_SCHEDULED}),
}


def step(state: PortState, target: PortState) -> PortState:
    """Return `target`; raises `Conflict` for a transition that is not allowed."""
    if target not in ALLOWED[state]:
        sources = [each for each in PortState if target in ALLOWED[each]]
        raise Conflict(
            f"Valid states for operation: {', '.join(sources)}.", hint=f"The port is {state}."
        )
    return target


def require_at_rest(states: Sequence[PortState], noun: str) -> None:
    """Raise `Conflict` if a port has a pending change; `noun` is what the user requested."""
    pending = next((state for state in states if state in PENDING), None)
    if pending is not None:
        raise Conflict(
            f"Valid states for operation: {', '.join(AT_REST)}.",
            hint=f"The {noun} is {pending}: wait until it is OK or ERRED.",
        )
