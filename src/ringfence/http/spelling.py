"""How near two names are, so that a misspelt one is recognised and the right one is named."""

import unicodedata
from collections.abc import Iterable

# Letters that may be wrong, left out, too many or exchanged with their neighbour.
NEAR = 2


def plain(name: str) -> str:
    """Return the letters and digits of a name, in lower case: `DRY-RUN` is `dryrun`."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


def nearest(name: str, known: Iterable[str], limit: int = NEAR) -> str | None:
    """Return the known name with the least distance from this one, at most `limit`."""
    if len(name) > _LONGEST:
        return None
    found: tuple[int, str] | None = None
    written = plain(name)
    for each in known:
        apart = distance(written, plain(each), limit)
        if apart <= limit and (found is None or apart < found[0]):
            found = (apart, each)
    return found[1] if found else None


def distance(one: str, other: str, limit: int = NEAR) -> int:
    """Return the edit distance by Damerau and Levenshtein (optimal string alignment).

    What is more than `limit` is returned as `limit + 1`, without comparing long texts.
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
        before, above = above, line
    return min(above[-1], limit + 1)


# No name of an operation is near to a longer one.
_LONGEST = 128
