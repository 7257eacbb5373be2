"""The filters and the ordering of the list of groups.

Filters by ancestor are conditions on the tables of the ancestors. All others, and the ordering, use
the columns beside the documents (`stored`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from ringfence.clouds.filters import ANCESTOR_FILTERS
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

# By the ports of the group's own tenant that the cloud last reported
_ON_PORTS_AT: LiteralString = """
stored.security_group_id IN (
    SELECT carrying.security_group_id
    FROM cloud_ports AS port
    INNER JOIN cloud_port_groups AS carrying ON carrying.port_id = port.id
    INNER JOIN security_groups AS sg
        ON sg.id = carrying.security_group_id AND sg.tenant_id = port.tenant_id
    WHERE port.floating_addresses @> ARRAY[%(external_ip)s]::text[]
)
"""

# The length of the substrings of `substrings_of_five` (0002_functions.sql)
_SUBSTRING = 5

# True wherever {column} ILIKE {pattern} is, which is LIKE of both in lower case: a text contains
# the substrings of each text that it contains. The pattern is lowered before the text is taken
# from it, as ILIKE does, because the result for a letter may depend on its neighbours.
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
    """Words that rows store as their number in the list of words, from 1."""

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever the condition takes
        """Return the numbers, each once; raises `Invalid`."""
        words = super().read(values)
        if words is NOT_SENT:
            return words
        return sorted({self.words.index(word) + 1 for word in words})


FILTERS: Mapping[str, Kind] = {
    **ANCESTOR_FILTERS,
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

# Filters by substring, with the condition that the index of substrings serves
_SEARCHES: Mapping[str, LiteralString] = {
    "name": _candidates("%(name)s", "sg.name"),
    "description": _candidates("%(description)s", "sg.description"),
    "query": _candidates("%(query)s", "sg.name", "sg.description"),
}


def searched(name: str, value: Any) -> LiteralString:  # noqa: ANN401 - whatever the filter reads
    """Return a filter's condition, with one for the index of texts if the text is long enough.

    Shorter texts use the trigram index.
    """
    condition = FILTERS[name].condition
    if name not in _SEARCHES or len(contained(value)) < _SUBSTRING:
        return condition
    # `IS TRUE` keeps the planner from the trigram index, which would cost more than it saves.
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
