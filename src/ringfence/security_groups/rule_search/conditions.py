"""The conditions of a search on a rule, as SQL on the row `rule`. Pure.

Each is fenced by `IS TRUE`, so that the planner uses no index for it: which index is read is
decided in `sources`, because the planner does not know the values and would read the whole table
for a filter that finds nothing.
"""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from ringfence.security_groups.rule_search.search import Search
from ringfence.security_groups.rules import DIRECTIONS, ETHERTYPES

PORTS: LiteralString = (
    "rule.first_port <= %(least_port)s::integer AND rule.last_port >= %(greatest_port)s::integer"
)

# Members of remote groups are addresses of ports that the actor sees, and their allowed address
# pairs, which belong to the group in some clouds. A foreign group is known by the ports that have
# its id. The members of address groups are prefixes.
_MEMBERS: LiteralString = """
holder_{n} AS MATERIALIZED (
    SELECT port.id, port.security_group_ids
    FROM cloud_ports AS port
    WHERE port.addresses @> ARRAY[host(%(admits_{n})s::inet)] AND {port_visible}
    UNION ALL
    SELECT port.id, port.security_group_ids
    FROM cloud_ports AS port
    CROSS JOIN LATERAL
        jsonb_path_query(port.allowed_address_pairs, '$[*].ip_address') AS pair (prefix)
    WHERE
        port.allowed_address_pairs <> '[]'
        AND network_of(pair.prefix #>> '{}') >>= %(admits_{n})s::inet
        AND {port_visible}
),
members_{n} AS MATERIALIZED (
    SELECT
        ARRAY(
            SELECT carrying.security_group_id
            FROM holder_{n} AS holder
            INNER JOIN cloud_port_groups AS carrying ON holder.id = carrying.port_id
        ) AS groups,
        ARRAY(
            SELECT DISTINCT unnest(holder.security_group_ids) FROM holder_{n} AS holder
        ) AS backend_ids,
        ARRAY(
            SELECT address_group.backend_id
            FROM cloud_address_groups AS address_group
            CROSS JOIN LATERAL unnest(address_group.addresses) AS member (prefix)
            WHERE
                network_of(member.prefix) >>= %(admits_{n})s::inet
                AND {address_group_visible}
        ) AS address_groups
)
"""
_TENANT_VISIBLE: LiteralString = "{table}.tenant_id IN (SELECT visible.id FROM visible)"

_IP_VERSION: LiteralString = (
    "rule.ethertype = CASE family(%(admits_{n})s::inet) WHEN 4 THEN 'IPv4' ELSE 'IPv6' END"
)
# A symbolic end with this member, by the kind of its id
SYMBOLIC_ENDS: Mapping[str, LiteralString] = {
    "groups": (
        "rule.remote_group_id = ANY((SELECT members_{n}.groups FROM members_{n})::bigint[])"
    ),
    "backend_ids": (
        "rule.unresolved_group_backend_id"
        " = ANY((SELECT members_{n}.backend_ids FROM members_{n})::text[])"
    ),
    "address_groups": (
        "rule.remote_address_group_backend_id"
        " = ANY((SELECT members_{n}.address_groups FROM members_{n})::text[])"
    ),
}
_ADMITS: LiteralString = (
    "rule.network >>= %(admits_{n})s::inet OR ("
    + _IP_VERSION
    + " AND ("
    + " OR ".join(SYMBOLIC_ENDS.values())
    + "))"
)

DESCRIBED: LiteralString = "strpos(lower(rule.description), lower(%({name})s::text)) > 0"
_DESCRIPTION: LiteralString = DESCRIBED.replace("{name}", "description")
_TEXT: LiteralString = (
    DESCRIBED.replace("{name}", "text")
    + " OR strpos(lower((SELECT sg.name FROM security_groups AS sg"
    " WHERE sg.id = rule.security_group_id)), lower(%(text)s::text)) > 0"
)
_FROM_INTERNET: LiteralString = "(rule.internet AND rule.direction = 'ingress')"
_SENT: Mapping[str, LiteralString] = {
    "from_internet": _FROM_INTERNET + " = %(from_internet)s::boolean",
    "wider_than": "masklen(rule.network) < %(wider_than)s::integer",
    "remote_group_uuid": (
        "rule.remote_group_id = (SELECT remote.id FROM security_groups AS remote"
        " WHERE remote.uuid = %(remote_group_uuid)s::uuid)"
    ),
    "unresolved": "(rule.unresolved_group_backend_id IS NOT NULL) = %(unresolved)s::boolean",
    "in_use": (
        "EXISTS (SELECT FROM cloud_port_groups AS carrying"
        " WHERE carrying.security_group_id = rule.security_group_id) = %(in_use)s::boolean"
    ),
}

# Parameters of up to two values have a number.
NUMBERS: tuple[LiteralString, ...] = ("0", "1")


def numbered(text: LiteralString, number: LiteralString) -> LiteralString:
    """Return the text for the value with this number."""
    return text.replace("{n}", number)


def conditions_of(search: Search) -> LiteralString:
    """Return all conditions of a search, fenced; `true` without any."""
    found: list[LiteralString] = []
    if len(search.directions) < len(DIRECTIONS):
        found.append("rule.direction = ANY(%(directions)s::text[])")
    if len(search.ethertypes) < len(ETHERTYPES):
        found.append("rule.ethertype = ANY(%(ethertypes)s::text[])")
    if search.protocols is not None:
        found.append("rule.protocol_number = ANY(%(protocols)s::smallint[])")
    if search.ports:
        found.append(PORTS)
    found += _each("rule.network <<= %(within_{n})s::inet", search.within)
    found += _each("rule.network && %(overlaps_{n})s::inet", search.overlaps)
    found += _each(_ADMITS, search.admits)
    if search.description is not None:
        found.append(_DESCRIPTION)
    if search.text is not None:
        found.append(_TEXT)
    found += [condition for name, condition in _SENT.items() if name in search.given]
    return " AND ".join(["(" + each + ") IS TRUE" for each in found]) or "true"


def members_of(search: Search, *, sees_everything: bool) -> list[LiteralString]:
    """Return the common table expressions that the conditions take; `visible` has tenants."""
    found: list[LiteralString] = []
    for number, _ in zip(NUMBERS, search.admits, strict=False):
        statement = numbered(_MEMBERS, number)
        tables: tuple[LiteralString, ...] = ("port", "address_group")
        for table in tables:
            visible: LiteralString = (
                "true" if sees_everything else _TENANT_VISIBLE.replace("{table}", table)
            )
            statement = statement.replace("{" + table + "_visible}", visible)
        found.append(statement)
    return found


def _each(condition: LiteralString, values: Sequence[object]) -> list[LiteralString]:
    return [numbered(condition, number) for number, _ in zip(NUMBERS, values, strict=False)]
