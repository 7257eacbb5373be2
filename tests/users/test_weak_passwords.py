"""Passwords that are tried first are refused, and the others are not."""

import pytest

from ringfence.errors import OperatorError
from ringfence.users.weak_passwords import require_hard_to_guess

COMMON = [
    *("passw0rd", "Password1", "P@ssw0rd", "12345678", "qwertyuiop", "iloveyou1", "letmein123"),
    *("aaaaaaaa", "xyzxyzxyz", "abcdefgh1", "1q2w3e4r", "19850412", "ringfence", "a1b2c3d4e5"),
    *("football", "sunshine", "princess1", "baseball!", "passwordpassword", "x" * 128),
]
GOOD = [
    *("correct horse", " correct hörse ", "battery staple", "tr0ub4dor&3", "kT9#vq2LmX"),
    *("пароль из слов", "u8Jp2xQz!nR4", "the admin of Tuesday's trains"),
]


@pytest.mark.parametrize("password", COMMON)
def test_a_common_password_is_refused_with_the_reason(password):
    with pytest.raises(
        OperatorError, match=r"too easy to guess \(.+\): take several unrelated words"
    ) as told:
        require_hard_to_guess(password, "ann")
    assert password not in str(told.value)


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("administrator", "administrator"),
        ("administrator", "Adm1nistrator"),
        ("administrator", "rotartsinimda"),
        ("alice", "Alice!alice"),
        ("alice", "alice2024"),
        ("alice", "2024-ALICE"),
        ("alice", "ecila-4711"),
        ("ann.smithers@example.com", "smithers#1"),
        ("jean_pierre", "pierre-2024"),
        ("x", "xxxxxxxx"),
    ],
)
def test_a_password_similar_to_the_users_name_is_refused(username, password):
    with pytest.raises(
        OperatorError, match=r"(too similar to the user's name|too easy to guess)"
    ) as told:
        require_hard_to_guess(password, username)
    assert password not in str(told.value)


@pytest.mark.parametrize("password", GOOD)
@pytest.mark.parametrize("username", ["admin", "ann", "a", "horse", "words.and.more"])
def test_a_password_that_takes_many_guesses_is_accepted(username, password):
    require_hard_to_guess(password, username)


@pytest.mark.parametrize("password", ["", "short-7", "x" * 129, "nul\x00-within"])
def test_limits_of_length_are_reported_first(password):
    with pytest.raises(OperatorError, match="8 to 128 characters"):
        require_hard_to_guess(password, "ann")
