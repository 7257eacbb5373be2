"""What `push_security_groups` takes and answers, as the API's description tells it."""

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
from ringfence.security_groups.tenant_groups.schemas import BATCH_FIELDS

_REMOTE_GROUP_NAME = described(
    {**STRING, "minLength": 1, "maxLength": 255},
    "The name that the remote group is to have, in place of its address",
)
_RULE = Model(
    "OpenStackSecurityGroupRuleUpdateByNameRequest",
    fields_schema(RULE_FIELDS, more={**SENT_RULE, "remote_group_name": _REMOTE_GROUP_NAME}),
)
_GROUP = Model(
    "TenantSecurityGroupUpdateRequest",
    fields_schema(
        BATCH_FIELDS,
        required=["name"],
        more={
            "uuid": described(UUID, "The group that stands; left out, a new one is made."),
            "rules": {**array(_RULE), "default": []},
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
            "Make the tenant's security groups those that are listed: one with a uuid is updated,"
            " one without is created, and one that is not listed is deleted, except for `default`."
            " All rules of the listed groups are replaced; the id of a rule of the group keeps"
            " what is not sent of it."
        ),
        parameters=(UUID_IN_PATH,),
        body=Body(array(_GROUP), example=[{"name": "web", "rules": []}]),
        responses={200: Response(), 202: Response(STATUS, "In contract 2026-10")},
        errors=(403, 404, 409),
    ),
)
