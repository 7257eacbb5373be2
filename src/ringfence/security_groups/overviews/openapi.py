"""The OpenAPI description of overviews."""

from dataclasses import replace

from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.schema import (
    BOOLEAN,
    CORE_STATES,
    HEX_UUID,
    INTEGER,
    STRING,
    TIME,
    URI,
    Model,
    array,
    described,
    enumeration,
    nullable,
    object_of,
)
from ringfence.security_groups.drift_modes import Drift
from ringfence.security_groups.overviews.queries import OVERVIEWS

_OPENING = Model(
    "SecurityGroupOpening",
    object_of(
        {
            "protocol": described(STRING, "Empty for every protocol."),
            "from_port": nullable(INTEGER),
            "to_port": nullable(INTEGER),
        }
    ),
)
_OVERVIEW = Model(
    "SecurityGroupOverview",
    object_of(
        {
            "url": URI,
            "uuid": HEX_UUID,
            "name": STRING,
            "description": STRING,
            "state": CORE_STATES,
            "error_message": STRING,
            "version": INTEGER,
            "applied_version": described(INTEGER, "The last version that reached the cloud."),
            "tenant_uuid": HEX_UUID,
            "tenant_name": STRING,
            "project_uuid": HEX_UUID,
            "project_name": STRING,
            "customer_uuid": HEX_UUID,
            "customer_name": STRING,
            "service_settings_uuid": HEX_UUID,
            "service_name": STRING,
            "rules_count": INTEGER,
            "instance_count": nullable(INTEGER),
            "drift": enumeration("SecurityGroupDriftAtLastLook", Drift),
            "stateful": nullable(BOOLEAN),
            "observed_at": nullable(TIME),
            "open_to_all": described(
                array(_OPENING), "What anybody can reach, by rules without a narrower remote end."
            ),
            "unknown_members_count": described(
                INTEGER,
                "How many incoming rules have a remote end whose members are not known here: an "
                "address group, or a group in the cloud that has no row. What they admit is in "
                "neither `open_to_all` nor `is_open_to_all`.",
            ),
            "can_manage": BOOLEAN,
            "created": TIME,
            "modified": TIME,
        }
    ),
)

operations = tuple(
    replace(operation, own=True)
    for operation in list_count_retrieve(
        OVERVIEWS,
        _OVERVIEW,
        "security group overview",
        "security group overviews",
        {
            "drift": "Whether the group has drifted, as of the last pull.",
            "is_open_to_all": "Whether a rule admits every IP address.",
        },
    )
)
