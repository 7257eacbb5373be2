"""What opens and closes on a port that gets other groups.

A port admits what its groups admit together, so the union of the rules before is compared with that
after. The rules are the desired ones, and of groups with drift those of the cloud,
too: of what the port gets, all of both opens; of what it has, only what both admit is sure. Groups
that the sender does not see may admit anything: they stay, and the result is then not exact.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import LiteralString
from uuid import UUID

from ringfence.database.pool import Connection
from ringfence.ports.group_changes import PortChange
from ringfence.ports.queries import KnownGroup
from ringfence.security_groups import rule_rows
from ringfence.security_groups.carriers import Names
from ringfence.security_groups.queries import stored_rule
from ringfence.security_groups.representation import Remote
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, with_remote_end
from ringfence.security_groups.rules import Rule, canonical
from ringfence.security_groups.traffic_changes import Note, TrafficChange, compare

_RULES: LiteralString = """
SELECT
    sg.backend_id, remote.name, remote.backend_id, remote.uuid,
    rule.id, {columns}, hex(remote.uuid), rule.unresolved_group_backend_id,
    rule.unresolved_group_name, rule.remote_address_group_backend_id
FROM security_groups AS sg
INNER JOIN security_group_rules AS rule ON sg.id = rule.security_group_id
LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
WHERE sg.uuid = ANY(%s)
ORDER BY sg.id, rule.position, rule.id
""".replace("{columns}", rule_rows.COLUMNS)

# The rules in the cloud of groups that differ there, or whose desired rules have not reached it;
# one row of nulls for a group without any. Remote groups are named as `with_remote_end` does.
_IN_CLOUD: LiteralString = """
SELECT
    sg.backend_id, observed.unreadable <> '[]' AS has_unreadable,
    remote.name, remote.backend_id, remote.uuid,
    rule.ethertype, rule.direction, coalesce(rule.protocol, ''), rule.port_range_min,
    rule.port_range_max, rule.remote_ip_prefix, '' AS description,
    coalesce(hex(remote.uuid), 'unresolved ' || rule.remote_group_id), rule.remote_address_group_id
FROM security_groups AS sg
INNER JOIN security_group_observations AS observed ON sg.id = observed.security_group_id
LEFT JOIN LATERAL jsonb_to_recordset(observed.rules) AS rule (
    ethertype text, direction text, protocol text, port_range_min integer, port_range_max integer,
    remote_ip_prefix text, remote_group_id text, remote_address_group_id text
) ON true
LEFT JOIN security_groups AS remote
    ON
        sg.tenant_id = remote.tenant_id
        AND rule.remote_group_id = remote.backend_id
        AND remote.backend_id <> ''
WHERE
    sg.uuid = ANY(%s)
    AND NOT observed.missing
    AND (sg.state <> 'OK' OR observed.drift_digest <> '')
ORDER BY sg.id
"""


@dataclass(frozen=True, slots=True)
class GroupRules:
    """The rules of groups, by the groups' ids in the cloud, and the remotes they name.

    `in_cloud` has only groups that may have other rules there.
    """

    rules: Mapping[str, Sequence[RuleRequest]] = field(default_factory=dict)
    remotes: Mapping[str, Remote] = field(default_factory=dict)
    in_cloud: Mapping[str, Sequence[Rule]] = field(default_factory=dict)
    unreadable: Collection[str] = ()

    def at_least(self, group: str) -> list[Rule]:
        """Return the rules that a group has for sure: if they differ, those of both."""
        desired = self._desired(group)
        if group not in self.in_cloud:
            return desired
        in_cloud = set(map(canonical, self.in_cloud[group]))
        return [rule for rule in desired if canonical(rule) in in_cloud]

    def at_most(self, group: str) -> list[Rule]:
        """Return the rules that a group may have: desired or in the cloud."""
        return [*self._desired(group), *self.in_cloud.get(group, ())]

    def _desired(self, group: str) -> list[Rule]:
        return [with_remote_end(request) for request in self.rules.get(group, ())]

    @property
    def names(self) -> Names:
        """Return how responses show remote groups."""
        return Names(remote=self.remotes.get)


async def rules_of_groups(
    connection: Connection, changes: Sequence[PortChange], known: Mapping[str, KnownGroup]
) -> GroupRules:
    """Return the rules of all known groups that changed ports have before or after."""
    concerned = {
        group
        for change in changes
        if change.added or change.removed
        for group in (*change.observed, *change.desired)
    }
    uuids = [known[group].uuid for group in sorted(concerned) if group in known]
    rows = await (await connection.execute(_RULES, [uuids])).fetchall() if uuids else []
    rules: dict[str, list[RuleRequest]] = {}
    remotes: dict[str, Remote] = {}
    for group, name, backend_id, uuid, *row in rows:
        request = stored_rule(row)
        rules.setdefault(group, []).append(request)
        key, end = with_remote_end(request).remote_group, request.unresolved
        if key is not None and uuid is not None:
            remotes[key] = Remote(name, backend_id, uuid)
        elif key is not None and end is not None:
            remotes[key] = Remote(end.group_name or "", end.group_backend_id or "")
    in_cloud, unreadable = await _rules_in_cloud(connection, uuids, remotes)
    return GroupRules(rules, remotes, in_cloud, unreadable)


async def _rules_in_cloud(
    connection: Connection, uuids: Sequence[UUID], remotes: dict[str, Remote]
) -> tuple[dict[str, list[Rule]], set[str]]:
    """Return the rules of groups that may have drift; add the groups that they name."""
    rows = await (await connection.execute(_IN_CLOUD, [uuids])).fetchall() if uuids else []
    in_cloud: dict[str, list[Rule]] = {}
    unreadable: set[str] = set()
    for group, has_unreadable, name, backend_id, uuid, *columns in rows:
        rules = in_cloud.setdefault(group, [])
        unreadable |= {group} if has_unreadable else set()
        if columns[0] is None:
            continue
        rule = Rule(*columns)
        rules.append(rule)
        if uuid is not None:
            remotes[uuid.hex] = Remote(name, backend_id, uuid)
        elif rule.remote_group is not None:
            remotes.setdefault(rule.remote_group, Remote("", rule.remote_group.partition(" ")[2]))
    return in_cloud, unreadable


def traffic_of(change: PortChange, groups: GroupRules) -> TrafficChange:
    """Return what opens and closes on the port. Groups that stay in both cost nothing."""
    kept = [group for group in change.desired if group in change.observed]
    before = [rule for group in change.observed for rule in groups.at_least(group)]
    after = [rule for group in kept for rule in groups.at_least(group)]
    after += [rule for group in change.added for rule in groups.at_most(group)]
    changed = {*change.added, *change.removed}
    carried = {*changed, *kept} if changed else set()
    notes = [Note.GROUPS_UNKNOWN] if change.kept else []
    notes += [Note.DRIFT] if not carried.isdisjoint(groups.in_cloud) else []
    notes += [Note.RULES_UNREADABLE] if not carried.isdisjoint(groups.unreadable) else []
    # No rule was submitted, so none is named.
    return compare(before, after, notes, submitted=0)
