"""Reading versions: what was asked for of a group, each time it changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.errors import NotFound
from ringfence.http.offload import in_thread
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.representation import Remote, shown_request
from ringfence.security_groups.rule_input.rule_keys import ShownRule
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, UnresolvedEnd, key_of
from ringfence.security_groups.rules import Rule, RuleKey
from ringfence.security_groups.versions import Cause

NO_SUCH_VERSION = "No version of the security group matches the given query."
# Of a rule whose group went before its remains were kept.
UNKNOWN_GROUP = "a group that is gone"

_COUNT: LiteralString = """
SELECT count(*) FROM security_group_versions AS version WHERE version.security_group_id = %s
"""

_VERSION: LiteralString = """
SELECT
    version.number, version.created, author.username AS author, version.cause, version.name,
    version.description, version.rules
FROM security_group_versions AS version
LEFT JOIN users AS author ON version.author_id = author.id
WHERE version.security_group_id = %(group)s
"""

# Rules are compared as rows held them, and only those that differ leave the database: of a version
# that changed more of them than anybody reads, their number alone does. Rules of older releases
# lack what was null.
_PAGE: LiteralString = """
SELECT
    version.number, version.created, author.username AS author, version.cause, version.name,
    version.description, jsonb_array_length(version.rules) AS rules_count,
    changed.rules_added, changed.rules_removed, changed.rules
FROM (
    SELECT kept.*
    FROM security_group_versions AS kept
    WHERE kept.security_group_id = %(group)s
    ORDER BY kept.number DESC
    LIMIT %(size)s OFFSET %(offset)s
) AS version
LEFT JOIN users AS author ON version.author_id = author.id
LEFT JOIN LATERAL (
    SELECT earlier.rules
    FROM security_group_versions AS earlier
    WHERE earlier.security_group_id = %(group)s AND earlier.number < version.number
    ORDER BY earlier.number DESC
    LIMIT 1
) AS before ON true
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE one.side > 0) AS rules_added,
        count(*) FILTER (WHERE one.side < 0) AS rules_removed,
        CASE WHEN count(*) <= %(most)s THEN
            coalesce(jsonb_agg(jsonb_build_array(one.side > 0, one.rule)), '[]')::text
        END AS rules
    FROM (
        SELECT side.rule, sum(side.side) AS side
        FROM (
            SELECT
                jsonb_strip_nulls(rule.value - '{id,position,description}'::text []) AS rule,
                1 AS side
            FROM jsonb_array_elements(version.rules) AS rule (value)
            UNION ALL
            SELECT
                jsonb_strip_nulls(rule.value - '{id,position,description}'::text []) AS rule,
                -1 AS side
            FROM jsonb_array_elements(before.rules) AS rule (value)
        ) AS side
        GROUP BY side.rule
        HAVING sum(side.side) <> 0
    ) AS one
) AS changed
ORDER BY version.number DESC
"""

_ONE: LiteralString = _VERSION + "AND version.number = %(number)s"

# Whatever became of the groups that the rules name: there, gone with remains, or there again.
_REMOTES: LiteralString = """
SELECT
    named.id, named.backend_id, present.id AS present_id, present.uuid,
    coalesce(present.name, gone.name) AS name,
    coalesce(present.backend_id, gone.backend_id) AS present_backend_id
FROM jsonb_to_recordset(%(named)s) AS named (id bigint, backend_id text)
LEFT JOIN deleted_security_groups AS gone ON gone.security_group_id = named.id
LEFT JOIN LATERAL (
    SELECT sg.id, sg.uuid, sg.name, sg.backend_id
    FROM security_groups AS sg
    WHERE
        sg.tenant_id = %(tenant)s
        AND (
            sg.id = named.id
            OR (
                sg.backend_id <> ''
                AND sg.backend_id = coalesce(named.backend_id, gone.backend_id)
            )
        )
    ORDER BY sg.id = named.id DESC
    LIMIT 1
) AS present ON true
"""

# The rules with a group or an address group at their end, of all versions and of what the cloud
# last showed, each once; the newest names first.
_LIMITED: LiteralString = """
SELECT limited.rule, min(limited.age) = 0 AS is_observed
FROM (
    SELECT
        rule.value - '{id,position,description}'::text [] AS rule,
        version.number AS age
    FROM security_group_versions AS version
    CROSS JOIN LATERAL jsonb_array_elements(version.rules) AS rule (value)
    WHERE
        version.security_group_id = %(group)s
        AND coalesce(
            rule.value ->> 'remote_group_id',
            rule.value ->> 'unresolved_group_backend_id',
            rule.value ->> 'remote_address_group_backend_id'
        ) IS NOT NULL
    UNION ALL
    SELECT
        jsonb_build_object(
            'ethertype', rule.value -> 'ethertype',
            'direction', rule.value -> 'direction',
            'protocol', coalesce(rule.value ->> 'protocol', ''),
            'from_port', rule.value -> 'port_range_min',
            'to_port', rule.value -> 'port_range_max',
            'cidr', NULL,
            'remote_group_id', NULL,
            'unresolved_group_backend_id', rule.value -> 'remote_group_id',
            'unresolved_group_name', rule.value -> 'remote_group_id',
            'remote_address_group_backend_id', rule.value -> 'remote_address_group_id'
        ),
        0
    FROM security_group_observations AS seen
    CROSS JOIN LATERAL jsonb_array_elements(seen.rules) AS rule (value)
    WHERE
        seen.security_group_id = %(group)s
        AND coalesce(
            rule.value ->> 'remote_group_id', rule.value ->> 'remote_address_group_id'
        ) IS NOT NULL
) AS limited
GROUP BY limited.rule
ORDER BY max(limited.age) DESC
"""

Named = tuple[int | None, str | None]
Remotes = Mapping[Named, tuple[int | None, UUID | None, str, str]]

# Rules of one version in a list of versions
COMPARED = 100
# What a rule has as its row held it, apart from what says nothing of what it admits
_NULLS: Mapping[str, Any] = {
    "cidr": None,
    "from_port": None,
    "to_port": None,
    "remote_group_id": None,
    "unresolved_group_backend_id": None,
    "unresolved_group_name": None,
    "remote_address_group_backend_id": None,
    "description": "",
}


@dataclass(frozen=True, slots=True)
class VersionRule:
    """A rule of a version with what its remote group is today; `remote_id` where it is a row."""

    request: RuleRequest
    remote: Remote | None = None
    remote_id: int | None = None

    def shown(self, base: str) -> ShownRule:
        """Show the rule."""
        return shown_request(self.request, self.remote, base)


@dataclass(frozen=True, slots=True)
class Version:
    """What was asked for from `created` on."""

    number: int
    created: datetime
    author: str | None
    cause: Cause
    name: str
    description: str
    rules: tuple[VersionRule, ...]

    def by_key(self) -> dict[RuleKey, VersionRule]:
        """Give the rules by what decides whether two are one."""
        return {key_of(rule.request): rule for rule in self.rules}


@dataclass(frozen=True, slots=True)
class Summary:
    """How many rules a version had, and how many more and fewer than the one before it."""

    number: int
    created: datetime
    author: str | None
    cause: Cause
    name: str
    description: str
    rules_count: int
    rules_added: int
    rules_removed: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What one version has and the one that it is compared with has not, and the reverse."""

    added: tuple[VersionRule, ...]
    removed: tuple[VersionRule, ...]
    # Rules in both whose descriptions differ, with the earlier words
    described: tuple[tuple[VersionRule, str], ...]


def difference(after: Version, before: Version) -> Difference:
    """Compare two versions."""
    new, old = after.by_key(), before.by_key()
    return Difference(
        added=tuple(rule for key, rule in new.items() if key not in old),
        removed=tuple(rule for key, rule in old.items() if key not in new),
        described=tuple(
            (rule, words)
            for key, rule in new.items()
            if key in old
            and (words := old[key].request.rule.description) != rule.request.rule.description
        ),
    )


async def count(connection: Connection, group: SecurityGroup) -> int:
    """Give how many versions of the group are kept."""
    cursor = await connection.execute(_COUNT, [group.id])
    row = await cursor.fetchone()
    return row[0] if row else 0


async def page_of_versions(
    connection: Connection, group: SecurityGroup, size: int, offset: int
) -> list[Summary]:
    """Return what the versions of a page changed, the newest first.

    Two rules that Neutron takes for one are the same, however they are written. Where more than
    `COMPARED` differ as they are written, it is not looked whether some of them are.
    """
    values = {"group": group.id, "size": size, "offset": offset, "most": COMPARED}
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(_PAGE, values)
    rows = await cursor.fetchall()
    changed: list[list[tuple[bool, dict[str, Any]]] | None] = await in_thread(
        lambda: [row["rules"] and _changed(row["rules"]) for row in rows]
    )
    rules = [[rule for _, rule in each] for each in changed if each]
    remotes = await _remotes(connection, group.tenant_id, rules)
    return await in_thread(
        lambda: [_summary(row, each, remotes) for row, each in zip(rows, changed, strict=True)]
    )


def _changed(text: str) -> list[tuple[bool, dict[str, Any]]]:
    """Return the rules that differ, and of each whether it came."""
    return [(is_new, _NULLS | rule) for is_new, rule in json.loads(text)]


def _summary(
    row: dict[str, Any], changed: list[tuple[bool, dict[str, Any]]] | None, remotes: Remotes
) -> Summary:
    del row["rules"]
    if changed is not None:
        keys: dict[bool, set[RuleKey]] = {True: set(), False: set()}
        for is_new, rule in changed:
            keys[is_new].add(key_of(_rule(rule, remotes).request))
        came, went = keys[True], keys[False]
        row |= {"rules_added": len(came - went), "rules_removed": len(went - came)}
    return Summary(**row | {"cause": Cause(row["cause"])})


async def version_of(connection: Connection, group: SecurityGroup, number: int) -> Version:
    """Give one version; raises `NotFound`."""
    values = {"group": group.id, "number": number}
    for version in await _read(connection, group, _ONE, values):
        return version
    raise NotFound(NO_SUCH_VERSION)


async def limited_rules(
    connection: Connection, group: SecurityGroup
) -> list[tuple[VersionRule, bool]]:
    """Return the rules with a group or an address group at their end that the group ever had.

    Beside each stands whether the cloud last showed it.
    """
    cursor = await connection.execute(_LIMITED, {"group": group.id})
    rows = [(row[0] | {"description": ""}, row[1]) for row in await cursor.fetchall()]
    remotes = await _remotes(connection, group.tenant_id, [[rule for rule, _ in rows]])
    return [(_rule(rule, remotes), is_observed) for rule, is_observed in rows]


async def _read(
    connection: Connection,
    group: SecurityGroup,
    statement: LiteralString,
    values: Mapping[str, object],
) -> list[Version]:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(statement, values)
    rows = await cursor.fetchall()
    remotes = await _remotes(connection, group.tenant_id, [row["rules"] for row in rows])
    return await in_thread(lambda: [_version(row, remotes) for row in rows])


def _version(row: Mapping[str, Any], remotes: Remotes) -> Version:
    rules = tuple(_rule(stored, remotes) for stored in row["rules"])
    return Version(**{**row, "cause": Cause(row["cause"]), "rules": rules})


async def _remotes(
    connection: Connection, tenant_id: int, versions: Sequence[Sequence[Mapping[str, Any]]]
) -> dict[Named, tuple[int | None, UUID | None, str, str]]:
    named = {_named(rule) for rules in versions for rule in rules} - {(None, None)}
    if not named:
        return {}
    rows = [{"id": number, "backend_id": backend_id} for number, backend_id in named]
    cursor = await connection.execute(_REMOTES, {"named": recordset(rows), "tenant": tenant_id})
    return {
        (row[0], row[1]): (row[2], row[3], row[4] or "", row[5] or "")
        for row in await cursor.fetchall()
    }


def _named(stored: Mapping[str, Any]) -> Named:
    return (stored["remote_group_id"], stored["unresolved_group_backend_id"])


def _rule(stored: Mapping[str, Any], remotes: Remotes) -> VersionRule:
    rule = Rule(
        ethertype=stored["ethertype"],
        direction=stored["direction"],
        protocol=stored["protocol"],
        from_port=stored["from_port"],
        to_port=stored["to_port"],
        cidr=stored["cidr"],
        description=stored["description"],
    )
    address_group = stored["remote_address_group_backend_id"]
    if address_group is not None:
        return VersionRule(
            RuleRequest(rule, None, UnresolvedEnd(address_group_backend_id=address_group))
        )
    named = _named(stored)
    if named == (None, None):
        return VersionRule(RuleRequest(rule))
    present_id, uuid, name, backend_id = remotes[named]
    if present_id is not None and uuid is not None:
        found = Remote(name, backend_id, uuid)
        return VersionRule(RuleRequest(replace(rule, remote_group=uuid.hex)), found, present_id)
    # It is gone: it is named as what it was, and never left out, which would mean "any".
    backend_id = backend_id or named[1] or ""
    name = name or stored["unresolved_group_name"] or backend_id or UNKNOWN_GROUP
    end = UnresolvedEnd(backend_id, name)
    return VersionRule(RuleRequest(rule, None, end))
