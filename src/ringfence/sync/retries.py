"""When a try failed: whether another follows, and when."""

import random
from datetime import UTC, datetime, timedelta

import procrastinate
from procrastinate.jobs import Job

# About two minutes in all: an outage of half a minute passes unnoticed.
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
# The next comparison comes by itself; a short disturbance is not worth a whole interval.
PERIODIC_PAUSES = PAUSES[:4]
LONGEST_PAUSE = 120.0
DATABASE_PAUSE = 2.0


class TryAgain(Exception):
    """The job is to run again after so many seconds; nothing is known to have failed for good."""

    def __init__(self, after: float) -> None:
        super().__init__(f"another try in {after:.1f} s")
        self.after = after


def pause(attempt: int, asked: float | None, *, periodic: bool = False) -> float | None:
    """Give the seconds before the next try, or `None` after the last one.

    `attempt` counts the tries before this one; `asked` is what the cloud asked for
    (`Retry-After`), which is kept to within two minutes.
    """
    pauses = PERIODIC_PAUSES if periodic else PAUSES
    if attempt >= len(pauses):
        return None
    own = pauses[attempt] * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, hides nothing
    return max(own, min(asked or 0.0, LONGEST_PAUSE))


class Strategy(procrastinate.BaseRetryStrategy):
    """What Procrastinate asks when a job ends with an exception."""

    def get_retry_decision(
        self, *, exception: BaseException, job: Job
    ) -> procrastinate.RetryDecision | None:
        """Run again what asked for it, and what was interrupted by the worker's end."""
        del job
        if isinstance(exception, TryAgain):
            after = exception.after
        elif isinstance(exception, Exception):
            return None
        else:
            after = 0.0
        return procrastinate.RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=after))
