"""Read clouds and tenants: which rows an actor sees, and the JSON that it gets."""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.access.scope import VISIBLE, Scope, scope_parameters
from ringfence.clouds.filters import ANCESTOR_ORDERS, CLOUD_FILTERS, TENANT_FILTERS
from ringfence.database.pool import Connection, Database
from ringfence.errors import Conflict, NotFound
from ringfence.http.collections.collection import SqlCollection
from ringfence.http.collections.filters import Ordering

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

# Other transactions may still insert rows that refer to the tenant.
_LOCK: LiteralString = " FOR NO KEY UPDATE OF tenant"

_TENANT_SHOWN: LiteralString = """
SELECT row_to_json(shown)::text AS document
FROM (
    SELECT
        %(base)s || '/api/openstack-tenants/' || hex(tenant.uuid) || '/' AS url,
        hex(tenant.uuid) AS uuid,
        tenant.name,
        '' AS description,
        cloud.name AS service_name,
        %(base)s || '/api/service-settings/' || hex(cloud.uuid) || '/' AS service_settings,
        hex(cloud.uuid) AS service_settings_uuid,
        cloud.state AS service_settings_state,
        cloud.error_message AS service_settings_error_message,
        %(base)s || '/api/projects/' || hex(project.uuid) || '/' AS project,
        project.name AS project_name,
        hex(project.uuid) AS project_uuid,
        %(base)s || '/api/customers/' || hex(customer.uuid) || '/' AS customer,
        hex(customer.uuid) AS customer_uuid,
        customer.name AS customer_name,
        customer.native_name AS customer_native_name,
        customer.abbreviation AS customer_abbreviation,
        tenant.error_message,
        '' AS error_traceback,
        'OpenStack.Tenant' AS resource_type,
        tenant.state,
        json_time(tenant.created)::json AS created,
        json_time(tenant.modified)::json AS modified,
        tenant.backend_id,
        NULL AS access_url,
        '' AS availability_zone,
        '' AS internal_network_id,
        '' AS external_network_id,
        '' AS external_network_ref_name,
        (
            SELECT json_agg(json_build_object(
                'name', used.name, 'usage', used.used, 'limit', coalesce(quota.limit_value, -1)
            ) ORDER BY used.name)
            FROM (
                SELECT 'security_group_count' AS name, count(*) AS used
                FROM security_groups AS sg
                WHERE sg.tenant_id = tenant.id
                UNION ALL
                SELECT 'security_group_rule_count' AS name, count(*) AS used
                FROM security_group_rules AS rule
                INNER JOIN security_groups AS sg ON rule.security_group_id = sg.id
                WHERE sg.tenant_id = tenant.id
            ) AS used
            LEFT JOIN tenant_quotas AS quota
                ON used.name = quota.name AND quota.tenant_id = tenant.id
        ) AS quotas,
        '' AS default_volume_type_name,
        hex(market.offering_uuid) AS marketplace_offering_uuid,
        market.offering_name AS marketplace_offering_name,
        market.offering_type AS marketplace_offering_type,
        market.offering_plugin_options AS marketplace_offering_plugin_options,
        hex(market.category_uuid) AS marketplace_category_uuid,
        market.category_name AS marketplace_category_name,
        hex(market.resource_uuid) AS marketplace_resource_uuid,
        hex(market.plan_uuid) AS marketplace_plan_uuid,
        market.resource_state AS marketplace_resource_state,
        market.is_usage_based,
        market.is_limit_based
    FROM tenants AS tenant
    INNER JOIN projects AS project ON tenant.project_id = project.id
    INNER JOIN customers AS customer ON project.customer_id = customer.id
    INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
    LEFT JOIN marketplace_references AS market ON tenant.id = market.tenant_id
    WHERE tenant.id = page.id
) AS shown
"""

TENANTS = SqlCollection(
    path="/api/openstack-tenants/",
    missing=NO_SUCH_TENANT,
    source="""
FROM tenants AS tenant
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
""",
    alias="tenant",
    visible=VISIBLE,
    document=_TENANT_SHOWN,
    filters=TENANT_FILTERS,
    ordering=Ordering(
        {
            **ANCESTOR_ORDERS,
            "name": "tenant.name",
            "state": "array_position(%(state_order)s::text[], tenant.state)",
            "created": "tenant.created",
        },
        default="tenant.name, tenant.id",
    ),
)

# Clouds belong to nobody: an actor that sees a tenant sees its cloud.
_CLOUD_VISIBLE: LiteralString = """(
    %(sees_everything)s
    OR EXISTS (
        SELECT 1 FROM tenants AS tenant
        INNER JOIN projects AS project ON tenant.project_id = project.id
        WHERE tenant.cloud_id = cloud.id AND {visible}
    )
)""".replace("{visible}", VISIBLE)

# Credentials and URLs of the cloud are not stored, so `options` is empty.
_CLOUD_SHOWN: LiteralString = """
SELECT row_to_json(shown)::text AS document
FROM (
    SELECT
        %(base)s || '/api/service-settings/' || hex(cloud.uuid) || '/' AS url,
        hex(cloud.uuid) AS uuid,
        cloud.name,
        'OpenStack' AS type,
        cloud.state,
        cloud.error_message,
        true AS shared,
        NULL AS customer,
        NULL AS customer_name,
        '' AS customer_native_name,
        '' AS terms_of_services,
        NULL AS scope,
        '{}'::json AS options
    FROM clouds AS cloud
    WHERE cloud.id = page.id
) AS shown
"""

CLOUDS = SqlCollection(
    path="/api/service-settings/",
    missing="No ServiceSettings matches the given query.",
    source="FROM clouds AS cloud",
    alias="cloud",
    visible=_CLOUD_VISIBLE,
    document=_CLOUD_SHOWN,
    filters=CLOUD_FILTERS,
    ordering=Ordering(
        {
            "name": "cloud.name",
            "state": "array_position(%(state_order)s::text[], cloud.state)",
        },
        default="cloud.name, cloud.id",
        skips_unknown=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with its project and customer."""

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
    """Return a tenant in scope; raises `NotFound`."""
    statement = _TENANT.replace("{condition}", "tenant.uuid = %(uuid)s AND " + VISIBLE)
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Tenant))
        await cursor.execute(statement, scope_parameters(scope) | {"uuid": uuid})
        tenant = await cursor.fetchone()
    if tenant is None:
        raise NotFound(NO_SUCH_TENANT)
    return tenant


async def lock(connection: Connection, tenant_id: int) -> Tenant:
    """Lock a tenant and read it again, so that changes of its groups are serialized."""
    cursor = connection.cursor(row_factory=class_row(Tenant))
    statement = _TENANT.replace("{condition}", "tenant.id = %(id)s") + _LOCK
    await cursor.execute(statement, {"id": tenant_id})
    tenant = await cursor.fetchone()
    if tenant is None:
        raise NotFound(NO_SUCH_TENANT)
    return tenant


def require_ok(tenant: Tenant) -> None:
    """Raise `Conflict` unless the tenant is in the state OK."""
    require_state(tenant, "OK")


def require_state(tenant: Tenant, *valid: str) -> None:
    """Raise `Conflict` unless the tenant is in one of the states."""
    if tenant.state not in valid:
        raise Conflict(
            f"Valid states for operation: {', '.join(valid)}.",
            hint=f"The tenant is {tenant.state}.",
        )
