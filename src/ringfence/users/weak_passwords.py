"""Which passwords are refused because somebody would try them soon."""

import re
from difflib import SequenceMatcher

from ringfence.errors import OperatorError

MINIMUM_LENGTH = 8
MAXIMUM_LENGTH = 128

# Of zxcvbn's five grades: below this, a million guesses find it.
WORST_GRADE = 2
# From where on two texts are one to a person; Django's rule has the same.
ALIKE = 0.7
# Shorter parts of a name are in many words by chance.
SHORTEST_PART = 4

ADVICE = "take several words that have nothing to do with each other, or let a program make one up"


def require_hard_to_guess(password: str, username: str) -> None:
    """Raise `OperatorError` for a password that is too short, common, or like its user's name.

    What is said never repeats the password.
    """
    if not MINIMUM_LENGTH <= len(password) <= MAXIMUM_LENGTH or "\x00" in password:
        raise OperatorError(
            f"a password has {MINIMUM_LENGTH} to {MAXIMUM_LENGTH} characters, none of them NUL"
        )
    if _resembles(password.casefold(), username.casefold()):
        raise OperatorError(f"this password is much like the user's name: {ADVICE}")
    if reason := _reason(password, username):
        raise OperatorError(f"this password is too easy to guess ({reason}): {ADVICE}")


def _resembles(password: str, name: str) -> bool:
    parts = {name, *(part for part in re.split(r"[\W_]+", name) if len(part) >= SHORTEST_PART)}
    return any(
        SequenceMatcher(a=password, b=text).ratio() >= ALIKE
        # The name, and little beside it
        or (text in password and len(password.replace(text, "")) < MINIMUM_LENGTH)
        for part in parts
        for text in (part, part[::-1])
    )


def _reason(password: str, username: str) -> str:
    # Its lists of words take a while to load, and no other command needs them.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    found = zxcvbn(password, user_inputs=[username, "ringfence"], max_length=MAXIMUM_LENGTH)
    if found["score"] >= WORST_GRADE:
        return ""
    warning = found["feedback"]["warning"].rstrip(".")
    return (warning[:1].lower() + warning[1:]) or "a million guesses find it"
