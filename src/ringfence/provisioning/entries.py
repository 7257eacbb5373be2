"""All entries of all files, level by level, each with its location and its parent."""

from collections.abc import Sequence
from dataclasses import dataclass, field

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


def collect(documents: Sequence[tuple[str, Document]], problems: Problems) -> Kinds:
    """Merge the entries of all documents, each with the label that its problems carry."""
    kinds = Kinds()
    tops = [(Location("", label), document) for label, document in documents]
    kinds.clouds.merge(
        [
            Declared(cloud, top.key("clouds").item(index))
            for top, document in tops
            for index, cloud in enumerate(document.clouds)
        ],
        problems,
    )
    kinds.users.merge(
        [
            Declared(user, top.key("users").item(index))
            for top, document in tops
            for index, user in enumerate(document.users)
        ],
        problems,
    )
    customers: list[Declared[CustomerEntry, CustomerRow]] = [
        Declared(customer, top.key("customers").item(index))
        for top, document in tops
        for index, customer in enumerate(document.customers)
    ]
    kinds.roles = [
        (role, top.key("roles").item(index))
        for top, document in tops
        for index, role in enumerate(document.roles)
    ]
    _descend(kinds, customers, problems)
    return kinds


def _descend(
    kinds: Kinds, customers: Sequence[Declared[CustomerEntry, CustomerRow]], problems: Problems
) -> None:
    """Merge level by level: the parents of a level are known once the level above is merged."""
    kinds.customers.merge(customers, problems)
    projects: list[Declared[ProjectEntry, ProjectRow]] = [
        Declared(project, customer.location.key("projects").item(index), customer.target)
        for customer in customers
        for index, project in enumerate(customer.entry.projects)
    ]
    kinds.projects.merge(projects, problems)
    tenants: list[Declared[TenantEntry, TenantRow]] = [
        Declared(tenant, project.location.key("tenants").item(index), project.target)
        for project in projects
        for index, tenant in enumerate(project.entry.tenants)
    ]
    kinds.tenants.merge(tenants, problems)
    groups: list[Declared[GroupEntry, Group]] = [
        Declared(group, tenant.location.key("security_groups").item(index), tenant.target)
        for tenant in tenants
        for index, group in enumerate(tenant.entry.security_groups)
    ]
    kinds.groups.merge(groups, problems)
