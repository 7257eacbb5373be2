"""The steps between states, and what may start from which."""

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


def test_the_states_are_the_eight_words_of_the_contract():
    assert {str(state) for state in State} == {
        *("CREATION_SCHEDULED", "CREATING", "UPDATE_SCHEDULED", "UPDATING"),
        *("DELETION_SCHEDULED", "DELETING", "OK", "ERRED"),
    }
    assert all(state.name == state for state in State)
    assert set(ALLOWED) == set(WALDUR_ORDER) == set(State)
    assert len(WALDUR_ORDER) == 8


def test_every_state_leads_to_rest():
    for state in State:
        reached = {state}
        for _ in State:
            reached |= {target for one in reached for target in ALLOWED[one]}
        assert reached & {State.OK, State.ERRED}, state


def test_work_starts_from_rest_or_from_its_own_schedule():
    for state in (State.UPDATE_SCHEDULED, State.DELETION_SCHEDULED):
        assert set(sources(state)) == {State.OK, State.ERRED}
    assert set(sources(State.DELETING)) == {State.DELETION_SCHEDULED, State.DELETING}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("target", State)
def test_a_step_that_the_table_lacks_is_refused(state, target):
    if target in ALLOWED[state]:
        assert step(state, target) is target
    else:
        with pytest.raises(Conflict, match="Valid states for operation"):
            step(state, target)


def test_where_an_operation_leads_is_an_allowed_step():
    targets = {Action.DELETE: State.DELETION_SCHEDULED}
    for operation in Action:
        target = targets.get(operation, State.UPDATE_SCHEDULED)
        for contract in ("2025-11", "2026-10"):
            assert all(target in ALLOWED[state] for state in valid_states(operation, contract))
