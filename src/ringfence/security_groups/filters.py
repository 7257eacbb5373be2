"""The filters and orders of the list of groups.

Filters by place are on the places' own tables, all others and the orders on what stands beside the
stored answers (`stored`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from ringfence.clouds.filters import PLACE_FILTERS
from ringfence.http.filters import (
    NOT_GIVEN,
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
stored.security_group_id IN (
    SELECT carrying.security_group_id
    FROM cloud_ports AS port
    INNER JOIN cloud_port_groups AS carrying ON carrying.port_id = port.id
    WHERE port.floating_addresses @> ARRAY[%(external_ip)s]::text[]
)
"""


class Ranked(Choices):
    """Words that stand in the rows by their place among the words, counted from 1."""

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Give the places, each once; raises `Invalid`."""
        words = super().read(values)
        if words is NOT_GIVEN:
            return words
        return sorted({self.words.index(word) + 1 for word in words})


FILTERS: Mapping[str, Kind] = {
    **PLACE_FILTERS,
    "uuid": Filter("stored.uuid = %(uuid)s", uuid),
    "tenant": Filter("tenant.uuid = %(tenant)s", address_in("openstack-tenants")),
    "tenant_uuid": Filter("tenant.uuid = %(tenant_uuid)s", uuid),
    "name": Filter("stored.name ILIKE %(name)s", contains),
    "name_exact": Filter("stored.name = %(name_exact)s"),
    "description": Filter("stored.description ILIKE %(description)s", contains),
    "backend_id": Filter("stored.backend_id = %(backend_id)s"),
    "external_ip": Filter(_ON_PORTS_AT),
    "query": Filter(
        "(stored.name ILIKE %(query)s OR stored.description ILIKE %(query)s)", contains
    ),
    "state": Ranked("stored.state_rank = ANY(%(state)s::integer[])", STATES),
}

ORDERS = Orders(
    {
        "customer_name": "stored.customer_name",
        "customer_native_name": "stored.customer_native_name",
        "customer_abbreviation": "stored.customer_abbreviation",
        "project_name": "stored.project_name",
        "service_name": "stored.service_name",
        "name": "stored.name",
        "state": "stored.state_rank",
        "created": "stored.created",
    },
    default="stored.tenant_name, stored.created, stored.security_group_id",
)
