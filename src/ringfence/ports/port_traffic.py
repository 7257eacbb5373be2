"""What opens and closes on a port that gets other groups.

A port admits what its groups admit together, so the union of the rules before is compared with that
after. The rules are the desired ones. Groups that the sender does not see may admit anything: they
stay, and the result is then not exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

from ringfence.database.pool import Connection
from ringfence.ports.group_changes import PortChange
from ringfence.ports.queries import KnownGroup
from ringfence.security_groups import rule_rows
from ringfence.security_groups.carriers import Names
from ringfence.security_groups.queries import stored_rule
from ringfence.security_groups.representation import Remote
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, with_remote_end
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


@dataclass(frozen=True, slots=True)
class GroupRules:
    """The desired rules of groups, by the groups' ids in the cloud, and the remotes they name."""

    rules: Mapping[str, Sequence[RuleRequest]] = field(default_factory=dict)
    remotes: Mapping[str, Remote] = field(default_factory=dict)

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
    return GroupRules(rules, remotes)


def traffic_of(change: PortChange, groups: GroupRules) -> TrafficChange:
    """Return what opens and closes on the port. Groups that stay in both cost nothing."""

    def rules(carried: Sequence[str]) -> list[Any]:
        return [
            with_remote_end(request) for group in carried for request in groups.rules.get(group, ())
        ]

    notes = [Note.GROUPS_UNKNOWN] if change.kept else []
    # No rule was submitted, so none is named.
    return compare(rules(change.observed), rules(change.desired), notes, submitted=0)
