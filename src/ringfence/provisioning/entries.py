"""All entries of all files, level by level, each with its location and its parent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ringfence.clouds.commands import CloudRow, TenantRow
from ringfence.organisations.commands import CustomerRow, ProjectRow
from ringfence.provisioning.matching import Declared, Kind
from ringfence.provisioning.problems import Location, Problems
from ringfence.provisioning.schema import (
    CloudEntry,
    CustomerEntry,
    Document,
    GroupEntry,
    ProjectEntry,
    RoleEntry,
    TenantEntry,
    UserEntry,
)
from ringfence.security_groups.bulk_load import Group
from ringfence.users.commands import UserRow


@dataclass(slots=True)
class Kinds:
    """What the files name, merged; `roles` are entries with their locations."""

    clouds: Kind[CloudEntry, CloudRow] = field(default_factory=lambda: Kind("cloud", unique=True))
    users: Kind[UserEntry, UserRow] = field(
        default_factory=lambda: Kind("user", unique=True, name_key="username")
    )
    customers: Kind[CustomerEntry, CustomerRow] = field(
        default_factory=lambda: Kind("customer", unique=False)
    )
    projects: Kind[ProjectEntry, ProjectRow] = field(
        default_factory=lambda: Kind("project", unique=False)
    )
    tenants: Kind[TenantEntry, TenantRow] = field(
        default_factory=lambda: Kind("tenant", unique=False)
    )
    groups: Kind[GroupEntry, Group] = field(
        default_factory=lambda: Kind("security group", unique=True, repeatable=False)
    )
    roles: list[tuple[RoleEntry, Location]] = field(default_factory=list)
    # Whether a file states the list of roles
    lists_roles: bool = False


def collect(documents: Sequence[tuple[str, Document]], problems: Problems) -> Kinds:
    """Merge the entries of all documents, each with the label that its problems carry.

    The parents of a level are known once the level above is merged.
    """
    kinds = Kinds()
    tops = [(Location("", label), document) for label, document in documents]
    kinds.clouds.merge(_at_top(tops, "clouds"), problems)
    kinds.users.merge(_at_top(tops, "users"), problems)
    kinds.lists_roles = any("roles" in document.model_fields_set for _, document in documents)
    kinds.roles = [(role.entry, role.location) for role in _at_top(tops, "roles")]
    kinds.customers.merge(customers := _at_top(tops, "customers"), problems)
    kinds.projects.merge(projects := _below(customers, "projects"), problems)
    kinds.tenants.merge(tenants := _below(projects, "tenants"), problems)
    kinds.groups.merge(_below(tenants, "security_groups"), problems)
    return kinds


def _at_top(tops: Sequence[tuple[Location, Document]], key: str) -> list[Declared[Any, Any]]:
    return [
        Declared(entry, top.key(key).item(index))
        for top, document in tops
        for index, entry in enumerate(getattr(document, key))
    ]


def _below(parents: Sequence[Declared[Any, Any]], key: str) -> list[Declared[Any, Any]]:
    return [
        Declared(entry, parent.location.key(key).item(index), parent.target)
        for parent in parents
        for index, entry in enumerate(getattr(parent.entry, key))
    ]
