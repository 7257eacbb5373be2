"""What `ringfence sync status --fail-on` takes for a failure."""

from uuid import UUID

import pytest

from ringfence.sync.status import Condition, TenantStatus, failing

FINE = {
    "cloud": "east",
    "cloud_state": "OK",
    "cloud_error_message": "",
    "tenant": "web",
    "uuid": UUID(int=1),
    "state": "OK",
    "mode": "adopt",
    "pulled_at": None,
    "error_message": "",
    "groups": 9,
    "scheduled": 3,
    "in_flight": 2,
    "erred": 0,
    "drifting": 0,
    "missing": 0,
    "never_pushed": 0,
}


@pytest.mark.parametrize(
    ("values", "condition", "text"),
    [
        ({"erred": 2}, Condition.ERRED, "2 erred"),
        ({"error_message": "9 are missing"}, Condition.STOPPED, "stopped"),
        ({"state": "ERRED"}, Condition.STOPPED, "stopped"),
        ({"drifting": 1}, Condition.DRIFT, "1 drifting, 0 missing"),
        ({"missing": 1}, Condition.DRIFT, "0 drifting, 1 missing"),
        ({"never_pushed": 4}, Condition.NEVER_PUSHED, "4 never pushed"),
    ],
)
def test_a_tenant_fails_by_the_conditions_that_are_named(values, condition, text):
    tenants = [TenantStatus(**FINE), TenantStatus(**FINE | values)]
    assert failing(tenants, {condition}) == [f"east / web: {text}"]
    assert failing(tenants, set(Condition)) == [f"east / web: {text}"]
    assert failing(tenants, set(Condition) - {condition}) == []
