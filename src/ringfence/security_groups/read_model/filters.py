"""The filters and orders of the list of groups.

Filters by place are on the places' own tables, all others and the orders on what stands beside the
stored answers (`stored`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from ringfence.clouds.filters import PLACE_FILTERS
from ringfence.core_states import STATES
from ringfence.http.collections.filters import (
    NOT_SENT,
    Choices,
    Filter,
    Kind,
    Ordering,
    contained,
    contains,
    uuid,
    uuid_from_url,
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

# As many characters as `substrings_of_five` gives (see 0002_functions.sql)
_SUBSTRING = 5

# Holds wherever {column} ILIKE {pattern} does, which is LIKE between both in lower case: what
# contains a text contains its parts. The pattern is put into lower case before the text is taken
# out of it, as ILIKE does: what a letter becomes may depend on its neighbours.
_HAS_SUBSTRINGS: LiteralString = """
substrings_of_five(lower({column})) COLLATE "C" @> substrings_of_five(
    regexp_replace(left(substr(lower({pattern}), 2), -1), '\\\\(.)', '\\1', 'g')
)
"""
_CANDIDATES: LiteralString = (
    "stored.security_group_id IN (SELECT sg.id FROM security_groups AS sg WHERE {has_substrings})"
)


def _candidates(pattern: LiteralString, *columns: LiteralString) -> LiteralString:
    has_substrings = [_HAS_SUBSTRINGS.replace("{column}", column) for column in columns]
    return _CANDIDATES.replace("{has_substrings}", " OR ".join(has_substrings)).replace(
        "{pattern}", pattern
    )


class Ranked(Choices):
    """Words that stand in the rows by their place among the words, counted from 1."""

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Give the places, each once; raises `Invalid`."""
        words = super().read(values)
        if words is NOT_SENT:
            return words
        return sorted({self.words.index(word) + 1 for word in words})


FILTERS: Mapping[str, Kind] = {
    **PLACE_FILTERS,
    "uuid": Filter("stored.uuid = %(uuid)s", uuid),
    "tenant": Filter("tenant.uuid = %(tenant)s", uuid_from_url("openstack-tenants")),
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

# Filters by a part of a text, with what an index gives instead of all groups
_SEARCHES: Mapping[str, LiteralString] = {
    "name": _candidates("%(name)s", "sg.name"),
    "description": _candidates("%(description)s", "sg.description"),
    "query": _candidates("%(query)s", "sg.name", "sg.description"),
}


def searched(name: str, value: Any) -> LiteralString:  # noqa: ANN401 - whatever the filter reads
    """Give a filter's condition as it is put to all groups, or to those that an index gives.

    A text too short for that is left to the trigrams.
    """
    condition = FILTERS[name].condition
    if name not in _SEARCHES or len(contained(value)) < _SUBSTRING:
        return condition
    # `IS TRUE`: the trigrams are not asked as well, which would cost more than it finds.
    return _SEARCHES[name] + " AND (" + condition + ") IS TRUE"


ORDERS = Ordering(
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
