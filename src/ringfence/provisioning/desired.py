"""The desired rows above the groups: what the files state, merged over existing rows. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from ringfence.access.authentication import token_digest
from ringfence.clouds.commands import CloudRow, TenantRow
from ringfence.clouds.firewall_drivers import OBSERVED
from ringfence.organisations.commands import CustomerRow, ProjectRow
from ringfence.provisioning.entries import Kinds
from ringfence.provisioning.matching import Target
from ringfence.provisioning.problems import Location, Problems, quote
from ringfence.users.commands import GrantRow, UserRow

if TYPE_CHECKING:
    from ringfence.provisioning.schema import MarketplaceEntry, QuotasEntry, RoleEntry

RowT = TypeVar("RowT", CloudRow, UserRow, CustomerRow, ProjectRow, TenantRow)


@dataclass(slots=True)
class Desired:
    """The desired rows; each list has one for each target, in the same order."""

    clouds: list[CloudRow] = field(default_factory=list)
    users: list[UserRow] = field(default_factory=list)
    tokens: dict[bytes, UUID] = field(default_factory=dict)
    customers: list[CustomerRow] = field(default_factory=list)
    projects: list[ProjectRow] = field(default_factory=list)
    tenants: list[TenantRow] = field(default_factory=list)
    quotas: dict[UUID, dict[str, int]] = field(default_factory=dict)
    drift_modes: dict[UUID, str] = field(default_factory=dict)
    references: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    grants: list[GrantRow] = field(default_factory=list)
    # Roles with the state absent, and the number of those that cannot exist any more
    revoked: list[GrantRow] = field(default_factory=list)
    revoked_before: int = 0


def desired_rows(kinds: Kinds, problems: Problems) -> Desired:
    """Return the desired rows; note references that cannot be resolved."""
    desired = Desired()
    desired.clouds = [_cloud(target, problems) for target in kinds.clouds.targets]
    for user in kinds.users.targets:
        _user(user, desired, problems)
    desired.customers = [_merge(CustomerRow, target) for target in kinds.customers.targets]
    desired.projects = [_merge(ProjectRow, target) for target in kinds.projects.targets]
    clouds = kinds.clouds.rows | {cloud.uuid: cloud for cloud in desired.clouds}
    for tenant in kinds.tenants.targets:
        _tenant(tenant, clouds, kinds, desired, problems)
    _check_backend_ids(kinds, desired, problems)
    desired.grants = _grants(kinds, problems)
    absent = [_grant_to_revoke(role, kinds, problems) for role in kinds.roles if role[0].is_absent]
    desired.revoked = [grant for grant in absent if grant is not None]
    desired.revoked_before = len(absent) - len(desired.revoked)
    _check_contradictions(kinds, desired, problems)
    return desired


def _merge(row: type[RowT], target: Target[Any], **more: Any) -> RowT:  # noqa: ANN401 - values of columns
    """Merge the stated columns over the existing row, or over the defaults."""
    stated = target.stated | more
    if target.row is not None:
        present: RowT = target.row
        return replace(present, name=target.name, **stated)
    if target.parent is not None:
        stated["parent"] = target.parent.uuid
    return row(uuid=target.uuid, name=target.name, **stated)


def _cloud(target: Target[CloudRow], problems: Problems) -> CloudRow:
    cloud = _merge(CloudRow, target)
    if cloud.firewall_driver == OBSERVED:
        cloud = replace(cloud, firewall_driver=None)
    location = target.location.key("openstack_cloud")
    if cloud.backend == "openstack" and cloud.openstack_cloud is None:
        problems.add(location, "is missing: the cloud's entry in clouds.yaml")
    if cloud.backend == "sandbox" and cloud.openstack_cloud is not None:
        if "openstack_cloud" in target.stated:
            problems.add(location, "is only for the backend openstack")
        cloud = replace(cloud, openstack_cloud=None)
    return cloud


def _user(target: Target[UserRow], desired: Desired, problems: Problems) -> None:
    token = target.stated.pop("token", None)
    user = _merge(UserRow, target)
    desired.users.append(user)
    if token is None:
        return
    owner = desired.tokens.setdefault(token_digest(token), user.uuid)
    if owner != user.uuid:
        problems.add(target.location.key("token"), "belongs to another user (not shown here)")


def _tenant(
    target: Target[TenantRow],
    clouds: dict[UUID, CloudRow],
    kinds: Kinds,
    desired: Desired,
    problems: Problems,
) -> None:
    quotas: QuotasEntry | None = target.stated.pop("quotas", None)
    marketplace: MarketplaceEntry | None = target.stated.pop("marketplace", None)
    drift_mode: str | None = target.stated.pop("drift_mode", None)
    reference = target.stated.pop("cloud")
    cloud = kinds.clouds.refer(reference, target.location.key("cloud"), problems)
    if cloud is None:
        return
    tenant = _merge(TenantRow, target, cloud=cloud)
    if clouds[cloud].backend == "sandbox":
        if "openstack_cloud" in target.stated:
            location = target.location.key("openstack_cloud")
            problems.add(location, "is only for tenants of clouds with the backend openstack")
        # A sandbox has no OpenStack projects: the tenant's own UUID identifies its project.
        tenant = replace(
            tenant, openstack_cloud=None, backend_id=tenant.backend_id or tenant.uuid.hex
        )
    desired.tenants.append(tenant)
    if quotas is not None:
        desired.quotas[tenant.uuid] = quotas.model_dump(exclude_unset=True)
    if drift_mode is not None:
        desired.drift_modes[tenant.uuid] = drift_mode
    if marketplace is not None:
        desired.references[tenant.uuid] = marketplace.model_dump(exclude_unset=True)


def _check_backend_ids(kinds: Kinds, desired: Desired, problems: Problems) -> None:
    """Check that each project of a cloud belongs to one tenant."""
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
            project = quote(tenant.backend_id)
            message = f"the project {project} already belongs to the tenant {owner.hex}"
            problems.add(target.location.key("backend_id"), message)


def _grants(kinds: Kinds, problems: Problems) -> list[GrantRow]:
    grants: dict[GrantRow, None] = {}
    for role, location in kinds.roles:
        if role.is_absent:
            continue
        user = kinds.users.refer(role.user, location.key("user"), problems)
        customer = project = None
        if role.customer is not None:
            customer = kinds.customers.refer(role.customer, location.key("customer"), problems)
        if role.project is not None:
            project = kinds.projects.refer(role.project, location.key("project"), problems)
        if user is not None and (customer or project):
            grants[GrantRow(user, role.role, customer, project)] = None
    return list(grants)


def _grant_to_revoke(
    declared: "tuple[RoleEntry, Location]", kinds: Kinds, problems: Problems
) -> GrantRow | None:
    """Return an absent role; None if what it refers to does not exist any more."""
    role, location = declared
    found: dict[str, UUID] = {}
    for key, kind in (
        ("user", kinds.users),
        ("customer", kinds.customers),
        ("project", kinds.projects),
    ):
        reference = getattr(role, key)
        if reference is None:
            continue
        candidates = kind.candidates(reference)
        if len(candidates) > 1:
            kind.refer(reference, location.key(key), problems)
        if len(candidates) != 1:
            return None
        found[key] = next(iter(candidates))
    return GrantRow(found["user"], role.role, found.get("customer"), found.get("project"))


def _check_contradictions(kinds: Kinds, desired: Desired, problems: Problems) -> None:
    both = set(desired.grants) & set(desired.revoked)
    for role, location in kinds.roles if both else ():
        if role.is_absent and _grant_to_revoke((role, location), kinds, Problems()) in both:
            problems.add(location.key("state"), "contradicts another entry, which grants this role")


def check_token_owners(
    kinds: Kinds, desired: Desired, owners: dict[bytes, UUID], problems: Problems
) -> None:
    """Note tokens that belong to another user in the database, without showing them."""
    for digest, user in desired.tokens.items():
        target = kinds.users.target_of(user)
        if owners.get(digest, user) != user and target is not None:
            problems.add(target.location.key("token"), "belongs to another user (not shown here)")


def changed_rows(rows: Iterable[RowT], targets: Sequence[Target[Any]]) -> tuple[list[RowT], int]:
    """Return the rows that are new or changed, and how many of them are new."""
    present = {target.uuid: target.row for target in targets}
    found = [row for row in rows if present[row.uuid] != row]
    return found, sum(present[row.uuid] is None for row in found)
