"""Match the entries of the files with each other and with the rows of the database. Pure.

An object is identified by its UUID if an entry states one, otherwise by its name within its
parent. The order of entries and files does not matter.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID, uuid4

from ringfence.provisioning.problems import Location, Problems, nearest, quote
from ringfence.provisioning.schema import ABSENT, PRESENT
from ringfence.text.uuids import parse_uuid


class Named(Protocol):
    """An entry of a file."""

    @property
    def name(self) -> str: ...
    @property
    def uuid(self) -> UUID | None: ...
    @property
    def model_fields_set(self) -> set[str]: ...
    @property
    def is_absent(self) -> bool: ...


class Row(Protocol):
    """A row of the database; a row below another one also has a `parent`."""

    @property
    def name(self) -> str: ...
    @property
    def uuid(self) -> UUID: ...


EntryT = TypeVar("EntryT", bound=Named)
RowT = TypeVar("RowT", bound=Row)

# Keys that contain objects of their own
_CHILDREN = frozenset({"projects", "tenants", "security_groups"})
# Keys that identify the object, or are no columns of its row
_NOT_COLUMNS = _CHILDREN | {"uuid", "username", "name", "delete_in_cloud"}


@dataclass(eq=False, slots=True)
class Target(Generic[RowT]):
    """An object that the files name: the columns they state, and its row if it has one."""

    location: Location
    name: str
    uuid: UUID
    has_given_uuid: bool
    parent: "Target[Any] | None"
    stated: dict[str, Any] = field(default_factory=dict)
    row: RowT | None = None
    # Whether the files state the list of what it contains
    lists_children: bool = False
    # Whether an absent group is deleted in the cloud too
    is_deleted_in_cloud: bool = False

    @property
    def is_absent(self) -> bool:
        """Whether the object is to be removed."""
        return self.stated.get("state") == ABSENT


@dataclass(eq=False, slots=True)
class Declared(Generic[EntryT, RowT]):
    """An entry of a file."""

    entry: EntryT
    location: Location
    parent: "Target[Any] | None" = None
    target: "Target[RowT] | None" = None


class Kind(Generic[EntryT, RowT]):
    """The objects of one kind that the files name or refer to."""

    def __init__(
        self, word: str, *, unique: bool, repeatable: bool = True, name_key: str = "name"
    ) -> None:
        self.word = word
        self._name_key = name_key
        self._unique = unique
        self._repeatable = repeatable
        self.targets: list[Target[RowT]] = []
        # Objects to remove, once rows are matched; `targets` are the others then.
        self.absent: list[Target[RowT]] = []
        self.rows: dict[UUID, RowT] = {}
        self._by_uuid: dict[UUID, Target[RowT]] = {}
        self._by_name: dict[str, set[UUID]] | None = None

    def merge(self, declared: Sequence[Declared[EntryT, RowT]], problems: Problems) -> None:
        """Assign a target to each entry; note entries that contradict each other."""
        by_name: dict[tuple[Target[Any] | None, str], list[Target[RowT]]] = defaultdict(list)
        # Entries with a UUID first: an entry without one may name the same object.
        for item in sorted(declared, key=lambda item: item.entry.uuid is None):
            uuid, key = item.entry.uuid, (item.parent, item.entry.name)
            if uuid is not None:
                found = [self._by_uuid[uuid]] if uuid in self._by_uuid else []
            else:
                found = by_name[key]
            if len(found) > 1:
                message = f"{len(found)} {self.word}s are called {quote(key[1])}: give the UUID"
                problems.add(item.location.key(self._name_key), message)
            if found:
                item.target = found[0]
                self._combine(found[0], item, problems)
                continue
            item.target = self._target(item)
            by_name[key].append(item.target)
        order = {id(item.target): -index for index, item in enumerate(reversed(declared))}
        self.targets.sort(key=lambda target: order[id(target)])

    def _target(self, item: Declared[EntryT, RowT]) -> Target[RowT]:
        uuid = item.entry.uuid
        target: Target[RowT] = Target(
            item.location, item.entry.name, uuid or uuid4(), uuid is not None, item.parent
        )
        target.stated = _stated(item.entry)
        target.lists_children = _lists_children(item.entry)
        target.is_deleted_in_cloud = getattr(item.entry, "delete_in_cloud", False)
        self.targets.append(target)
        self._by_uuid[target.uuid] = target
        return target

    def _combine(
        self, target: Target[RowT], item: Declared[EntryT, RowT], problems: Problems
    ) -> None:
        if target.parent is not item.parent or not self._repeatable:
            message = f"this {self.word} is given twice, also at {target.location}"
            problems.add(item.location, message)
            return
        if target.name != item.entry.name:
            key = self._name_key
            problems.add(item.location.key(key), f"contradicts {target.location.key(key)}")
        if target.is_absent != item.entry.is_absent:
            message = f"contradicts {target.location.key('state')}: one of them is {ABSENT}"
            problems.add(item.location.key("state"), message)
            return
        target.lists_children |= _lists_children(item.entry)
        for key, value in _stated(item.entry).items():
            if target.stated.setdefault(key, value) != value:
                problems.add(item.location.key(key), f"contradicts {target.location.key(key)}")

    def match(self, rows: Iterable[RowT], problems: Problems) -> None:
        """Assign a row to each target; note targets for which that is not possible."""
        self.rows = {row.uuid: row for row in rows}
        by_name: dict[tuple[UUID | None, str], list[RowT]] = defaultdict(list)
        for row in self.rows.values():
            # A row that one entry names by its UUID cannot match another entry by its name.
            if row.uuid not in self._by_uuid:
                by_name[_parent(row), row.name].append(row)
        for target in self.targets:
            if target.has_given_uuid:
                target.row = self.rows.get(target.uuid)
                self._check_parent(target, problems)
                continue
            found = by_name[target.parent.uuid if target.parent else None, target.name]
            if len(found) > 1 and self._unique:
                found = [
                    row for row in found if not getattr(row, "is_duplicate_name", False)
                ] or found
            if len(found) > 1:
                message = f"{len(found)} {self.word}s are called {quote(target.name)}"
                problems.add(target.location.key(self._name_key), f"{message}: give the UUID")
            elif found:
                target.row = found[0]
                del self._by_uuid[target.uuid]
                target.uuid = found[0].uuid
                self._by_uuid[target.uuid] = target
        self.absent = [target for target in self.targets if target.is_absent]
        self.targets = [target for target in self.targets if not target.is_absent]
        if self._unique:
            self._check_names(problems)

    def _check_parent(self, target: Target[RowT], problems: Problems) -> None:
        if target.row is None or target.parent is None:
            return
        if _parent(target.row) != target.parent.uuid:
            message = f"this {self.word} has another parent; load does not move it"
            problems.add(target.location.key("uuid"), message)

    def _check_names(self, problems: Problems) -> None:
        """Check that names are unique within their parent once everything is stored."""
        owners: dict[tuple[UUID | None, str], UUID] = {}
        for row in self.rows.values():
            if row.uuid not in self._by_uuid and not getattr(row, "is_duplicate_name", False):
                owners[_parent(row), row.name] = row.uuid
        for target in self.targets:
            if getattr(target.row, "is_duplicate_name", False) and target.name == target.row.name:  # type: ignore[union-attr] # a duplicate has a row
                continue
            key = target.parent.uuid if target.parent else None, target.name
            owner = owners.setdefault(key, target.uuid)
            if owner != target.uuid:
                message = f"the {self.word} {owner.hex} is already called {quote(target.name)}"
                problems.add(target.location.key(self._name_key), message)

    def target_of(self, uuid: UUID) -> "Target[RowT] | None":
        return self._by_uuid.get(uuid)

    def refer(self, reference: str, location: Location, problems: Problems) -> UUID | None:
        """Return the UUID of the object that a name or a UUID refers to.

        Names in the files take precedence over names of other rows. Return None, and note the
        problem, if there is no such object or more than one: whoever may choose a name must not
        be able to divert a reference by UUID.
        """
        named = self.candidates(reference)
        if len(named) > 1:
            message = f"{len(named)} {self.word}s are called {quote(reference)}: give the UUID"
            problems.add(location, message)
            return None
        uuid = self._known_uuid(reference)
        if uuid is not None and uuid not in named:
            message = f"{quote(reference)} is the name of one {self.word} and the UUID of another"
            problems.add(location, f"{message}: rename the first")
            return None
        if any(target.name == reference or target.uuid in named for target in self.absent):
            problems.add(location, f"the {self.word} {quote(reference)} is {ABSENT} in these files")
            return None
        if named:
            return next(iter(named))
        hint = nearest(reference, self._names())
        problems.add(location, f"no {self.word} is called {quote(reference)}{hint}")
        return None

    def candidates(self, reference: str) -> set[UUID]:
        """Return the UUIDs of the objects that a name or a UUID may refer to."""
        if named := self._names().get(reference):
            return named
        uuid = self._known_uuid(reference)
        return set() if uuid is None else {uuid}

    def _known_uuid(self, reference: str) -> UUID | None:
        uuid = parse_uuid(reference)
        return uuid if uuid in self._by_uuid or uuid in self.rows else None

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
    """Return the columns that the entry states."""
    keys = entry.model_fields_set - _NOT_COLUMNS
    stated = {key: getattr(entry, key) for key in keys}
    if stated.get("state") == PRESENT:
        del stated["state"]
    return stated


def _lists_children(entry: Named) -> bool:
    return bool(entry.model_fields_set & _CHILDREN)


def _parent(row: Row) -> UUID | None:
    parent: UUID | None = getattr(row, "parent", None)
    return parent
