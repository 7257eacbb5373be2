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
from ringfence.security_groups.openapi_models import GROUP_DESCRIPTIONS
from ringfence.security_groups.openapi_traffic import DRIFT_GRADE
from ringfence.security_groups.overviews.queries import OVERVIEWS

_OPENING = Model(
    "SecurityGroupOpening",
    object_of(
        {
            "protocol": described(STRING, "Empty for every protocol."),
            "from_port": described(
                nullable(INTEGER), "The first port or the ICMP type; null for any."
            ),
            "to_port": described(
                nullable(INTEGER), "The last port or the ICMP code; null for any."
            ),
            "desired": described(
                BOOLEAN,
                "Whether desired rules admit it. What is observed and not desired is open in the "
                "cloud only.",
            ),
            "observed": described(
                nullable(BOOLEAN),
                "Whether the cloud admitted it at the last observation; null if the group was not "
                "observed yet.",
            ),
        }
    ),
)
_OVERVIEW = Model(
    "SecurityGroupOverview",
    object_of(
        {
            "url": described(URI, "The URL of the group."),
            "uuid": described(HEX_UUID, "The group's UUID."),
            "name": described(STRING, "The group's name."),
            "description": described(STRING, "The group's description."),
            "state": described(
                CORE_STATES,
                "`OK` at rest, `ERRED` after a failure (see `error_message`), others in progress.",
            ),
            "error_message": described(
                STRING, "Why the state is `ERRED`, and what to do; empty otherwise."
            ),
            "version": described(INTEGER, "The number of the desired version."),
            "applied_version": described(INTEGER, "The last version that reached the cloud."),
            "tenant_uuid": described(HEX_UUID, "The tenant's UUID."),
            "tenant_name": described(STRING, "The tenant's name."),
            "project_uuid": described(HEX_UUID, "The project's UUID."),
            "project_name": described(STRING, "The project's name."),
            "customer_uuid": described(HEX_UUID, "The customer's UUID."),
            "customer_name": described(STRING, "The customer's name."),
            "service_settings_uuid": described(HEX_UUID, "The cloud's UUID."),
            "service_name": described(STRING, "The cloud's name."),
            "rules_count": described(INTEGER, "How many rules are desired."),
            "instance_count": described(
                nullable(INTEGER),
                "How many instances carry the group, as last observed; null if unknown.",
            ),
            "drift": described(
                enumeration("SecurityGroupDriftAtLastLook", Drift),
                "How the cloud differed at the last observation.",
            ),
            "drift_grade": described(
                DRIFT_GRADE,
                "Whether the cloud admitted more than desired at the last observation (`opens`,"
                " whether or not it also admitted less), less (`closes`), or the same (`none`)."
                " Rules that cannot be read count as `opens`. Null: the group was never observed,"
                " or not since the upgrade from 0.1.0.",
            ),
            "stateful": described(
                nullable(BOOLEAN),
                "Whether replies need no rule, as last observed; null if unknown.",
            ),
            "observed_at": described(
                nullable(TIME), "When the group was last read from the cloud; null for never."
            ),
            "open_to_all": described(
                array(_OPENING),
                "What addresses of the internet can reach by desired rules or by rules in the "
                "cloud, which count together: two halves of all addresses are all. What is "
                "observed and not desired comes first, then what is desired and not observed. "
                "Addresses are of the internet unless they are private, shared, link-local, "
                "loopback, multicast, reserved or for documentation.",
            ),
            "unknown_members_count": described(
                INTEGER,
                "How many incoming rules have a remote end whose members are not known here: an "
                "address group that was not observed, or a group in the cloud that has no row. "
                "What they admit is in neither `open_to_all` nor `is_open_to_all`.",
            ),
            "can_manage": described(BOOLEAN, "Whether you may change the group."),
            "created": described(TIME, "When the group was created."),
            "modified": described(TIME, "When the group was last changed."),
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
            **GROUP_DESCRIPTIONS,
            "query": "Part of the name or description, or of the name of the tenant, the project or"
            " the customer.",
            "can_manage": "Whether you may change the group.",
            "drift": "Whether the group has drifted, as of the last pull.",
            "drift_grade": "Whether the drift opens or only closes anything, as of the last pull.",
            "is_open_to_all": "Whether `open_to_all` has any opening: a rule that is desired, or "
            "in the cloud, admits addresses of the internet.",
        },
    )
)
