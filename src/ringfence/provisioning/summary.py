"""The result of a load, as the operator reads it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ringfence.provisioning.differences import Difference

# The order of the files' structure
_KINDS = (
    "clouds",
    "users",
    "tokens",
    "customers",
    "projects",
    "tenants",
    "security groups",
    "roles",
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many objects of one kind were created, changed, left unchanged and removed."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def is_change(self) -> bool:
        return bool(self.created or self.changed or self.removed)


@dataclass(slots=True)
class Report:
    """The counts by kind, and the differences if the load `is_detailed`."""

    counts: dict[str, Counts] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    # Groups whose push was scheduled
    pushed: int = 0
    is_detailed: bool = False
    differences: list[Difference] = field(default_factory=list)

    def add(self, kind: str, *, created: int, changed: int, named: int) -> None:
        """Add the counts of one kind; `named` is the number of objects that the files name."""
        if named:
            unchanged = named - created - changed
            self._add(kind, Counts(created, changed, unchanged))

    def add_removed(self, kind: str, removed: int, gone: int) -> None:
        """Add objects that were removed, and absent ones that were gone before."""
        if removed or gone:
            self._add(kind, Counts(unchanged=gone, removed=removed))

    def note(self, differences: Iterable[Difference]) -> None:
        """Keep the differences, if the load is detailed."""
        if self.is_detailed:
            self.differences += differences

    def join(self, other: "Report", repeated: Mapping[str, int]) -> None:
        """Add the report of a later batch, except its `repeated` objects, which are counted."""
        self.warnings += [line for line in other.warnings if line not in self.warnings]
        self.differences += other.differences
        self.pushed += other.pushed
        for kind, one in other.counts.items():
            unchanged = one.unchanged - repeated.get(kind, 0)
            self._add(kind, replace(one, unchanged=unchanged))

    def _add(self, kind: str, more: Counts) -> None:
        before = self.counts.get(kind, Counts())
        self.counts[kind] = Counts(
            before.created + more.created,
            before.changed + more.changed,
            before.unchanged + more.unchanged,
            before.removed + more.removed,
        )

    @property
    def nothing_changed(self) -> bool:
        return not any(one.is_change for one in self.counts.values())

    def lines(self) -> list[str]:
        """Return the report as plain text, a line for each kind."""
        lines = []
        for kind in (kind for kind in _KINDS if kind in self.counts):
            one = self.counts[kind]
            text = f"{one.created} created, {one.changed} changed, {one.unchanged} unchanged"
            lines.append(f"{kind}: {text}" + (f", {one.removed} removed" if one.removed else ""))
        lines += [f"pushes: {self.pushed} scheduled"] if self.pushed else []
        lines += ["nothing changed"] if self.nothing_changed else []
        return [*lines, *self.warnings]
