"""Filters of customers and projects, and filters by them that other lists share."""

from collections.abc import Mapping
from typing import LiteralString

from ringfence.access.scope import MANAGEABLE, USER_VISIBLE
from ringfence.http.collections.filters import (
    NOWHERE,
    Filter,
    Flag,
    Kind,
    Several,
    contains,
    moment,
    uuid,
    uuids,
)

# For statements that join `customer`
CUSTOMER_NAME_FILTERS: Mapping[str, Kind] = {
    "customer_name": Filter("customer.name ILIKE %(customer_name)s", contains),
    "customer_native_name": Filter("customer.native_name ILIKE %(customer_native_name)s", contains),
    "customer_abbreviation": Filter(
        "customer.abbreviation ILIKE %(customer_abbreviation)s", contains
    ),
}

CUSTOMER_NAME_ORDERS: Mapping[str, LiteralString] = {
    "customer_name": "customer.name",
    "customer_native_name": "customer.native_name",
    "customer_abbreviation": "customer.abbreviation",
}

# Whether the actor itself has a role, without the flags of staff and support
_ACTOR_HAS_ROLE: LiteralString = """
EXISTS (
    SELECT 1 FROM role_grants AS held
    WHERE held.user_id = %(actor_id)s AND {scope} AND held.role {role}
)
"""

# Whether a user that the actor sees has a role
_USER_HAS_ROLE: LiteralString = """
EXISTS (
    SELECT 1 FROM role_grants AS held
    INNER JOIN users AS account ON held.user_id = account.id
    LEFT JOIN projects AS granted ON held.project_id = granted.id
    WHERE account.uuid = %({parameter})s AND {visible} AND {scope}
)
""".replace("{visible}", USER_VISIBLE)


def _actor_has_role(scope: LiteralString, role: LiteralString) -> LiteralString:
    return _ACTOR_HAS_ROLE.replace("{scope}", scope).replace("{role}", role)


def _user_has_role(parameter: LiteralString, scope: LiteralString) -> Filter:
    condition = _USER_HAS_ROLE.replace("{parameter}", parameter).replace("{scope}", scope)
    return Filter(condition, uuid)


PROJECT_FILTERS: Mapping[str, Kind] = {
    **CUSTOMER_NAME_FILTERS,
    "customer": Filter("customer.uuid = ANY(%(customer)s)", uuids),
    "name": Filter("project.name ILIKE %(name)s", contains),
    "name_exact": Filter("project.name = %(name_exact)s"),
    "query": Filter(
        """(
            strpos(lower(project.name), lower(%(query)s)) > 0
            OR hex(project.uuid) = lower(replace(%(query)s, '-', ''))
        )"""
    ),
    "created": Filter("project.created >= %(created)s", moment),
    "created_before": Filter("project.created <= %(created_before)s", moment),
    "can_manage": Flag(MANAGEABLE + " = %(can_manage)s"),
    "can_admin": Flag(
        _actor_has_role("held.project_id = project.id", "= 'PROJECT.ADMIN'") + " = %(can_admin)s"
    ),
    "current_user_has_role": Several(
        _actor_has_role("held.project_id = project.id", "= ANY(%(current_user_has_role)s)")
    ),
    "user_uuid": _user_has_role(
        "user_uuid", "(held.project_id = project.id OR held.customer_id = project.customer_id)"
    ),
    "user_uuid_with_active_role": _user_has_role(
        "user_uuid_with_active_role", "held.project_id = project.id"
    ),
    # Waldur's filters for what projects do not have here: they are never removed, for example.
    "is_removed": Flag("NOT %(is_removed)s"),
    "has_affiliation": Flag("NOT %(has_affiliation)s"),
    "description": Filter(NOWHERE),
    "backend_id": Filter(NOWHERE),
    "slug": Filter(NOWHERE),
    "affiliation_name": Filter(NOWHERE),
    "affiliation_uuid": Several(NOWHERE, uuid),
    "science_domain_uuid": Filter(NOWHERE, uuid),
    "science_sub_domain_uuid": Filter(NOWHERE, uuid),
}

_WITH_TENANTS: LiteralString = """
EXISTS (
    SELECT 1 FROM tenants AS tenant
    INNER JOIN projects AS project ON tenant.project_id = project.id
    WHERE project.customer_id = customer.id
)
"""

CUSTOMER_FILTERS: Mapping[str, Kind] = {
    "name": Filter("customer.name ILIKE %(name)s", contains),
    "name_exact": Filter("customer.name = %(name_exact)s"),
    "native_name": Filter("customer.native_name ILIKE %(native_name)s", contains),
    "abbreviation": Filter("customer.abbreviation ILIKE %(abbreviation)s", contains),
    "query": Filter(
        """(
            strpos(lower(customer.name), lower(%(query)s)) > 0
            OR strpos(lower(customer.native_name), lower(%(query)s)) > 0
            OR strpos(lower(customer.abbreviation), lower(%(query)s)) > 0
            OR hex(customer.uuid) = lower(replace(%(query)s, '-', ''))
        )"""
    ),
    "owned_by_current_user": Flag(
        _actor_has_role("held.customer_id = customer.id", "= 'CUSTOMER.OWNER'")
        + " = %(owned_by_current_user)s"
    ),
    "current_user_has_role": Several(
        _actor_has_role("held.customer_id = customer.id", "= ANY(%(current_user_has_role)s)")
    ),
    "user_uuid": _user_has_role(
        "user_uuid", "coalesce(held.customer_id, granted.customer_id) = customer.id"
    ),
    "has_resources": Flag(_WITH_TENANTS + " = %(has_resources)s"),
    # Waldur's filters for what customers do not have here, such as archiving or offerings.
    "archived": Flag("NOT %(archived)s"),
    "is_service_provider": Flag("NOT %(is_service_provider)s"),
    "is_call_managing_organization": Flag("NOT %(is_call_managing_organization)s"),
    "current_user_has_project_create_permission": Flag(
        "NOT %(current_user_has_project_create_permission)s"
    ),
    "agreement_number": Filter(NOWHERE),
    "backend_id": Filter(NOWHERE),
    "contact_details": Filter(NOWHERE),
    "organization_group_name": Filter(NOWHERE),
    "organization_group_uuid": Several(NOWHERE, uuid),
    "registration_code": Filter(NOWHERE),
    "service_provider_uuid": Filter(NOWHERE, uuid),
    "slug": Filter(NOWHERE),
}
