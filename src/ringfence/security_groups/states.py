"""The eight states of a security group, and the transitions between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import LiteralString

from ringfence.core_states import STATES
from ringfence.errors import Conflict


class State(StrEnum):
    """A state, as the API shows it."""

    CREATION_SCHEDULED = "CREATION_SCHEDULED"
    CREATING = "CREATING"
    UPDATE_SCHEDULED = "UPDATE_SCHEDULED"
    UPDATING = "UPDATING"
    DELETION_SCHEDULED = "DELETION_SCHEDULED"
    DELETING = "DELETING"
    OK = "OK"
    ERRED = "ERRED"


# The states of a group for which no job is pending
AT_REST = (State.OK, State.ERRED)

# The error of a group that a direct read did not find. Any push creates the group again.
NOT_FOUND: LiteralString = (
    "The security group was not found in the cloud. "
    "Set its rules, or roll it back to its present version, to create it again; or delete it."
)
# Nobody can create or delete this group. Neutron creates it again by itself.
DEFAULT_NOT_FOUND: LiteralString = (
    "The default security group was not found in the cloud. OpenStack keeps one for each project: "
    "pull the tenant, which binds this group to the present one."
)

# A transition to the same state is a job that was requeued after its worker died.
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

# Waldur's numbering of the states, which `o=state` sorts by
WALDUR_ORDER: tuple[State, ...] = tuple(State(word) for word in STATES)


def sources(target: State) -> tuple[State, ...]:
    """Return the states from which a group may enter `target`, in the order of the enum."""
    return tuple(state for state in State if target in ALLOWED[state])


def step(state: State, target: State) -> State:
    """Return `target`; raises `Conflict` for a transition that is not allowed.

    Staff can set OK and ERRED manually from every state (`set_ok`, `set_erred`).
    """
    if target not in ALLOWED[state]:
        raise Conflict(
            f"Valid states for operation: {', '.join(sources(target))}.",
            hint=f"The security group is {state}.",
        )
    return target


class Action(StrEnum):
    """An action of a user that depends on the state of the group."""

    UPDATE = "update"
    SET_RULES = "set_rules"
    PULL = "pull"
    DELETE = "delete"
    ROLLBACK = "rollback"
