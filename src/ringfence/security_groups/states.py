"""The eight states of a security group and the steps between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import LiteralString

from ringfence.core_states import STATES
from ringfence.errors import Conflict


class State(StrEnum):
    """The words that go over the wire."""

    CREATION_SCHEDULED = "CREATION_SCHEDULED"
    CREATING = "CREATING"
    UPDATE_SCHEDULED = "UPDATE_SCHEDULED"
    UPDATING = "UPDATING"
    DELETION_SCHEDULED = "DELETION_SCHEDULED"
    DELETING = "DELETING"
    OK = "OK"
    ERRED = "ERRED"


# What a user may find a group in when nothing is under way.
AT_REST = (State.OK, State.ERRED)

# What an ERRED group says that a direct read did not find; any push creates such a one anew.
NOT_FOUND: LiteralString = (
    "The security group was not found in the cloud. "
    "Set its rules, or roll it back to its present version, to create it anew; or delete it."
)
# Nobody can make or delete this one, and it is made anew by itself.
DEFAULT_NOT_FOUND: LiteralString = (
    "The default security group was not found in the cloud. OpenStack keeps one for each project: "
    "pull the tenant, which takes the present one for this group."
)

# A step to itself is a job taken up again after its worker died.
ALLOWED: Mapping[State, frozenset[State]] = {
    State.CREATION_SCHEDULED: frozenset({State.CREATING, State.ERRED}),
    State.CREATING: frozenset({State.CREATING, State.OK, State.ERRED}),
    State.UPDATE_SCHEDULED: frozenset({State.UPDATING, State.OK, State.ERRED}),
    State.UPDATING: frozenset({State.UPDATING, State.OK, State.ERRED}),
    State.DELETION_SCHEDULED: frozenset({State.DELETING, State.ERRED}),
    State.DELETING: frozenset({State.DELETING, State.ERRED}),
    State.OK: frozenset({State.UPDATE_SCHEDULED, State.DELETION_SCHEDULED, State.ERRED}),
    State.ERRED: frozenset({State.UPDATE_SCHEDULED, State.DELETION_SCHEDULED, State.OK}),
}

# Waldur's numbering of the states, which decides what `o=state` means.
WALDUR_ORDER: tuple[State, ...] = tuple(State(word) for word in STATES)


def sources(target: State) -> tuple[State, ...]:
    """Give the states from which a group may step to `target`, in the order of the enum."""
    return tuple(state for state in State if target in ALLOWED[state])


def step(state: State, target: State) -> State:
    """Give the state that the step leads to; raises `Conflict` for a step that the table lacks.

    Staff who settle a group by hand (`set_ok`, `set_erred`) are the one exception to the table.
    """
    if target not in ALLOWED[state]:
        raise Conflict(f"Valid states for operation: {', '.join(sources(target))}.")
    return target


class Action(StrEnum):
    """What a user can ask of a group, where its state matters."""

    UPDATE = "update"
    SET_RULES = "set_rules"
    PULL = "pull"
    DELETE = "delete"
    ROLLBACK = "rollback"
