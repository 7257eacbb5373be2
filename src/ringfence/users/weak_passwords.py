"""Refuse passwords that are easy to guess."""

import re
from difflib import SequenceMatcher

from ringfence.errors import OperatorError

MINIMUM_LENGTH = 8
MAXIMUM_LENGTH = 128

# zxcvbn's scores are 0 to 4; below 2, a million guesses are enough.
MIN_SCORE = 2
# The ratio from which two texts count as similar; Django's validator uses the same.
SIMILARITY = 0.7
# Shorter parts of a name occur in many words by chance.
MIN_PART_LENGTH = 4

ADVICE = "take several unrelated words, or let a program generate one"


def require_hard_to_guess(password: str, username: str) -> None:
    """Raise `OperatorError` for a password that is too short, too common, or similar to the name.

    The message never contains the password.
    """
    if not MINIMUM_LENGTH <= len(password) <= MAXIMUM_LENGTH or "\x00" in password:
        raise OperatorError(
            f"a password has {MINIMUM_LENGTH} to {MAXIMUM_LENGTH} characters, none of them NUL"
        )
    if _resembles(password.casefold(), username.casefold()):
        raise OperatorError(f"this password is too similar to the user's name: {ADVICE}")
    if reason := _reason(password, username):
        raise OperatorError(f"this password is too easy to guess ({reason}): {ADVICE}")


def _resembles(password: str, name: str) -> bool:
    parts = {name, *(part for part in re.split(r"[\W_]+", name) if len(part) >= MIN_PART_LENGTH)}
    return any(
        SequenceMatcher(a=password, b=text).ratio() >= SIMILARITY
        # Hardly more than the name
        or (text in password and len(password.replace(text, "")) < MINIMUM_LENGTH)
        for part in parts
        for text in (part, part[::-1])
    )


def _reason(password: str, username: str) -> str:
    # Its word lists take long to load, and no other command needs them.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    found = zxcvbn(password, user_inputs=[username, "ringfence"], max_length=MAXIMUM_LENGTH)
    if found["score"] >= MIN_SCORE:
        return ""
    warning = found["feedback"]["warning"].rstrip(".")
    return (warning[:1].lower() + warning[1:]) or "a million guesses find it"
