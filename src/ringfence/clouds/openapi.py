"""The operations on clouds and tenants, as the OpenAPI document describes them."""

from collections.abc import Mapping

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
    KEPT_EMPTY,
    KEPT_NULL,
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
from ringfence.organisations.openapi import CUSTOMER_NAME_DESCRIPTIONS

_QUOTA = Model(
    "Quota",
    object_of(
        {
            "name": described(
                {**STRING, "enum": ["security_group_count", "security_group_rule_count"]},
                "What is counted.",
            ),
            "usage": described(INTEGER, "How many the tenant has."),
            "limit": described(INTEGER, "How many it may have; -1 means no limit."),
        }
    ),
)

# The fields that all resources of a cloud have first
RESOURCE_FIELDS: dict[str, Schema | Model] = {
    "url": described(URI, "The URL of this object; other operations take it as a reference."),
    "uuid": described(HEX_UUID, "The UUID of this object, 32 hexadecimal digits without dashes."),
    "name": described(STRING, "The name, as in OpenStack."),
    "description": described(STRING, "A free text."),
    "service_name": described(STRING, "The cloud's name."),
    "service_settings": described(URI, "The URL of the cloud that holds the tenant."),
    "service_settings_uuid": described(HEX_UUID, "The cloud's UUID."),
    "service_settings_state": described(
        STRING, "`OK`, or `ERRED` while the cloud cannot be reached or refuses."
    ),
    "service_settings_error_message": described(
        STRING, "Why the cloud is `ERRED`; empty otherwise."
    ),
    "project": described(URI, "The URL of the project that the tenant belongs to."),
    "project_name": described(STRING, "The project's name."),
    "project_uuid": described(HEX_UUID, "The project's UUID."),
    "customer": described(URI, "The URL of the customer that the project belongs to."),
    "customer_uuid": described(HEX_UUID, "The customer's UUID."),
    "customer_name": described(STRING, "The customer's name."),
    "customer_native_name": described(STRING, "The customer's name in its own language."),
    "customer_abbreviation": described(STRING, "The customer's short name."),
    "error_message": described(
        STRING, "Why the state is `ERRED`, and what to do; empty otherwise."
    ),
    "error_traceback": described(STRING, "Details of the error, for staff; empty for others."),
    "resource_type": described(STRING, "`OpenStack.SecurityGroup` or `OpenStack.Tenant`."),
    "state": described(
        CORE_STATES,
        "`OK` at rest, `ERRED` after a failure (see `error_message`), others in progress.",
    ),
    "created": described(TIME, "When the object was created."),
    "modified": described(TIME, "When the object was last changed."),
    "backend_id": described(STRING, "The ID in OpenStack; empty until the object exists there."),
    "access_url": described(nullable(STRING), KEPT_NULL),
}

# The marketplace fields of a tenant, which its security groups repeat
MARKETPLACE_FIELDS: dict[str, Schema | Model] = {
    "marketplace_offering_uuid": described(
        nullable(STRING), "The offering of the tenant in Waldur's marketplace, if loaded."
    ),
    "marketplace_offering_name": described(nullable(STRING), "The offering's name."),
    "marketplace_offering_type": described(
        nullable(STRING), "The offering's type, for example `OpenStack.Tenant`."
    ),
    "marketplace_offering_plugin_options": described(
        nullable(FREE_FORM), "The offering's options."
    ),
    "marketplace_category_uuid": described(nullable(STRING), "The category of the offering."),
    "marketplace_category_name": described(nullable(STRING), "The category's name."),
    "marketplace_resource_uuid": described(
        nullable(STRING), "The marketplace resource that stands for the tenant."
    ),
    "marketplace_plan_uuid": described(nullable(STRING), "The plan of the marketplace resource."),
    "marketplace_resource_state": described(
        nullable(STRING), "The state of the marketplace resource."
    ),
    "is_usage_based": described(
        nullable(BOOLEAN), "Whether the resource is billed by use; null without a marketplace."
    ),
    "is_limit_based": described(
        nullable(BOOLEAN),
        "Whether the resource is billed by its limits; null without a marketplace.",
    ),
}

# No field is required: `field` selects fields.
TENANT = Model(
    "OpenStackTenant",
    object_of(
        {
            **RESOURCE_FIELDS,
            "availability_zone": described(STRING, KEPT_EMPTY),
            "internal_network_id": described(STRING, KEPT_EMPTY),
            "external_network_id": described(STRING, KEPT_EMPTY),
            "external_network_ref_name": described(STRING, KEPT_EMPTY),
            "quotas": described(
                array(_QUOTA), "Use and limit of security groups and of their rules."
            ),
            "default_volume_type_name": described(STRING, KEPT_EMPTY),
            **MARKETPLACE_FIELDS,
        }
    ),
)

CLOUD = Model(
    "ServiceSettings",
    object_of(
        {
            "url": described(URI, "The URL of the cloud."),
            "uuid": described(HEX_UUID, "The cloud's UUID."),
            "name": described(STRING, "The cloud's name."),
            "type": described(STRING, "Always `OpenStack`."),
            "state": described(
                CORE_STATES, "`OK`, or `ERRED` while the cloud cannot be reached or refuses."
            ),
            "error_message": described(STRING, "Why the cloud is `ERRED`; empty otherwise."),
            "shared": described(BOOLEAN, "Always true: clouds are shared by all customers."),
            "customer": described(nullable(URI), KEPT_NULL),
            "customer_name": described(nullable(STRING), KEPT_NULL),
            "customer_native_name": described(STRING, KEPT_EMPTY),
            "terms_of_services": described(STRING, KEPT_EMPTY),
            "scope": described(nullable(URI), KEPT_NULL),
            "options": described(
                FREE_FORM, "Always empty: credentials and URLs of clouds are not stored."
            ),
        }
    ),
)

_DEFAULT_EGRESS = Model(
    "DefaultEgress",
    object_of(
        {
            "keep": described(
                BOOLEAN, "Whether new groups keep the two rules that allow all outgoing traffic."
            )
        },
        ["keep"],
    ),
)
_TENANT = TENANTS.path + "{uuid}/"

# The filters of objects in a tenant, and of tenants
ANCESTOR_DESCRIPTIONS: Mapping[str, str] = {
    **CUSTOMER_NAME_DESCRIPTIONS,
    "project": "The project has this UUID.",
    "project_uuid": "The project has this UUID.",
    "project_name": "The project's name contains this text, in upper or lower case.",
    "customer": "The customer has this UUID.",
    "customer_uuid": "The customer has this UUID.",
    "service_settings_uuid": "The cloud has this UUID.",
    "service_settings_name": "The cloud's name contains this text, in upper or lower case.",
    "can_manage": "Can manage",
}
_STATE = "The state is one of these; repeat the parameter for several."
_TENANT_DESCRIPTIONS: Mapping[str, str] = {
    **ANCESTOR_DESCRIPTIONS,
    "uuid": "The tenant has this UUID.",
    "name": "The name contains this text, in upper or lower case.",
    "name_exact": "The name is this text.",
    "backend_id": "The ID in OpenStack is this text.",
    "state": _STATE,
    "description": "Tenants have no description here: any value finds nothing.",
    "external_ip": "Tenants have no floating IP addresses here: any value finds nothing.",
}
_CLOUD_DESCRIPTIONS: Mapping[str, str] = {
    "name": "The name contains this text, in upper or lower case.",
    "name_exact": "The name is this text.",
    "state": _STATE,
    "type": "Clouds have one type: other values find nothing.",
    "shared": "All clouds are shared: `true` finds all, `false` nothing.",
    **dict.fromkeys(
        ("customer", "customer_uuid", "scope", "scope_uuid"),
        "Clouds belong to no customer and have no scope: any value finds nothing.",
    ),
}

operations = (
    *list_count_retrieve(TENANTS, TENANT, "tenant", "tenants", _TENANT_DESCRIPTIONS),
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
    *list_count_retrieve(
        CLOUDS,
        CLOUD,
        "cloud",
        "clouds",
        _CLOUD_DESCRIPTIONS,
        {"type": {**STRING, "enum": ["OpenStack"]}},
    ),
)
