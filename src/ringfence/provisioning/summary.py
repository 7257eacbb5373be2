"""The result of a load, as the operator reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counts:
    """How many objects of one kind were created, changed and left unchanged."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class Report:
    """The counts by kind, in the order of the files' structure."""

    counts: dict[str, Counts] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, kind: str, *, created: int, changed: int, named: int) -> None:
        """Add the counts of one kind; `named` is the number of objects that the files name."""
        if named:
            self.counts[kind] = Counts(created, changed, named - created - changed)

    def join(self, other: "Report", repeated: Mapping[str, int]) -> None:
        """Add the report of a later batch, except its `repeated` objects, which are counted."""
        self.warnings += [line for line in other.warnings if line not in self.warnings]
        for kind, one in other.counts.items():
            before = self.counts.get(kind, Counts())
            self.counts[kind] = Counts(
                before.created + one.created,
                before.changed + one.changed,
                before.unchanged + one.unchanged - repeated.get(kind, 0),
            )

    @property
    def nothing_changed(self) -> bool:
        return not any(one.created or one.changed for one in self.counts.values())

    def lines(self) -> list[str]:
        """Return the report as plain text, a line for each kind."""
        lines = [
            f"{kind}: {one.created} created, {one.changed} changed, {one.unchanged} unchanged"
            for kind, one in self.counts.items()
        ]
        lines += ["nothing changed"] if self.nothing_changed else []
        return [*lines, *self.warnings]
