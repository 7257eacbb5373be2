"""Reading tenants: what an actor may see."""

from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.access.scope import VISIBLE, Scope, scope_parameters
from ringfence.database.pool import Connection, Database
from ringfence.errors import Conflict, NotFound

NO_SUCH_TENANT = "No Tenant matches the given query."

_TENANT: LiteralString = """
SELECT
    tenant.id, tenant.uuid, tenant.name, tenant.state, tenant.backend_id,
    project.id AS project_id, project.uuid AS project_uuid,
    customer.id AS customer_id, customer.uuid AS customer_uuid
FROM tenants AS tenant
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
WHERE {condition}
"""

# Rows may go on referring to the tenant meanwhile.
_LOCK: LiteralString = " FOR NO KEY UPDATE OF tenant"

# What clients of `pull_security_groups` read back: the tenant as Waldur shows it.
_REPRESENTATION: LiteralString = """
SELECT json_build_object(
    'url', %(base)s || '/api/openstack-tenants/' || hex(tenant.uuid) || '/',
    'uuid', hex(tenant.uuid),
    'name', tenant.name,
    'description', '',
    'service_name', cloud.name,
    'service_settings', %(base)s || '/api/service-settings/' || hex(cloud.uuid) || '/',
    'service_settings_uuid', hex(cloud.uuid),
    'service_settings_state', cloud.state,
    'service_settings_error_message', cloud.error_message,
    'project', %(base)s || '/api/projects/' || hex(project.uuid) || '/',
    'project_name', project.name,
    'project_uuid', hex(project.uuid),
    'customer', %(base)s || '/api/customers/' || hex(customer.uuid) || '/',
    'customer_uuid', hex(customer.uuid),
    'customer_name', customer.name,
    'customer_native_name', customer.native_name,
    'customer_abbreviation', customer.abbreviation,
    'error_message', tenant.error_message,
    'resource_type', 'OpenStack.Tenant',
    'state', tenant.state,
    'created', json_time(tenant.created)::json,
    'modified', json_time(tenant.modified)::json,
    'backend_id', tenant.backend_id,
    'access_url', NULL,
    'quotas', (
        SELECT coalesce(json_agg(json_build_object(
            'name', quota.name,
            'usage', CASE quota.name
                WHEN 'security_group_count' THEN used.groups
                ELSE used.rules
            END,
            'limit', quota.limit_value
        ) ORDER BY quota.name), '[]')
        FROM tenant_quotas AS quota
        WHERE quota.tenant_id = tenant.id
    ),
    'marketplace_offering_uuid', hex(market.offering_uuid),
    'marketplace_offering_name', market.offering_name,
    'marketplace_offering_type', market.offering_type,
    'marketplace_offering_plugin_options', market.offering_plugin_options,
    'marketplace_category_uuid', hex(market.category_uuid),
    'marketplace_category_name', market.category_name,
    'marketplace_resource_uuid', hex(market.resource_uuid),
    'marketplace_plan_uuid', hex(market.plan_uuid),
    'marketplace_resource_state', market.resource_state,
    'is_usage_based', market.is_usage_based,
    'is_limit_based', market.is_limit_based
)
FROM tenants AS tenant
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
LEFT JOIN marketplace_references AS market ON tenant.id = market.tenant_id
CROSS JOIN LATERAL (
    SELECT
        count(DISTINCT sg.id) AS groups,
        count(rule.id) AS rules
    FROM security_groups AS sg
    LEFT JOIN security_group_rules AS rule ON sg.id = rule.security_group_id
    WHERE sg.tenant_id = tenant.id
) AS used
WHERE tenant.id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class Tenant:
    """An OpenStack project with where it belongs."""

    id: int
    uuid: UUID
    name: str
    state: str
    backend_id: str
    project_id: int
    project_uuid: UUID
    customer_id: int
    customer_uuid: UUID


async def get(database: Database, scope: Scope, uuid: UUID) -> Tenant:
    """Give one tenant; raises `NotFound` for one that is not seen."""
    statement = _TENANT.replace("{condition}", "tenant.uuid = %(uuid)s AND " + VISIBLE)
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Tenant))
        await cursor.execute(statement, scope_parameters(scope) | {"uuid": uuid})
        tenant = await cursor.fetchone()
    if tenant is None:
        raise NotFound(NO_SUCH_TENANT)
    return tenant


async def lock(connection: Connection, tenant_id: int) -> Tenant:
    """Give one tenant anew and hold its row: changes of its groups go one after the other."""
    cursor = connection.cursor(row_factory=class_row(Tenant))
    statement = _TENANT.replace("{condition}", "tenant.id = %(id)s") + _LOCK
    await cursor.execute(statement, {"id": tenant_id})
    tenant = await cursor.fetchone()
    if tenant is None:
        raise NotFound(NO_SUCH_TENANT)
    return tenant


def require_ok(tenant: Tenant) -> None:
    """Raise `Conflict` unless the tenant is at rest."""
    if tenant.state != "OK":
        raise Conflict("Valid states for operation: OK.")


async def representation(database: Database, tenant_id: int, base: str) -> dict[str, Any]:
    """Give the tenant as clients read it; addresses start with `base`."""
    async with database.connection() as connection:
        cursor = await connection.execute(_REPRESENTATION, {"id": tenant_id, "base": base})
        row = await cursor.fetchone()
    if row is None:
        raise NotFound(NO_SUCH_TENANT)
    found: dict[str, Any] = row[0]
    return found
