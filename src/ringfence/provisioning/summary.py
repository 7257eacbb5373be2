"""What a load did, told to the operator."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one kind: how many objects were made, altered and left alone."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class Report:
    """The counts by kind, in the order of the files' structure."""

    counts: dict[str, Counts] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, kind: str, *, created: int, changed: int, named: int) -> None:
        """Note what became of the `named` objects of one kind."""
        if named:
            self.counts[kind] = Counts(created, changed, named - created - changed)

    def join(self, other: "Report", repeated: Mapping[str, int]) -> None:
        """Add what a later part did; `repeated` objects of a kind were counted before."""
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
        """Tell whether everything was so already."""
        return not any(one.created or one.changed for one in self.counts.values())

    def lines(self) -> list[str]:
        """Give the report as plain text, a line a kind."""
        lines = [
            f"{kind}: {one.created} created, {one.changed} changed, {one.unchanged} unchanged"
            for kind, one in self.counts.items()
        ]
        lines += ["nothing changed"] if self.nothing_changed else []
        return [*lines, *self.warnings]
