"""Filters of clouds and tenants, and filters by ancestor that objects in a tenant share."""

from collections.abc import Mapping
from typing import LiteralString

from ringfence.access.scope import MANAGEABLE
from ringfence.core_states import STATES
from ringfence.http.collections.filters import (
    NOWHERE,
    Choices,
    Filter,
    Flag,
    Kind,
    contains,
    uuid,
)
from ringfence.organisations.filters import CUSTOMER_NAME_FILTERS, CUSTOMER_NAME_ORDERS

# For statements that join `cloud`, `project` and `customer`
ANCESTOR_FILTERS: Mapping[str, Kind] = {
    **CUSTOMER_NAME_FILTERS,
    "project": Filter("project.uuid = %(project)s", uuid),
    "project_uuid": Filter("project.uuid = %(project_uuid)s", uuid),
    "project_name": Filter("project.name ILIKE %(project_name)s", contains),
    "customer": Filter("customer.uuid = %(customer)s", uuid),
    "customer_uuid": Filter("customer.uuid = %(customer_uuid)s", uuid),
    "service_settings_uuid": Filter("cloud.uuid = %(service_settings_uuid)s", uuid),
    "service_settings_name": Filter("cloud.name ILIKE %(service_settings_name)s", contains),
    "can_manage": Flag(MANAGEABLE + " = %(can_manage)s"),
    # Floating IP addresses belong to ports, which are not stored.
    "external_ip": Filter(NOWHERE),
}

ANCESTOR_ORDERS: Mapping[str, LiteralString] = {
    **CUSTOMER_NAME_ORDERS,
    "project_name": "project.name",
    "service_name": "cloud.name",
}

TENANT_FILTERS: Mapping[str, Kind] = {
    **ANCESTOR_FILTERS,
    "uuid": Filter("tenant.uuid = %(uuid)s", uuid),
    "name": Filter("tenant.name ILIKE %(name)s", contains),
    "name_exact": Filter("tenant.name = %(name_exact)s"),
    "backend_id": Filter("tenant.backend_id = %(backend_id)s"),
    "state": Choices("tenant.state = ANY(%(state)s)", STATES),
    # Tenants have no description here.
    "description": Filter(NOWHERE),
}

CLOUD_FILTERS: Mapping[str, Kind] = {
    "name": Filter("cloud.name ILIKE %(name)s", contains),
    "name_exact": Filter("cloud.name = %(name_exact)s"),
    "state": Choices("cloud.state = ANY(%(state)s)", STATES),
    "type": Filter("%(type)s = 'OpenStack'"),
    # Clouds are shared by all customers and belong to none.
    "shared": Flag("%(shared)s"),
    "customer": Filter(NOWHERE, uuid),
    "customer_uuid": Filter(NOWHERE, uuid),
    "scope": Filter(NOWHERE),
    "scope_uuid": Filter(NOWHERE, uuid),
}
