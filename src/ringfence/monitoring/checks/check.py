"""The result of one check, as a value."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from ringfence.database.pool import Connection

SHOWN_ITEMS = 5
# Of the names of groups that a write test creates
PREFIX = "ringfence-write-test-"


class Outcome(StrEnum):
    """How a check ended; a warning does not make `ringfence doctor` fail."""

    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    # Where `/api/doctor/` cannot or may not check
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """The result, how it was tested, and what to do about it (empty if nothing)."""

    name: str
    outcome: Outcome
    found: str
    tested: str
    fix: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing failed; it may be a warning."""
        return self.outcome is not Outcome.FAILED

    @property
    def detail(self) -> str:
        """The result and what to do, in one text."""
        return f"{self.found}; {self.fix}" if self.fix else self.found

    def document(self) -> dict[str, str]:
        """Return the check as `ringfence doctor -o json` shows it."""
        return asdict(self) | {"outcome": self.outcome.value}


def passed(name: str, found: str, tested: str) -> Check:
    return Check(name, Outcome.PASSED, found, tested)


def warning(name: str, found: str, tested: str, fix: str) -> Check:
    return Check(name, Outcome.WARNING, found, tested, fix)


def failed(name: str, found: str, tested: str, fix: str) -> Check:
    return Check(name, Outcome.FAILED, found, tested, fix)


def skipped(name: str, found: str, tested: str, fix: str) -> Check:
    return Check(name, Outcome.SKIPPED, found, tested, fix)


# Reads and changes nothing; None where there is nothing to say
Run = Callable[[Connection], Awaitable[Check | None]]


def few(items: Sequence[str]) -> str:
    """Return the first items as text, and how many more there are."""
    more = f" and {len(items) - SHOWN_ITEMS} more" if len(items) > SHOWN_ITEMS else ""
    return ", ".join(items[:SHOWN_ITEMS]) + more
