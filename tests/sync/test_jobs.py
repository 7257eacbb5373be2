import pytest

from ringfence.errors import Unavailable
from ringfence.neutron.port import (
    AccessRefused,
    CloudUnreachable,
    GroupInUse,
    QuotaExceeded,
    TooManyRequests,
)
from ringfence.sync.failures import RETRY_DELAYS, RetryLater, delay_before_retry
from ringfence.sync.jobs import Attempt, run

LAST = Attempt(len(RETRY_DELAYS))


class Record:
    def __init__(self):
        self.failures = []

    async def __call__(self, message, trace):
        self.failures.append((message, trace))


def raising(error):
    async def work():
        raise error

    return work


@pytest.mark.parametrize("attempt", range(len(RETRY_DELAYS)))
async def test_a_temporary_error_is_retried_and_records_nothing(attempt):
    failed = Record()

    with pytest.raises(RetryLater):
        await run(raising(CloudUnreachable("away")), failed, Attempt(attempt))

    assert failed.failures == []


async def test_a_temporary_error_is_recorded_after_the_last_try():
    failed = Record()

    await run(raising(CloudUnreachable("The cloud does not respond.")), failed, LAST)

    ((error, trace),) = failed.failures
    assert str(error) == "The cloud does not respond."
    assert "Traceback" in trace


@pytest.mark.parametrize("kind", [QuotaExceeded, AccessRefused, GroupInUse])
async def test_a_permanent_error_is_recorded_at_once_in_the_clouds_words(kind):
    failed = Record()

    await run(raising(kind("Quota exceeded.")), failed, Attempt(0))

    assert str(failed.failures[0][0]) == "Quota exceeded."


async def test_an_unexpected_error_is_recorded_with_a_reference_and_without_its_words():
    failed = Record()

    await run(raising(ZeroDivisionError("secret")), failed, Attempt(0))

    error, trace = failed.failures[0]
    message = str(error)
    assert message.startswith("Internal error, reference ")
    assert "secret" not in message
    assert "ZeroDivisionError" in trace


async def test_an_unavailable_database_is_never_a_failure():
    failed = Record()

    with pytest.raises(RetryLater):
        await run(raising(Unavailable("away")), failed, LAST)

    assert failed.failures == []


async def test_a_failure_that_cannot_be_recorded_is_retried():
    async def failed(_message, _trace):
        raise Unavailable("away")

    with pytest.raises(RetryLater):
        await run(raising(QuotaExceeded("full")), failed, Attempt(0))


async def test_the_delay_that_the_cloud_requests_is_kept():
    with pytest.raises(RetryLater) as caught:
        await run(raising(TooManyRequests("slow", after=17.0)), Record(), Attempt(0))

    assert caught.value.after >= 17.0


def test_retries_last_about_two_minutes_and_survive_an_outage_of_twenty_seconds():
    for _ in range(50):
        delays = [delay_before_retry(attempt, None) for attempt in range(len(RETRY_DELAYS))]
        assert 90 < sum(delays) < 150
        assert delays[0] < 1
    assert delay_before_retry(len(RETRY_DELAYS), None) is None


def test_a_cloud_cannot_make_us_wait_for_ever():
    assert delay_before_retry(0, 86400.0) == 120.0
