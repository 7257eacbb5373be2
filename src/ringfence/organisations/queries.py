"""Read customers and projects: which rows an actor sees, and the JSON that it gets."""

from typing import LiteralString

from ringfence.access.scope import VISIBLE
from ringfence.http.collections.collection import SqlCollection
from ringfence.http.collections.filters import Ordering
from ringfence.organisations.filters import (
    CUSTOMER_FILTERS,
    CUSTOMER_NAME_ORDERS,
    PROJECT_FILTERS,
)

# An actor that sees a project also sees its customer, whose name the project's JSON has.
_CUSTOMER_VISIBLE: LiteralString = """(
    %(sees_everything)s
    OR customer.id = ANY(%(sees_customers)s::bigint[])
    OR EXISTS (
        SELECT 1 FROM projects AS project
        WHERE project.customer_id = customer.id AND project.id = ANY(%(sees_projects)s::bigint[])
    )
)"""

# Only projects that the actor sees, and users with roles in what it sees, are counted.
_CUSTOMER: LiteralString = """
SELECT row_to_json(shown)::text AS document
FROM (
    SELECT
        %(base)s || '/api/customers/' || hex(customer.uuid) || '/' AS url,
        hex(customer.uuid) AS uuid,
        json_time(customer.created)::json AS created,
        '[]'::json AS organization_groups,
        customer.name AS display_name,
        coalesce((
            SELECT json_agg(json_build_object(
                'url', %(base)s || '/api/projects/' || hex(project.uuid) || '/',
                'uuid', hex(project.uuid),
                'name', project.name,
                'image', NULL,
                'resource_count', (
                    SELECT count(*) FROM tenants AS tenant WHERE tenant.project_id = project.id
                ),
                'end_date', NULL
            ) ORDER BY project.name, project.id)
            FROM projects AS project
            WHERE project.customer_id = customer.id AND {visible}
        ), '[]') AS projects,
        '' AS backend_id,
        NULL AS image,
        false AS blocked,
        false AS archived,
        (
            SELECT count(*) FROM projects AS project
            WHERE project.customer_id = customer.id AND {visible}
        ) AS projects_count,
        (
            SELECT count(DISTINCT held.user_id)
            FROM role_grants AS held
            LEFT JOIN projects AS project ON held.project_id = project.id
            WHERE
                held.customer_id = customer.id
                OR (project.customer_id = customer.id AND {visible})
        ) AS users_count,
        customer.name,
        customer.native_name,
        customer.abbreviation,
        '' AS description,
        '' AS contact_details,
        '' AS agreement_number,
        '' AS registration_code,
        false AS is_service_provider,
        NULL AS service_provider,
        NULL AS service_provider_uuid,
        NULL AS call_managing_organization_uuid
    FROM customers AS customer
    WHERE customer.id = page.id
) AS shown
""".replace("{visible}", VISIBLE)

CUSTOMERS = SqlCollection(
    path="/api/customers/",
    missing="No Customer matches the given query.",
    source="FROM customers AS customer",
    alias="customer",
    visible=_CUSTOMER_VISIBLE,
    document=_CUSTOMER,
    filters=CUSTOMER_FILTERS,
    ordering=Ordering(
        {
            "name": "customer.name",
            "native_name": "customer.native_name",
            "abbreviation": "customer.abbreviation",
            "created": "customer.created",
        },
        default="customer.name, customer.id",
        skips_unknown=True,
    ),
)

_PROJECT: LiteralString = """
SELECT row_to_json(shown)::text AS document
FROM (
    SELECT
        %(base)s || '/api/projects/' || hex(project.uuid) || '/' AS url,
        hex(project.uuid) AS uuid,
        project.name,
        %(base)s || '/api/customers/' || hex(customer.uuid) || '/' AS customer,
        hex(customer.uuid) AS customer_uuid,
        customer.name AS customer_name,
        customer.native_name AS customer_native_name,
        customer.abbreviation AS customer_abbreviation,
        '' AS description,
        json_time(project.created)::json AS created,
        NULL AS type,
        NULL AS type_name,
        NULL AS type_uuid,
        '' AS backend_id,
        NULL AS start_date,
        NULL AS end_date,
        NULL AS end_date_requested_by,
        NULL AS image,
        (
            SELECT count(*) FROM tenants AS tenant WHERE tenant.project_id = project.id
        ) AS resources_count,
        'default' AS kind,
        false AS is_removed
    FROM projects AS project
    INNER JOIN customers AS customer ON project.customer_id = customer.id
    WHERE project.id = page.id
) AS shown
"""

PROJECTS = SqlCollection(
    path="/api/projects/",
    missing="No Project matches the given query.",
    source=(
        "FROM projects AS project INNER JOIN customers AS customer"
        " ON project.customer_id = customer.id"
    ),
    alias="project",
    visible=VISIBLE,
    document=_PROJECT,
    filters=PROJECT_FILTERS,
    ordering=Ordering(
        {
            **CUSTOMER_NAME_ORDERS,
            "name": "project.name",
            "created": "project.created",
            # Projects have none of these here, so they do not change the ordering.
            "start_date": "NULL::date",
            "end_date": "NULL::date",
            "estimated_cost": "NULL::numeric",
        },
        default="project.name, project.id",
    ),
)
