"""Whether what a user asks for may start from the state that a group is in, and what helps if not.

Contract 2026-10 lets whoever may change a group change it from ERRED, too. In contract 2025-11,
where clients expect Waldur's recorded words, two operations start from OK alone: what has failed
can be pulled, rolled back to the present version, which pushes it again, or deleted.
"""

from collections.abc import Mapping

from ringfence.errors import Conflict
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.states import AT_REST, Action, State
from ringfence.settings import ContractVersion

VALID_FOR: Mapping[Action, tuple[State, ...]] = dict.fromkeys(Action, AT_REST)
VALID_FOR_WALDUR = {**VALID_FOR, Action.UPDATE: (State.OK,), Action.SET_RULES: (State.OK,)}


def valid_states(operation: Action, contract: ContractVersion) -> tuple[State, ...]:
    """Return the states from which the operation may start."""
    return (VALID_FOR_WALDUR if contract == "2025-11" else VALID_FOR)[operation]


def require_state(group: SecurityGroup, operation: Action, contract: ContractVersion) -> None:
    """Raise `Conflict`, with a hint, unless the operation may start from the group's state.

    A group that is gone in the cloud is ERRED, and setting its rules creates it anew.
    """
    valid = valid_states(operation, contract)
    if group.state in valid or (group.is_gone and operation is Action.SET_RULES):
        return
    raise Conflict(f"Valid states for operation: {', '.join(valid)}.", hint=hint(group, contract))


def hint(group: SecurityGroup, contract: ContractVersion) -> str:
    """Return the group's present state, and what can be done from it."""
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
