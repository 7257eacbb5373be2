"""Write an export as text: YAML and JSON Lines piece by piece, JSON as a whole. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import yaml

from ringfence.provisioning.export.entries import Entry, FlowEntry
from ringfence.text.escaping import json_line

# PyYAML leaves a number such as 1e5 unquoted, which `parser` takes for one.
_NUMBER = re.compile(r"[-+.0-9]+[eE][-+]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Part:
    """A tenant with its ancestors; without a tenant, an empty project or an empty customer."""

    customer: Entry
    project: Entry | None = None
    tenant: Entry | None = None
    notes: Sequence[str] = ()


class Writer(Protocol):
    """Writes an export in its order: the head, the parts, the roles."""

    def head(self, head: Mapping[str, Sequence[Entry]], notes: Sequence[str]) -> str: ...
    def part(self, part: Part) -> str: ...
    def roles(self, roles: Sequence[Entry] | None) -> Iterator[str]: ...


@dataclass(slots=True)
class YamlWriter:
    """YAML for people: notes are comments, and each rule is a line."""

    _customer: Any = None
    _project: Any = None
    _has_tenants: bool = True

    def head(self, head: Mapping[str, Sequence[Entry]], notes: Sequence[str]) -> str:
        comments = "".join(f"# {note}\n" for note in notes)
        return comments + "".join(dump({key: list(entries)}) for key, entries in head.items())

    def part(self, part: Part) -> str:
        text = ""
        if self._customer is None:
            text += "customers:\n"
        if part.customer["uuid"] != self._customer:
            self._customer, self._project = part.customer["uuid"], None
            text += _item(part.customer, 0)
            text += "  projects:\n" if part.project else "  projects: []\n"
        if part.project and part.project["uuid"] != self._project:
            self._project = part.project["uuid"]
            text += _item(part.project, 2)
            text += "    tenants:\n" if part.tenant else "    tenants: []\n"
        if part.tenant:
            text += "".join(f"    # {note}\n" for note in part.notes)
            text += _item(part.tenant, 4)
        return text

    def roles(self, roles: Sequence[Entry] | None) -> Iterator[str]:
        if self._customer is None:
            yield "customers: []\n"
        if roles is not None:
            yield dump({"roles": list(roles)})


@dataclass(slots=True)
class JsonWriter:
    """One JSON document, which is in memory until its end."""

    _document: dict[str, Any] = field(default_factory=dict)
    _projects: dict[UUID, Any] = field(default_factory=dict)
    _customers: dict[UUID, Any] = field(default_factory=dict)

    def head(self, head: Mapping[str, Sequence[Entry]], _notes: Sequence[str]) -> str:
        self._document = {**head, "customers": []}
        return ""

    def part(self, part: Part) -> str:
        if part.customer["uuid"] not in self._customers:
            customer = {**part.customer, "projects": []}
            self._customers[part.customer["uuid"]] = customer
            self._document["customers"].append(customer)
        if part.project and part.project["uuid"] not in self._projects:
            project = {**part.project, "tenants": []}
            self._projects[part.project["uuid"]] = project
            self._customers[part.customer["uuid"]]["projects"].append(project)
        if part.project and part.tenant:
            self._projects[part.project["uuid"]]["tenants"].append(part.tenant)
        return ""

    def roles(self, roles: Sequence[Entry] | None) -> Iterator[str]:
        if roles is not None:
            self._document["roles"] = roles
        encoder = json.JSONEncoder(ensure_ascii=False, indent=2)
        yield from map(json_line, encoder.iterencode(self._document))
        yield "\n"


@dataclass(slots=True)
class JsonLinesWriter:
    """A document on each line, with one tenant at most, for `load --resumable`."""

    # Roles on one line
    batch: int = 1000

    def head(self, head: Mapping[str, Sequence[Entry]], _notes: Sequence[str]) -> str:
        return _line(head)

    def part(self, part: Part) -> str:
        tenants = [part.tenant] if part.tenant else []
        projects = [{**part.project, "tenants": tenants}] if part.project else []
        return _line({"customers": [{**part.customer, "projects": projects}]})

    def roles(self, roles: Sequence[Entry] | None) -> Iterator[str]:
        for start in range(0, len(roles or ()), self.batch):
            yield _line({"roles": (roles or ())[start : start + self.batch]})


def _line(document: Mapping[str, Any]) -> str:
    return json_line(json.dumps(document, ensure_ascii=False)) + "\n"


class _Dumper(yaml.CSafeDumper):
    """Writes each text so that it is read as the same text."""

    def ignore_aliases(self, _data: Any) -> bool:  # noqa: ANN401 - any value
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # Line breaks and other signs that do not print are escaped.
    style = None if text.isprintable() and not _NUMBER.fullmatch(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_line(dumper: _Dumper, entry: FlowEntry) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", entry.items(), flow_style=True)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(FlowEntry, _represent_line)


def dump(value: object) -> str:
    """Return a value as YAML that `parser` reads as the same value, and no terminal interprets."""
    text = _dump(value, allow_unicode=True)
    is_quiet = all(line.isprintable() for line in text.split("\n"))
    return text if is_quiet else _dump(value, allow_unicode=False)


def _dump(value: object, *, allow_unicode: bool) -> str:
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=allow_unicode,
        default_flow_style=False,
        width=1_000_000_000,
    )
    return text


def _item(entry: Entry, indentation: int) -> str:
    """Return an item of a list, indented."""
    space = " " * indentation
    return "".join(f"{space}{line}\n" for line in dump([entry]).splitlines())
