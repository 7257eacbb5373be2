"""The distance between names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.http.unknown_names.spelling import distance, nearest, plain

WORDS = st.text("abcd", max_size=7)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("detach", "detach", 0),
        ("detatch", "detach", 1),
        ("dryrnu", "dryrun", 1),
        ("drrun", "dryrun", 1),
        ("attach", "detach", 2),
        ("search", "detach", 3),
        ("", "ab", 2),
        ("", "abc", 3),
    ],
)
def test_the_distance_counts_edits(one, other, apart):
    assert distance(one, other) == distance(other, one) == apart


@given(WORDS, st.integers(0, 7), st.sampled_from("abcd"))
def test_one_edit_is_a_distance_of_one_at_most(word, place, letter):
    left, right = word[:place], word[place:]
    assert distance(word, left + letter + right) <= 1
    assert distance(word, left + right[1:]) <= 1
    assert distance(word, left + letter + right[1:]) <= 1
    assert distance(word, left + right[1:2] + right[:1] + right[2:]) <= 1


@given(WORDS, WORDS)
def test_the_distance_is_the_same_both_ways(one, other):
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)


def test_case_and_separators_make_no_difference():
    assert {
        plain(name) for name in ("dry_run", "DRY-RUN", "dryRun", " dry run[]", "\uff44ry.run")
    } == {"dryrun"}
    assert nearest("PLAN-TOKENS", ["dry_run", "plan_token"]) == "plan_token"
    assert nearest("plan", ["dry_run", "plan_token"]) is None
    assert nearest("dry_run" * 100_000, ["dry_run"]) is None


@given(WORDS, st.lists(WORDS, max_size=5))
def test_the_nearest_name_has_the_smallest_distance(word, known):
    limit = min(2, len(word) // 2)
    near = [name for name in known if distance(word, name) <= limit]
    expected = min((distance(word, name) for name in near), default=None)
    found = nearest(word, known)
    assert (None if found is None else distance(word, found)) == expected
