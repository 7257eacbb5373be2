"""Remove the rows that were found, children first, with an event for each.

Nothing is deleted in a cloud, except groups for which the file says so: their deletion is
scheduled in the same transaction.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ringfence.clouds.commands import remove_clouds, remove_tenants
from ringfence.database.pool import Connection
from ringfence.organisations.commands import remove_customers, remove_projects
from ringfence.provisioning.differences import Action, Difference, role_difference
from ringfence.provisioning.removal.removals import Removals
from ringfence.provisioning.summary import Report
from ringfence.security_groups.cloud_state.removals import delete_in_cloud, remove_groups
from ringfence.users.commands import remove_users, revoke_roles

_CONTEXT = {"cause": "load"}


async def apply_removals(
    connection: Connection, removals: Removals, names: Mapping[UUID, str], report: Report
) -> None:
    """Remove the rows and schedule the deletions in clouds; `names` are those of all objects."""
    if removals.roles:
        revoked = await revoke_roles(connection, removals.roles)
        report.add_removed("roles", len(revoked), len(removals.roles) - len(revoked))
        report.note(
            role_difference(Action.REMOVED, grant, {**names, grant.user: username})
            for grant, username in revoked
        )
    report.add_removed("roles", 0, removals.gone["roles"])
    if removals.deleted_in_cloud:
        await delete_in_cloud(connection, list(removals.deleted_in_cloud), _CONTEXT)
    if removals.groups:
        await remove_groups(connection, list(removals.groups), _CONTEXT)
    if removals.tenants:
        await remove_tenants(connection, list(removals.tenants.values()))
    if removals.projects:
        await remove_projects(connection, list(removals.projects.values()))
    if removals.customers:
        await remove_customers(connection, list(removals.customers.values()))
    if removals.clouds:
        await remove_clouds(connection, list(removals.clouds.values()))
    if removals.users:
        await remove_users(connection, list(removals.users.values()))
    for kind, rows in _rows(removals).items():
        report.add_removed(kind, len(rows), removals.gone[kind])
        word = kind.removesuffix("s")
        report.note(
            Difference(Action.REMOVED, word, removals.names.get(uuid, row.name), uuid)
            for uuid, row in rows.items()
        )


def _rows(removals: Removals) -> dict[str, dict[UUID, Any]]:
    return {
        "security groups": removals.groups | removals.deleted_in_cloud,
        "tenants": removals.tenants,
        "projects": removals.projects,
        "customers": removals.customers,
        "clouds": removals.clouds,
        "users": removals.users,
    }
