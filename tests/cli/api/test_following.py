"""Following events: each once, also those that appear late or while the service is away."""

from datetime import UTC, datetime, timedelta

import pytest

from ringfence.cli.api.client import Unreachable
from ringfence.cli.api.following import OVERLAP, Follower, row_of

START = datetime(2026, 11, 1, tzinfo=UTC)


class Events:
    """Events of a service, as a client lists them."""

    def __init__(self):
        self.all = []
        self.queries = []
        self.away = False

    def add(self, uuid, seconds):
        created = (START + timedelta(seconds=seconds)).isoformat()
        self.all.append({"uuid": uuid, "created": created, "context": {"user_username": "ann"}})

    def items(self, path, query):
        if self.away:
            raise Unreachable("away")
        assert path == "/api/events/"
        self.queries.append(dict(query))
        since = float(dict(query)["created_from"])
        found = [e for e in self.all if datetime.fromisoformat(e["created"]).timestamp() >= since]
        yield from sorted(found, key=lambda event: event["created"])


@pytest.fixture
def events():
    return Events()


@pytest.fixture
def follow(events):
    """Return a function that yields the events between two pauses."""
    paused = []
    follower = Follower(events, "/api/events/", [("event_type", "x")], START)
    rows = follower.rows(lambda: paused.append(None))

    def one_pass(number):
        return [next(rows)["uuid"] for _ in range(number)]

    return one_pass


def test_each_event_is_yielded_once_in_the_order_of_time(events, follow):
    events.add("b", 2)
    events.add("a", 1)
    events.add("before", -1)
    assert follow(2) == ["a", "b"]
    events.add("c", 3)
    assert follow(1) == ["c"]
    assert events.queries[0]["event_type"] == "x"
    assert events.queries[0]["o"] == "created"


def test_an_event_that_appears_after_a_later_one_is_not_missed(events, follow):
    events.add("late-committed-first", 10)
    assert follow(1) == ["late-committed-first"]
    events.add("began-earlier", 5)
    assert follow(1) == ["began-earlier"]


def test_a_request_begins_a_little_before_the_newest_event(events, follow):
    events.add("a", 1000)
    follow(1)
    events.add("b", 2000)
    follow(1)
    since = float(events.queries[-1]["created_from"])
    assert since == (START + timedelta(seconds=1000) - OVERLAP).timestamp()


def test_an_outage_is_reported_once_and_survived(events, capsys):
    passes = 0

    def pause():
        nonlocal passes
        passes += 1
        events.away = passes < 3

    events.add("a", 1)
    events.away = True
    rows = Follower(events, "/api/events/", [], START).rows(pause)
    assert next(rows)["uuid"] == "a"
    assert capsys.readouterr().err == "ringfence: away; trying again\n"


def test_a_row_has_the_fields_of_the_context_beside_its_own():
    row = row_of({"uuid": "a", "context": {"user_username": "ann", "uuid": "not this"}})
    assert (row["uuid"], row["user_username"]) == ("a", "ann")
