"""From which states a user may change a group, and what is said otherwise."""

import re
from types import SimpleNamespace

import pytest

from ringfence.errors import Conflict
from ringfence.security_groups.readiness import require_state
from ringfence.security_groups.states import AT_REST, Action, State

CONTRACTS = ("2025-11", "2026-10")
OF_OK_ALONE = {(Action.UPDATE, "2025-11"), (Action.SET_RULES, "2025-11")}


def a_group(state, **values):
    plain = {"is_missing": False, "version": 7, "backend_id": "b" * 32}
    return SimpleNamespace(state=state, **plain | values)


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("operation", Action)
@pytest.mark.parametrize("state", State)
def test_an_operation_starts_from_rest_and_in_waldurs_contract_two_from_ok_alone(
    operation, state, contract
):
    valid = ["OK"] if (operation, contract) in OF_OK_ALONE else ["OK", "ERRED"]
    if state in valid:
        require_state(a_group(state), operation, contract)
        return
    words = re.escape(f"Valid states for operation: {', '.join(valid)}.")
    with pytest.raises(Conflict, match=f"^{words}$") as caught:
        require_state(a_group(state), operation, contract)
    assert f"The security group is {state}" in caught.value.hint


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_rules_of_a_group_that_is_gone_can_be_set_in_both(contract):
    require_state(a_group(State.ERRED, is_missing=True), Action.SET_RULES, contract)


@pytest.mark.parametrize("backend_id", ["", "b" * 32])
def test_the_hint_for_a_failed_group_names_only_what_is_possible(backend_id):
    with pytest.raises(Conflict) as caught:
        require_state(a_group(State.ERRED, backend_id=backend_id), Action.UPDATE, "2025-11")
    said = caught.value.hint
    for action in ('rollback/ with {"version": 7}', "DELETE", "version=2026-10"):
        assert action in said
    assert ("pull/" in said) is bool(backend_id)


def test_work_under_way_is_waited_for():
    for state in set(State) - set(AT_REST):
        with pytest.raises(Conflict) as caught:
            require_state(a_group(state), Action.DELETE, "2026-10")
        assert caught.value.hint == (
            f"The security group is {state}: wait until it is OK or ERRED."
        )
