"""Decide to which ancestors a list of groups is limited, by scope and by filters.

An ancestor is the customer, project, tenant or cloud that contains a group; states are treated as
another level. Each level has an index in the default ordering and a stored number of groups, so the
cost of a page and of its count does not depend on groups of other ancestors. `list_statements`
builds the statements.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString, NamedTuple

from ringfence.access.scope import VISIBLE
from ringfence.http.collections.filters import Conditions
from ringfence.security_groups.read_model.filters import FILTERS

# Filters by ancestor, with their level. `can_manage` filters by project.
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

# Filters that match at most one ancestor
_NAMES_ONE = frozenset(
    {
        *("customer", "customer_uuid", "project", "project_uuid", "tenant", "tenant_uuid"),
        "service_settings_uuid",
    }
)

# The ancestors of a level, joined with theirs
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


class IdentityShape(NamedTuple):
    """The properties of an identity that select the fastest statement, not what it may see."""

    sees_everything: bool
    has_customers: bool
    has_projects: bool
    # Visible customers and projects together
    has_one_ancestor: bool
    has_few_ancestors: bool
    manages_everything: bool
    reads_tracebacks: bool


@dataclass(frozen=True, slots=True)
class Ancestors:
    """Ancestors of one level, as an expression for the array of their ids."""

    level: str
    ids: LiteralString
    # At most one: its rows are in the default ordering already.
    is_one: bool
    # So few that a page is merged from the first rows of each
    are_few: bool

    @property
    def column(self) -> LiteralString:
        """The column of a document's row that holds the ancestor's id."""
        return _COLUMNS[self.level]

    @property
    def count(self) -> LiteralString:
        """The expression for the number of groups; the table of the ids is named `ancestors`."""
        ids: LiteralString = "= ANY((SELECT ancestors.ids FROM ancestors)::bigint[])"
        return _COUNTED.replace("{level}", _QUOTED[self.level]).replace("{ids}", ids)


def ancestors_of(shape: IdentityShape, conditions: Conditions) -> Ancestors | None:
    """Return the ancestors to which a list is limited; None for a list of all groups."""
    named = [name for name in conditions.parameters if name in LEVELS]
    if shape.manages_everything and conditions.parameters.get("can_manage"):
        named.remove("can_manage")
    if not named:
        return _visible(shape)
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
    return Ancestors(level, ids, is_one=one, are_few=one)


def _visible(shape: IdentityShape) -> Ancestors | None:
    if shape.sees_everything:
        return None
    if not shape.has_customers:
        return Ancestors(
            "project",
            "%(sees_projects)s::bigint[]",
            is_one=shape.has_one_ancestor,
            are_few=shape.has_few_ancestors,
        )
    if not shape.has_projects:
        return Ancestors(
            "customer",
            "%(sees_customers)s::bigint[]",
            is_one=shape.has_one_ancestor,
            are_few=shape.has_few_ancestors,
        )
    ids: LiteralString = "ARRAY(SELECT project.id FROM projects AS project WHERE " + VISIBLE + ")"
    return Ancestors("project", ids, is_one=False, are_few=False)


def _level(shape: IdentityShape, levels: set[str]) -> str:
    """Return the widest level that can express all filters; scope is expressed in projects."""
    if not shape.sees_everything:
        levels = levels | {"project"}
    if "tenant" in levels or ("cloud" in levels and len(levels) > 1):
        return "tenant"
    if "project" in levels:
        return "project"
    return levels.pop()
