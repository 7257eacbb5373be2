"""The places of walks: fixed slots in memory that processes share."""

import multiprocessing
import time

import pytest

from ringfence.http.collections import page_cursors
from ringfence.http.collections.page_cursors import SLOT_BYTES, Walks, key_of


def key(number=1, caller=b"caller", walk=b"walk"):
    return key_of(caller, walk, number)


def test_a_place_is_found_under_the_same_caller_walk_and_page_only():
    places = Walks(slots=64)
    places.remember(key(), b'["web", 7]')
    assert places.recall(key()) == b'["web", 7]'
    others = [key(2), key(caller=b"other"), key(walk=b"other")]
    assert [places.recall(each) for each in others] == [None] * 3


def test_a_newer_place_takes_the_slot_of_an_older_one():
    places = Walks(slots=1)
    places.remember(key(1), b"first")
    places.remember(key(2), b"second")
    assert (places.recall(key(1)), places.recall(key(2))) == (None, b"second")


@pytest.mark.parametrize("torn", [0, 3, 5, 25, 28, 40])
def test_a_torn_slot_is_as_good_as_none(torn):
    places = Walks(slots=1)
    places.remember(key(), b"a place that is long enough")
    places._memory[torn] ^= 0xFF  # noqa: SLF001 - what another process wrote half
    assert places.recall(key()) is None


def test_a_place_is_forgotten_after_a_while(monkeypatch):
    places = Walks(slots=4)
    places.remember(key(), b"here")
    later = time.time() + page_cursors.SECONDS + 1
    monkeypatch.setattr(page_cursors.time, "time", lambda: later)
    assert places.recall(key()) is None


def test_what_does_not_fit_is_not_kept():
    places = Walks(slots=4)
    places.remember(key(), b"x" * SLOT_BYTES)
    assert places.recall(key()) is None


def test_forked_processes_share_the_places():
    places = Walks(slots=16)
    child = multiprocessing.get_context("fork").Process(
        target=places.remember, args=(key(), b"from the child")
    )
    child.start()
    child.join(30)
    assert places.recall(key()) == b"from the child"
