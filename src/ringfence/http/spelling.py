"""How near two names are, so that a misspelt one is recognised and the right one is named."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Letters that may be wrong, left out, too many or exchanged with their neighbour.
NEAR = 2


def plain(name: str) -> str:
    """Return the letters and digits of a name, in lower case: `DRY-RUN` is `dryrun`.

    Of a long one only the first letters are read, whatever it is padded with.
    """
    if len(name) > _READ:
        name = _PADDING.sub("", name)[:_READ]
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


def nearest(name: str, known: Iterable[str], limit: int = NEAR) -> str | None:
    """Return the known name with the least distance from this one, at most `limit`.

    Of a short name, half of its letters are most: more would be another word.
    """
    written = plain(name)
    if len(written) > _LONGEST:
        return None
    limit = min(limit, len(written) // 2)
    letters = _letters(written)
    found: tuple[int, str] | None = None
    for each in known:
        other, others_letters = _known(each)
        # One mistake brings a letter and takes one, at most.
        if (letters ^ others_letters).bit_count() > 2 * limit:
            continue
        apart = distance(written, other, limit)
        if apart <= limit and (found is None or apart < found[0]):
            found = (apart, each)
    return found[1] if found else None


def distance(one: str, other: str, limit: int = NEAR) -> int:
    """Return the edit distance by Damerau and Levenshtein (optimal string alignment).

    What is more than `limit` is returned as `limit + 1`, without comparing the rest.
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
        # An exchange of two letters looks back one line more.
        if min(line) > limit and min(above) > limit:
            return limit + 1
        before, above = above, line
    return min(above[-1], limit + 1)


def _letters(text: str) -> int:
    """Return which letters a text has, as bits; several letters may share one."""
    found = 0
    for letter in text:
        found |= 1 << ord(letter) % 64
    return found


@lru_cache(maxsize=1024)
def _known(name: str) -> tuple[str, int]:
    # Names of operations and of rules are few, and are compared again and again.
    return plain(name), _letters(plain(name))


# No name of an operation is near to a longer one.
_LONGEST = 128
_READ = 1024
_PADDING = re.compile(r"[\x00-/:-@\[-`{-\x7f]+")
