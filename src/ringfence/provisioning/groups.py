"""The desired groups and their rules. Pure: existing rules are given."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

from ringfence.provisioning.matching import Kind, Target
from ringfence.provisioning.problems import Location, Problems, nearest, quote
from ringfence.provisioning.schema import GroupEntry, RuleEntry
from ringfence.security_groups.bulk_load import Change, Group
from ringfence.security_groups.overlap_index import OverlapIndex
from ringfence.security_groups.rule_input.remote_ends import key_without_end
from ringfence.security_groups.rule_input.rule_requests import RuleProblem
from ringfence.security_groups.rule_input.validation import ANY, check_rule, is_protocol
from ringfence.security_groups.rules import DEFAULT_NAME, Rule, RuleKey, canonical
from ringfence.security_groups.states import AT_REST, NOT_FOUND, State
from ringfence.text.uuids import parse_uuid


class GroupNames(dict[str, list[UUID]]):
    """The groups of a tenant after the load, by name; duplicates share a name."""

    def add(self, name: str, uuid: UUID) -> None:
        self.setdefault(name, []).append(uuid)

    @cached_property
    def uuids(self) -> frozenset[UUID]:
        """The UUIDs of all of them, once all are added."""
        return frozenset(uuid for uuids in self.values() for uuid in uuids)


@dataclass(frozen=True, slots=True)
class DesiredGroup:
    """A desired group; `rules` is None if the files do not state any."""

    target: Target[Group]
    rules: list[Rule] | None


def desired_groups(kind: Kind[GroupEntry, Group], problems: Problems) -> list[DesiredGroup]:
    """Check all rules and resolve their remote groups."""
    names = _names_by_tenant(kind)
    _check_backend_ids(kind, problems)
    desired = []
    for target in kind.targets:
        entries: list[RuleEntry] | None = target.stated.pop("rules", None)
        rules = None
        if entries is not None and target.parent is not None:
            known = names[target.parent.uuid]
            rules = rules_of(entries, target.location.key("rules"), known, problems)
        desired.append(DesiredGroup(target, rules))
    return desired


def check_not_opened(
    desired: DesiredGroup, present_rules: Sequence[Rule], problems: Problems
) -> None:
    """Note each rule that opens to any address what an existing rule limits.

    The existing rule limits it to a remote end that a file cannot name. OverlapIndex that is open
    already is not a problem.
    """
    kept = [
        (key_without_end(rule), rule)
        for rule in present_rules
        if rule.remote_address_group is not None
    ]
    if not kept:
        return
    equal, overlapping = dict(kept), OverlapIndex(kept)
    opened = {canonical(rule) for rule in present_rules}
    for index, rule in enumerate(desired.rules or ()):
        key = canonical(rule)
        # A stated prefix of all addresses is intended.
        if rule.cidr or rule.remote_group or key in opened:
            continue
        limited = equal.get(key) or overlapping.overlapping(key)
        if limited is None:
            continue
        end = quote(str(limited.remote_address_group))
        how = "is equal" if key in equal else "admits some of the same traffic"
        everybody = "0.0.0.0/0" if rule.ethertype == "IPv4" else "::/0"
        problems.add(
            desired.target.location.key("rules").item(index),
            f"would be open to any address; the existing rule that {how} has the remote end"
            f" {end}, which a file cannot name: leave out 'rules' to keep it, or state"
            f" 'cidr: {everybody}' to open it",
        )


def change(
    desired: DesiredGroup, present_rules: Sequence[Rule], *, push: bool = False
) -> Change | None:
    """Return what to write; None if the group is as desired already.

    With `push`, the group is created in the cloud if no push has done so, and its change is pushed.
    """
    written = _change(desired, present_rules)
    return _with_push(desired.target, written) if push else written


def _change(desired: DesiredGroup, present_rules: Sequence[Rule]) -> Change | None:
    target, rules = desired.target, desired.rules
    row = target.row
    if row is None:
        group = _new(target)
        return Change(group, rules or [], has_new_version=True)
    renamed = row.name != target.name
    group = replace(row, name=target.name, **target.stated)
    if renamed:
        # The new name was free, so it is no longer a duplicate.
        group = replace(group, is_duplicate_name=False)
    has_other_rules = rules is not None and list(present_rules) != rules
    if group == row and not has_other_rules:
        return None
    has_new_version = renamed or has_other_rules or group.description != row.description
    group = replace(group, version=row.version + has_new_version)
    if group.state == State.OK:
        # A group is loaded as stated: OK means that the cloud has it like this.
        group = replace(group, applied_version=group.version)
    if "modified" not in target.stated:
        group = replace(group, modified=None)
    return Change(group, rules if has_other_rules else None, has_new_version=has_new_version)


def _with_push(target: Target[Group], written: Change | None) -> Change | None:
    """Schedule the push that the group needs; its stated state and error give way to it."""
    row = target.row
    group = written.group if written else row
    if group is None or not _needs_push(row, group, written):
        return written
    if row is None:
        group = replace(group, state=State.CREATION_SCHEDULED, error_message="", applied_version=0)
        return written and replace(written, group=group, is_pushed=True)
    if row.state not in AT_REST:
        return written and _during_a_job(row, written)
    is_created = not group.backend_id or row.error_message == NOT_FOUND
    group = replace(
        group,
        state=State.UPDATE_SCHEDULED,
        error_message="",
        applied_version=0 if is_created else row.applied_version,
        modified=None if written is None else group.modified,
    )
    if written is None:
        return Change(group, None, has_new_version=False, is_pushed=True)
    return replace(written, group=group, is_pushed=True)


def _needs_push(row: Group | None, group: Group, written: Change | None) -> bool:
    if not group.backend_id:
        # Neutron creates the default group; a pull binds it.
        return group.name != DEFAULT_NAME
    # A group that is in the cloud and new here is compared by the next pull.
    return row is not None and (
        row.state not in AT_REST or (written is not None and written.has_new_version)
    )


def _during_a_job(row: Group, written: Change) -> Change | None:
    """Return the change without a stated state, which would end the job that is pending."""
    group = replace(
        written.group,
        state=row.state,
        error_message=row.error_message,
        applied_version=row.applied_version,
    )
    if replace(group, modified=row.modified) == row and written.rules is None:
        return None
    is_deletion = row.state in {State.DELETION_SCHEDULED, State.DELETING}
    is_pushed = written.has_new_version and not is_deletion
    return replace(written, group=group, is_pushed=is_pushed)


def _new(target: Target[Group]) -> Group:
    assert target.parent is not None  # noqa: S101 - a group always has a tenant
    group = Group(uuid=target.uuid, parent=target.parent.uuid, name=target.name, **target.stated)
    return replace(
        group,
        modified=group.modified or group.created,
        applied_version=group.version if group.state == State.OK else 0,
    )


def _names_by_tenant(kind: Kind[GroupEntry, Group]) -> Mapping[UUID, GroupNames]:
    names: dict[UUID, GroupNames] = defaultdict(GroupNames)
    for target in kind.targets:
        if target.parent is not None:
            names[target.parent.uuid].add(target.name, target.uuid)
    for row in kind.rows.values():
        if kind.target_of(row.uuid) is None:
            names[row.parent].add(row.name, row.uuid)
    return names


def _check_backend_ids(kind: Kind[GroupEntry, Group], problems: Problems) -> None:
    """Check that a group in the cloud has one row in its tenant."""
    owners: dict[tuple[UUID, str], UUID] = {}
    for row in kind.rows.values():
        target = kind.target_of(row.uuid)
        if row.backend_id and (target is None or "backend_id" not in target.stated):
            owners[row.parent, row.backend_id] = row.uuid
    for target in kind.targets:
        backend_id = target.stated.get("backend_id")
        if not backend_id or target.parent is None:
            continue
        owner = owners.setdefault((target.parent.uuid, backend_id), target.uuid)
        if owner != target.uuid:
            message = f"{quote(backend_id)} already belongs to the security group {owner.hex}"
            problems.add(target.location.key("backend_id"), message)


def rules_of(
    entries: Sequence[RuleEntry], location: Location, names: GroupNames, problems: Problems
) -> list[Rule]:
    """Return the rules with their remote groups resolved; note those that are wrong."""
    rules = []
    seen: dict[RuleKey, int] = {}
    for index, entry in enumerate(entries):
        at = location.item(index)
        rule = _rule(entry, at, names, problems)
        if rule is None:
            continue
        first = seen.setdefault(canonical(rule), index)
        if first != index:
            problems.add(at, f"is the same rule as {location.item(first).path}")
        rules.append(rule)
    return rules


def _rule(
    entry: RuleEntry, location: Location, names: GroupNames, problems: Problems
) -> Rule | None:
    if entry.model_fields_set <= {"description"}:
        problems.add(
            location,
            "is empty and would admit everything from any address: state what it admits",
        )
        return None
    if not is_protocol(entry.protocol):
        allowed = "tcp, udp, icmp, '' for any, or a number from 0 to 255"
        problems.add(
            location.key("protocol"), f"{quote(entry.protocol)} is not allowed; allowed: {allowed}"
        )
        return None
    rule = Rule(
        ethertype=entry.ethertype,
        direction=entry.direction,
        protocol=entry.protocol,
        from_port=entry.from_port,
        to_port=entry.to_port,
        cidr=None if entry.cidr is None else entry.cidr.strip(),
        description=entry.description,
        remote_group=entry.remote_group or None,
    )
    try:
        check_rule(rule)
    except RuleProblem as problem:
        problems.add(location.key(problem.field) if problem.field else location, str(problem))
        return None
    remote = None
    if rule.remote_group is not None:
        remote = _remote(rule.remote_group, location.key("remote_group"), names, problems)
        # Without its remote end the rule would admit traffic from anywhere: drop it.
        if remote is None:
            return None
    # Not `replace`, which takes longer than all checks above
    return Rule(
        ethertype=rule.ethertype,
        direction=rule.direction,
        protocol=rule.protocol,
        from_port=None if rule.from_port == ANY else rule.from_port,
        to_port=None if rule.to_port == ANY else rule.to_port,
        cidr=rule.cidr,
        description=rule.description,
        remote_group=remote,
    )


def _remote(
    reference: str, location: Location, names: GroupNames, problems: Problems
) -> str | None:
    named = names.get(reference, ())
    if len(named) > 1:
        message = f"{len(named)} security groups are called {quote(reference)}: give the UUID"
        problems.add(location, message)
        return None
    uuid = parse_uuid(reference)
    is_uuid = uuid in names.uuids
    if named and is_uuid and named[0] != uuid:
        message = f"{quote(reference)} is the name of one security group and the UUID of another"
        problems.add(location, f"{message}: rename the first")
        return None
    if named:
        return named[0].hex
    if uuid is not None and is_uuid:
        return uuid.hex
    # No name resembles a UUID, and there may be thousands of both.
    hint = nearest(reference, names) if uuid is None else ""
    message = f"no security group of this tenant is called {quote(reference)}{hint}"
    problems.add(location, message)
    return None
