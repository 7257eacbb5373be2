"""Checks whether an action may start from the state of a group, and says what helps if not.

In contract 2026-10, every action may start from OK and ERRED. In contract 2025-11, as in Waldur,
two actions start only from OK: a group that has failed can be pulled, deleted, or rolled back to
its present version, which pushes it again.
"""

from collections.abc import Mapping

from ringfence.errors import Conflict
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.states import AT_REST, Action, State
from ringfence.settings import ContractVersion

VALID_FOR: Mapping[Action, tuple[State, ...]] = dict.fromkeys(Action, AT_REST)
VALID_FOR_WALDUR = {**VALID_FOR, Action.UPDATE: (State.OK,), Action.SET_RULES: (State.OK,)}


def valid_states(action: Action, contract: ContractVersion) -> tuple[State, ...]:
    """Return the states from which the action may start."""
    return (VALID_FOR_WALDUR if contract == "2025-11" else VALID_FOR)[action]


def require_state(group: SecurityGroup, action: Action, contract: ContractVersion) -> None:
    """Raise `Conflict`, with a hint, unless the action may start from the group's state.

    A group that is missing in the cloud is ERRED. Setting its rules creates it again.
    """
    valid = valid_states(action, contract)
    if group.state in valid or (group.is_missing and action is Action.SET_RULES):
        return
    raise Conflict(f"Valid states for operation: {', '.join(valid)}.", hint=hint(group, contract))


def hint(group: SecurityGroup, contract: ContractVersion) -> str:
    """Return a message with the state of the group and the actions that are possible."""
    if group.state not in AT_REST:
        return f"The security group is {group.state}: wait until it is OK or ERRED."
    compare = "pull/ compares it with the cloud and pushes what is outstanding; "
    change = "set_rules/ and PATCH change it as it is."
    if contract == "2025-11":
        change = f'with "Accept: application/json; version=2026-10", {change}'
    return (
        f"The security group is {group.state}. {compare if group.backend_id else ''}"
        f'rollback/ with {{"version": {group.version}}} pushes its present version again; '
        f"DELETE removes it; {change}"
    )
