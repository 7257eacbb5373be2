"""The operations on customers and projects, as the OpenAPI document describes them."""

from dataclasses import replace

from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.schema import (
    BOOLEAN,
    FREE_FORM,
    HEX_UUID,
    INTEGER,
    STRING,
    TIME,
    URI,
    Model,
    array,
    enumeration,
    nullable,
    object_of,
)
from ringfence.organisations.queries import CUSTOMERS, PROJECTS

_PROJECT_OF_CUSTOMER = Model(
    "PermissionProject",
    object_of(
        {
            "url": URI,
            "uuid": HEX_UUID,
            "name": STRING,
            "image": nullable(STRING),
            "resource_count": INTEGER,
            "end_date": nullable(STRING),
        }
    ),
)

# No field is required: `field` selects fields.
CUSTOMER = Model(
    "Customer",
    object_of(
        {
            "url": URI,
            "uuid": HEX_UUID,
            "created": TIME,
            "organization_groups": array(FREE_FORM),
            "display_name": STRING,
            "projects": array(_PROJECT_OF_CUSTOMER),
            "backend_id": STRING,
            "image": nullable(STRING),
            "blocked": BOOLEAN,
            "archived": BOOLEAN,
            "projects_count": INTEGER,
            "users_count": INTEGER,
            "name": STRING,
            "native_name": STRING,
            "abbreviation": STRING,
            "description": STRING,
            "contact_details": STRING,
            "agreement_number": STRING,
            "registration_code": STRING,
            "is_service_provider": BOOLEAN,
            "service_provider": nullable(STRING),
            "service_provider_uuid": nullable(STRING),
            "call_managing_organization_uuid": nullable(STRING),
        }
    ),
)

PROJECT = Model(
    "Project",
    object_of(
        {
            "url": URI,
            "uuid": HEX_UUID,
            "name": STRING,
            "customer": URI,
            "customer_uuid": HEX_UUID,
            "customer_name": STRING,
            "customer_native_name": STRING,
            "customer_abbreviation": STRING,
            "description": STRING,
            "created": TIME,
            "type": nullable(STRING),
            "type_name": nullable(STRING),
            "type_uuid": nullable(STRING),
            "backend_id": STRING,
            "start_date": nullable(STRING),
            "end_date": nullable(STRING),
            "end_date_requested_by": nullable(STRING),
            "image": nullable(STRING),
            "resources_count": INTEGER,
            "kind": enumeration("ProjectKindEnum", ["default", "course", "public"]),
            "is_removed": BOOLEAN,
        }
    ),
)

# Projects have no end date here, so these parameters have no effect.
_WITHOUT_EFFECT = ("conceal_finished_projects", "include_terminated")

operations = (
    *list_count_retrieve(
        CUSTOMERS,
        CUSTOMER,
        "customer",
        "customers",
        descriptions={"query": "Search by name, native name, abbreviation or UUID"},
    ),
    *(
        replace(operation, undeclared=(*operation.undeclared, *_WITHOUT_EFFECT))
        for operation in list_count_retrieve(
            PROJECTS,
            PROJECT,
            "project",
            "projects",
            descriptions={
                "created": "Created at this time or later",
                "created_before": "Created at this time or earlier",
                "query": "Search by name or UUID",
            },
        )
    ),
)
