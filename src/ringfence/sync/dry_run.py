"""What setting rules would do in the cloud, before it is done: nothing is stored, no cloud asked.

It is held against what the cloud last said; where it never said anything, against what was asked
for before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ringfence.clouds.quotas import rules_used
from ringfence.database.pool import Database
from ringfence.neutron.port import CloudRule
from ringfence.security_groups import queries
from ringfence.security_groups.cloud_state import observations
from ringfence.security_groups.cloud_state.observations import LastObservation
from ringfence.security_groups.exposure import warnings_of
from ringfence.security_groups.preconditions import plan_token
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.representation import Remote, shown_rule
from ringfence.security_groups.rule_input.rule_keys import ShownRule
from ringfence.security_groups.rule_input.rule_lists import read_rule_list
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rules import Rule, canonical, shown_protocol
from ringfence.sync.compare import unreadable_notice
from ringfence.sync.observing import observed_group, observed_rules
from ringfence.sync.plan import GROUP_RECREATED, Changes, plan, rule_for_cloud, rule_from_cloud
from ringfence.sync.push import RULES_PER_CALL
from ringfence.text.json_value import Json

# Stands for the backend id of a group that has none: nothing in a cloud is called so.
_UNBORN = "unborn "


# What is told of the plan of a group that the cloud does not have any more.
GONE = {"code": "group_created_anew", "message": GROUP_RECREATED}


class Remotes:
    """The groups of a tenant, by backend id and by uuid."""

    def __init__(self, known: Sequence[Remote]) -> None:
        self._by_uuid = {remote.uuid.hex: remote for remote in known if remote.uuid}
        self._by_key: dict[str, Remote] = {}
        for remote in known:
            self._by_key[self._key(remote)] = remote

    @staticmethod
    def _key(remote: Remote) -> str:
        return remote.backend_id or f"{_UNBORN}{remote.uuid.hex if remote.uuid else remote.name}"

    def rule(self, request: RuleRequest) -> Rule:
        """Give a rule with the backend id of its remote end, or what stands for one."""
        rule, end = request.rule, request.unresolved
        if rule.remote_group:
            return replace(rule, remote_group=self._key(self._by_uuid[rule.remote_group]))
        if end is None:
            return rule
        if end.group_backend_id is None:
            return replace(rule, remote_address_group=end.address_group_backend_id)
        lost = Remote(end.group_name or "", end.group_backend_id)
        self._by_key.setdefault(self._key(lost), lost)
        return replace(rule, remote_group=self._key(lost))

    def shown(self, rule: Rule, base: str) -> ShownRule:
        """Show a rule whose remote group is a backend id."""
        if rule.remote_group is None:
            return shown_rule(rule, None, base)
        unknown = Remote(rule.remote_group, rule.remote_group)
        return shown_rule(rule, self._by_key.get(rule.remote_group, unknown), base)


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan with all that is told of it."""

    group: SecurityGroup
    requests: Sequence[RuleRequest]
    rules: Sequence[Rule]
    changes: Changes
    remotes: Remotes
    quota: Mapping[str, int]
    # None: the cloud was never seen, and the rules are held against those asked for before.
    observed_at: datetime | None
    # Whether the cloud had the group and has it no more
    is_missing: bool = False
    # What is said of rules in the cloud that cannot be read
    unreadable: str = ""

    @property
    def token(self) -> str:
        """What `set_rules` takes to do this and nothing else."""
        return plan_token(self.group, self.requests)

    @property
    def calls(self) -> int:
        """How many changing calls Neutron would get: creation, additions in bulk, each removal."""
        creation = int(self.is_missing or not self.group.backend_id)
        return creation + -(-len(self.changes.add) // RULES_PER_CALL) + len(self.changes.remove)

    def _notices(self) -> Iterator[Mapping[str, str]]:
        if self.is_missing:
            yield GONE
        elif self.unreadable:
            yield {"code": "rules_unreadable", "message": self.unreadable}

    def shown(self, base: str) -> dict[str, Any]:
        """Show the plan."""

        def at_cloud(rules: Sequence[CloudRule]) -> list[ShownRule]:
            return [self.remotes.shown(rule_from_cloud(rule), base) for rule in rules]

        return {
            "version": self.group.version,
            "compared_with": "desired" if self.observed_at is None else "cloud",
            "observed_at": self.observed_at and self.observed_at.isoformat(),
            "rules": [self.remotes.shown(in_one_spelling(rule), base) for rule in self.rules],
            "kept": at_cloud(self.changes.keep),
            "added": at_cloud(self.changes.add),
            "removed": at_cloud(self.changes.remove),
            "description_only": [
                self.remotes.shown(rule, base) | {"description_at_cloud": found.description}
                for rule, found in self.changes.description_only
            ],
            "quota": {"security_group_rule_count": dict(self.quota)},
            "warnings": [
                {"rule": warned.rule, "code": warned.code, "message": warned.message}
                for warned in warnings_of(self.rules)
            ],
            "notices": list(self._notices()),
            "calls": self.calls,
            "plan_token": self.token,
        }


async def preview(database: Database, group: SecurityGroup, body: Json) -> Preview:
    """Say what `set_rules` with this body would do. Raises `Invalid`."""
    async with database.transaction() as connection:
        # What the rules name stays until the plan is made.
        group = await queries.lock_in_tenant(connection, group)
        asked = await read_rule_list(connection, group, body)
        remotes = Remotes(await queries.remotes_of_tenant(connection, group.tenant_id))
        used, limit = await rules_used(connection, group.tenant_id)
        look = await observations.last_look(connection, group.id)
    rules = [remotes.rule(request) for request in asked.rules]
    after = used + len(asked.rules) - len(asked.stored)
    return Preview(
        group=group,
        requests=asked.rules,
        rules=rules,
        changes=plan(rules, _observed(group, asked.stored, look, remotes)),
        remotes=remotes,
        quota={"used": used, "limit": limit, "after": after},
        observed_at=None if look is None else look.observed_at,
        is_missing=_is_missing(group, look),
        unreadable=""
        if look is None
        else unreadable_notice(observed_group(group.backend_id, look)),
    )


def _is_missing(group: SecurityGroup, look: LastObservation | None) -> bool:
    return group.is_gone or (look is not None and look.missing)


def _observed(
    group: SecurityGroup,
    stored: Sequence[RuleRequest],
    look: LastObservation | None,
    remotes: Remotes,
) -> Sequence[CloudRule]:
    if _is_missing(group, look):
        return ()
    if look is not None:
        return observed_rules(look)
    if not group.backend_id:
        return ()
    return [rule_for_cloud(remotes.rule(request)) for request in stored]


def in_one_spelling(rule: Rule) -> Rule:
    """Give the one way to write a rule that Neutron takes for the same."""
    key = canonical(rule)
    return replace(
        rule,
        protocol=shown_protocol(key.protocol, key.ethertype),
        from_port=key.port_range_min,
        to_port=key.port_range_max,
        cidr=key.remote_ip_prefix,
    )
