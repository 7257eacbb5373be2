"""The OpenAPI description of `push_security_groups`."""

from ringfence.clouds.queries import TENANTS
from ringfence.http.openapi.operation import Body, Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH
from ringfence.http.openapi.schema import (
    STATUS,
    STRING,
    UUID,
    Model,
    array,
    described,
    fields_schema,
)
from ringfence.security_groups.openapi_models import SENT_RULE
from ringfence.security_groups.schemas import RULE_FIELDS
from ringfence.security_groups.tenant_groups.schemas import LISTED_GROUP_FIELDS

_REMOTE_GROUP_NAME = described(
    {**STRING, "minLength": 1, "maxLength": 255},
    "The desired name of the remote group, instead of its URL",
)
_RULE = Model(
    "OpenStackSecurityGroupRuleUpdateByNameRequest",
    fields_schema(RULE_FIELDS, more={**SENT_RULE, "remote_group_name": _REMOTE_GROUP_NAME}),
)
_GROUP = Model(
    "TenantSecurityGroupUpdateRequest",
    fields_schema(
        LISTED_GROUP_FIELDS,
        required=["name"],
        more={
            "uuid": described(UUID, "An existing group. Without it, a new group is created."),
            "name": {"description": "The name, unique in the list."},
            "description": {"description": "A free text.", "default": ""},
            "rules": described(array(_RULE), "All rules of the group.", default=[]),
        },
    ),
)

operations = (
    Operation(
        "openstack_tenants_push_security_groups",
        "POST",
        TENANTS.path + "{uuid}/push_security_groups/",
        tag="openstack-tenants",
        section="Other Actions",
        title="Batch update security groups for a tenant.",
        description=(
            "Replace the security groups of the tenant. A listed group with a UUID is updated, one"
            " without is created, and a group that is not listed is deleted, except for `default`."
            " All rules of the listed groups are replaced. A rule with the id of a stored rule"
            " keeps the fields that are not sent."
        ),
        parameters=(UUID_IN_PATH,),
        body=Body(array(_GROUP), example=[{"name": "web", "rules": []}]),
        responses={200: Response(), 202: Response(STATUS, "In contract 2026-10")},
        errors=(403, 404, 409),
    ),
)
