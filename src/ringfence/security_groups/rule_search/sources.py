"""Which index finds the rules of a search. Pure.

A source is a query for the columns of `ROWS`. It reads one index from where the search begins in
it, and stops after `LIMIT` rows: each part is ordered by the columns of its index, which no other
plan does without sorting. Columns that lead the index are compared with one value each, one part
for each combination of values.
"""

from typing import LiteralString

from ringfence.security_groups.rule_search.conditions import (
    DESCRIBED,
    PORTS,
    SYMBOLIC_ENDS,
    conditions_of,
    numbered,
)
from ringfence.security_groups.rule_search.search import Search
from ringfence.security_groups.rules import DIRECTIONS, ETHERTYPES

# One more than is counted
LIMIT: LiteralString = "10001"
# The same where the planner shall not see it: it assumes a tenth of the rows, and so reads them in
# the order of the index, instead of reading and sorting all of them.
_UNSEEN_LIMIT: LiteralString = " LIMIT (SELECT " + LIMIT + ")"
ROWS: LiteralString = (
    "SELECT rule.id, rule.security_group_id, rule.network, rule.first_port"
    " FROM security_group_rules AS rule WHERE "
)
# From this length on, the index of groups' names is that of substrings.
_SUBSTRING = 5

_DIRECTIONS: LiteralString = "unnest(%(directions)s::text[]) AS side (direction)"
_PROTOCOLS: LiteralString = " CROSS JOIN unnest(%(protocols)s::smallint[]) AS sent (number)"
_INTERNETS: LiteralString = " CROSS JOIN unnest(%(internets)s::boolean[]) AS reach (internet)"
_BITS: LiteralString = "CASE family({value}) WHEN 4 THEN 32 ELSE 128 END"
_AS_LONG: LiteralString = "network(set_masklen({value}, prefix.length))"
_LAST_AS_LONG: LiteralString = "network(set_masklen(broadcast({value}), prefix.length))"
_CONTAINING: LiteralString = "rule.network = " + _AS_LONG
_CONTAINED: LiteralString = "rule.network >= " + _AS_LONG + " AND rule.network <= " + _LAST_AS_LONG

_HAS_SUBSTRINGS: LiteralString = (
    "rule.description <> '' AND substrings_of_three(lower(rule.description)) COLLATE \"C\""
    " @> substrings_of_three(lower(%({name})s::text))"
)
_NAMED: LiteralString = (
    "SELECT sg.id FROM security_groups AS sg"
    ' WHERE substrings_of_five(lower(sg.name)) COLLATE "C"'
    " @> substrings_of_five(lower(%(text)s::text))"
)
_SHORTLY_NAMED: LiteralString = (
    "SELECT stored.security_group_id AS id FROM security_group_documents AS stored"
    " WHERE stored.name ILIKE %(name_pattern)s"
)
# The groups of ports, each once, without reading all ports
_CARRIED: LiteralString = """
WITH RECURSIVE carried AS (
    SELECT min(carrying.security_group_id) AS id FROM cloud_port_groups AS carrying
    UNION ALL
    SELECT (
        SELECT min(following.security_group_id)
        FROM cloud_port_groups AS following
        WHERE following.security_group_id > carried.id
    )
    FROM carried
    WHERE carried.id IS NOT NULL
)
SELECT carried.id FROM carried WHERE carried.id IS NOT NULL
"""


def source_of(search: Search) -> LiteralString | None:
    """Return the query for the rules of a search by an index; None if none serves."""
    found: LiteralString | None = None
    if "remote_group_uuid" in search.given:
        condition: LiteralString = (
            "rule.remote_group_id = (SELECT remote.id FROM security_groups AS remote"
            " WHERE remote.uuid = %(remote_group_uuid)s::uuid)"
        )
        found = ROWS + condition + " AND " + conditions_of(search)
    elif search.given.get("unresolved"):
        found = (
            ROWS + "rule.unresolved_group_backend_id IS NOT NULL AND " + conditions_of(search)
            + " ORDER BY rule.unresolved_group_backend_id" + _UNSEEN_LIMIT
        )  # fmt: skip
    elif search.description is not None:
        found = _described(search, "description")
    elif search.text is not None:
        found = _described(search, "text") + " UNION ALL " + _of_named_groups(search)
    elif search.within or search.overlaps or search.admits or "wider_than" in search.given:
        found = _by_prefix(search)
    elif _limits_traffic(search):
        found = _by_traffic(search)
    elif search.given.get("in_use"):
        found = of_groups(_CARRIED, search)
    return found


def of_groups(
    groups: LiteralString, search: Search, condition: LiteralString = "true"
) -> LiteralString:
    """Return the query for the rules of a search in groups; `groups` is a query for their ids."""
    return (
        "SELECT found.* FROM (" + groups + ") AS sought CROSS JOIN LATERAL (" + ROWS
        + "rule.security_group_id = sought.id AND " + condition + " AND " + conditions_of(search)
        + " OFFSET 0) AS found"
    )  # fmt: skip


def everywhere(search: Search) -> LiteralString:
    """Return the query for the rules of a search among all rules, in no order."""
    return ROWS + conditions_of(search)


def _described(search: Search, name: LiteralString) -> LiteralString:
    found = ROWS + _HAS_SUBSTRINGS + " AND {described} AND " + conditions_of(search)
    return found.replace("{described}", DESCRIBED).replace("{name}", name)


def _of_named_groups(search: Search) -> LiteralString:
    """Return the query for rules by the names of their groups, without those by description."""
    is_long = len(search.text or "") >= _SUBSTRING
    described = DESCRIBED.replace("{name}", "text")
    return of_groups(_NAMED if is_long else _SHORTLY_NAMED, search, "NOT " + described)


def _limits_traffic(search: Search) -> bool:
    return bool(
        search.from_internet
        or search.ports
        or search.protocols is not None
        or len(search.directions) < len(DIRECTIONS)
        or len(search.ethertypes) < len(ETHERTYPES)
    )


def _traffic(search: Search) -> LiteralString:
    """Return the conditions that the two indexes of traffic have in common."""
    found: LiteralString = " AND rule.direction = side.direction"
    if search.protocols is not None:
        found += " AND rule.protocol_number = sent.number"
    return found + (" AND " + PORTS if search.ports else "")


def _by_traffic(search: Search) -> LiteralString:
    """Return the query that reads `security_group_rules_traffic`."""
    is_of_one = len(search.ethertypes) == 1
    return (
        "SELECT found.* FROM " + _DIRECTIONS + _INTERNETS
        + (_PROTOCOLS if search.protocols is not None else "")
        + " CROSS JOIN LATERAL (" + ROWS + "rule.internet = reach.internet" + _traffic(search)
        + (" AND rule.ethertype = (%(ethertypes)s::text[])[1]" if is_of_one else "")
        + " AND " + conditions_of(search)
        + " ORDER BY rule.protocol_number, rule.first_port, rule.last_port, rule.ethertype"
        + _UNSEEN_LIMIT + ") AS found"
    )  # fmt: skip


def _by_prefix(search: Search) -> LiteralString:
    """Return the query that reads `security_group_rules_network`, one prefix length at a time."""
    if search.within:
        return _contained(search, "%(within_0)s::inet", first="masklen({value})")
    if search.admits:
        lengths: LiteralString = "generate_series(0, masklen({value}))"
        rows = _prefixes(search, "%(admits_0)s::inet", lengths, _CONTAINING)
        return " UNION ALL ".join([rows, *_symbolic(search)])
    if search.overlaps:
        value: LiteralString = "%(overlaps_0)s::inet"
        rows = _prefixes(search, value, "generate_series(0, masklen({value}))", _CONTAINING)
        return rows + " UNION ALL " + _contained(search, value, first="masklen({value}) + 1")
    return _prefixes(search, "", "generate_series(0, %(wider_than)s::integer - 1)", "true")


def _contained(search: Search, value: LiteralString, first: LiteralString) -> LiteralString:
    lengths: LiteralString = "generate_series(" + first + ", " + _BITS + ")"
    return _prefixes(search, value, lengths, _CONTAINED)


def _prefixes(
    search: Search, value: LiteralString, lengths: LiteralString, matches: LiteralString
) -> LiteralString:
    found: LiteralString = (
        "SELECT found.* FROM " + lengths + " AS prefix (length) CROSS JOIN " + _DIRECTIONS
        + (_PROTOCOLS if search.protocols is not None else "")
        + " CROSS JOIN LATERAL (" + ROWS + "masklen(rule.network) = prefix.length AND " + matches
        + _traffic(search) + " AND " + conditions_of(search)
        + " ORDER BY rule.network, rule.direction, rule.protocol_number, rule.first_port,"
        " rule.last_port" + _UNSEEN_LIMIT + ") AS found"
    )  # fmt: skip
    return found.replace("{value}", value)


def _symbolic(search: Search) -> list[LiteralString]:
    """Return the queries for rules whose symbolic end has an address as a member."""
    rest = conditions_of(search)
    return [
        ROWS + numbered(condition, "0") + " AND " + rest for condition in SYMBOLIC_ENDS.values()
    ]
