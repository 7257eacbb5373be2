"""Writes the rows of rules. Every statement that inserts a rule is in this module.

Each function has the documents of the groups refreshed before the transaction commits.

Rules name their remote groups in one of two ways: users' rules by UUIDs that are already resolved
to rows, and rules from a cloud by backend ids that are resolved while they are inserted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

from ringfence.database.pool import Connection
from ringfence.database.recordset import recordset
from ringfence.security_groups.port_exposures import refresh as port_exposures
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rules import OWN_FIELDS, Rule

# The columns apart from the remote group, in the order of `rules.OWN_FIELDS`, and their types.
# Every statement that reads or writes rules takes them from here.
COLUMNS: LiteralString = """
rule.ethertype, rule.direction, rule.protocol, rule.from_port, rule.to_port, rule.cidr,
rule.description
"""
_TYPES: LiteralString = """
ethertype text, direction text, protocol text, from_port integer, to_port integer, cidr text,
description text
"""
_NAMES: LiteralString = COLUMNS.replace("rule.", "")
_DESIRED: LiteralString = COLUMNS.replace("rule.", "desired.")

# Whether a rule may admit the internet; of an address group, the members decide.
_MAY_BE_OPEN: LiteralString = """
rule.direction = 'ingress' AND (rule.internet OR rule.remote_address_group_backend_id IS NOT NULL)
"""
# What such a rule admits, as a value to compare
_ADMITTED: LiteralString = """
ROW(
    {rule}.ethertype, {rule}.protocol_number, {rule}.from_port, {rule}.to_port, {rule}.network,
    {rule}.remote_address_group_backend_id
)::text
"""
_OLD_ADMITTED = _ADMITTED.replace("{rule}", "old")
_OLD_MAY_BE_OPEN = _MAY_BE_OPEN.replace("rule.", "old.")
_ADMITTED = _ADMITTED.replace("{rule}", "rule")

_DELETE_OTHERS: LiteralString = """
WITH rule AS (
    DELETE FROM security_group_rules
    WHERE security_group_id = %(id)s AND NOT id = ANY(%(kept)s)
    RETURNING *
)
SELECT {admitted}, NULL FROM rule WHERE {may_be_open}
""".replace("{admitted}", _ADMITTED).replace("{may_be_open}", _MAY_BE_OPEN)

_DELETE: LiteralString = """
DELETE FROM security_group_rules AS rule WHERE id = ANY(%s)
RETURNING security_group_id, {may_be_open}
""".replace("{may_be_open}", _MAY_BE_OPEN)

_DELETE_OF_GROUPS: LiteralString = """
DELETE FROM security_group_rules WHERE security_group_id = ANY(%s)
"""

_RULES: LiteralString = """
jsonb_to_recordset(%(rules)s) AS desired (
    id bigint, security_group_id bigint, position integer, {types},
    remote_group_id bigint, remote_group_backend_id text, unresolved_group_backend_id text,
    unresolved_group_name text, remote_address_group_backend_id text
)
""".replace("{types}", _TYPES)

_UPDATE_KEPT: LiteralString = """
UPDATE security_group_rules AS rule
SET
    position = desired.position,
    ({names}) = ({desired}),
    remote_group_id = desired.remote_group_id,
    unresolved_group_backend_id = desired.unresolved_group_backend_id,
    unresolved_group_name = desired.unresolved_group_name,
    remote_address_group_backend_id = desired.remote_address_group_backend_id
FROM {rules}
INNER JOIN security_group_rules AS old ON desired.id = old.id
WHERE
    rule.security_group_id = %(id)s
    AND rule.id = desired.id
    -- A row that stays as it is costs no write in the table and its indexes.
    AND (
        old.position, {old}, old.remote_group_id, old.unresolved_group_backend_id,
        old.unresolved_group_name, old.remote_address_group_backend_id
    ) IS DISTINCT FROM (
        desired.position, {desired}, desired.remote_group_id, desired.unresolved_group_backend_id,
        desired.unresolved_group_name, desired.remote_address_group_backend_id
    )
RETURNING
    CASE WHEN {old_may_be_open} THEN {old_admitted} END,
    CASE WHEN {may_be_open} THEN {admitted} END
"""
_UPDATE_KEPT = (
    _UPDATE_KEPT.replace("{rules}", _RULES)
    .replace("{old}", COLUMNS.replace("rule.", "old."))
    .replace("{old_may_be_open}", _OLD_MAY_BE_OPEN)
    .replace("{old_admitted}", _OLD_ADMITTED)
    .replace("{may_be_open}", _MAY_BE_OPEN)
    .replace("{admitted}", _ADMITTED)
    .replace("{names}", _NAMES)
    .replace("{desired}", _DESIRED)
)

# Rules without `remote_group_backend_id` match no row of the join.
_INSERT: LiteralString = """
INSERT INTO security_group_rules AS rule (
    security_group_id, position, {names},
    remote_group_id, unresolved_group_backend_id, unresolved_group_name,
    remote_address_group_backend_id
)
SELECT
    desired.security_group_id, desired.position, {desired},
    coalesce(desired.remote_group_id, remote.id),
    CASE
        WHEN remote.id IS NULL
            THEN coalesce(desired.unresolved_group_backend_id, desired.remote_group_backend_id)
    END,
    CASE
        WHEN remote.id IS NULL
            THEN coalesce(desired.unresolved_group_name, desired.remote_group_backend_id)
    END,
    desired.remote_address_group_backend_id
FROM {rules}
LEFT JOIN security_groups AS remote
    ON
        remote.tenant_id = %(tenant)s
        AND remote.backend_id <> ''
        AND remote.backend_id = desired.remote_group_backend_id
WHERE desired.id IS NULL
ORDER BY desired.security_group_id, desired.position
RETURNING rule.security_group_id, CASE WHEN {may_be_open} THEN {admitted} END
"""
_INSERT = (
    _INSERT.replace("{may_be_open}", _MAY_BE_OPEN)
    .replace("{admitted}", _ADMITTED)
    .replace("{rules}", _RULES)
    .replace("{names}", _NAMES)
    .replace("{desired}", _DESIRED)
)

_COPY: LiteralString = """
COPY security_group_rules (
    security_group_id, position, {names}, remote_group_id
) FROM STDIN
""".replace("{names}", _NAMES)

# Rules that name a group by its backend id alone, once the group has a row
_RESOLVE: LiteralString = """
UPDATE security_group_rules AS rule
SET
    remote_group_id = remote.id,
    unresolved_group_backend_id = NULL,
    unresolved_group_name = NULL
FROM security_groups AS remote, security_groups AS owner
WHERE
    remote.id = ANY(%s)
    AND remote.backend_id <> ''
    AND rule.unresolved_group_backend_id = remote.backend_id
    AND owner.id = rule.security_group_id
    AND owner.tenant_id = remote.tenant_id
RETURNING rule.security_group_id
"""


@dataclass(frozen=True, slots=True)
class PositionedRule:
    """A rule of a group, with its position in the list."""

    group_id: int
    position: int
    rule: Rule


async def replace_rules(
    connection: Connection,
    group_id: int,
    rules: Sequence[RuleRequest],
    groups: Mapping[str, int],
) -> None:
    """Replace all rules of a group; `groups` maps the UUIDs of remote groups to ids of rows.

    A rule with an id keeps its row.
    """
    rows = [_request_row(group_id, *numbered, groups) for numbered in enumerate(rules)]
    kept = [rule.id for rule in rules if rule.id is not None]
    parameters = {"id": group_id, "kept": kept, "rules": recordset(rows), "tenant": None}
    cursor = await connection.execute(_DELETE_OTHERS, parameters)
    changes = await cursor.fetchall()
    if kept:
        cursor = await connection.execute(_UPDATE_KEPT, parameters)
        changes += await cursor.fetchall()
    if len(kept) < len(rows):
        cursor = await connection.execute(_INSERT, parameters)
        changes += [(None, admitted) for _, admitted in await cursor.fetchall()]
    documents.refresh_before_commit(connection, [group_id])
    before = sorted(old for old, _ in changes if old)
    after = sorted(new for _, new in changes if new)
    if before != after:
        port_exposures.refresh_before_commit(connection, [group_id])


async def insert_observed_rules(
    connection: Connection, tenant_id: int, rules: Sequence[PositionedRule]
) -> None:
    """Insert rules from a cloud; a remote group without a row here stays unresolved."""
    if not rules:
        return
    rows = [
        {
            "security_group_id": each.group_id,
            "position": each.position,
            **_columns(each.rule),
            "remote_group_backend_id": each.rule.remote_group,
            "remote_address_group_backend_id": each.rule.remote_address_group,
        }
        for each in rules
    ]
    cursor = await connection.execute(_INSERT, {"rules": recordset(rows), "tenant": tenant_id})
    opened = {group for group, admitted in await cursor.fetchall() if admitted}
    documents.refresh_before_commit(connection, {each.group_id for each in rules})
    port_exposures.refresh_before_commit(connection, opened)


async def copy_rules(
    connection: Connection, rules: Iterable[PositionedRule], remotes: Mapping[str, int]
) -> None:
    """Insert many rules with COPY; `remotes` maps the UUIDs of remote groups to ids of rows.

    Raises `KeyError` for a missing remote group: without it, the rule would admit any address.
    """
    groups = set()
    async with connection.cursor().copy(_COPY) as copy:
        for each in rules:
            named = each.rule.remote_group
            remote = remotes[named] if named else None
            columns = _columns(each.rule).values()
            await copy.write_row((each.group_id, each.position, *columns, remote))
            groups.add(each.group_id)
    documents.refresh_before_commit(connection, groups)
    port_exposures.refresh_before_commit(connection, groups)


async def delete_rules(connection: Connection, rule_ids: Sequence[int]) -> None:
    """Delete rules by their ids."""
    if rule_ids:
        cursor = await connection.execute(_DELETE, [list(rule_ids)])
        deleted = await cursor.fetchall()
        documents.refresh_before_commit(connection, {group for group, _ in deleted})
        closed = {group for group, was_open in deleted if was_open}
        port_exposures.refresh_before_commit(connection, closed)


async def delete_rules_of_groups(connection: Connection, group_ids: Sequence[int]) -> None:
    """Delete all rules of some groups."""
    await connection.execute(_DELETE_OF_GROUPS, [list(group_ids)])
    documents.refresh_before_commit(connection, group_ids)
    # Whoever deletes all rules inserts others.
    port_exposures.refresh_before_commit(connection, group_ids)


async def resolve_remote_groups(connection: Connection, group_ids: Sequence[int]) -> None:
    """Point rules that name these groups by backend id alone to their rows."""
    cursor = await connection.execute(_RESOLVE, [list(group_ids)])
    documents.refresh_before_commit(connection, {row[0] for row in await cursor.fetchall()})


def _request_row(
    group_id: int, position: int, request: RuleRequest, groups: Mapping[str, int]
) -> dict[str, object]:
    rule, end = request.rule, request.unresolved
    return {
        "id": request.id,
        "security_group_id": group_id,
        "position": position,
        **_columns(rule),
        "remote_group_id": groups[rule.remote_group] if rule.remote_group else None,
        "unresolved_group_backend_id": end and end.group_backend_id,
        "unresolved_group_name": end and end.group_name,
        "remote_address_group_backend_id": end and end.address_group_backend_id,
    }


def _columns(rule: Rule) -> dict[str, object]:
    """Return the columns that do not name a remote group, in the order of `_COPY`."""
    return {name: getattr(rule, name) for name in OWN_FIELDS}
