"""Read and lock the existing rows of what the files name, before anything is written."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from ringfence.clouds.commands import existing_clouds, existing_tenants
from ringfence.database.pool import Connection
from ringfence.organisations.commands import existing_customers, existing_projects
from ringfence.provisioning.entries import Kinds
from ringfence.provisioning.matching import Kind, Target
from ringfence.provisioning.problems import Problems
from ringfence.security_groups.bulk_load import existing_groups
from ringfence.text.uuids import parse_uuid
from ringfence.users.commands import UserRow, existing_users, lock_users


async def match_existing(connection: Connection, kinds: Kinds, problems: Problems) -> None:
    """Assign a row to every target, level by level, and load what references may name."""
    roles = [role for role, _ in kinds.roles]
    tenants = kinds.tenants.targets
    uuids, names = _keys(kinds.clouds, [target.stated.get("cloud") for target in tenants])
    kinds.clouds.match(await existing_clouds(connection, uuids, names, lock=True), problems)
    uuids, names = _keys(kinds.users, [role.user for role in roles])
    kinds.users.match(await existing_users(connection, uuids, names), problems)
    # Before any tenant: a user's own change locks the user first, then the tenant.
    if changing := [target.uuid for target in kinds.users.targets if _is_changing(target)]:
        await lock_users(connection, changing)
    uuids, names = _keys(kinds.customers, [role.customer for role in roles])
    kinds.customers.match(await existing_customers(connection, uuids, names), problems)
    uuids, names = _keys(kinds.projects, [role.project for role in roles])
    kinds.projects.match(await existing_projects(connection, uuids, names), problems)
    uuids, names = _keys(kinds.tenants, [])
    backend_ids = [target.stated.get("backend_id") or target.uuid.hex for target in tenants]
    rows = await existing_tenants(connection, uuids, names, backend_ids)
    kinds.tenants.match(rows, problems)
    owners = {group.parent.uuid for group in kinds.groups.targets if group.parent}
    uuids, _ = _keys(kinds.groups, [])
    kinds.groups.match(await existing_groups(connection, uuids, list(owners)), problems)


def _is_changing(target: Target[UserRow]) -> bool:
    row = target.row
    if row is None:
        return False
    stated = {name: target.stated.get(name) for name in ("is_staff", "is_support", "is_active")}
    return row.name != target.name or any(
        value is not None and getattr(row, name) != value for name, value in stated.items()
    )


def _keys(kind: Kind[Any, Any], references: Iterable[str | None]) -> tuple[list[UUID], list[str]]:
    """Return the UUIDs and the names by which rows are looked up."""
    stated = {reference for reference in references if reference is not None}
    uuids = {uuid for reference in stated if (uuid := parse_uuid(reference))}
    uuids |= {target.uuid for target in kind.targets if target.has_given_uuid}
    return list(uuids), list({target.name for target in kind.targets} | stated)
