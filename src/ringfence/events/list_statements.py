"""Statements for lists of events, which are too many to be read for one page.

A list is read from one or several ranges of indexes: that of all events, those of the customers,
projects and user that an actor sees, or those of the object in `scope`. Each range is read in
order and only as far as the page reaches. With all of them in one condition, PostgreSQL would read
the whole table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

from ringfence.access.authentication import Identity
from ringfence.http.collections.collection import ListQuery, SqlCollection
from ringfence.http.collections.filters import Conditions

SCOPE: LiteralString = "scope"

_CUSTOMERS: LiteralString = """
SELECT customer.uuid FROM customers AS customer
WHERE customer.id = ANY(%(sees_customers)s::bigint[])
"""
_PROJECTS: LiteralString = """
SELECT project.uuid FROM projects AS project
WHERE project.id = ANY(%(sees_projects)s::bigint[])
"""
# Events of a user's own account belong to no project; a token for one project does not show them.
_OWN: LiteralString = """
event.user_uuid = (SELECT account.uuid FROM users AS account WHERE account.id = %(actor_id)s)
AND event.customer_uuid IS NULL
AND event.project_uuid IS NULL
AND %(only_project)s::bigint IS NULL
"""
# By UUID, because an event outlives its object
VISIBLE: LiteralString = (
    "(%(sees_everything)s"
    " OR event.customer_uuid = ANY(ARRAY(" + _CUSTOMERS + "))"
    " OR event.project_uuid = ANY(ARRAY(" + _PROJECTS + "))"
    " OR (" + _OWN + "))"
)

_RANGE: LiteralString = """
SELECT event.id, event.created FROM events AS event WHERE {where} {part}
"""
# Where no index has the order, the sum keeps the planner from reading all events in the order of
# another one.
_SORTED_RANGE: LiteralString = """
SELECT event.id, event.created FROM (
    SELECT event.id, event.created + interval '0' AS created
    FROM events AS event WHERE {where} OFFSET 0
) AS event {part}
"""
_RANGE_OF_EACH: LiteralString = """
SELECT found.id, found.created
FROM ({ancestors}) AS ancestor
CROSS JOIN LATERAL (
    SELECT event.id, event.created FROM events AS event
    WHERE {column} = ancestor.uuid AND {where} {part}
) AS found
"""

# UUIDs are unique across types of objects.
_IN_SCOPE: Mapping[LiteralString, LiteralString] = {
    "event.customer_uuid = %(scope)s": _RANGE,
    "event.project_uuid = %(scope)s": _RANGE,
    "event.tenant_uuid = %(scope)s": _SORTED_RANGE,
    "event.security_group_uuid = %(scope)s": _SORTED_RANGE,
    "event.user_uuid = %(scope)s": _RANGE,
}
IN_SCOPE: LiteralString = "(" + " OR ".join(_IN_SCOPE) + ")"

# The part of a range that a page needs; a count, and the last page, need all of it. With OFFSET,
# the planner keeps the ranges apart.
_REACH: LiteralString = "ORDER BY {order} LIMIT %(offset)s::bigint + %(size)s"
_WHOLE: LiteralString = "OFFSET 0"

# The planner takes an unknown LIMIT for a tenth of all events, and sorts all of them.
_NEAR = 1000
_NEAR_ROWS: LiteralString = """
SELECT near.* FROM (
    SELECT event.id, event.created FROM events AS event WHERE {where} ORDER BY {order} LIMIT 1000
) AS near
"""

_IN_RANGES: LiteralString = "SELECT event.* FROM ({ranges}) AS event ORDER BY {order}"
_COUNT: LiteralString = "SELECT count(*) AS total FROM events AS event WHERE {where}"
_COUNT_IN_RANGES: LiteralString = "SELECT count(*) AS total FROM ({ranges}) AS event"


@dataclass(frozen=True, eq=False)
class EventCollection(SqlCollection):
    """Events in the scope of an actor; the shape is whether it sees everything."""

    def shape(self, identity: Identity) -> bool:
        return bool(identity.parameters["sees_everything"])

    def counted(self, conditions: Conditions, shape: bool) -> LiteralString:  # noqa: FBT001
        """Return the query for the number of events, as `total`."""
        if shape and SCOPE not in conditions.parameters:
            return _COUNT.replace("{where}", _all(conditions.conditions))
        ranges = _ranges(conditions, _WHOLE, sees_everything=shape)
        return _COUNT_IN_RANGES.replace("{ranges}", ranges)

    def rows(self, query: ListQuery, shape: bool) -> LiteralString:  # noqa: FBT001
        """Return the query for the keys of all events, or of those up to the page, in order."""
        order, offset = self.ordering.read(query.params), query.page.offset
        if shape and SCOPE not in query.conditions.parameters:
            is_near = offset is not None and offset + query.page.size <= _NEAR
            rows = _NEAR_ROWS if is_near else _RANGE
            part: LiteralString = "ORDER BY {order}"
            where = _all(query.conditions.conditions)
            statement = rows.replace("{where}", where).replace("{part}", part)
        else:
            part = _WHOLE if offset is None else _REACH
            ranges = _ranges(query.conditions, part, sees_everything=shape)
            statement = _IN_RANGES.replace("{ranges}", ranges)
        return statement.replace("{order}", order)


def _ranges(conditions: Conditions, part: LiteralString, *, sees_everything: bool) -> LiteralString:
    """Return the union of the ranges, without duplicates."""
    if SCOPE in conditions.parameters:
        # As a condition on the rows that were found, in a range of an index each
        others = [each for each in conditions.conditions if each != IN_SCOPE]
        visible: list[LiteralString] = [] if sees_everything else [VISIBLE]
        found = [
            _range(source, [condition, *visible, *others], part)
            for condition, source in _IN_SCOPE.items()
        ]
    elif sees_everything:
        found = [_range(_RANGE, conditions.conditions, part)]
    else:
        where = _all(conditions.conditions)
        found = [
            _range_of_each("event.customer_uuid", _CUSTOMERS, where, part),
            _range_of_each("event.project_uuid", _PROJECTS, where, part),
            _range(_SORTED_RANGE, [_OWN, *conditions.conditions], part),
        ]
    return " UNION ".join(["(" + each + ")" for each in found])


def _range(
    source: LiteralString, conditions: Sequence[LiteralString], part: LiteralString
) -> LiteralString:
    return source.replace("{where}", _all(conditions)).replace("{part}", part)


def _range_of_each(
    column: LiteralString, ancestors: LiteralString, where: LiteralString, part: LiteralString
) -> LiteralString:
    return (
        _RANGE_OF_EACH.replace("{ancestors}", ancestors)
        .replace("{column}", column)
        .replace("{where}", where)
        .replace("{part}", part)
    )


def _all(conditions: Sequence[LiteralString]) -> LiteralString:
    return " AND ".join(conditions) if conditions else "true"
