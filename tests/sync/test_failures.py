"""Error messages of failed groups: the cloud's words, then the action that helps."""

import pytest

from ringfence.database.outbox import Job
from ringfence.errors import RingfenceError
from ringfence.neutron import port
from ringfence.security_groups.states import NOT_FOUND
from ringfence.sync.failures import explain

KINDS = [
    kind
    for kind in vars(port).values()
    if isinstance(kind, type) and issubclass(kind, port.CloudError)
]
REMEDIES = (
    *("roll it back to its present version", "pull it again", "delete it again"),
    *("Set its rules", "Set fewer rules"),
)


@pytest.mark.parametrize("job", [Job.PUSH_GROUP, Job.PULL_GROUP, Job.DELETE_GROUP])
@pytest.mark.parametrize("kind", [*KINDS, RingfenceError], ids=lambda kind: kind.__name__)
def test_every_kind_of_failure_names_an_action(kind, job):
    error = kind("The cloud says no.")
    said = explain(error, job)
    assert said.startswith(str(error))
    if kind is not port.GroupInUse:
        assert any(each in said for each in REMEDIES)


def test_messages_of_groups_in_use_and_missing_groups_are_complete():
    assert explain(port.GroupInUse("In use. Detach it."), Job.DELETE_GROUP) == "In use. Detach it."
    assert explain(port.GroupNotFound(NOT_FOUND), Job.PUSH_GROUP) == NOT_FOUND
    assert "roll it back" in NOT_FOUND


def test_the_action_is_the_one_that_failed():
    error = port.AccessRefused("No.")
    assert "delete it again" in explain(error, Job.DELETE_GROUP)
    assert "pushes it again" in explain(error, Job.PUSH_GROUP)
