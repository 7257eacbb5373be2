"""Reads the versions of a group: its desired state after each change."""

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
from ringfence.security_groups.representation import Remote, request_document
from ringfence.security_groups.rule_input.rule_keys import ShownRule
from ringfence.security_groups.rule_input.rule_requests import (
    RuleRequest,
    UnresolvedEnd,
    key_of,
)
from ringfence.security_groups.rules import OWN_FIELDS, Rule, RuleKey
from ringfence.security_groups.versions import Cause

NO_SUCH_VERSION = "No version of the security group matches the given query."
# The remote group of a rule, if it was deleted before deleted groups were stored
UNKNOWN_GROUP = "a deleted group"
# Each version is compared with the one before it, which takes seconds for hundreds of them.
PAGE_SIZE = 50

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

# Rules are compared as rows stored them, and only changed rules leave the database. For a version
# that changed many, only their number does. Rules of older releases have no keys for nulls.
_PAGE: LiteralString = """
SELECT
    version.number, version.created, author.username AS author, version.cause, version.name,
    version.description, before.number AS compared_with,
    jsonb_array_length(version.rules) AS rules_count,
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
    SELECT earlier.number, earlier.rules
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

# The groups that the rules reference: present, deleted, or present again under another id
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

# The rules with a group or an address group at their end, of all versions and of the last
# observation, each once; the newest names first.
_REFERENCING: LiteralString = """
SELECT referencing.rule, min(referencing.age) = 0 AS is_observed
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
    FROM security_group_observations AS observed
    CROSS JOIN LATERAL jsonb_array_elements(observed.rules) AS rule (value)
    WHERE
        observed.security_group_id = %(group)s
        AND coalesce(
            rule.value ->> 'remote_group_id', rule.value ->> 'remote_address_group_id'
        ) IS NOT NULL
) AS referencing
GROUP BY referencing.rule
ORDER BY max(referencing.age) DESC
"""

RemoteRef = tuple[int | None, str | None]
Remotes = Mapping[RemoteRef, tuple[int | None, UUID | None, str, str]]

# Changed rules of one version in a list of versions that are compared by key
MAX_COMPARED = 100
# Keys that `_PAGE` strips from a rule
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
    """A rule of a version, with its remote group as it is now; `remote_id` if that has a row."""

    request: RuleRequest
    remote: Remote | None = None
    remote_id: int | None = None

    def document(self, base_url: str) -> ShownRule:
        """Return the rule as responses show it."""
        return request_document(self.request, self.remote, base_url)


@dataclass(frozen=True, slots=True)
class Version:
    """The desired state from `created` until the next version."""

    number: int
    created: datetime
    author: str | None
    cause: Cause
    name: str
    description: str
    rules: tuple[VersionRule, ...]

    def by_key(self) -> dict[RuleKey, VersionRule]:
        """Return the rules by Neutron's duplicate key."""
        return {key_of(rule.request): rule for rule in self.rules}


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """The number of rules of a version, and how many it added and removed.

    Both refer to `compared_with`, the kept version before it; None if there is none.
    """

    number: int
    created: datetime
    author: str | None
    cause: Cause
    name: str
    description: str
    compared_with: int | None
    rules_count: int
    rules_added: int
    rules_removed: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The rules that one version has and another has not, and the reverse."""

    added: tuple[VersionRule, ...]
    removed: tuple[VersionRule, ...]
    # Rules of both with different descriptions, and the earlier description
    described: tuple[tuple[VersionRule, str], ...]


def difference(after: Version, before: Version) -> Difference:
    """Compare two versions."""
    new, old = after.by_key(), before.by_key()
    return Difference(
        added=tuple(rule for key, rule in new.items() if key not in old),
        removed=tuple(rule for key, rule in old.items() if key not in new),
        described=tuple(
            (rule, description)
            for key, rule in new.items()
            if key in old
            and (description := old[key].request.rule.description) != rule.request.rule.description
        ),
    )


async def count(connection: Connection, group: SecurityGroup) -> int:
    """Return the number of stored versions of the group."""
    cursor = await connection.execute(_COUNT, [group.id])
    row = await cursor.fetchone()
    return row[0] if row else 0


async def list_versions(
    connection: Connection, group: SecurityGroup, size: int, offset: int
) -> list[VersionSummary]:
    """Return a page of versions with the number of changed rules, the newest first.

    Rules that are duplicates for Neutron are equal, however they are written. If more than
    `MAX_COMPARED` rules are written differently, they are not compared by key.
    """
    values = {"group": group.id, "size": size, "offset": offset, "most": MAX_COMPARED}
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
    """Return the changed rules, each with whether it was added."""
    return [(is_new, _NULLS | rule) for is_new, rule in json.loads(text)]


def _summary(
    row: dict[str, Any], changed: list[tuple[bool, dict[str, Any]]] | None, remotes: Remotes
) -> VersionSummary:
    del row["rules"]
    if changed is not None:
        keys: dict[bool, set[RuleKey]] = {True: set(), False: set()}
        for is_new, rule in changed:
            keys[is_new].add(key_of(_rule(rule, remotes).request))
        added, removed = keys[True], keys[False]
        row |= {"rules_added": len(added - removed), "rules_removed": len(removed - added)}
    return VersionSummary(**row | {"cause": Cause(row["cause"])})


async def get_version(connection: Connection, group: SecurityGroup, number: int) -> Version:
    """Return one version; raises `NotFound`, which says whether there was one."""
    values = {"group": group.id, "number": number}
    for version in await _read(connection, group, _ONE, values):
        return version
    if 0 < number <= group.version:
        raise NotFound(f"Version {number} was removed, because versions of its age are not kept.")
    raise NotFound(NO_SUCH_VERSION)


async def referencing_rules(
    connection: Connection, group: SecurityGroup
) -> list[tuple[VersionRule, bool]]:
    """Return all rules of the group, of any version, with a group or address group at their end.

    Each comes with whether it is in the last observation.
    """
    cursor = await connection.execute(_REFERENCING, {"group": group.id})
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
) -> dict[RemoteRef, tuple[int | None, UUID | None, str, str]]:
    refs = {_remote_ref(rule) for rules in versions for rule in rules} - {(None, None)}
    if not refs:
        return {}
    rows = [{"id": number, "backend_id": backend_id} for number, backend_id in refs]
    cursor = await connection.execute(_REMOTES, {"named": recordset(rows), "tenant": tenant_id})
    return {
        (row[0], row[1]): (row[2], row[3], row[4] or "", row[5] or "")
        for row in await cursor.fetchall()
    }


def _remote_ref(stored: Mapping[str, Any]) -> RemoteRef:
    return (stored["remote_group_id"], stored["unresolved_group_backend_id"])


def _rule(stored: Mapping[str, Any], remotes: Remotes) -> VersionRule:
    # A version holds the columns that rules had when it was made.
    rule = Rule(**{name: stored[name] for name in OWN_FIELDS if name in stored})
    address_group = stored["remote_address_group_backend_id"]
    if address_group is not None:
        return VersionRule(
            RuleRequest(rule, None, UnresolvedEnd(address_group_backend_id=address_group))
        )
    ref = _remote_ref(stored)
    if ref == (None, None):
        return VersionRule(RuleRequest(rule))
    present_id, uuid, name, backend_id = remotes[ref]
    if present_id is not None and uuid is not None:
        remote = Remote(name, backend_id, uuid)
        return VersionRule(RuleRequest(replace(rule, remote_group=uuid.hex)), remote, present_id)
    # The group was deleted. Its old name stays: a rule without an end would mean "any".
    backend_id = backend_id or ref[1] or ""
    name = name or stored["unresolved_group_name"] or backend_id or UNKNOWN_GROUP
    end = UnresolvedEnd(backend_id, name)
    return VersionRule(RuleRequest(rule, None, end))
