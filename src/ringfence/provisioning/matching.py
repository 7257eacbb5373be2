"""Which entries of the files are one object, and which object of the database it is. Pure.

An object is known by its uuid where one is given, else by its name within its parent. The order
of entries, and of files, does not matter.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID, uuid4

from ringfence.provisioning.problems import Mistakes, Place, nearest, quote
from ringfence.text.uuids import parse_uuid


class Named(Protocol):
    """What every entry of a file has."""

    @property
    def name(self) -> str: ...
    @property
    def uuid(self) -> UUID | None: ...
    @property
    def model_fields_set(self) -> set[str]: ...


class Present(Protocol):
    """What every row of the database has; those below something also a `parent`."""

    @property
    def name(self) -> str: ...
    @property
    def uuid(self) -> UUID: ...


EntryT = TypeVar("EntryT", bound=Named)
PresentT = TypeVar("PresentT", bound=Present)

# Keys that hold objects of their own, or that identify this one.
_NOT_VALUES = frozenset({"uuid", "username", "projects", "tenants", "security_groups"})


@dataclass(eq=False, slots=True)
class Target(Generic[PresentT]):
    """One object that the files name: what they state of it, and its row if it has one."""

    place: Place
    name: str
    uuid: UUID
    has_given_uuid: bool
    parent: "Target[Any] | None"
    stated: dict[str, Any] = field(default_factory=dict)
    row: PresentT | None = None


@dataclass(eq=False, slots=True)
class Declared(Generic[EntryT, PresentT]):
    """One entry of a file."""

    entry: EntryT
    place: Place
    parent: "Target[Any] | None" = None
    target: "Target[PresentT] | None" = None


class Kind(Generic[EntryT, PresentT]):
    """All objects of one kind that the files name or refer to."""

    def __init__(
        self, word: str, *, unique: bool, repeatable: bool = True, name_key: str = "name"
    ) -> None:
        self.word = word
        self._name_key = name_key
        self._unique = unique
        self._repeatable = repeatable
        self.targets: list[Target[PresentT]] = []
        self.rows: dict[UUID, PresentT] = {}
        self._by_uuid: dict[UUID, Target[PresentT]] = {}
        self._by_name: dict[str, set[UUID]] | None = None

    def merge(self, declared: Sequence[Declared[EntryT, PresentT]], mistakes: Mistakes) -> None:
        """Give each entry its target; entries that contradict each other are mistakes."""
        by_name: dict[tuple[Target[Any] | None, str], list[Target[PresentT]]] = defaultdict(list)
        # Those with a uuid first: one without may be the same object by name.
        for item in sorted(declared, key=lambda item: item.entry.uuid is None):
            uuid, key = item.entry.uuid, (item.parent, item.entry.name)
            if uuid is not None:
                found = [self._by_uuid[uuid]] if uuid in self._by_uuid else []
            else:
                found = by_name[key]
            if len(found) > 1:
                message = f"{len(found)} {self.word}s are called {quote(key[1])}: give the uuid"
                mistakes.add(item.place.key(self._name_key), message)
            if found:
                item.target = found[0]
                self._combine(found[0], item, mistakes)
                continue
            item.target = self._target(item)
            by_name[key].append(item.target)
        order = {id(item.target): -index for index, item in enumerate(reversed(declared))}
        self.targets.sort(key=lambda target: order[id(target)])

    def _target(self, item: Declared[EntryT, PresentT]) -> Target[PresentT]:
        uuid = item.entry.uuid
        target: Target[PresentT] = Target(
            item.place, item.entry.name, uuid or uuid4(), uuid is not None, item.parent
        )
        target.stated = _stated(item.entry)
        self.targets.append(target)
        self._by_uuid[target.uuid] = target
        return target

    def _combine(
        self, target: Target[PresentT], item: Declared[EntryT, PresentT], mistakes: Mistakes
    ) -> None:
        if target.parent is not item.parent or not self._repeatable:
            message = f"this {self.word} is given twice, also at {target.place}"
            mistakes.add(item.place, message)
            return
        if target.name != item.entry.name:
            key = self._name_key
            mistakes.add(item.place.key(key), f"contradicts {target.place.key(key)}")
        for key, value in _stated(item.entry).items():
            if target.stated.setdefault(key, value) != value:
                mistakes.add(item.place.key(key), f"contradicts {target.place.key(key)}")

    def match(self, rows: Iterable[PresentT], mistakes: Mistakes) -> None:
        """Find each target's row among `rows`; what makes that impossible is a mistake."""
        self.rows = {row.uuid: row for row in rows}
        by_name: dict[tuple[UUID | None, str], list[PresentT]] = defaultdict(list)
        for row in self.rows.values():
            # A row that an entry names by its uuid is no other entry's by its name.
            if row.uuid not in self._by_uuid:
                by_name[_parent(row), row.name].append(row)
        for target in self.targets:
            if target.has_given_uuid:
                target.row = self.rows.get(target.uuid)
                self._check_parent(target, mistakes)
                continue
            found = by_name[target.parent.uuid if target.parent else None, target.name]
            if len(found) > 1 and self._unique:
                found = [
                    row for row in found if not getattr(row, "is_duplicate_name", False)
                ] or found
            if len(found) > 1:
                message = f"{len(found)} {self.word}s are called {quote(target.name)}"
                mistakes.add(target.place.key(self._name_key), f"{message}: give the uuid")
            elif found:
                target.row = found[0]
                del self._by_uuid[target.uuid]
                target.uuid = found[0].uuid
                self._by_uuid[target.uuid] = target
        if self._unique:
            self._check_names(mistakes)

    def _check_parent(self, target: Target[PresentT], mistakes: Mistakes) -> None:
        if target.row is None or target.parent is None:
            return
        if _parent(target.row) != target.parent.uuid:
            message = f"this is a {self.word} elsewhere, and load moves nothing"
            mistakes.add(target.place.key("uuid"), message)

    def _check_names(self, mistakes: Mistakes) -> None:
        """Within its parent, each name may belong to one object, once all is stored."""
        owners: dict[tuple[UUID | None, str], UUID] = {}
        for row in self.rows.values():
            if row.uuid not in self._by_uuid and not getattr(row, "is_duplicate_name", False):
                owners[_parent(row), row.name] = row.uuid
        for target in self.targets:
            if getattr(target.row, "is_duplicate_name", False) and target.name == target.row.name:  # type: ignore[union-attr] # a twin has a row
                continue
            key = target.parent.uuid if target.parent else None, target.name
            owner = owners.setdefault(key, target.uuid)
            if owner != target.uuid:
                message = f"the {self.word} {owner.hex} is called {quote(target.name)} already"
                mistakes.add(target.place.key(self._name_key), message)

    def target_of(self, uuid: UUID) -> "Target[PresentT] | None":
        """Give the target with this uuid."""
        return self._by_uuid.get(uuid)

    def refer(self, reference: str, place: Place, mistakes: Mistakes) -> UUID | None:
        """Give the uuid of the object that a name, or a uuid, refers to; None is a mistake noted.

        What the files name comes before what only the database holds.
        """
        named = self._names().get(reference, set())
        if len(named) > 1:
            message = f"{len(named)} {self.word}s are called {quote(reference)}: give the uuid"
            mistakes.add(place, message)
            return None
        if named:
            return next(iter(named))
        uuid = parse_uuid(reference)
        if uuid is not None and (uuid in self._by_uuid or uuid in self.rows):
            return uuid
        hint = nearest(reference, self._names())
        mistakes.add(place, f"no {self.word} is called {quote(reference)}{hint}")
        return None

    def _names(self) -> dict[str, set[UUID]]:
        if self._by_name is None:
            found: dict[str, set[UUID]] = defaultdict(set)
            for target in self.targets:
                found[target.name].add(target.uuid)
            stated = set(found)
            for row in self.rows.values():
                if row.uuid not in self._by_uuid and row.name not in stated:
                    found[row.name].add(row.uuid)
            self._by_name = dict(found)
        return self._by_name


def _stated(entry: Named) -> dict[str, Any]:
    keys = entry.model_fields_set - _NOT_VALUES - {"name"}
    return {key: getattr(entry, key) for key in keys}


def _parent(row: Present) -> UUID | None:
    parent: UUID | None = getattr(row, "parent", None)
    return parent
