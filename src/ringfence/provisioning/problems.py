"""What is wrong with the files, each mistake with its path, told together."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from ringfence.errors import OperatorError

SHOWN = 20
SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: `path` in `file`, such as `customers[0].name`."""

    path: str
    file: str = ""

    def key(self, name: str) -> "Place":
        """Give the place of one key of the mapping that stands here."""
        shown = name if name.isidentifier() else quote(name)
        return Place(f"{self.path}.{shown}" if self.path else shown, self.file)

    def item(self, index: int) -> "Place":
        """Give the place of one entry of the list that stands here."""
        return Place(f"{self.path}[{index}]", self.file)

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.path) if part)


@dataclass(slots=True)
class Mistakes:
    """Collects mistakes, so that an operator mends them in one go."""

    lines: list[str] = field(default_factory=list)

    def add(self, place: Place, message: str) -> None:
        """Note one; `message` never repeats a secret."""
        where = str(place)
        line = f"{where}: {message}" if where else message
        if line not in self.lines:
            self.lines.append(line)

    def check(self) -> None:
        """Raise `OperatorError` with a line for each mistake, at most SHOWN, if there is one."""
        if not self.lines:
            return
        shown = self.lines[:SHOWN]
        if len(self.lines) > SHOWN:
            shown.append(f"and {len(self.lines) - SHOWN} more mistakes")
        raise OperatorError(*shown)


def quote(text: str) -> str:
    """Show a value of the file on one line, shortened."""
    return repr(text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…")


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, as the end of a message."""
    names = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name.lower(), list(names), n=1)
    return f"; did you mean {quote(names[near[0]])}?" if near else ""
