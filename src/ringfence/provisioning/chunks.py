"""A file cut into parts that can be loaded one after the other, so that none is large.

A JSON file is cut at its tenants without being read in full: their texts are found, and each part
is a small file that repeats the customers and projects around its tenants. What the tenants need
(clouds, users) is the first part, and what needs them (roles) the last. A YAML file is one part.
"""

import mmap
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from ringfence.errors import OperatorError
from ringfence.provisioning.document import check_document
from ringfence.provisioning.parser import read_file, read_text
from ringfence.provisioning.problems import Mistakes
from ringfence.provisioning.schema import Document

# Tenants are put together up to so many bytes of their text: a few thousand groups.
PART_BYTES = 2_000_000

_KEYS = frozenset({"clouds", "users", "customers", "roles"})
_PARENTS = ("customers", "projects")
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_PLACE = re.compile(r"customers\[(\d+)\](?:\.projects\[(\d+)\](?:\.tenants\[(\d+)\])?)?")

_LISTS = re.compile(rb'"(?:clouds|users|customers|projects|tenants|roles)"')

Members = dict[str, Any]


@dataclass(slots=True)
class Part:
    """Some of a file; `members` of None are all of it. `size` is about that of its text in bytes.

    `places` has the index in the file of each customer, project and tenant, by those in the part;
    `repeated` counts the customers and projects that earlier parts had too.
    """

    path: Path
    label: str
    size: int
    members: Members | None = None
    # What `members` are views of
    source: Any = None
    places: dict[tuple[int, ...], tuple[int, ...]] = field(default_factory=dict)
    repeated: Counter[str] = field(default_factory=Counter)

    def read(self) -> Document:
        """Read and check the part; raises `OperatorError` with all its mistakes."""
        mistakes = Mistakes()
        try:
            tree = self._tree()
            document = check_document(tree, self.label, mistakes)
            mistakes.check()
        except OperatorError as error:
            raise self.placed(error) from None
        assert document is not None  # noqa: S101 - a document without mistakes is one
        return document

    def _tree(self) -> object:
        if self.members is None:
            return read_file(self.path, label=self.label)
        try:
            text = msgspec.json.encode(self.members).decode()
        except UnicodeDecodeError:
            raise OperatorError(f"{self.path}: is not UTF-8 text") from None
        _let_go(self.source)
        return read_text(text, label=self.label, is_json=True)

    def placed(self, error: OperatorError) -> OperatorError:
        """Give a mistake with its place in the file instead of that in the part."""
        return OperatorError(_PLACE.sub(self._place, str(error)))

    def _place(self, match: re.Match[str]) -> str:
        found = tuple(int(index) for index in match.groups() if index is not None)
        indices = self.places.get(found, found)
        names = ("customers", "projects", "tenants")
        return ".".join(f"{name}[{index}]" for name, index in zip(names, indices, strict=False))


def digest_of(paths: Sequence[Path]) -> bytes:
    """Give a digest of all files in their order: other content is another run."""
    found = blake2b(digest_size=32)
    for path in paths:
        with _mapped(path) as text:
            found.update(len(text).to_bytes(8, "big"))
            found.update(text)
            _let_go(text)
    return found.digest()


def parts_of(paths: Sequence[Path]) -> Iterator[Part]:
    """Give the parts of the files, in an order in which each needs none after it."""
    for path in paths:
        label = str(path) if len(paths) > 1 else ""
        with _mapped(path) as text:
            for part in _cut(path, label, text):
                part.source = text
                yield part
            _let_go(text)


@contextmanager
def _mapped(path: Path) -> Iterator[Any]:
    """Lend a file's content without taking memory for it; a file may be as large as a disk."""
    try:
        with path.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                yield b""
                return
            # Left to the collector: views of it may live as long as a part.
            yield mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise OperatorError(f"{path}: cannot be read: {error.strerror}") from None


def _let_go(text: Any) -> None:  # noqa: ANN401 - bytes, or a mapped file
    """Give back the memory of a mapped file's pages; they are read again where they are needed."""
    if isinstance(text, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        text.madvise(mmap.MADV_DONTNEED)


def _cut(path: Path, label: str, text: Any) -> Iterator[Part]:  # noqa: ANN401 - bytes, or what is like them
    whole = Part(path, label, len(text))
    if path.suffix.lower() != ".json" and bytes(text[:1]) != b"{":
        yield whole
        return
    try:
        members = _members(text)
        leaves = list(_leaves(members["customers"]))
    except (msgspec.DecodeError, KeyError, TypeError):
        # Not of the shape that is cut here: what is wrong with it, the ordinary reader tells.
        yield whole
        return
    if not members.keys() <= _KEYS or not _is_said_once(text, leaves):
        yield whole
        return
    before: Members = {key: members[key] for key in ("clouds", "users") if key in members}
    if before:
        yield Part(path, label, _size(before), before)
    yield from _grouped(path, label, leaves)
    if "roles" in members:
        after = {"roles": members["roles"]}
        yield Part(path, label, _size(after), after)


def _size(members: Members) -> int:
    return sum(len(memoryview(text)) for text in members.values())


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A tenant, or a project or customer that has none below it; `levels` are those around it."""

    indices: tuple[int, ...]
    levels: tuple[Members, ...]
    tenant: msgspec.Raw | None = None


def _leaves(customers: msgspec.Raw) -> Iterator[_Leaf]:
    for c, customer in enumerate(_members(each) for each in _items(customers)):
        projects = _list(customer, "projects")
        if not projects:
            yield _Leaf((c,), (customer,))
        for p, project in enumerate(_members(each) for each in projects):
            tenants = _list(project, "tenants")
            if not tenants:
                yield _Leaf((c, p), (customer, project))
            for t, tenant in enumerate(tenants):
                yield _Leaf((c, p, t), (customer, project), tenant)


def _list(members: Members, key: str) -> list[msgspec.Raw]:
    # Away with what stands below: the members are repeated in each part.
    return _items(members.pop(key, msgspec.Raw(b"[]")))


def _is_said_once(text: Any, leaves: Sequence[_Leaf]) -> bool:  # noqa: ANN401 - as above
    """Tell whether each list stands there once: of two under one key, only the last was seen.

    A name that is such a word counts too; then the file is not cut, which does no harm.
    """
    found = Counter(match.group() for match in _LISTS.finditer(text))
    customers = len({leaf.indices[0] for leaf in leaves})
    projects = len({leaf.indices[:2] for leaf in leaves if len(leaf.indices) > 1})
    allowed = {b'"projects"': customers, b'"tenants"': projects}
    return all(number <= allowed.get(key, 1) for key, number in found.items())


def _grouped(path: Path, label: str, leaves: Sequence[_Leaf]) -> Iterator[Part]:
    """Put leaves together, each with the customer and the project around it, to parts."""
    given: set[tuple[int, ...]] = set()
    draft = _Draft()
    for leaf in leaves:
        draft.add(leaf)
        if draft.size >= PART_BYTES:
            yield draft.part(path, label, given)
            draft = _Draft()
    if draft.customers:
        yield draft.part(path, label, given)


class _Draft:
    def __init__(self) -> None:
        self.customers: list[dict[str, Any]] = []
        self.size = 0
        # The index in the file of each customer, project and tenant, by the indices in the part
        self._places: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._last: tuple[int, ...] = ()

    def add(self, leaf: _Leaf) -> None:
        if leaf.indices[:1] != self._last[:1]:
            self.customers.append({**leaf.levels[0], "projects": []})
        projects = self.customers[-1]["projects"]
        if len(leaf.levels) > 1 and leaf.indices[:2] != self._last[:2]:
            projects.append({**leaf.levels[1], "tenants": []})
        here: tuple[int, ...] = (len(self.customers) - 1,)
        self._places[here] = leaf.indices[:1]
        if projects:
            here += (len(projects) - 1,)
            self._places[here] = leaf.indices[:2]
        if leaf.tenant is not None:
            tenants = projects[-1]["tenants"]
            tenants.append(leaf.tenant)
            self._places[*here, len(tenants) - 1] = leaf.indices
            self.size += len(memoryview(leaf.tenant))
        self._last = leaf.indices

    def part(self, path: Path, label: str, given: set[tuple[int, ...]]) -> Part:
        """Give the part; `given` are the customers and projects of those before it."""
        parents = {indices for indices in self._places.values() if len(indices) <= len(_PARENTS)}
        repeated = Counter(_PARENTS[len(indices) - 1] for indices in parents & given)
        given |= parents
        members = {"customers": self.customers}
        return Part(path, label, self.size, members, places=self._places, repeated=repeated)
