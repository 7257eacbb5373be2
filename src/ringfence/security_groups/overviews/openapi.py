"""The operations on groups at a glance, as the API's description tells them."""

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
                array(_OPENING), "What anybody may reach, by the rules that name no narrower end."
            ),
            "unknown_members_count": described(
                INTEGER,
                "How many incoming rules name a remote end whose members are not known here: an "
                "address group, or a group of the cloud that has no row. What they admit is in "
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
        "security group at a glance",
        "security groups at a glance",
        {
            "drift": "Whether the cloud has what was asked for, as of the last comparison.",
            "is_open_to_all": "Whether any rule admits every address.",
        },
    )
)
