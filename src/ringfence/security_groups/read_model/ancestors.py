"""Which places a list of groups is confined to: by what the caller sees, and by filters.

A place is a customer, a project, a tenant or a cloud; a state counts as one. Each has an index in
the default order and a number of groups, so whatever a list is confined to, a page and its count
cost the same however many groups there are elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString, NamedTuple

from ringfence.access.scope import VISIBLE
from ringfence.http.collections.filters import Conditions
from ringfence.security_groups.read_model.filters import FILTERS

# Filters by place, by the level of what they name. `can_manage` is a matter of projects.
LEVELS: Mapping[str, str] = {
    "customer": "customer",
    "customer_uuid": "customer",
    "customer_name": "customer",
    "customer_native_name": "customer",
    "customer_abbreviation": "customer",
    "project": "project",
    "project_uuid": "project",
    "project_name": "project",
    "can_manage": "project",
    "tenant": "tenant",
    "tenant_uuid": "tenant",
    "service_settings_uuid": "cloud",
    "service_settings_name": "cloud",
}
STATE = "state"

# What names one place at most.
_NAMES_ONE = frozenset(
    {
        *("customer", "customer_uuid", "project", "project_uuid", "tenant", "tenant_uuid"),
        "service_settings_uuid",
    }
)

# The places of a level, with those that they are in.
_SOURCES: Mapping[str, LiteralString] = {
    "customer": "customers AS customer",
    "project": (
        "projects AS project INNER JOIN customers AS customer ON project.customer_id = customer.id"
    ),
    "tenant": (
        "tenants AS tenant INNER JOIN projects AS project ON tenant.project_id = project.id"
        " INNER JOIN customers AS customer ON project.customer_id = customer.id"
        " INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id"
    ),
    "cloud": "clouds AS cloud",
}

_IDS: Mapping[str, LiteralString] = {
    "customer": "customer.id",
    "project": "project.id",
    "tenant": "tenant.id",
    "cloud": "cloud.id",
}

_COLUMNS: Mapping[str, LiteralString] = {
    "customer": "stored.customer_id",
    "project": "stored.project_id",
    "tenant": "stored.tenant_id",
    "cloud": "stored.cloud_id",
    "state": "stored.state_rank",
}

_QUOTED: Mapping[str, LiteralString] = {
    "all": "'all'",
    "customer": "'customer'",
    "project": "'project'",
    "tenant": "'tenant'",
    "cloud": "'cloud'",
    "state": "'state'",
}

_COUNTED: LiteralString = """
(
    coalesce((
        SELECT sum(counted.groups) FROM security_group_counts AS counted
        WHERE counted.level = {level} AND counted.id {ids}
    ), 0)
    + coalesce((
        SELECT sum(change.groups) FROM security_group_count_changes AS change
        WHERE change.level = {level} AND change.id {ids}
    ), 0)
)::bigint
"""

EVERYWHERE: LiteralString = _COUNTED.replace("{level}", _QUOTED["all"]).replace("{ids}", "= 0")


class CallerShape(NamedTuple):
    """What of a caller decides which statement is best; never what it may see."""

    sees_everything: bool
    has_customers: bool
    has_projects: bool
    # Of customers or projects, whichever there are
    is_at_one: bool
    is_at_few: bool
    manages_everything: bool
    reads_tracebacks: bool


@dataclass(frozen=True, slots=True)
class Places:
    """Places of one level, given by an expression for the array of their ids."""

    level: str
    ids: LiteralString
    # At most, so that its rows are in order already
    is_one: bool
    # So that a page is best made of the first rows of each
    are_few: bool

    @property
    def column(self) -> LiteralString:
        """Give the column of a stored answer that names the place."""
        return _COLUMNS[self.level]

    @property
    def count(self) -> LiteralString:
        """Give the expression for the number of groups in these places, named `places`."""
        ids: LiteralString = "= ANY((SELECT places.ids FROM places)::bigint[])"
        return _COUNTED.replace("{level}", _QUOTED[self.level]).replace("{ids}", ids)


def places_of(shape: CallerShape, conditions: Conditions) -> Places | None:
    """Give the places that a list is confined to; None for a list of everything."""
    named = [name for name in conditions.parameters if name in LEVELS]
    if shape.manages_everything and conditions.parameters.get("can_manage"):
        named.remove("can_manage")
    if not named:
        return _seen(shape)
    levels = {LEVELS[name] for name in named}
    level = _level(shape, levels)
    where: list[LiteralString] = [FILTERS[name].condition for name in named]
    if not shape.sees_everything:
        where.append(VISIBLE)
    ids = (
        "ARRAY(SELECT "
        + _IDS[level]
        + " FROM "
        + _SOURCES[level]
        + " WHERE "
        + " AND ".join(where)
        + ")"
    )
    one = any(name in _NAMES_ONE and LEVELS[name] == level for name in named)
    return Places(level, ids, is_one=one, are_few=one)


def _seen(shape: CallerShape) -> Places | None:
    if shape.sees_everything:
        return None
    if not shape.has_customers:
        return Places(
            "project",
            "%(sees_projects)s::bigint[]",
            is_one=shape.is_at_one,
            are_few=shape.is_at_few,
        )
    if not shape.has_projects:
        return Places(
            "customer",
            "%(sees_customers)s::bigint[]",
            is_one=shape.is_at_one,
            are_few=shape.is_at_few,
        )
    ids: LiteralString = "ARRAY(SELECT project.id FROM projects AS project WHERE " + VISIBLE + ")"
    return Places("project", ids, is_one=False, are_few=False)


def _level(shape: CallerShape, levels: set[str]) -> str:
    """Give the widest level at which all can be said; what is seen is a matter of projects."""
    if not shape.sees_everything:
        levels = levels | {"project"}
    if "tenant" in levels or ("cloud" in levels and len(levels) > 1):
        return "tenant"
    if "project" in levels:
        return "project"
    return levels.pop()
