"""Find the rows that a load removes, before anything is written.

`matching` has set aside the absent entries. An object whose parent is removed must be removed
itself; only the groups of a tenant go with it, because most of them come from the cloud.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from ringfence.clouds.commands import TenantRow, all_tenants_of_clouds, tenants_of_projects
from ringfence.database.pool import Connection
from ringfence.organisations.commands import ProjectRow, projects_of_customers
from ringfence.provisioning.desired import Desired
from ringfence.provisioning.differences import full_name
from ringfence.provisioning.entries import Kinds
from ringfence.provisioning.matching import Kind, Target
from ringfence.provisioning.options import LoadOptions
from ringfence.provisioning.problems import Problems, quote
from ringfence.provisioning.removal.removals import Removals
from ringfence.provisioning.schema import ABSENT, is_group_name
from ringfence.security_groups.bulk_load import Group, existing_groups
from ringfence.security_groups.rule_input.refused_input import is_name_of_default_group
from ringfence.security_groups.states import AT_REST
from ringfence.users.commands import existing_grants

# How many children a message names
MAX_NAMED = 5
_BEING_DELETED = ("DELETION_SCHEDULED", "DELETING")


class _Child(Protocol):
    """A row that may stay when its parent is removed."""

    @property
    def uuid(self) -> UUID: ...
    @property
    def name(self) -> str: ...


async def find_removals(
    connection: Connection, kinds: Kinds, options: LoadOptions, problems: Problems
) -> Removals:
    """Return what to remove, apart from roles; note what cannot be removed."""
    removals = _named(kinds, problems)
    _check_parents(kinds, problems)
    if options.prune:
        await _prune_projects_and_tenants(connection, kinds, removals)
    await _check_children(connection, kinds, removals, problems)
    if options.prune:
        await _prune_groups(connection, kinds, removals)
    await _add_groups_of_tenants(connection, removals)
    # Rules and roles cannot refer to what is removed.
    for uuid in removals.groups:
        kinds.groups.rows.pop(uuid, None)
    for kind, rows in (
        (kinds.tenants, removals.tenants),
        (kinds.projects, removals.projects),
    ):
        for uuid in rows:
            kind.rows.pop(uuid, None)
    return removals


async def find_revoked_roles(
    connection: Connection, kinds: Kinds, desired: Desired, removals: Removals, *, prune: bool
) -> None:
    """Add the roles to take back: absent ones, and those of removed users and in removed scopes.

    To prune, also those in the declared customers that no file grants.
    """
    lost = []
    if removals.users or removals.customers or removals.projects:
        lost = await existing_grants(
            connection,
            users=removals.users,
            customers=removals.customers,
            projects=removals.projects,
        )
    removals.roles = list(dict.fromkeys([*desired.revoked, *lost]))
    removals.gone["roles"] += desired.revoked_before
    if not prune or not kinds.lists_roles:
        return
    customers = [target.uuid for target in kinds.customers.targets]
    projects = [row.uuid for row in await projects_of_customers(connection, customers)]
    granted = await existing_grants(connection, customers=customers, projects=projects)
    kept = {*desired.grants, *removals.roles}
    undeclared = [grant for grant in granted if grant not in kept]
    removals.roles += undeclared
    removals.unnamed["roles"] += len(undeclared)
    removals.known["roles"] += len(granted)


def _named(kinds: Kinds, problems: Problems) -> Removals:
    removals = Removals(
        clouds=_rows(kinds.clouds),
        users=_rows(kinds.users),
        customers=_rows(kinds.customers),
        projects=_rows(kinds.projects),
        tenants=_rows(kinds.tenants),
    )
    for kind in _all(kinds):
        removals.gone[f"{kind.word}s"] = sum(target.row is None for target in kind.absent)
        removals.names |= {target.uuid: full_name(target) for target in kind.absent}
    for target in kinds.groups.absent:
        _add_group(target, removals, problems)
    return removals


def _add_group(target: Target[Group], removals: Removals, problems: Problems) -> None:
    row = target.row
    if row is None:
        return
    if not target.is_deleted_in_cloud:
        removals.groups[row.uuid] = row
        return
    if row.state in _BEING_DELETED:
        removals.gone["security groups"] += 1
    elif row.state not in AT_REST:
        message = f"is {row.state}: wait until it is {' or '.join(AT_REST)}, and load again"
        problems.add(target.location, message)
    elif target.parent is not None and target.parent.is_absent:
        message = "needs its tenant: remove the tenant once the group is deleted"
        problems.add(target.location.key("delete_in_cloud"), message)
    elif is_name_of_default_group(row.name):
        message = "the default security group is managed by OpenStack itself"
        problems.add(target.location.key("delete_in_cloud"), message)
    else:
        removals.deleted_in_cloud[row.uuid] = row


def _rows(kind: Kind[Any, Any]) -> dict[UUID, Any]:
    return {target.uuid: target.row for target in kind.absent if target.row is not None}


def _all(kinds: Kinds) -> tuple[Kind[Any, Any], ...]:
    return (
        kinds.clouds,
        kinds.users,
        kinds.customers,
        kinds.projects,
        kinds.tenants,
        kinds.groups,
    )


def _check_parents(kinds: Kinds, problems: Problems) -> None:
    """Note each object that stays although the files remove what contains it."""
    for kind in (kinds.projects, kinds.tenants, kinds.groups):
        for target in kind.targets:
            if target.parent is not None and target.parent.is_absent:
                message = f"what contains it is {ABSENT} in these files ({target.parent.location})"
                problems.add(target.location, message)


async def _check_children(
    connection: Connection, kinds: Kinds, removals: Removals, problems: Problems
) -> None:
    """Note each object to remove that contains others that stay.

    Those that the files declare are noted already: their own entry refers to what is removed.
    """
    if not (removals.customers or removals.projects or removals.clouds):
        return
    projects = await projects_of_customers(connection, list(removals.customers))
    noted = removals.projects.keys() | {target.uuid for target in kinds.projects.targets}
    _check(kinds.customers, "projects", _by(projects, "parent"), noted, problems)
    tenants = await tenants_of_projects(connection, list(removals.projects))
    noted = removals.tenants.keys() | {target.uuid for target in kinds.tenants.targets}
    _check(kinds.projects, "tenants", _by(tenants, "parent"), noted, problems)
    tenants = await all_tenants_of_clouds(connection, list(removals.clouds))
    _check(kinds.clouds, "tenants", _by(tenants, "cloud"), noted, problems)


def _by(rows: Iterable[Any], column: str) -> dict[UUID, list[_Child]]:
    found: dict[UUID, list[_Child]] = {}
    for row in rows:
        found.setdefault(getattr(row, column), []).append(row)
    return found


def _check(
    kind: Kind[Any, Any],
    children: str,
    contained: Mapping[UUID, Sequence[_Child]],
    removed: Collection[UUID],
    problems: Problems,
) -> None:
    for target in kind.absent:
        staying = [child for child in contained.get(target.uuid, ()) if child.uuid not in removed]
        if not staying:
            continue
        named = ", ".join(sorted(quote(child.name) for child in staying)[:MAX_NAMED])
        more = len(staying) - MAX_NAMED
        named += f" and {more} more" if more > 0 else ""
        problems.add(
            target.location,
            f"the {kind.word} has {children} that stay: {named}; "
            f"remove them as well (state: {ABSENT})",
        )


async def _prune_projects_and_tenants(
    connection: Connection, kinds: Kinds, removals: Removals
) -> None:
    listing = [target.uuid for target in kinds.customers.targets if target.lists_children]
    projects = await projects_of_customers(connection, listing)
    undeclared = [row for row in projects if kinds.projects.target_of(row.uuid) is None]
    _count(removals, "projects", undeclared, projects)
    removals.projects |= {row.uuid: row for row in undeclared}
    removals.names |= {row.uuid: _below(kinds.customers, row) for row in undeclared}
    listing = [target.uuid for target in kinds.projects.targets if target.lists_children]
    tenants = await tenants_of_projects(connection, [*listing, *(row.uuid for row in undeclared)])
    pruned = [row for row in tenants if kinds.tenants.target_of(row.uuid) is None]
    _count(removals, "tenants", pruned, tenants)
    removals.tenants |= {row.uuid: row for row in pruned}
    for row in pruned:
        parent = removals.names.get(row.parent) or _name(kinds.projects, row.parent)
        removals.names[row.uuid] = f"{parent} / {row.name}"


async def _prune_groups(connection: Connection, kinds: Kinds, removals: Removals) -> None:
    listing = [target for target in kinds.tenants.targets if target.lists_children]
    groups = await existing_groups(connection, [], [target.uuid for target in listing])
    names = {target.uuid: full_name(target) for target in listing}
    pruned = [
        row
        for row in groups
        if kinds.groups.target_of(row.uuid) is None
        and row.state not in _BEING_DELETED
        # What no file can declare is not undeclared.
        and not row.is_duplicate_name
        and is_group_name(row.name)
        and not is_name_of_default_group(row.name)
    ]
    _count(removals, "security groups", pruned, groups)
    removals.groups |= {row.uuid: row for row in pruned}
    removals.names |= {row.uuid: f"{names[row.parent]} / {row.name}" for row in pruned}


async def _add_groups_of_tenants(connection: Connection, removals: Removals) -> None:
    if not removals.tenants:
        return
    groups = await existing_groups(connection, [], list(removals.tenants))
    unnamed = [row for row in groups if row.uuid not in removals.groups]
    _count(removals, "security groups", unnamed, groups)
    removals.groups |= {row.uuid: row for row in unnamed}
    for row in unnamed:
        removals.names[row.uuid] = f"{removals.names[row.parent]} / {row.name}"


def _count(removals: Removals, kind: str, removed: Sequence[Any], known: Sequence[Any]) -> None:
    removals.unnamed[kind] += len(removed)
    removals.known[kind] += len(known)
    in_each = Counter(row.parent for row in known)
    removals.shares += [
        (number, in_each[parent])
        for parent, number in Counter(row.parent for row in removed).items()
    ]


def _below(parents: Kind[Any, Any], row: ProjectRow | TenantRow) -> str:
    return f"{_name(parents, row.parent)} / {row.name}"


def _name(kind: Kind[Any, Any], uuid: UUID) -> str:
    target = kind.target_of(uuid)
    return full_name(target) if target else uuid.hex
