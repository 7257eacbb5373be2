"""The operations on ports and instances, as the OpenAPI document describes them."""

from collections.abc import Mapping

from ringfence.clouds.openapi import ANCESTOR_DESCRIPTIONS, MARKETPLACE_FIELDS, RESOURCE_FIELDS
from ringfence.http.openapi.collections import list_count_retrieve
from ringfence.http.openapi.operation import Body, Operation, Response
from ringfence.http.openapi.parameters import UUID_IN_PATH, Parameter
from ringfence.http.openapi.schema import (
    BOOLEAN,
    CORE_STATES,
    HEX_UUID,
    INTEGER,
    KEPT_EMPTY,
    KEPT_NULL,
    NUMBER,
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
from ringfence.ports.queries import INSTANCES, PORTS
from ringfence.security_groups.openapi_models import RULE_SHOWN
from ringfence.security_groups.openapi_traffic import TRAFFIC

_NOT_KNOWN = "IDs in OpenStack of further groups, which you do not see; a change keeps them."
_STATE = (
    "`OK` at rest, `UPDATE_SCHEDULED` or `UPDATING` while other groups are being set, `ERRED` if"
    " that failed (see `error_message`)."
)

_FIXED_IP = Model(
    "OpenStackFixedIp",
    object_of(
        {
            "ip_address": described(STRING, "The IP address."),
            "subnet_id": described(STRING, "The subnet's ID in OpenStack."),
        }
    ),
)
_ADDRESS_PAIR = Model(
    "OpenStackAllowedAddressPair",
    object_of(
        {
            "ip_address": described(STRING, "An address or a prefix that the port may use, too."),
            "mac_address": described(STRING, "The MAC address that goes with it."),
        }
    ),
)
_NAMED_GROUP = Model(
    "OpenStackPortNestedSecurityGroup",
    object_of(
        {
            "uuid": described(HEX_UUID, "The group's UUID."),
            "name": described(STRING, "The group's name."),
            "url": described(URI, "The group's URL, which a change of groups takes."),
        }
    ),
)
_NESTED_GROUP = Model(
    "OpenStackNestedSecurityGroup",
    object_of(
        {
            "url": described(URI, "The group's URL, which a change of groups takes."),
            "name": described(STRING, "The group's name."),
            "rules": described(array(RULE_SHOWN), "The group's desired rules."),
            "description": described(STRING, "The group's description."),
            "state": described(STRING, "The group's state."),
            "uuid": described(HEX_UUID, "The group's UUID."),
        }
    ),
)

_OF_TENANT: Mapping[str, Schema | Model] = {
    "tenant": described(URI, "The URL of the tenant."),
    "tenant_name": described(STRING, "The tenant's name."),
    "tenant_uuid": described(HEX_UUID, "The tenant's UUID."),
}
_OTHER_GROUPS = described(array(STRING), _NOT_KNOWN)

# What ports show in their own list and in instances
_ADDRESSES: Mapping[str, Schema | Model] = {
    "fixed_ips": described(array(_FIXED_IP), "The addresses of the port."),
    "mac_address": described(STRING, "The MAC address."),
    "allowed_address_pairs": described(
        array(_ADDRESS_PAIR), "Addresses that the port may use besides its own."
    ),
    "device_id": described(STRING, "What it belongs to, for example an instance's ID."),
    "device_owner": described(STRING, "What kind of device that is: `compute:…` is an instance."),
    "port_security_enabled": described(
        BOOLEAN,
        "Whether groups apply to the port; without, it admits everything. True if the cloud does"
        " not report it.",
    ),
}

PORT = Model(
    "OpenStackPort",
    object_of(
        {
            **RESOURCE_FIELDS,
            "resource_type": described(STRING, "Always `OpenStack.Port`."),
            "state": described(CORE_STATES, _STATE),
            **_OF_TENANT,
            **_ADDRESSES,
            "network": described(nullable(URI), KEPT_NULL),
            "network_name": described(STRING, KEPT_EMPTY),
            "network_uuid": described(
                HEX_UUID, "The network's ID in OpenStack; absent if that is no UUID."
            ),
            "floating_ips": described(array(STRING), "The floating IP addresses of the port."),
            "security_groups": described(
                array(_NAMED_GROUP),
                "The groups, by name; those of a pending change as soon as it was accepted.",
            ),
            "other_security_group_ids": _OTHER_GROUPS,
            "admin_state_up": described(
                nullable(BOOLEAN), "Whether the port forwards packets; null if not known."
            ),
            "status": described(STRING, "The status in OpenStack, for example `ACTIVE`."),
            "vnic_type": described(STRING, "The kind of virtual network interface."),
            "instance": described(nullable(URI), "The URL of its instance, if it is on one."),
            "instance_uuid": described(nullable(HEX_UUID), "The instance's UUID, if any."),
            "instance_name": described(nullable(STRING), "The instance's name, if any."),
            **MARKETPLACE_FIELDS,
        }
    ),
)

_NESTED_PORT = Model(
    "OpenStackNestedPort",
    object_of(
        {
            "url": described(URI, "The port's URL."),
            "uuid": described(HEX_UUID, "The port's UUID."),
            "name": described(STRING, "The port's name."),
            **_ADDRESSES,
            **{
                name: described(nullable(STRING), KEPT_NULL)
                for name in (
                    "subnet",
                    "subnet_uuid",
                    "subnet_name",
                    "subnet_description",
                    "subnet_cidr",
                )
            },
            "state": described(CORE_STATES, _STATE),
            "security_groups": described(array(_NAMED_GROUP), "The port's groups, by name."),
            "other_security_group_ids": _OTHER_GROUPS,
        }
    ),
)
_FLOATING_IP = Model(
    "OpenStackNestedFloatingIP",
    object_of(
        {
            "address": described(STRING, "The floating IP address."),
            "port_fixed_ips": described(array(_FIXED_IP), "The addresses of its port."),
            "port_mac_address": described(STRING, "The MAC address of its port."),
        }
    ),
)

INSTANCE = Model(
    "OpenStackInstance",
    object_of(
        {
            **RESOURCE_FIELDS,
            "resource_type": described(STRING, "Always `OpenStack.Instance`."),
            "state": described(
                CORE_STATES, "That of its ports: a pending change counts most, then a failed one."
            ),
            "error_message": described(STRING, "Those of its `ERRED` ports; empty otherwise."),
            **_OF_TENANT,
            "start_time": described(nullable(TIME), KEPT_NULL),
            "user_data": described(STRING, KEPT_EMPTY),
            "external_ips": described(array(STRING), "The floating IP addresses of its ports."),
            "internal_ips": described(array(STRING), "The addresses of its ports."),
            "latitude": described(nullable(NUMBER), KEPT_NULL),
            "longitude": described(nullable(NUMBER), KEPT_NULL),
            "key_name": described(STRING, KEPT_EMPTY),
            "key_fingerprint": described(STRING, KEPT_EMPTY),
            "image_name": described(STRING, KEPT_EMPTY),
            "flavor_name": described(STRING, KEPT_EMPTY),
            "security_groups": described(
                array(_NESTED_GROUP), "The groups of all of its ports, each once, by name."
            ),
            "other_security_group_ids": _OTHER_GROUPS,
            "floating_ips": described(
                array(_FLOATING_IP), "The floating IP addresses, with their ports."
            ),
            "ports": described(array(_NESTED_PORT), "Its ports."),
            "availability_zone": described(nullable(URI), KEPT_NULL),
            "availability_zone_name": described(STRING, KEPT_EMPTY),
            "runtime_state": described(STRING, KEPT_EMPTY),
            "action": described(STRING, KEPT_EMPTY),
            "hypervisor_hostname": described(STRING, KEPT_EMPTY),
            "rancher_cluster": described(nullable(STRING), KEPT_NULL),
            **MARKETPLACE_FIELDS,
        }
    ),
)

_LINKS = described(
    array(
        {
            "anyOf": [
                URI,
                object_of({"url": described(URI, "The group's URL.")}, ["url"]),
            ]
        }
    ),
    "The URLs of all groups that it shall have, or objects with a `url`. Groups that are not named"
    " are removed; an empty list removes all, and then nothing is admitted.",
)
_GROUPS = Model(
    "OpenStackInstanceSecurityGroupsUpdateRequest",
    object_of({"security_groups": _LINKS}, ["security_groups"]),
)
_EXAMPLE = {
    "security_groups": [
        "https://ringfence.example/api/openstack-security-groups/a1b2c3d4e5f67890abcdef1234567890/"
    ]
}
_SCHEDULED = Model(
    "SecurityGroupsUpdateStatus",
    object_of(
        {
            "status": described(STRING, "What was scheduled, as a sentence."),
            "kept_security_group_ids": described(
                array(STRING),
                "IDs in OpenStack of groups that stay because you do not see them and cannot name"
                " them.",
            ),
            "skipped_port_ids": described(
                array(STRING),
                "IDs in OpenStack of ports of an instance that stay as they are because they take"
                " no groups.",
            ),
        },
        ["status"],
    ),
)

_PORT_NAMES: Mapping[str, Schema | Model] = {
    "uuid": described(HEX_UUID, "The port's UUID."),
    "url": described(URI, "The port's URL."),
    "name": described(STRING, "The port's name."),
    "backend_id": described(STRING, "The port's ID in OpenStack."),
}
_PORT_CHANGE = Model(
    "SecurityGroupsPortChange",
    object_of(
        {
            **_PORT_NAMES,
            "added": described(array(_NAMED_GROUP), "Groups that the port would get."),
            "removed": described(array(_NAMED_GROUP), "Groups that the port would lose."),
            "unchanged": described(array(_NAMED_GROUP), "Groups that it has and would keep."),
            "kept_security_group_ids": described(array(STRING), _NOT_KNOWN),
            "traffic": TRAFFIC,
        }
    ),
)
_SKIPPED_PORT = Model(
    "SecurityGroupsSkippedPort",
    object_of({**_PORT_NAMES, "reason": described(STRING, "Why it takes no groups.")}),
)
_PLAN = Model(
    "SecurityGroupsPlan",
    object_of(
        {
            "ports": described(array(_PORT_CHANGE), "What would change, port by port."),
            "skipped": described(
                array(_SKIPPED_PORT), "Ports of an instance that would stay as they are."
            ),
            "calls": described(INTEGER, "How many changing calls Neutron would get."),
        }
    ),
)

_DRY_RUN = Parameter(
    "dry_run",
    {**BOOLEAN, "default": False},
    "Return what the request would do, as `plan_security_groups` does, and change nothing.",
    own=True,
)

_FILTERS: Mapping[str, str] = {
    **ANCESTOR_DESCRIPTIONS,
    "tenant": "The URL or the UUID of the tenant.",
    "tenant_uuid": "The tenant has this UUID.",
    "name": "The name contains this text, in upper or lower case.",
    "name_exact": "The name is this text.",
    "backend_id": "The ID in OpenStack is this text.",
    "state": "The state is one of these; repeat the parameter for several.",
    "external_ip": "It has this floating IP address.",
    "security_group": "The URL or the UUID of a group that it carries, as last observed.",
    "security_group_uuid": "It carries the group with this UUID, as last observed.",
}
_PORT_FILTERS: Mapping[str, str] = {
    **_FILTERS,
    "uuid": "The port has this UUID.",
    "description": "The description contains this text, in upper or lower case.",
    "device_id": "The ID of the device, for example of an instance in OpenStack.",
    "device_owner": "The owner is this text, for example `compute:nova`.",
    "has_device_owner": "Whether the port belongs to a device.",
    "admin_state_up": "Whether the port forwards packets.",
    "status": "The status in OpenStack is this text, for example `ACTIVE`.",
    "mac_address": "The MAC address, in upper or lower case.",
    "fixed_ips": "It has this IP address.",
    "network_uuid": "The network has this ID in OpenStack.",
    "network_name": "The names of networks are not known here: any value finds nothing.",
    "exclude_subnet_uuids": "It has no address in the subnets with these IDs in OpenStack.",
    "instance_uuid": "It is a port of the instance with this UUID.",
    "query": "Search by name, description, ID in OpenStack, MAC or IP address.",
}
_INSTANCE_FILTERS: Mapping[str, str] = {
    **_FILTERS,
    "uuid": "The instance has this UUID.",
    "query": "Search by name, ID in OpenStack or IP address.",
    **dict.fromkeys(
        ("description", "availability_zone_name", "runtime_state", "attach_volume_uuid"),
        "This is not known of instances here: any value finds nothing.",
    ),
}

_WHAT = {
    "ports": "Set the groups of a port. This removes all groups that are not named.",
    "instances": (
        "Set the groups of all ports of an instance. This removes all groups that are not named."
        " Ports without port security stay as they are."
    ),
}


def _changes(kind: str, path: str) -> tuple[Operation, ...]:
    """Return the operations that set groups, and that show what this would do."""
    tag = path.removeprefix("/api/").rstrip("/")
    name = tag.replace("-", "_")
    body = Body(_GROUPS, example=_EXAMPLE)
    return (
        Operation(
            f"{name}_update_security_groups",
            "POST",
            path + "{uuid}/update_security_groups/",
            tag=tag,
            section="Other Actions",
            title="Update security groups",
            description=_WHAT[kind],
            parameters=(UUID_IN_PATH, _DRY_RUN),
            body=body,
            responses={
                200: Response(_SCHEDULED, promised=False),
                202: Response(_SCHEDULED, "In contract 2026-10"),
            },
            errors=(403, 404, 409, 412),
        ),
        Operation(
            f"{name}_plan_security_groups",
            "POST",
            path + "{uuid}/plan_security_groups/",
            tag=tag,
            section="Other Actions",
            title="Plan security groups",
            description=(
                "Return what `update_security_groups` would do with the same body. It refuses the"
                " same bodies, and changes nothing."
            ),
            parameters=(UUID_IN_PATH,),
            # The model of `update_security_groups`: the same body can be planned and sent.
            body=Body(_GROUPS, example=_EXAMPLE, unknown_keys="named"),
            responses={200: Response(_PLAN)},
            errors=(403, 404, 409, 412),
            own=True,
        ),
    )


operations = (
    *list_count_retrieve(PORTS, PORT, "port", "ports", _PORT_FILTERS),
    *_changes("ports", PORTS.path),
    *list_count_retrieve(INSTANCES, INSTANCE, "instance", "instances", _INSTANCE_FILTERS),
    *_changes("instances", INSTANCES.path),
)
