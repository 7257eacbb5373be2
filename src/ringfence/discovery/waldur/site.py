"""Reads a whole site, and yields it as provisioning documents.

The documents come in an order in which each can be loaded after the ones before it: clouds and
users, customers and projects, the tenants one by one with their groups, roles. Only one tenant's
groups are in memory.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeVar
from uuid import UUID

from ringfence.discovery.waldur.client import WaldurClient
from ringfence.discovery.waldur.entries import (
    CUSTOMER_FIELDS,
    PROJECT_FIELDS,
    TENANT_FIELDS,
    USER_FIELDS,
    Organisations,
    Tenant,
    cloud_entries,
    tenant_entry,
    tenant_of,
    user_entry,
)
from ringfence.discovery.waldur.existing import Existing
from ringfence.discovery.waldur.groups import GROUP_FIELDS, groups_of
from ringfence.discovery.waldur.roles import ROLE_FIELDS, Roles, Scope
from ringfence.errors import OperatorError
from ringfence.provisioning.problems import Problems, quote
from ringfence.provisioning.schema import CustomerEntry, Document, ProjectEntry, UserEntry

T = TypeVar("T")

CUSTOMERS = "/api/customers/"
PROJECTS = "/api/projects/"
TENANTS = "/api/openstack-tenants/"
GROUPS = "/api/openstack-security-groups/"
USERS = "/api/users/"
ME = "/api/users/me/"

NOTHING = Existing()

# Called with the requests that are done, their estimated number, and what is read.
Advance = Callable[[int, int, str], None]


@dataclass(slots=True)
class Summary:
    """What was read, and what was left out and why."""

    counts: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the result as plain text."""
        return [
            *(f"{kind}: {number} in Waldur" for kind, number in self.counts.items()),
            *(f"note: {note}" for note in self.notes),
            *(f"left out: {one}" for one in self.left_out),
        ]


@dataclass(slots=True)
class _Progress:
    advance: Advance
    done: int = 0
    total: int = 1

    def step(self, note: str) -> None:
        self.done += 1
        self.advance(self.done, max(self.total, self.done), note)


def read_site(
    client: WaldurClient,
    entries: Mapping[str, str],
    summary: Summary,
    advance: Advance,
    existing: Existing = NOTHING,
) -> Iterator[Document]:
    """Yield the documents; `entries` maps Waldur's clouds to those of clouds.yaml.

    Tenants that are not `existing` get the drift mode `report`; others keep theirs. Raises
    `OperatorError`. `summary` is complete after the last document.
    """
    progress = _Progress(advance)
    _check_reader(client, summary)
    organisations = _organisations(client, summary)
    tenants: list[Tenant] = []
    _each(
        client.objects(TENANTS, TENANT_FIELDS),
        lambda item: tenants.append(tenant_of(item, summary.notes)),
    )
    clouds = cloud_entries({tenant.settings for tenant in tenants}, entries)
    # Before the long part, although the groups are not known yet
    _each(tenants, lambda one: tenant_entry(one, clouds[one.settings.uuid], [], is_new=True))
    progress.total = len(organisations.customers) + len(organisations.projects) + len(tenants)
    roles = _roles(client, organisations, progress)
    summary.counts |= {"tenants": len(tenants), "security groups": 0, "rules": 0}
    users = roles.needed_users(existing.users)
    summary.notes += roles.notes
    yield Document(clouds=list(clouds.values()), users=users)
    yield Document(customers=_customers(organisations))
    for tenant in _in_order(tenants, organisations, summary):
        listed = client.objects(
            GROUPS, GROUP_FIELDS, {"tenant_uuid": tenant.uuid.hex, "o": "created"}
        )
        is_new = tenant.uuid not in existing.groups
        groups = groups_of(tenant.uuid, listed, existing)
        cloud = clouds[tenant.settings.uuid]
        entry = tenant_entry(tenant, cloud, groups.entries, is_new=is_new)
        summary.counts["security groups"] += len(groups.entries)
        summary.counts["rules"] += sum(len(group.rules) for group in groups.entries)
        summary.left_out += [f"tenant {quote(entry.name)}, {one}" for one in groups.left_out]
        customer, project = organisations.projects[tenant.project]
        owner = organisations.customers[customer]
        yield Document(
            customers=[
                CustomerEntry(
                    name=owner.name,
                    uuid=owner.uuid,
                    projects=[ProjectEntry(name=project.name, uuid=project.uuid, tenants=[entry])],
                )
            ]
        )
        progress.step(f"{summary.counts['security groups']:,} groups")
    yield Document(roles=roles.entries)
    summary.counts |= {"users": len(users), "roles": len(roles.entries)}
    summary.left_out += roles.left_out


def _each(things: Iterable[T], use: Callable[[T], object]) -> None:
    """Use all of them; raise `OperatorError` with the problems of all."""
    problems = Problems()
    for one in things:
        try:
            use(one)
        except OperatorError as error:
            problems.lines += error.lines
    problems.check()


def _check_reader(client: WaldurClient, summary: Summary) -> None:
    """Note if the token's user sees only a part of the site."""
    me = client.one(ME, ("username", "is_staff", "is_support"))
    if not (me.boolean("is_staff") or me.boolean("is_support")):
        summary.notes.append(
            f"the token belongs to {quote(me.text('username'))}, who is neither staff nor support: "
            "what this user may not see is missing"
        )


def _organisations(client: WaldurClient, summary: Summary) -> Organisations:
    found = Organisations()
    _each(client.objects(CUSTOMERS, CUSTOMER_FIELDS), found.add_customer)
    _each(client.objects(PROJECTS, PROJECT_FIELDS), found.add_project)
    summary.counts |= {"customers": len(found.customers), "projects": len(found.projects)}
    summary.notes += found.notes
    return found


def _roles(client: WaldurClient, organisations: Organisations, progress: _Progress) -> Roles:
    users: dict[UUID, UserEntry] = {}
    _each(
        client.objects(USERS, USER_FIELDS),
        lambda item: users.update({item.uuid("uuid"): user_entry(item)}),
    )
    roles = Roles(users)
    scopes = [
        *(
            (CUSTOMERS, Scope("customer", uuid, customer.name))
            for uuid, customer in organisations.customers.items()
        ),
        *(
            (PROJECTS, Scope("project", uuid, project.name))
            for uuid, (_, project) in organisations.projects.items()
        ),
    ]
    for path, scope in scopes:
        for item in client.objects(f"{path}{scope.uuid.hex}/list_users/", ROLE_FIELDS):
            roles.add(scope, item)
        progress.step(f"{len(roles.entries):,} roles")
    return roles


def _customers(organisations: Organisations) -> list[CustomerEntry]:
    """Return the customers with their projects, without tenants."""
    projects = sorted(organisations.projects.values(), key=lambda one: one[0])
    by_customer = {
        customer: [project for _, project in some]
        for customer, some in groupby(projects, key=lambda one: one[0])
    }
    return [
        customer.model_copy(update={"projects": by_customer[uuid]} if uuid in by_customer else {})
        for uuid, customer in organisations.customers.items()
    ]


def _in_order(
    tenants: Sequence[Tenant], organisations: Organisations, summary: Summary
) -> Iterator[Tenant]:
    """Yield the tenants of known projects, those of a project together."""
    for tenant in sorted(tenants, key=lambda one: (one.project, one.uuid)):
        if tenant.project in organisations.projects:
            yield tenant
        else:
            summary.left_out.append(
                f"tenant {quote(str(tenant.values['name']))} ({tenant.uuid.hex}): /api/projects/ "
                f"does not list its project {tenant.project.hex}"
            )
