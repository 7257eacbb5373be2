"""The operations on clouds and tenants, as the OpenAPI document describes them."""

from ringfence.clouds.queries import CLOUDS, TENANTS
from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.operation import Body, Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH, choice_of_fields
from ringfence.http.openapi.schema import (
    BOOLEAN,
    CORE_STATES,
    DETAIL,
    FREE_FORM,
    HEX_UUID,
    INTEGER,
    STATUS,
    STRING,
    TIME,
    URI,
    Model,
    Schema,
    array,
    described,
    nullable,
    object_of,
)

_QUOTA = Model(
    "Quota",
    object_of(
        {"name": STRING, "usage": INTEGER, "limit": described(INTEGER, "-1 means no limit.")}
    ),
)

# The fields that all resources of a cloud have first
RESOURCE_FIELDS: dict[str, Schema | Model] = {
    "url": URI,
    "uuid": HEX_UUID,
    "name": STRING,
    "description": STRING,
    "service_name": STRING,
    "service_settings": URI,
    "service_settings_uuid": HEX_UUID,
    "service_settings_state": STRING,
    "service_settings_error_message": STRING,
    "project": URI,
    "project_name": STRING,
    "project_uuid": HEX_UUID,
    "customer": URI,
    "customer_uuid": HEX_UUID,
    "customer_name": STRING,
    "customer_native_name": STRING,
    "customer_abbreviation": STRING,
    "error_message": STRING,
    "error_traceback": STRING,
    "resource_type": STRING,
    "state": CORE_STATES,
    "created": TIME,
    "modified": TIME,
    "backend_id": STRING,
    "access_url": nullable(STRING),
}

# The marketplace fields of a tenant, which its security groups repeat
MARKETPLACE_FIELDS: dict[str, Schema | Model] = {
    "marketplace_offering_uuid": nullable(STRING),
    "marketplace_offering_name": nullable(STRING),
    "marketplace_offering_type": nullable(STRING),
    "marketplace_offering_plugin_options": nullable(FREE_FORM),
    "marketplace_category_uuid": nullable(STRING),
    "marketplace_category_name": nullable(STRING),
    "marketplace_resource_uuid": nullable(STRING),
    "marketplace_plan_uuid": nullable(STRING),
    "marketplace_resource_state": nullable(STRING),
    "is_usage_based": nullable(BOOLEAN),
    "is_limit_based": nullable(BOOLEAN),
}

# No field is required: `field` selects fields.
TENANT = Model(
    "OpenStackTenant",
    object_of(
        {
            **RESOURCE_FIELDS,
            "availability_zone": STRING,
            "internal_network_id": STRING,
            "external_network_id": STRING,
            "external_network_ref_name": STRING,
            "quotas": array(_QUOTA),
            "default_volume_type_name": STRING,
            **MARKETPLACE_FIELDS,
        }
    ),
)

CLOUD = Model(
    "ServiceSettings",
    object_of(
        {
            "url": URI,
            "uuid": HEX_UUID,
            "name": STRING,
            "type": STRING,
            "state": CORE_STATES,
            "error_message": STRING,
            "shared": BOOLEAN,
            "customer": nullable(URI),
            "customer_name": nullable(STRING),
            "customer_native_name": STRING,
            "terms_of_services": STRING,
            "scope": nullable(URI),
            "options": FREE_FORM,
        }
    ),
)

_DEFAULT_EGRESS = Model("DefaultEgress", object_of({"keep": BOOLEAN}, ["keep"]))
_TENANT = TENANTS.path + "{uuid}/"

operations = (
    *list_count_retrieve(
        TENANTS, TENANT, "tenant", "tenants", descriptions={"can_manage": "Can manage"}
    ),
    Operation(
        "openstack_tenants_pull",
        "POST",
        _TENANT + "pull/",
        tag="openstack-tenants",
        title="Synchronize resource state",
        description="Compare the tenant's security groups with those in the cloud.",
        parameters=(UUID_IN_PATH,),
        responses={202: Response(DETAIL, promised=False), 409: Response(DETAIL, promised=False)},
        errors=(403, 404),
    ),
    Operation(
        "openstack_tenants_pull_security_groups",
        "POST",
        _TENANT + "pull_security_groups/",
        tag="openstack-tenants",
        section="Other Actions",
        title="Pull security groups",
        description="Compare the tenant's security groups with those in the cloud.",
        parameters=(UUID_IN_PATH, choice_of_fields(TENANT)),
        responses={200: Response(TENANT), 202: Response(STATUS, "In contract 2026-10")},
        errors=(400, 403, 404, 409),
    ),
    Operation(
        "openstack_tenants_set_default_egress",
        "POST",
        _TENANT + "set_default_egress/",
        tag="openstack-tenants",
        section="Other Actions",
        title="Keep default egress rules",
        description=(
            "Set whether new security groups keep the two rules that allow all outgoing"
            " traffic, IPv4 and IPv6. Staff-only operation."
        ),
        parameters=(UUID_IN_PATH,),
        body=Body(_DEFAULT_EGRESS, example={"keep": True}),
        responses={200: Response(_DEFAULT_EGRESS)},
        errors=(403, 404),
        own=True,
    ),
    *list_count_retrieve(CLOUDS, CLOUD, "cloud", "clouds"),
)
