"""A report that is sent says what it said, and can be sent."""

from tests.reports import sendable


def test_a_skip_stays_a_skip():
    skip = ("tests/test_it.py", 7, "Skipped: there is no browser")
    assert sendable({"longrepr": skip, "sections": [("log", "text")]}) == {
        "longrepr": skip,
        "sections": [("log", "text")],
    }


def test_half_a_character_is_shown_as_what_it_is():
    assert sendable([("log", "a\ud800")]) == [("log", "a\\ud800")]
