"""What the database holds of what the files name, read and locked before anything is written."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from ringfence.clouds.commands import clouds_present, tenants_present
from ringfence.database.pool import Connection
from ringfence.organisations.commands import customers_present, projects_present
from ringfence.provisioning.entries import Kinds
from ringfence.provisioning.matching import Kind, Target
from ringfence.provisioning.problems import Mistakes
from ringfence.security_groups.bulk_load import groups_present
from ringfence.text.uuids import parse_uuid
from ringfence.users.commands import User, lock_users, users_present


async def match_present(connection: Connection, kinds: Kinds, mistakes: Mistakes) -> None:
    """Give every target its row, level by level, and know what references may name."""
    roles = [role for role, _ in kinds.roles]
    tenants = kinds.tenants.targets
    uuids, names = _wanted(kinds.clouds, [target.stated["cloud"] for target in tenants])
    kinds.clouds.match(await clouds_present(connection, uuids, names, lock=True), mistakes)
    uuids, names = _wanted(kinds.users, [role.user for role in roles])
    kinds.users.match(await users_present(connection, uuids, names), mistakes)
    # Before any tenant: a user's own change holds the user first, and then the tenant.
    if changing := [target.uuid for target in kinds.users.targets if _is_changing(target)]:
        await lock_users(connection, changing)
    uuids, names = _wanted(kinds.customers, [role.customer for role in roles])
    kinds.customers.match(await customers_present(connection, uuids, names), mistakes)
    uuids, names = _wanted(kinds.projects, [role.project for role in roles])
    kinds.projects.match(await projects_present(connection, uuids, names), mistakes)
    uuids, names = _wanted(kinds.tenants, [])
    backend_ids = [target.stated.get("backend_id") or target.uuid.hex for target in tenants]
    rows = await tenants_present(connection, uuids, names, backend_ids)
    kinds.tenants.match(rows, mistakes)
    owners = {group.parent.uuid for group in kinds.groups.targets if group.parent}
    uuids, _ = _wanted(kinds.groups, [])
    kinds.groups.match(await groups_present(connection, uuids, list(owners)), mistakes)


def _is_changing(target: Target[User]) -> bool:
    row = target.row
    if row is None:
        return False
    stated = {name: target.stated.get(name) for name in ("is_staff", "is_support", "is_active")}
    return row.name != target.name or any(
        value is not None and getattr(row, name) != value for name, value in stated.items()
    )


def _wanted(kind: Kind[Any, Any], references: Iterable[str | None]) -> tuple[list[UUID], list[str]]:
    """Give the uuids and the names under which rows may be needed."""
    stated = {reference for reference in references if reference is not None}
    uuids = {uuid for reference in stated if (uuid := parse_uuid(reference))}
    uuids |= {target.uuid for target in kind.targets if target.has_given_uuid}
    return list(uuids), list({target.name for target in kind.targets} | stated)
