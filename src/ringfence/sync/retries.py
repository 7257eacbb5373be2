"""Whether a failed job is retried, and after which delay."""

import random
from datetime import UTC, datetime, timedelta

import procrastinate
from procrastinate.jobs import Job

# About two minutes in all: an outage of half a minute passes unnoticed.
RETRY_DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
# The next periodic pull comes by itself; these bridge a short disturbance.
PERIODIC_RETRY_DELAYS = RETRY_DELAYS[:4]
LONGEST_DELAY = 120.0
DATABASE_DELAY = 2.0


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
        self, *, exception: BaseException, job: Job
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
