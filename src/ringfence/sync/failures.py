"""Failed jobs: whether and when they are retried, and the error messages of their groups.

After each attempt, `jobs` calls this module to decide whether another one follows. After the last
one the group is ERRED, with a message that says what went wrong and which action helps; everybody
who may change the group can act (`security_groups/readiness.py`).
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import procrastinate
from procrastinate import jobs

from ringfence.database.outbox import Job
from ringfence.errors import RingfenceError
from ringfence.neutron.port import (
    AccessRefused,
    GiveUp,
    GroupInUse,
    GroupNotFound,
    Misconfigured,
    QuotaExceeded,
    RemoteNotFound,
    RequestRefused,
    Retry,
)
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND

# About two minutes in all: an outage of half a minute passes unnoticed.
RETRY_DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
# The next periodic pull comes by itself; these bridge a short disturbance.
PERIODIC_RETRY_DELAYS = RETRY_DELAYS[:4]
LONGEST_DELAY = 120.0
DATABASE_DELAY = 2.0

# How a user requests the same work again; rolling back works without a `backend_id`, too
RETRY_ADVICE = {
    Job.PUSH_GROUP: "roll it back to its present version, which pushes it again",
    Job.PULL_GROUP: "pull it again",
    Job.DELETE_GROUP: "delete it again",
    Job.PUSH_PORT: "set its groups again",
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


class PortUpdateFailed(GiveUp):
    """The groups of a port cannot be set; the message says what helps."""


# Errors whose message says what to do
WITH_REMEDY = (GroupInUse, PortUpdateFailed)


def explain(error: RingfenceError, job: str) -> str:
    """Return the error in the cloud's words, and what helps; `job` is the name of the job."""
    message = str(error)
    if message in {NOT_FOUND, DEFAULT_NOT_FOUND} or isinstance(error, WITH_REMEDY):
        return message
    remedy = next(text for kind, text in REMEDIES if isinstance(error, kind))
    again = RETRY_ADVICE.get(Job(job), RETRY_ADVICE[Job.PUSH_GROUP])
    return f"{message}{'' if message.endswith(('.', '…')) else '.'} {remedy.format(again=again)}"


class RetryLater(Exception):
    """The job runs again after this many seconds; nothing has failed for good."""

    def __init__(self, after: float) -> None:
        super().__init__(f"retry in {after:.1f} s")
        self.after = after


def delay_before_retry(
    attempt: int, retry_after: float | None, *, periodic: bool = False
) -> float | None:
    """Return the seconds before the next attempt, or `None` after the last one.

    `attempt` is how many attempts came before this one. `retry_after` is the delay that the cloud
    requests, which is kept up to two minutes.
    """
    delays = PERIODIC_RETRY_DELAYS if periodic else RETRY_DELAYS
    if attempt >= len(delays):
        return None
    own = delays[attempt] * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, hides nothing
    return max(own, min(retry_after or 0.0, LONGEST_DELAY))


class RetryStrategy(procrastinate.BaseRetryStrategy):
    """Decide for Procrastinate what follows a job that ended with an exception."""

    def get_retry_decision(
        self, *, exception: BaseException, job: jobs.Job
    ) -> procrastinate.RetryDecision | None:
        """Retry jobs that raised `RetryLater`, and those that the end of the worker interrupted."""
        del job
        if isinstance(exception, RetryLater):
            after = exception.after
        elif isinstance(exception, Exception):
            return None
        else:
            after = 0.0
        return procrastinate.RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=after))
