"""The filters and orderings of the lists of ports and instances."""

from collections.abc import Mapping
from typing import LiteralString

from ringfence.access.scope import VISIBLE
from ringfence.clouds.filters import ANCESTOR_FILTERS, ANCESTOR_ORDERS
from ringfence.core_states import STATES
from ringfence.http.collections.filters import (
    NOWHERE,
    Choices,
    Filter,
    Flag,
    Kind,
    Ordering,
    contains,
    uuid,
    uuid_from_url,
    uuids,
)

# Ports that carry a group, as last observed. A group that is not in scope is on no port.
_CARRIES: LiteralString = """
port.security_group_ids @> ARRAY[(
    SELECT sg.backend_id
    FROM security_groups AS sg
    INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
    INNER JOIN projects AS project ON tenant.project_id = project.id
    WHERE sg.uuid = {group} AND sg.backend_id <> '' AND {visible}
)]
""".replace("{visible}", VISIBLE)

_OF_CARRYING: LiteralString = """
instance.id IN (SELECT port.instance_id FROM cloud_ports AS port WHERE {carries})
""".replace("{carries}", _CARRIES)

# Of cloud ids, which are the UUIDs of networks and subnets here
_IN_NETWORK: LiteralString = (
    "port.network_id IN (%(network_uuid)s::uuid::text, hex(%(network_uuid)s::uuid))"
)
_OUTSIDE_SUBNETS: LiteralString = """
NOT EXISTS (
    SELECT FROM jsonb_array_elements(coalesce(port.fixed_ips, '[]')) AS fixed (ip)
    WHERE fixed.ip ->> 'subnet_id' = ANY(
        SELECT excluded.id::text FROM unnest(%(exclude_subnet_uuids)s::uuid []) AS excluded (id)
    )
)
"""

_PORT_CONTAINS: LiteralString = """(
    port.name ILIKE %(query)s
    OR port.description ILIKE %(query)s
    OR port.mac_address ILIKE %(query)s
    OR port.backend_id ILIKE %(query)s
    OR array_to_string(port.addresses || port.floating_addresses, ' ') ILIKE %(query)s
)"""

# Not EXISTS, for which the server may read all ports once
_INSTANCE_CONTAINS: LiteralString = """(
    instance.name ILIKE %(query)s
    OR instance.backend_id ILIKE %(query)s
    OR coalesce((
        SELECT true FROM cloud_ports AS port
        WHERE
            port.instance_id = instance.id
            AND array_to_string(port.addresses || port.floating_addresses, ' ') ILIKE %(query)s
        LIMIT 1
    ), false)
)"""

_AT_FLOATING: LiteralString = """
instance.id IN (
    SELECT port.instance_id FROM cloud_ports AS port
    WHERE port.floating_addresses @> ARRAY[%(external_ip)s]::text []
)
"""

# The state of an instance is that of its ports: a pending one counts most, then a failed one.
INSTANCE_STATE: LiteralString = """(
    SELECT
        CASE
            WHEN bool_or(port.state = 'UPDATING') THEN 'UPDATING'
            WHEN bool_or(port.state = 'UPDATE_SCHEDULED') THEN 'UPDATE_SCHEDULED'
            WHEN bool_or(port.state = 'ERRED') THEN 'ERRED'
            ELSE 'OK'
        END
    FROM cloud_ports AS port
    WHERE port.instance_id = instance.id
)"""

_TENANT_FILTERS: Mapping[str, Kind] = {
    "tenant": Filter("tenant.uuid = %(tenant)s", uuid_from_url("openstack-tenants")),
    "tenant_uuid": Filter("tenant.uuid = %(tenant_uuid)s", uuid),
}

PORT_FILTERS: Mapping[str, Kind] = {
    **ANCESTOR_FILTERS,
    **_TENANT_FILTERS,
    "uuid": Filter("port.uuid = %(uuid)s", uuid),
    "name": Filter("port.name ILIKE %(name)s", contains),
    "name_exact": Filter("port.name = %(name_exact)s"),
    "description": Filter("port.description ILIKE %(description)s", contains),
    "backend_id": Filter("port.backend_id = %(backend_id)s"),
    "device_id": Filter("port.device_id = %(device_id)s"),
    "device_owner": Filter("port.device_owner = %(device_owner)s"),
    "has_device_owner": Flag("(port.device_owner <> '') = %(has_device_owner)s"),
    "admin_state_up": Flag("port.admin_state_up = %(admin_state_up)s"),
    "status": Filter("port.status = %(status)s"),
    "mac_address": Filter("lower(port.mac_address) = lower(%(mac_address)s)"),
    "fixed_ips": Filter("port.addresses @> ARRAY[%(fixed_ips)s]::text []"),
    "external_ip": Filter("port.floating_addresses @> ARRAY[%(external_ip)s]::text []"),
    "network_uuid": Filter(_IN_NETWORK, uuid),
    # The names of networks are not read.
    "network_name": Filter(NOWHERE),
    "exclude_subnet_uuids": Filter(_OUTSIDE_SUBNETS, uuids),
    "instance_uuid": Filter("instance.uuid = %(instance_uuid)s", uuid),
    "security_group": Filter(
        _CARRIES.replace("{group}", "%(security_group)s"),
        uuid_from_url("openstack-security-groups"),
    ),
    "security_group_uuid": Filter(_CARRIES.replace("{group}", "%(security_group_uuid)s"), uuid),
    "query": Filter(_PORT_CONTAINS, contains),
    "state": Choices("port.state = ANY(%(state)s)", STATES),
}

INSTANCE_FILTERS: Mapping[str, Kind] = {
    **ANCESTOR_FILTERS,
    **_TENANT_FILTERS,
    "uuid": Filter("instance.uuid = %(uuid)s", uuid),
    "name": Filter("instance.name ILIKE %(name)s", contains),
    "name_exact": Filter("instance.name = %(name_exact)s"),
    "backend_id": Filter("instance.backend_id = %(backend_id)s"),
    "external_ip": Filter(_AT_FLOATING),
    "security_group": Filter(
        _OF_CARRYING.replace("{group}", "%(security_group)s"),
        uuid_from_url("openstack-security-groups"),
    ),
    "security_group_uuid": Filter(_OF_CARRYING.replace("{group}", "%(security_group_uuid)s"), uuid),
    "query": Filter(_INSTANCE_CONTAINS, contains),
    "state": Choices(INSTANCE_STATE + " = ANY(%(state)s)", STATES),
    # Nova is not read: only what its ports show is known of an instance.
    "description": Filter(NOWHERE),
    "availability_zone_name": Filter(NOWHERE),
    "runtime_state": Filter(NOWHERE),
    "attach_volume_uuid": Filter(NOWHERE, uuid),
}

# By tenant first: a scope is a set of tenants, and each has an index of its ports.
PORT_ORDERS = Ordering(
    {
        **ANCESTOR_ORDERS,
        "name": "port.name",
        "state": "array_position(%(state_order)s::text [], port.state)",
        "created": "port.created",
        "status": "port.status",
        "device_owner": "port.device_owner",
        "mac_address": "port.mac_address",
        "admin_state_up": "port.admin_state_up",
        "instance_name": "coalesce(instance.name, '')",
        # The names of networks and subnets are not read: ports of one stand together.
        "network_name": "port.network_id",
        "subnet_name": "(port.fixed_ips -> 0 ->> 'subnet_id')",
    },
    default="port.tenant_id, port.id",
)

INSTANCE_ORDERS = Ordering(
    {
        **ANCESTOR_ORDERS,
        "name": "instance.name",
        "state": "array_position(%(state_order)s::text [], " + INSTANCE_STATE + ")",
        "created": "instance.created",
        # When an instance started is not known: when it was first observed.
        "start_time": "instance.created",
    },
    default="instance.tenant_id, instance.id",
)
