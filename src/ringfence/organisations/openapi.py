"""The operations on customers and projects, as the OpenAPI document describes them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ringfence.access.permissions import CUSTOMER_ROLES, PROJECT_ROLES, Role
from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.schema import (
    BOOLEAN,
    FREE_FORM,
    HEX_UUID,
    INTEGER,
    KEPT_EMPTY,
    KEPT_FALSE,
    KEPT_NULL,
    STRING,
    TIME,
    URI,
    Model,
    Schema,
    array,
    described,
    enumeration,
    nullable,
    object_of,
)
from ringfence.organisations.queries import CUSTOMERS, PROJECTS

_PROJECT_OF_CUSTOMER = Model(
    "PermissionProject",
    object_of(
        {
            "url": described(URI, "The URL of the project."),
            "uuid": described(HEX_UUID, "The project's UUID."),
            "name": described(STRING, "The project's name."),
            "image": described(nullable(STRING), KEPT_NULL),
            "resource_count": described(INTEGER, "How many tenants the project has."),
            "end_date": described(nullable(STRING), KEPT_NULL),
        }
    ),
)

# No field is required: `field` selects fields.
CUSTOMER = Model(
    "Customer",
    object_of(
        {
            "url": described(URI, "The URL of the customer."),
            "uuid": described(HEX_UUID, "The customer's UUID."),
            "created": described(TIME, "When the customer was created."),
            "organization_groups": described(array(FREE_FORM), KEPT_EMPTY),
            "display_name": described(STRING, "The customer's name."),
            "projects": described(
                array(_PROJECT_OF_CUSTOMER), "The projects of the customer that you may see."
            ),
            "backend_id": described(STRING, KEPT_EMPTY),
            "image": described(nullable(STRING), KEPT_NULL),
            "blocked": described(BOOLEAN, KEPT_FALSE),
            "archived": described(BOOLEAN, KEPT_FALSE),
            "projects_count": described(INTEGER, "How many of its projects you may see."),
            "users_count": described(
                INTEGER, "How many users have a role in the customer or in its projects."
            ),
            "name": described(STRING, "The customer's name, unique."),
            "native_name": described(STRING, "The name in the customer's own language."),
            "abbreviation": described(STRING, "A short name."),
            "description": described(STRING, KEPT_EMPTY),
            "contact_details": described(STRING, KEPT_EMPTY),
            "agreement_number": described(STRING, KEPT_EMPTY),
            "registration_code": described(STRING, KEPT_EMPTY),
            "is_service_provider": described(BOOLEAN, KEPT_FALSE),
            "service_provider": described(nullable(STRING), KEPT_NULL),
            "service_provider_uuid": described(nullable(STRING), KEPT_NULL),
            "call_managing_organization_uuid": described(nullable(STRING), KEPT_NULL),
        }
    ),
)

PROJECT = Model(
    "Project",
    object_of(
        {
            "url": described(URI, "The URL of the project."),
            "uuid": described(HEX_UUID, "The project's UUID."),
            "name": described(STRING, "The project's name, unique in its customer."),
            "customer": described(URI, "The URL of the customer that the project belongs to."),
            "customer_uuid": described(HEX_UUID, "The customer's UUID."),
            "customer_name": described(STRING, "The customer's name."),
            "customer_native_name": described(STRING, "The customer's name in its own language."),
            "customer_abbreviation": described(STRING, "The customer's short name."),
            "description": described(STRING, KEPT_EMPTY),
            "created": described(TIME, "When the project was created."),
            "type": described(nullable(STRING), KEPT_NULL),
            "type_name": described(nullable(STRING), KEPT_NULL),
            "type_uuid": described(nullable(STRING), KEPT_NULL),
            "backend_id": described(STRING, KEPT_EMPTY),
            "start_date": described(nullable(STRING), KEPT_NULL),
            "end_date": described(nullable(STRING), KEPT_NULL),
            "end_date_requested_by": described(nullable(STRING), KEPT_NULL),
            "image": described(nullable(STRING), KEPT_NULL),
            "resources_count": described(INTEGER, "How many tenants the project has."),
            "kind": described(
                enumeration("ProjectKindEnum", ["default", "course", "public"]), "Always `default`."
            ),
            "is_removed": described(BOOLEAN, KEPT_FALSE),
        }
    ),
)

CUSTOMER_NAME_DESCRIPTIONS: Mapping[str, str] = {
    "customer_name": "The customer's name contains this text, in upper or lower case.",
    "customer_native_name": "The customer's native name contains this text.",
    "customer_abbreviation": "The customer's abbreviation contains this text.",
}
_FINDS_NONE = "No object here has one: any value finds nothing."
_NEVER_TRUE = "No object here is or has this: `true` finds nothing, `false` everything."
_OWN_ROLE = "You have one of these roles in it; repeat the parameter for several."
_CUSTOMER_DESCRIPTIONS: Mapping[str, str] = {
    "name": "The name contains this text, in upper or lower case.",
    "name_exact": "The name is this text.",
    "native_name": "The native name contains this text, in upper or lower case.",
    "abbreviation": "The abbreviation contains this text, in upper or lower case.",
    "query": "Search by name, native name, abbreviation or UUID",
    "owned_by_current_user": "Whether you are an owner of the customer.",
    "current_user_has_role": _OWN_ROLE,
    "user_uuid": "The user with this UUID has a role in the customer or in one of its projects.",
    "has_resources": "Whether the customer has tenants.",
    **dict.fromkeys(
        (
            "archived",
            "is_service_provider",
            "is_call_managing_organization",
            "current_user_has_project_create_permission",
        ),
        _NEVER_TRUE,
    ),
    **dict.fromkeys(
        (
            "agreement_number",
            "backend_id",
            "contact_details",
            "organization_group_name",
            "organization_group_uuid",
            "registration_code",
            "service_provider_uuid",
            "slug",
        ),
        _FINDS_NONE,
    ),
}
_PROJECT_DESCRIPTIONS: Mapping[str, str] = {
    **CUSTOMER_NAME_DESCRIPTIONS,
    "customer": "The customer has one of these UUIDs, separated by commas.",
    "name": "The name contains this text, in upper or lower case.",
    "name_exact": "The name is this text.",
    "query": "Search by name or UUID",
    "created": "Created at this time or later",
    "created_before": "Created at this time or earlier",
    "can_manage": "Whether you may change security groups in the project.",
    "can_admin": "Whether you are an administrator of the project.",
    "current_user_has_role": _OWN_ROLE,
    "user_uuid": "The user with this UUID has a role in the project or in its customer.",
    "user_uuid_with_active_role": "The user with this UUID has a role in the project itself.",
    **dict.fromkeys(("is_removed", "has_affiliation"), _NEVER_TRUE),
    **dict.fromkeys(
        (
            "description",
            "backend_id",
            "slug",
            "affiliation_name",
            "affiliation_uuid",
            "science_domain_uuid",
            "science_sub_domain_uuid",
        ),
        _FINDS_NONE,
    ),
}


def _roles(roles: Iterable[Role]) -> Schema:
    return array({**STRING, "enum": [str(role) for role in roles]})


# Projects have no end date here, so these parameters have no effect.
_WITHOUT_EFFECT = ("conceal_finished_projects", "include_terminated")

operations = (
    *list_count_retrieve(
        CUSTOMERS,
        CUSTOMER,
        "customer",
        "customers",
        descriptions=_CUSTOMER_DESCRIPTIONS,
        schemas={"current_user_has_role": _roles(CUSTOMER_ROLES)},
    ),
    *(
        replace(operation, undeclared=(*operation.undeclared, *_WITHOUT_EFFECT))
        for operation in list_count_retrieve(
            PROJECTS,
            PROJECT,
            "project",
            "projects",
            descriptions=_PROJECT_DESCRIPTIONS,
            schemas={"current_user_has_role": _roles(PROJECT_ROLES)},
        )
    ),
)
