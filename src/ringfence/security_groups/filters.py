"""The filters and orders of the list of groups."""

from collections.abc import Mapping
from typing import LiteralString

from ringfence.clouds.filters import PLACE_FILTERS, PLACE_ORDERS
from ringfence.http.filters import (
    STATES,
    Choices,
    Filter,
    Kind,
    Orders,
    address_in,
    contains,
    uuid,
)

# As far as a port is known: who carries a group is what its cloud last showed.
_ON_PORTS_AT: LiteralString = """
sg.id IN (
    SELECT carrying.security_group_id
    FROM cloud_ports AS port
    INNER JOIN cloud_port_groups AS carrying ON carrying.port_id = port.id
    WHERE port.floating_addresses @> ARRAY[%(external_ip)s]::text[]
)
"""

FILTERS: Mapping[str, Kind] = {
    **PLACE_FILTERS,
    "uuid": Filter("sg.uuid = %(uuid)s", uuid),
    "tenant": Filter("tenant.uuid = %(tenant)s", address_in("openstack-tenants")),
    "tenant_uuid": Filter("tenant.uuid = %(tenant_uuid)s", uuid),
    "name": Filter("sg.name ILIKE %(name)s", contains),
    "name_exact": Filter("sg.name = %(name_exact)s"),
    "description": Filter("sg.description ILIKE %(description)s", contains),
    "backend_id": Filter("sg.backend_id = %(backend_id)s"),
    "external_ip": Filter(_ON_PORTS_AT),
    "query": Filter("(sg.name ILIKE %(query)s OR sg.description ILIKE %(query)s)", contains),
    "state": Choices("sg.state = ANY(%(state)s)", STATES),
}

ORDERS = Orders(
    {
        **PLACE_ORDERS,
        "name": "sg.name",
        "state": "array_position(%(state_order)s::text[], sg.state)",
        "created": "sg.created",
    },
    default="tenant.name, sg.created, sg.id",
)
