"""Problems of the files, each with its path, reported together."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from ringfence.errors import OperatorError

MAX_SHOWN = 20
MAX_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Location:
    """A position in a file: `path` in `file`, such as `customers[0].name`."""

    path: str
    file: str = ""

    def key(self, name: str) -> "Location":
        """Return the location of a key of this mapping."""
        shown = name if name.isidentifier() else quote(name)
        return Location(f"{self.path}.{shown}" if self.path else shown, self.file)

    def item(self, index: int) -> "Location":
        """Return the location of an item of this list."""
        return Location(f"{self.path}[{index}]", self.file)

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.path) if part)


@dataclass(slots=True)
class Problems:
    """Collects problems, so that an operator can correct all of them at once."""

    lines: list[str] = field(default_factory=list)

    def add(self, location: Location, message: str) -> None:
        """Add a problem; `message` must not contain a secret."""
        where = str(location)
        line = f"{where}: {message}" if where else message
        if line not in self.lines:
            self.lines.append(line)

    def check(self) -> None:
        """Raise `OperatorError` with a line for each problem, if any, at most MAX_SHOWN."""
        if not self.lines:
            return
        shown = self.lines[:MAX_SHOWN]
        if len(self.lines) > MAX_SHOWN:
            shown.append(f"and {len(self.lines) - MAX_SHOWN} more problems")
        raise OperatorError(*shown)


def quote(text: str) -> str:
    """Return a value of the file for a message, on one line and shortened."""
    return repr(text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a message that suggests the most similar known name, or an empty one."""
    names = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name.lower(), list(names), n=1)
    return f"; did you mean {quote(names[near[0]])}?" if near else ""
