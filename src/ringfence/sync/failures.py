"""Error messages of failed groups: what went wrong, and which action helps.

`jobs` calls it after the last attempt. The group is ERRED then, and everybody who may change it can
act (`security_groups/readiness.py`).
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

# How a user requests the same work again; rolling back works without a `backend_id`, too
RETRY_ADVICE = {
    Job.PUSH_GROUP: "roll it back to its present version, which pushes it again",
    Job.PULL_GROUP: "pull it again",
    Job.DELETE_GROUP: "delete it again",
}
RECREATE = "Set its rules, or roll it back to its present version, to create it again."
# By kind of error; the first that matches
REMEDIES: Sequence[tuple[type[RingfenceError], str]] = (
    (QuotaExceeded, "Set fewer rules; or have the quota in the cloud raised, then {again}."),
    (
        AccessRefused,
        "An operator must correct the cloud's credentials or roles; then {again}.",
    ),
    (Misconfigured, "An operator must correct the settings of the cloud; then {again}."),
    (GroupNotFound, RECREATE),
    (RemoteNotFound, "Set rules that name another group; or {again}."),
    (Retry, "When the cause has passed, {again}."),
    (RequestRefused, "Change what the cloud refuses; or {again}."),
    # Ringfence's own errors, with what to do or with a reference to the log
    (RingfenceError, "To retry, {again}."),
)
# Errors whose message says what to do
WITH_REMEDY = (GroupInUse,)


def explain(error: RingfenceError, job: str) -> str:
    """Return the error in the cloud's words, and what helps; `job` is the name of the job."""
    message = str(error)
    if message in {NOT_FOUND, DEFAULT_NOT_FOUND} or isinstance(error, WITH_REMEDY):
        return message
    remedy = next(text for kind, text in REMEDIES if isinstance(error, kind))
    again = RETRY_ADVICE.get(Job(job), RETRY_ADVICE[Job.PUSH_GROUP])
    return f"{message}{'' if message.endswith(('.', '…')) else '.'} {remedy.format(again=again)}"
