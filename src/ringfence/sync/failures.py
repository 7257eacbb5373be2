"""What a failed group says to the people who see it: what went wrong, and which action helps.

`jobs` composes the message when the last try has failed; the group is ERRED then, and everybody who
may change it can act (`security_groups/readiness.py`).
"""

from collections.abc import Sequence

from ringfence.database.outbox import Job
from ringfence.errors import RingfenceError
from ringfence.neutron.port import (
    AccessRefused,
    GroupInUse,
    GroupNotFound,
    Misconfigured,
    QuotaExceeded,
    RemoteNotFound,
    RequestRefused,
    Retry,
)
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND

# How the same work is asked for again; rolling back works without a `backend_id`, too.
AGAIN = {
    Job.PUSH_GROUP: "roll it back to its present version, which pushes it again",
    Job.PULL_GROUP: "pull it again",
    Job.DELETE_GROUP: "delete it again",
}
CREATE_ANEW = "Set its rules, or roll it back to its present version, to create it anew."
# By kind of failure, the first that fits.
HELPS: Sequence[tuple[type[RingfenceError], str]] = (
    (QuotaExceeded, "Ask for fewer rules; or have the quota in the cloud raised, then {again}."),
    (AccessRefused, "An operator must correct the cloud's credentials or rights; then {again}."),
    (Misconfigured, "An operator must correct the settings of the cloud; then {again}."),
    (GroupNotFound, CREATE_ANEW),
    (RemoteNotFound, "Set rules that name another group; or {again}."),
    (Retry, "When its reason has passed, {again}."),
    (RequestRefused, "Change what is refused; or {again}."),
    # Words of our own, with what to do, or with the reference to the log.
    (RingfenceError, "To try once more, {again}."),
)
# Its message names the ports, and what to do about them.
COMPLETE = (GroupInUse,)


def explained(error: RingfenceError, job: str) -> str:
    """Return what went wrong in the cloud's words, and what helps."""
    said = str(error)
    if said in {NOT_FOUND, DEFAULT_NOT_FOUND} or isinstance(error, COMPLETE):
        return said
    helps = next(text for kind, text in HELPS if isinstance(error, kind))
    again = AGAIN.get(Job(job), AGAIN[Job.PUSH_GROUP])
    return f"{said}{'' if said.endswith(('.', '…')) else '.'} {helps.format(again=again)}"
