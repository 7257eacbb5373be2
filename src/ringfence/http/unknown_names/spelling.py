"""The distance between names: finds the known name that a misspelt one means."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# The edit distance up to which a name counts as misspelt
NEAR = 2


def plain(name: str) -> str:
    """Return the letters and digits of a name, in lower case: `DRY-RUN` is `dryrun`.

    Only the first letters of a long name are used, without padding.
    """
    if len(name) > _READ:
        name = _PADDING.sub("", name)[:_READ]
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


def nearest(name: str, known: Iterable[str], limit: int = NEAR) -> str | None:
    """Return the known name with the least distance from this one, at most `limit`.

    For a short name, the limit is half of its length.
    """
    written = plain(name)
    if len(written) > _LONGEST:
        return None
    limit = min(limit, len(written) // 2)
    letters = _letters(written)
    found: tuple[int, str] | None = None
    for each in known:
        other, others_letters = _known(each)
        # One edit adds and removes one letter at most.
        if (letters ^ others_letters).bit_count() > 2 * limit:
            continue
        apart = distance(written, other, limit)
        if apart <= limit and (found is None or apart < found[0]):
            found = (apart, each)
    return found[1] if found else None


def distance(one: str, other: str, limit: int = NEAR) -> int:
    """Return the edit distance by Damerau and Levenshtein (optimal string alignment).

    A distance above `limit` is returned as `limit + 1`, without computing the rest.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, against in enumerate(other, 1):
            cost = min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != against))
            if row > 1 and column > 1 and (letter, one[row - 2]) == (other[column - 2], against):
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        # A transposition uses the line before the last.
        if min(line) > limit and min(above) > limit:
            return limit + 1
        before, above = above, line
    return min(above[-1], limit + 1)


def _letters(text: str) -> int:
    """Return the letters of a text as a bit set; several letters may share a bit."""
    found = 0
    for letter in text:
        found |= 1 << ord(letter) % 64
    return found


@lru_cache(maxsize=1024)
def _known(name: str) -> tuple[str, int]:
    # Known names are few and are compared often.
    return plain(name), _letters(plain(name))


# Longer names are not close to any known one.
_LONGEST = 128
_READ = 1024
_PADDING = re.compile(r"[\x00-/:-@\[-`{-\x7f]+")
