"""Rates allow what they say over time, and memory stays bounded."""

from contextlib import suppress
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import Overloaded
from ringfence.http import limits as module
from ringfence.http.limits import BURST_SECONDS, FEW, MOST_KEYS, Limits, Rate, network_of
from ringfence.settings import Settings

Gaps = st.lists(st.floats(0, 3, allow_nan=False), max_size=200)


@given(Gaps, st.floats(0.1, 1000))
def test_never_more_than_the_rate_and_one_burst(gaps, a_second):
    rate, now, taken = Rate(a_second), 1000.0, 0
    for gap in gaps:
        now += gap
        taken += not rate.take("key", now)
    assert taken <= (now - 1000.0 + BURST_SECONDS) * a_second + 1.01


@given(Gaps, st.floats(0.1, 1000))
def test_a_client_that_waits_as_long_as_the_error_says_is_admitted(gaps, a_second):
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


def test_memory_is_bounded_for_any_number_of_clients():
    rate = Rate(1)
    for number in range(3 * MOST_KEYS):
        rate.take(number, 1.0)
    assert len(rate._due) <= MOST_KEYS  # noqa: SLF001 - memory is what this is about


def test_a_client_over_its_rate_is_not_evicted_by_many_new_ones():
    rate = Rate(1)
    while not rate.take("greedy", 1.0):
        pass
    for number in range(3 * MOST_KEYS):
        rate.take(number, 1.0)
    assert rate.take("greedy", 1.0) > 0


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_all_addresses_of_an_ipv6_network_are_one(address, host):
    neighbour = IPv6Address(int(address) >> 64 << 64 | host)
    assert network_of(str(address)) == network_of(str(neighbour))
    assert network_of(str(address)) != network_of(str(IPv6Address(int(address) ^ 1 << 64)))


class Clock:
    """Replaces the module `time`, and moves on demand."""

    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def fill(limits, most=1000):
    """Enter until refused, and return how many requests run."""
    with suppress(Overloaded):
        for _ in range(most):
            limits.enter()
    return limits.running


def test_fewer_requests_are_admitted_if_they_complete_slowly(clock):
    limits = Limits(Settings(concurrent_requests=128, queue_seconds=2))
    assert fill(limits) == 128
    # At 20 a second, 40 are two seconds' worth.
    while limits.running > FEW + 1:
        clock.now += 0.05
        limits.leave()
    assert 35 <= fill(limits) <= 45


def test_all_slots_are_used_if_requests_complete_fast(clock):
    limits = Limits(Settings(concurrent_requests=128, queue_seconds=2))
    fill(limits)
    for _ in range(200):
        clock.now += 0.001
        limits.leave()
        limits.enter()
    assert fill(limits) == 128


def test_an_idle_hour_does_not_count_as_slow(clock):
    limits = Limits(Settings(concurrent_requests=128, queue_seconds=2))
    limits.enter()
    clock.now += 3600
    limits.leave()
    assert fill(limits) == 128
