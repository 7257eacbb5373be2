"""The states from which actions may start, and the error and hint otherwise."""

import re
from types import SimpleNamespace

import pytest

from ringfence.errors import Conflict
from ringfence.security_groups.readiness import require_state
from ringfence.security_groups.states import AT_REST, Action, State

CONTRACTS = ("2025-11", "2026-10")
ONLY_FROM_OK = {(Action.UPDATE, "2025-11"), (Action.SET_RULES, "2025-11")}


def a_group(state, **values):
    plain = {"is_missing": False, "version": 7, "backend_id": "b" * 32}
    return SimpleNamespace(state=state, **plain | values)


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", State)
def test_actions_start_from_ok_and_erred_and_two_only_from_ok_in_waldurs_contract(
    action, state, contract
):
    valid = ["OK"] if (action, contract) in ONLY_FROM_OK else ["OK", "ERRED"]
    if state in valid:
        require_state(a_group(state), action, contract)
        return
    message = re.escape(f"Valid states for operation: {', '.join(valid)}.")
    with pytest.raises(Conflict, match=f"^{message}$") as caught:
        require_state(a_group(state), action, contract)
    assert f"The security group is {state}" in caught.value.hint


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_rules_of_a_missing_group_can_be_set_in_both_contracts(contract):
    require_state(a_group(State.ERRED, is_missing=True), Action.SET_RULES, contract)


@pytest.mark.parametrize("backend_id", ["", "b" * 32])
def test_the_hint_for_an_erred_group_names_only_possible_actions(backend_id):
    with pytest.raises(Conflict) as caught:
        require_state(a_group(State.ERRED, backend_id=backend_id), Action.UPDATE, "2025-11")
    hint = caught.value.hint
    for action in ('rollback/ with {"version": 7}', "DELETE", "version=2026-10"):
        assert action in hint
    assert ("pull/" in hint) is bool(backend_id)


def test_the_hint_for_a_pending_change_is_to_wait():
    for state in set(State) - set(AT_REST):
        with pytest.raises(Conflict) as caught:
            require_state(a_group(state), Action.DELETE, "2026-10")
        assert caught.value.hint == (
            f"The security group is {state}: wait until it is OK or ERRED."
        )
