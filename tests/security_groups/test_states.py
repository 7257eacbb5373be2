"""The transitions between states, and the actions that may start from each."""

import pytest

from ringfence.errors import Conflict
from ringfence.security_groups.readiness import valid_states
from ringfence.security_groups.states import (
    ALLOWED,
    WALDUR_ORDER,
    Action,
    State,
    sources,
    step,
)


def test_the_states_are_the_eight_of_the_contract():
    assert {str(state) for state in State} == {
        *("CREATION_SCHEDULED", "CREATING", "UPDATE_SCHEDULED", "UPDATING"),
        *("DELETION_SCHEDULED", "DELETING", "OK", "ERRED"),
    }
    assert all(state.name == state for state in State)
    assert set(ALLOWED) == set(WALDUR_ORDER) == set(State)
    assert len(WALDUR_ORDER) == 8


def test_every_state_leads_to_ok_or_erred():
    for state in State:
        reached = {state}
        for _ in State:
            reached |= {target for one in reached for target in ALLOWED[one]}
        assert reached & {State.OK, State.ERRED}, state


def test_a_job_is_scheduled_from_ok_and_erred_and_starts_from_its_schedule():
    for state in (State.UPDATE_SCHEDULED, State.DELETION_SCHEDULED):
        assert set(sources(state)) == {State.OK, State.ERRED}
    assert set(sources(State.DELETING)) == {State.DELETION_SCHEDULED, State.DELETING}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("target", State)
def test_a_transition_that_is_not_allowed_is_refused(state, target):
    if target in ALLOWED[state]:
        assert step(state, target) is target
    else:
        with pytest.raises(Conflict, match="Valid states for operation"):
            step(state, target)


def test_the_transition_of_every_action_is_allowed():
    targets = {Action.DELETE: State.DELETION_SCHEDULED}
    for action in Action:
        target = targets.get(action, State.UPDATE_SCHEDULED)
        for contract in ("2025-11", "2026-10"):
            assert all(target in ALLOWED[state] for state in valid_states(action, contract))
