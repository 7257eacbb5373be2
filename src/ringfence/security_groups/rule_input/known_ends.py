"""Reading the remote ends that submitted rules may mean, as far as the rules need it.

Most rules say their ends in `cidr` or `remote_group`, and then the stored rules are enough. See
`remote_ends` for what is made of them.
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
    LimitedRule,
    RemoteEnd,
    known_of_stored,
    needs_more,
    rest_of,
    uuids_and_backend_ids,
)
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, UnresolvedEnd
from ringfence.security_groups.schemas import remote_groups_named
from ringfence.text.json_value import Json

# Groups of a tenant by their uuids here, or by their ids in the cloud
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
    """Groups of a tenant that rules name, with their ids by uuid."""

    ids: dict[str, int]
    ends: Sequence[RemoteEnd]


async def referenced_groups(
    connection: Connection,
    tenant_id: int,
    body: Json,
    stored: Sequence[RuleRequest] = (),
) -> ReferencedGroups:
    """Return the groups of the tenant that a list of rules names in any key, or stored rules do."""
    uuids, backend_ids = uuids_and_backend_ids(body)
    # A rule that is kept may name its group without saying it again.
    uuids |= {rule.rule.remote_group for rule in stored if rule.rule.remote_group}
    uuids |= remote_groups_named(body)
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


def describes_ends(body: Json) -> bool:
    """Return whether a list of rules describes remote ends in other keys than the settable ones."""
    return isinstance(body, list) and any(map(needs_more, body))


def opens(rules: Sequence[RuleRequest], known: KnownEnds) -> bool:
    """Return whether one of the rules admits any address without saying so, as none did before."""
    return any(
        not request.has_remote_end and rest_of(request.rule) not in known.open_rests
        for request in rules
    )


async def ends_of(
    connection: Connection,
    group: SecurityGroup,
    stored: Sequence[RuleRequest],
    groups: Sequence[RemoteEnd],
) -> tuple[KnownEnds, dict[str, int]]:
    """Return all remote ends that a security group knows, and the ids of those that are groups."""
    rules = await queries.limited_rules(connection, group)
    limited = [
        LimitedRule(_end(rule), rest_of(rule.request.rule), is_present=is_observed)
        for rule, is_observed in rules
    ]
    ids = {
        rule.request.rule.remote_group: rule.remote_id
        for rule, _ in rules
        if rule.request.rule.remote_group and rule.remote_id is not None
    }
    return known_of_stored(stored, groups, limited), ids


def _end(rule: VersionRule) -> RemoteEnd:
    remote, end = rule.remote, rule.request.unresolved or UnresolvedEnd()
    if remote is not None:
        return RemoteEnd(remote.name, remote.backend_id, rule.request.rule.remote_group)
    return RemoteEnd.of(end)
