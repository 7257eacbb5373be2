"""Reads groups in the scope of an actor: as stored documents, or as values for commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.access.scope import VISIBLE, Scope, scope_parameters
from ringfence.clouds import queries as tenants
from ringfence.database.pool import Connection, Database
from ringfence.errors import NotFound
from ringfence.security_groups import rule_rows
from ringfence.security_groups.read_model.filters import FILTERS, ORDERS
from ringfence.security_groups.read_model.list_statements import StoredGroups
from ringfence.security_groups.representation import Remote
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, UnresolvedEnd
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.schemas import SettableFields
from ringfence.security_groups.states import NOT_FOUND, State

NO_SUCH_GROUP = "No SecurityGroup matches the given query."

SOURCE: LiteralString = """
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
"""

GROUPS = StoredGroups("/api/openstack-security-groups/", NO_SUCH_GROUP, FILTERS, ORDERS)

_GROUP: LiteralString = (
    """
SELECT
    sg.id, sg.uuid, sg.name, sg.description, sg.state, sg.backend_id, sg.version,
    sg.state = 'ERRED' AND sg.error_message = '"""
    + NOT_FOUND
    + """' AS is_missing,
    tenant.id AS tenant_id, tenant.uuid AS tenant_uuid, tenant.name AS tenant_name,
    project.id AS project_id, project.uuid AS project_uuid,
    customer.id AS customer_id, customer.uuid AS customer_uuid
{from}
WHERE {condition}
"""
)

# Not FOR UPDATE: rules of other groups may reference the row at the same time.
_LOCK: LiteralString = " FOR NO KEY UPDATE OF sg"

_RULES: LiteralString = """
SELECT
    rule.id, {columns}, hex(remote.uuid),
    rule.unresolved_group_backend_id, rule.unresolved_group_name,
    rule.remote_address_group_backend_id
FROM security_group_rules AS rule
LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
WHERE rule.security_group_id = %(id)s
ORDER BY rule.position, rule.id
""".replace("{columns}", rule_rows.COLUMNS)

_REMOTES: LiteralString = """
SELECT sg.name, sg.backend_id, sg.uuid FROM security_groups AS sg WHERE sg.tenant_id = %s
"""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A group and its ancestors, without its rules."""

    id: int
    uuid: UUID
    name: str
    description: str
    state: State
    backend_id: str
    version: int
    # Whether a direct read did not find the group in the cloud
    is_missing: bool
    tenant_id: int
    tenant_uuid: UUID
    tenant_name: str
    project_id: int
    project_uuid: UUID
    customer_id: int
    customer_uuid: UUID

    @property
    def fields(self) -> SettableFields:
        """The fields that clients set."""
        return SettableFields(self.name, self.description)

    def __post_init__(self) -> None:
        """Convert the state of the row."""
        object.__setattr__(self, "state", State(self.state))


async def get(database: Database, scope: Scope, uuid: UUID) -> SecurityGroup:
    """Return one group; raises `NotFound` if it does not exist or is not in the scope."""
    statement = _GROUP.replace("{from}", SOURCE).replace(
        "{condition}", "sg.uuid = %(path_uuid)s AND " + VISIBLE
    )
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(SecurityGroup))
        await cursor.execute(statement, scope_parameters(scope) | {"path_uuid": uuid})
        group = await cursor.fetchone()
    if group is None:
        raise NotFound(NO_SUCH_GROUP)
    return group


async def lock(connection: Connection, group_id: int) -> SecurityGroup:
    """Lock a group and read it again; raises `NotFound` if it was deleted in the meantime."""
    statement = _GROUP.replace("{from}", SOURCE).replace("{condition}", "sg.id = %(id)s") + _LOCK
    cursor = connection.cursor(row_factory=class_row(SecurityGroup))
    await cursor.execute(statement, {"id": group_id})
    group = await cursor.fetchone()
    if group is None:
        raise NotFound(NO_SUCH_GROUP)
    return group


async def lock_in_tenant(connection: Connection, group: SecurityGroup) -> SecurityGroup:
    """Lock the tenant, then the group, and read the group again; raises `NotFound`.

    Always the tenant first: quotas and names are checked under its lock.
    """
    await tenants.lock(connection, group.tenant_id)
    return await lock(connection, group.id)


async def lock_all(connection: Connection, tenant_id: int) -> list[SecurityGroup]:
    """Lock and return all groups of a tenant, in the order of their ids."""
    statement = _GROUP.replace("{from}", SOURCE).replace(
        "{condition}", "sg.tenant_id = %(tenant_id)s ORDER BY sg.id"
    )
    cursor = connection.cursor(row_factory=class_row(SecurityGroup))
    await cursor.execute(statement + _LOCK, {"tenant_id": tenant_id})
    return await cursor.fetchall()


async def rules_of(connection: Connection, group_id: int) -> list[RuleRequest]:
    """Return the stored rules of a group, in their order."""
    cursor = await connection.execute(_RULES, {"id": group_id})
    return [stored_rule(row) for row in await cursor.fetchall()]


def stored_rule(row: Sequence[Any]) -> RuleRequest:
    """Return a stored rule from its id, columns and remote end, in this order."""
    # The columns of the rule are in the order of its fields.
    rule_id, *rule, group_backend_id, group_name, address_group = row
    unresolved = (
        UnresolvedEnd(group_backend_id, group_name, address_group)
        if group_backend_id is not None or address_group is not None
        else None
    )
    return RuleRequest(Rule(*rule), rule_id, unresolved)


async def remotes_of_tenant(connection: Connection, tenant_id: int) -> list[Remote]:
    """Return all groups that rules of the tenant may reference."""
    cursor = await connection.execute(_REMOTES, [tenant_id])
    return [Remote(*row) for row in await cursor.fetchall()]
