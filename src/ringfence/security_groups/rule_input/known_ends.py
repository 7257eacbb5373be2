"""Loads the remote ends that submitted rules may mean, as far as the rules need them.

Most rules name their ends in `cidr` or `remote_group`. For these, the stored rules are enough.
`remote_ends` decides the end of each rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from ringfence.database.pool import Connection
from ringfence.security_groups.history import queries
from ringfence.security_groups.history.queries import VersionRule
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.remote_ends import (
    KnownEnds,
    ReferencingRule,
    RemoteEnd,
    key_without_end,
    known_ends_of,
    needs_known_ends,
    uuids_and_backend_ids,
)
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, UnresolvedEnd
from ringfence.security_groups.schemas import remote_group_uuids
from ringfence.text.json_value import Json

# Groups of a tenant by their UUIDs, or by their backend ids
_GROUPS: LiteralString = """
SELECT sg.id, sg.name, sg.backend_id, hex(sg.uuid)
FROM security_groups AS sg
WHERE
    sg.tenant_id = %(tenant_id)s
    AND (
        sg.uuid = ANY(%(uuids)s::uuid[])
        OR (sg.backend_id <> '' AND sg.backend_id = ANY(%(backend_ids)s))
    )
"""


@dataclass(frozen=True, slots=True)
class ReferencedGroups:
    """Groups of a tenant that rules reference. `ids` maps their UUIDs to ids of rows."""

    ids: dict[str, int]
    ends: Sequence[RemoteEnd]


async def referenced_groups(
    connection: Connection,
    tenant_id: int,
    body: Json,
    stored: Sequence[RuleRequest] = (),
) -> ReferencedGroups:
    """Return the tenant's groups that submitted rules, in any key, or stored rules reference."""
    uuids, backend_ids = uuids_and_backend_ids(body)
    # A stored rule that is kept may reference a group that the request does not repeat.
    uuids |= {rule.rule.remote_group for rule in stored if rule.rule.remote_group}
    uuids |= remote_group_uuids(body)
    if not uuids and not backend_ids:
        return ReferencedGroups({}, ())
    parameters = {
        "tenant_id": tenant_id,
        "uuids": sorted(uuids),
        "backend_ids": sorted(backend_ids),
    }
    cursor = await connection.execute(_GROUPS, parameters)
    rows = await cursor.fetchall()
    return ReferencedGroups(
        {row[3]: row[0] for row in rows}, [RemoteEnd(row[1], row[2], row[3]) for row in rows]
    )


def any_needs_known_ends(body: Json) -> bool:
    """Return whether a rule of the list can be read only with all known ends of its group."""
    return isinstance(body, list) and any(map(needs_known_ends, body))


def opens_a_rule(rules: Sequence[RuleRequest], known: KnownEnds) -> bool:
    """Return whether a rule without a remote end is not among the stored rules without one."""
    return any(
        not request.has_remote_end and key_without_end(request.rule) not in known.open_keys
        for request in rules
    )


async def load_known_ends(
    connection: Connection,
    group: SecurityGroup,
    stored: Sequence[RuleRequest],
    groups: Sequence[RemoteEnd],
) -> tuple[KnownEnds, dict[str, int]]:
    """Return all remote ends that a security group knows, and ids of rows by the groups' UUIDs."""
    rules = await queries.referencing_rules(connection, group)
    referencing = [
        ReferencingRule(_end(rule), key_without_end(rule.request.rule), is_current=is_observed)
        for rule, is_observed in rules
    ]
    ids = {
        rule.request.rule.remote_group: rule.remote_id
        for rule, _ in rules
        if rule.request.rule.remote_group and rule.remote_id is not None
    }
    return known_ends_of(stored, groups, referencing), ids


def _end(rule: VersionRule) -> RemoteEnd:
    remote, end = rule.remote, rule.request.unresolved or UnresolvedEnd()
    if remote is not None:
        return RemoteEnd(remote.name, remote.backend_id, rule.request.rule.remote_group)
    return RemoteEnd.from_unresolved(end)
