"""Rates: what was allowed comes back with time, and memory stays bounded."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.http.limits import BURST_SECONDS, REMEMBERED, Rate

Gaps = st.lists(st.floats(0, 3, allow_nan=False), max_size=200)


@given(Gaps, st.floats(0.1, 1000))
def test_never_more_than_the_rate_and_one_burst(gaps, a_second):
    rate, now, taken = Rate(a_second), 1000.0, 0
    for gap in gaps:
        now += gap
        taken += not rate.take("key", now)
    assert taken <= (now - 1000.0 + BURST_SECONDS) * a_second + 1.01


@given(Gaps, st.floats(0.1, 1000))
def test_who_waits_as_long_as_was_said_is_let_in(gaps, a_second):
    rate, now = Rate(a_second), 1000.0
    for gap in gaps:
        now += gap
        wait = rate.take("key", now)
        if wait:
            now += wait + 1e-6
            assert rate.take("key", now) == 0


def test_no_rate_is_no_limit():
    rate = Rate(0)
    assert not any(rate.take("key", 1.0) for _ in range(10_000))


def test_memory_is_bounded_however_many_come():
    rate = Rate(1)
    for number in range(3 * REMEMBERED):
        rate.take(number, 1.0)
    assert len(rate._due) <= REMEMBERED  # noqa: SLF001 - memory is what this is about
