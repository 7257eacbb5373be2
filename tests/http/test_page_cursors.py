"""Reading and writing page cursors."""

import base64
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import Invalid
from ringfence.http.collections.page_cursors import (
    MOST_CHARACTERS,
    _digest,
    binding_of,
    read_cursor,
    write_cursor,
)

LIST, USER = b"l" * 16, UUID(int=7)
BINDING = binding_of(LIST, USER, 2)
TYPES = ("text", "timestamptz", "integer", "bigint")
TEXT, TIMESTAMPTZ, INTEGER, BIGINT = 25, 1184, 23, 20


class Found:
    """A result with one row, in PostgreSQL's binary form."""

    def __init__(self, *values):
        self._values = values
        self.nfields = len(values)

    def ftype(self, column):
        return self._values[column][0]

    def get_value(self, _row, column):
        return self._values[column][1]


def cursor_of(name, microseconds=0, number=3, row=9):
    found = Found(
        (TEXT, name.encode()),
        (TIMESTAMPTZ, microseconds.to_bytes(8, "big", signed=True)),
        (INTEGER, number.to_bytes(4, "big", signed=True)),
        (BIGINT, row.to_bytes(8, "big", signed=True)),
    )
    return write_cursor(found, 0, 0, BINDING)


def forged(*position):
    content = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(_digest(content, BINDING) + content).rstrip(b"=").decode()


@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=150),
    st.integers(-(10**15), 10**15),
    st.integers(-(2**31) + 1, 2**31 - 1),
    st.integers(-(2**63) + 1, 2**63 - 1),
)
def test_a_cursor_is_read_as_the_position_that_was_written(name, microseconds, number, row):
    cursor = cursor_of(name, microseconds, number, row)
    written, moment, *numbers = msgspec.json.decode(read_cursor(cursor, TYPES, BINDING))
    assert (written, numbers) == (name, [str(number), str(row)])
    since = datetime.fromisoformat(moment) - datetime(2000, 1, 1, tzinfo=UTC)
    assert round(since.total_seconds() * 1_000_000) == pytest.approx(microseconds, abs=1000)


@pytest.mark.parametrize(
    "other",
    [binding_of(b"m" * 16, USER, 2), binding_of(LIST, USER, 3), binding_of(LIST, UUID(int=8), 2)],
)
def test_a_cursor_of_another_list_page_or_user_is_refused(other):
    with pytest.raises(Invalid, match="Follow the URL in the Link header"):
        read_cursor(cursor_of("web"), TYPES, other)


@given(st.text(max_size=60))
def test_what_is_not_a_cursor_is_refused(text):
    with pytest.raises(Invalid):
        read_cursor(text, TYPES, BINDING)


@pytest.mark.parametrize("place", [0, 7, 9, 20, -1])
def test_a_cursor_with_one_other_character_is_refused(place):
    letters = list(cursor_of("web"))
    letters[place] = "A" if letters[place] != "A" else "B"
    with pytest.raises(Invalid):
        read_cursor("".join(letters), TYPES, BINDING)


@pytest.mark.parametrize(
    "position",
    [
        ("web", "2020-01-01T00:00:00+00:00", "1"),
        ("web", "2020-01-01T00:00:00+00:00", "1", "2", "3"),
        ("w\0b", "2020-01-01T00:00:00+00:00", "1", "2"),
        ("web", "2020-01-01T00:00:00", "1", "2"),
        ("web", "2020-W01-1T00:00:00+00:00", "1", "2"),
        ("web", "2020-02-30T00:00:00+00:00", "1", "2"),
        ("web", "2020-01-01T00:00:00+00:00", "2147483648", "2"),
        ("web", "2020-01-01T00:00:00+00:00", "1", "9223372036854775808"),
        ("web", "2020-01-01T00:00:00+00:00", "1.0", "2"),
        ("web", "2020-01-01T00:00:00+00:00", "", "2"),
        ("web", "2020-01-01T00:00:00+00:00", 1, "2"),
    ],
)
def test_values_that_the_database_would_not_take_are_refused_whoever_wrote_them(position):
    with pytest.raises(Invalid):
        read_cursor(forged(*position), TYPES, BINDING)
    assert read_cursor(forged("web", "2020-01-01T00:00:00+00:00", "1", "2"), TYPES, BINDING)


def test_half_of_a_character_is_refused():
    content = b'["\\ud800"]'
    cursor = base64.urlsafe_b64encode(_digest(content, BINDING) + content).rstrip(b"=").decode()
    with pytest.raises(Invalid):
        read_cursor(cursor, ("text",), BINDING)


def test_a_position_that_is_too_long_for_a_url_has_no_cursor():
    assert cursor_of("x" * MOST_CHARACTERS) is None
