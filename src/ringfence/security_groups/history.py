"""Reading versions: what was asked for of a group, each time it changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import dict_row

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.errors import NotFound
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.representation import Remote, shown_request
from ringfence.security_groups.rule_keys import ShownRule
from ringfence.security_groups.rule_requests import RuleRequest, UnresolvedEnd, key_of
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

# One more than the page has: the oldest is compared with the one before it.
_PAGE: LiteralString = (
    _VERSION + "ORDER BY version.number DESC LIMIT %(size)s + 1 OFFSET %(offset)s"
)

_ONE: LiteralString = _VERSION + "AND version.number = %(number)s"

# Whatever became of the groups that the rules name: there, gone with remains, or there again.
_REMOTES: LiteralString = """
SELECT
    named.id, named.backend_id, present.id AS present_id, present.uuid,
    coalesce(present.name, gone.name) AS name,
    coalesce(present.backend_id, gone.backend_id) AS present_backend_id
FROM jsonb_to_recordset(%(named)s) AS named (id bigint, backend_id text)
LEFT JOIN security_group_remains AS gone ON gone.security_group_id = named.id
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
class Difference:
    """What one version has and the one that it is compared with has not, and the reverse."""

    added: tuple[VersionRule, ...]
    removed: tuple[VersionRule, ...]
    # Rules in both whose descriptions differ, with the earlier words
    described: tuple[tuple[VersionRule, str], ...]


def difference(after: Version, before: Version | None) -> Difference:
    """Compare two versions; without an earlier one, everything was added."""
    new, old = after.by_key(), before.by_key() if before else {}
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
) -> list[Version]:
    """Give versions, the newest first, and at the end one more than `size` where there is one."""
    values = {"group": group.id, "size": size, "offset": offset}
    return await _read(connection, group, _PAGE, values)


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
    return [
        Version(
            **row
            | {
                "cause": Cause(row["cause"]),
                "rules": tuple(_rule(stored, remotes) for stored in row["rules"]),
            }
        )
        for row in rows
    ]


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


def _rule(
    stored: Mapping[str, Any], remotes: Mapping[Named, tuple[int | None, UUID | None, str, str]]
) -> VersionRule:
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
