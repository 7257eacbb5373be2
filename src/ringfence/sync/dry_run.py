"""Show what setting rules would do in the cloud. Nothing is stored, and no cloud is called.

The new rules are compared with the last observation of the group; without one, with its desired
rules. `plan` compares.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ringfence.clouds.quotas import rules_used
from ringfence.database.pool import Connection, Database
from ringfence.neutron.port import CloudRule
from ringfence.security_groups import queries
from ringfence.security_groups.carriers import Names, traffic_document
from ringfence.security_groups.cloud_state import observations
from ringfence.security_groups.cloud_state.observations import LastObservation
from ringfence.security_groups.exposure import warnings_of
from ringfence.security_groups.history.commands import read_version_rules
from ringfence.security_groups.preconditions import plan_token
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.representation import Remote, rule_document
from ringfence.security_groups.rule_input.rule_keys import ShownRule
from ringfence.security_groups.rule_input.rule_lists import RuleList, read_rule_list
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.rules import Rule, canonical, shown_protocol
from ringfence.security_groups.traffic_changes import Note, compare
from ringfence.sync.compare import unreadable_notice
from ringfence.sync.observing import observed_group, observed_rules
from ringfence.sync.plan import GROUP_RECREATED, Changes, plan, rule_for_cloud, rule_from_cloud
from ringfence.sync.push import RULES_PER_CALL
from ringfence.text.json_value import Json

# Begins what stands for the backend id of a group without one; no id in a cloud has a space.
_NO_BACKEND_ID = "no id "

# The notice of a plan whose group the cloud does not have any more
GROUP_RECREATED_NOTICE = {"code": "group_created_anew", "message": GROUP_RECREATED}


class Remotes:
    """The remote groups of a tenant's rules, by backend id and by UUID."""

    def __init__(self, known: Sequence[Remote]) -> None:
        self._by_uuid = {remote.uuid.hex: remote for remote in known if remote.uuid}
        self._by_key: dict[str, Remote] = {}
        for remote in known:
            self._by_key[self._key(remote)] = remote

    @staticmethod
    def _key(remote: Remote) -> str:
        return (
            remote.backend_id
            or f"{_NO_BACKEND_ID}{remote.uuid.hex if remote.uuid else remote.name}"
        )

    def rule(self, request: RuleRequest) -> Rule:
        """Return the rule with the backend id of its remote, or what stands for one."""
        rule, unresolved = request.rule, request.unresolved
        if rule.remote_group:
            # Unknown is only a group that was created after these were read.
            known = self._by_uuid.get(rule.remote_group)
            return replace(rule, remote_group=self._key(known)) if known else rule
        if unresolved is None:
            return rule
        if unresolved.group_backend_id is None:
            return replace(rule, remote_address_group=unresolved.address_group_backend_id)
        deleted = Remote(unresolved.group_name or "", unresolved.group_backend_id)
        self._by_key.setdefault(self._key(deleted), deleted)
        return replace(rule, remote_group=self._key(deleted))

    def shown(self, rule: Rule, base: str) -> ShownRule:
        """Return the document of a rule whose remote group is a backend id."""
        if rule.remote_group is None:
            return rule_document(rule, None, base)
        return rule_document(rule, self.remote(rule.remote_group), base)

    def remote(self, key: str) -> Remote:
        """Return the group that rules name by this key."""
        return self._by_key.get(key) or Remote(key, key)

    @property
    def names(self) -> Names:
        """Return how rules that are compared name groups."""
        return Names(self.rule, self.remote)


@dataclass(frozen=True, slots=True)
class DryRun:
    """A plan with everything that the API shows of it."""

    group: SecurityGroup
    requests: Sequence[RuleRequest]
    rules: Sequence[Rule]
    changes: Changes
    remotes: Remotes
    quota: Mapping[str, int]
    # None: the group was never observed, and the rules are compared with the desired ones.
    last: LastObservation | None
    # Whether the cloud had the group and does not have it any more
    is_missing: bool = False
    # The notice about unreadable rules in the cloud
    unreadable: str = ""
    # What opens and closes
    traffic: Mapping[str, Any] = field(default_factory=dict)

    @property
    def token(self) -> str:
        """Return the `plan_token` with which this plan is applied and no other."""
        return plan_token(self.group, self.requests, self.last)

    @property
    def calls(self) -> int:
        """Return how many changing calls Neutron would get; additions are sent in bulk."""
        creation = int(self.is_missing or not self.group.backend_id)
        return creation + -(-len(self.changes.add) // RULES_PER_CALL) + len(self.changes.remove)

    def _notices(self) -> Iterator[Mapping[str, str]]:
        if self.is_missing:
            yield GROUP_RECREATED_NOTICE
        elif self.unreadable:
            yield {"code": "rules_unreadable", "message": self.unreadable}

    def document(self, base: str) -> dict[str, Any]:
        """Return the document of the plan; `base` is the URL of the service."""

        def in_cloud(rules: Sequence[CloudRule]) -> list[ShownRule]:
            return [self.remotes.shown(rule_from_cloud(rule), base) for rule in rules]

        return {
            "version": self.group.version,
            "compared_with": "desired" if self.last is None else "cloud",
            "observed_at": self.last and self.last.observed_at.isoformat(),
            "rules": [self.remotes.shown(canonical_form(rule), base) for rule in self.rules],
            "kept": in_cloud(self.changes.keep),
            "added": in_cloud(self.changes.add),
            "removed": in_cloud(self.changes.remove),
            "description_only": [
                self.remotes.shown(rule, base) | {"description_at_cloud": observed.description}
                for rule, observed in self.changes.description_only
            ],
            "traffic": self.traffic,
            "quota": {"security_group_rule_count": dict(self.quota)},
            "warnings": [
                {"rule": warning.rule, "code": warning.code, "message": warning.message}
                for warning in warnings_of(self.rules)
            ],
            "notices": list(self._notices()),
            "calls": self.calls,
            "plan_token": self.token,
        }


async def dry_run(database: Database, group: SecurityGroup, body: Json) -> DryRun:
    """Return what `set_rules` with this body would do. Raises `Invalid`."""
    return await _dry_run(
        database, group, lambda connection, locked: read_rule_list(connection, locked, body)
    )


async def dry_run_of_rollback(database: Database, group: SecurityGroup, body: Json) -> DryRun:
    """Return what `rollback` with this body would do. Raises `Invalid`, `NotFound`."""
    return await _dry_run(
        database, group, lambda connection, locked: read_version_rules(connection, locked, body)
    )


async def _dry_run(
    database: Database,
    group: SecurityGroup,
    read: Callable[[Connection, SecurityGroup], Awaitable[RuleList]],
) -> DryRun:
    async with database.transaction() as connection:
        # The remote groups of the rules stay until the plan is made.
        group = await queries.lock_in_tenant(connection, group)
        desired = await read(connection, group)
        remotes = Remotes(await queries.remotes_of_tenant(connection, group.tenant_id))
        used, limit = await rules_used(connection, group.tenant_id)
        last = await observations.last_observation(connection, group.id)
    rules = [remotes.rule(request) for request in desired.rules]
    observed = _observed(group, desired.stored, last, remotes)
    unreadable = "" if last is None else unreadable_notice(observed_group(group.backend_id, last))
    is_missing = _is_missing(group, last)
    notes = [Note.RULES_UNREADABLE] if unreadable and not is_missing else []
    traffic = await traffic_document(
        database,
        (group.id, group.tenant_id),
        lambda: compare(list(map(rule_from_cloud, observed)), rules, notes),
        remotes.names,
    )
    after = used + len(desired.rules) - len(desired.stored)
    return DryRun(
        group=group,
        requests=desired.rules,
        rules=rules,
        changes=plan(rules, observed),
        remotes=remotes,
        quota={"used": used, "limit": limit, "after": after},
        last=last,
        is_missing=is_missing,
        unreadable=unreadable,
        traffic=traffic,
    )


def _is_missing(group: SecurityGroup, last: LastObservation | None) -> bool:
    return group.is_missing or (last is not None and last.missing)


def _observed(
    group: SecurityGroup,
    stored: Sequence[RuleRequest],
    last: LastObservation | None,
    remotes: Remotes,
) -> Sequence[CloudRule]:
    if _is_missing(group, last):
        return ()
    if last is not None:
        return observed_rules(last)
    if not group.backend_id:
        return ()
    return [rule_for_cloud(remotes.rule(request)) for request in stored]


def canonical_form(rule: Rule) -> Rule:
    """Return the one form of a rule for all rules that Neutron takes for equal."""
    key = canonical(rule)
    return replace(
        rule,
        protocol=shown_protocol(key.protocol, key.ethertype),
        from_port=key.port_range_min,
        to_port=key.port_range_max,
        cidr=key.remote_ip_prefix,
    )
