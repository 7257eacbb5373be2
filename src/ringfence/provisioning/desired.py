"""What the rows above the groups are to be: what the files state, over what is there. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from ringfence.access.authentication import token_digest
from ringfence.clouds.commands import Cloud, Tenant
from ringfence.organisations.commands import Customer, Project
from ringfence.provisioning.entries import Kinds
from ringfence.provisioning.matching import Target
from ringfence.provisioning.problems import Mistakes, quote
from ringfence.users.commands import Grant, User

if TYPE_CHECKING:
    from ringfence.provisioning.schema import MarketplaceEntry, QuotasEntry

RowT = TypeVar("RowT", Cloud, User, Customer, Project, Tenant)


@dataclass(slots=True)
class Desired:
    """The wanted rows; each list has one for each target, in the same order."""

    clouds: list[Cloud] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    tokens: dict[bytes, UUID] = field(default_factory=dict)
    customers: list[Customer] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    tenants: list[Tenant] = field(default_factory=list)
    quotas: dict[UUID, dict[str, int]] = field(default_factory=dict)
    references: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)


def desire(kinds: Kinds, mistakes: Mistakes) -> Desired:
    """Work out the wanted rows; references that cannot be resolved are mistakes."""
    desired = Desired()
    desired.clouds = [_cloud(target, mistakes) for target in kinds.clouds.targets]
    for user in kinds.users.targets:
        _user(user, desired, mistakes)
    desired.customers = [_over(Customer, target) for target in kinds.customers.targets]
    desired.projects = [_over(Project, target) for target in kinds.projects.targets]
    clouds = kinds.clouds.rows | {cloud.uuid: cloud for cloud in desired.clouds}
    for tenant in kinds.tenants.targets:
        _tenant(tenant, clouds, kinds, desired, mistakes)
    _check_backend_ids(kinds, desired, mistakes)
    desired.grants = _grants(kinds, mistakes)
    return desired


def _over(row: type[RowT], target: Target[Any], **more: Any) -> RowT:  # noqa: ANN401 (values of columns)
    """Lay what is stated over the row that is there, or over the defaults."""
    stated = target.stated | more
    if target.row is not None:
        present: RowT = target.row
        return replace(present, name=target.name, **stated)
    if target.parent is not None:
        stated["parent"] = target.parent.uuid
    return row(uuid=target.uuid, name=target.name, **stated)


def _cloud(target: Target[Cloud], mistakes: Mistakes) -> Cloud:
    cloud = _over(Cloud, target)
    place = target.place.key("openstack_cloud")
    if cloud.backend == "openstack" and cloud.openstack_cloud is None:
        mistakes.add(place, "is missing: the cloud's entry in clouds.yaml")
    if cloud.backend == "sandbox" and cloud.openstack_cloud is not None:
        if "openstack_cloud" in target.stated:
            mistakes.add(place, "is only for the backend openstack")
        cloud = replace(cloud, openstack_cloud=None)
    return cloud


def _user(target: Target[User], desired: Desired, mistakes: Mistakes) -> None:
    token = target.stated.pop("token", None)
    user = _over(User, target)
    desired.users.append(user)
    if token is None:
        return
    owner = desired.tokens.setdefault(token_digest(token), user.uuid)
    if owner != user.uuid:
        mistakes.add(target.place.key("token"), "is another user's token (not shown here)")


def _tenant(
    target: Target[Tenant],
    clouds: dict[UUID, Cloud],
    kinds: Kinds,
    desired: Desired,
    mistakes: Mistakes,
) -> None:
    quotas: QuotasEntry | None = target.stated.pop("quotas", None)
    marketplace: MarketplaceEntry | None = target.stated.pop("marketplace", None)
    reference = target.stated.pop("cloud")
    cloud = kinds.clouds.refer(reference, target.place.key("cloud"), mistakes)
    if cloud is None:
        return
    tenant = _over(Tenant, target, cloud=cloud)
    if clouds[cloud].backend == "sandbox":
        if "openstack_cloud" in target.stated:
            place = target.place.key("openstack_cloud")
            mistakes.add(place, "is only for tenants of clouds with the backend openstack")
        # No OpenStack project exists to be named: the tenant's own uuid stands for it.
        tenant = replace(
            tenant, openstack_cloud=None, backend_id=tenant.backend_id or tenant.uuid.hex
        )
    desired.tenants.append(tenant)
    if quotas is not None:
        desired.quotas[tenant.uuid] = quotas.model_dump(exclude_unset=True)
    if marketplace is not None:
        desired.references[tenant.uuid] = marketplace.model_dump(exclude_unset=True)


def _check_backend_ids(kinds: Kinds, desired: Desired, mistakes: Mistakes) -> None:
    """In one cloud, a project is one tenant's."""
    stored = {tenant.uuid: tenant for tenant in desired.tenants}
    others = [row for row in kinds.tenants.rows.values() if row.uuid not in stored]
    owners: dict[tuple[UUID, str], UUID] = {
        (row.cloud, row.backend_id): row.uuid for row in others if row.backend_id
    }
    for tenant in desired.tenants:
        if not tenant.backend_id:
            continue
        owner = owners.setdefault((tenant.cloud, tenant.backend_id), tenant.uuid)
        target = kinds.tenants.target_of(tenant.uuid)
        if owner != tenant.uuid and target is not None:
            message = f"{quote(tenant.backend_id)} is the tenant {owner.hex} of this cloud already"
            mistakes.add(target.place.key("backend_id"), message)


def _grants(kinds: Kinds, mistakes: Mistakes) -> list[Grant]:
    grants: dict[Grant, None] = {}
    for role, place in kinds.roles:
        user = kinds.users.refer(role.user, place.key("user"), mistakes)
        customer = project = None
        if role.customer is not None:
            customer = kinds.customers.refer(role.customer, place.key("customer"), mistakes)
        if role.project is not None:
            project = kinds.projects.refer(role.project, place.key("project"), mistakes)
        if user is not None and (customer or project):
            grants[Grant(user, role.role, customer, project)] = None
    return list(grants)


def check_token_owners(
    kinds: Kinds, desired: Desired, owners: dict[bytes, UUID], mistakes: Mistakes
) -> None:
    """Note the tokens that are another user's in the database, without repeating them."""
    for digest, user in desired.tokens.items():
        target = kinds.users.target_of(user)
        if owners.get(digest, user) != user and target is not None:
            mistakes.add(target.place.key("token"), "is another user's token (not shown here)")


def differing(rows: Iterable[RowT], targets: Sequence[Target[Any]]) -> tuple[list[RowT], int]:
    """Give the rows that are new or not as they are wanted, and how many of these are new."""
    present = {target.uuid: target.row for target in targets}
    found = [row for row in rows if present[row.uuid] != row]
    return found, sum(present[row.uuid] is None for row in found)
