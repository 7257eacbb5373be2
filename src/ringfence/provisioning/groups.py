"""What the groups and their rules are to be. Pure, given the rules that are there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from ringfence.provisioning.matching import Kind, Target
from ringfence.provisioning.problems import Mistakes, Place, nearest, quote
from ringfence.provisioning.schema import GroupEntry, RuleEntry
from ringfence.security_groups.bulk_load import Change, Group
from ringfence.security_groups.rule_input.remote_ends import rest_of
from ringfence.security_groups.rules import Rule, RuleKey, canonical
from ringfence.security_groups.states import State
from ringfence.security_groups.traffic import Traffic
from ringfence.security_groups.validation import ANY, RuleProblem, check_rule, is_protocol
from ringfence.text.uuids import parse_uuid

# A tenant's groups, as they will be, by name; twins share one.
GroupNames = Mapping[str, Sequence[UUID]]


@dataclass(frozen=True, slots=True)
class DesiredGroup:
    """A group as it is to be; `rules` of None are not stated."""

    target: Target[Group]
    rules: list[Rule] | None


def desire_groups(kind: Kind[GroupEntry, Group], mistakes: Mistakes) -> list[DesiredGroup]:
    """Check all rules and resolve their remote groups."""
    names = _names_by_tenant(kind)
    _check_backend_ids(kind, mistakes)
    desired = []
    for target in kind.targets:
        entries: list[RuleEntry] | None = target.stated.pop("rules", None)
        rules = None
        if entries is not None and target.parent is not None:
            known = names[target.parent.uuid]
            rules = _rules(entries, target.place.key("rules"), known, mistakes)
        desired.append(DesiredGroup(target, rules))
    return desired


def refuse_opening(
    desired: DesiredGroup, present_rules: Sequence[Rule], mistakes: Mistakes
) -> None:
    """Note each rule for any address that admits some of what a present one limits.

    That is one to an end which no file can name. What is open already stays so.
    """
    kept = [
        (rest_of(rule), rule) for rule in present_rules if rule.remote_address_group is not None
    ]
    if not kept:
        return
    equal, overlapping = dict(kept), Traffic(kept)
    opened = {canonical(rule) for rule in present_rules}
    for index, rule in enumerate(desired.rules or ()):
        key = canonical(rule)
        # A prefix of all addresses is said on purpose.
        if rule.cidr or rule.remote_group or key in opened:
            continue
        limited = equal.get(key) or overlapping.overlapping(key)
        if limited is None:
            continue
        end = quote(str(limited.remote_address_group))
        how = "equals it" if key in equal else "admits some of the same"
        everybody = "0.0.0.0/0" if rule.ethertype == "IPv4" else "::/0"
        mistakes.add(
            desired.target.place.key("rules").item(index),
            f"would be open to any address; the present rule that {how} has the remote end"
            f" {end}, which no file can name: leave out 'rules' to keep it, or say"
            f" 'cidr: {everybody}' to open it on purpose",
        )


def change(desired: DesiredGroup, present_rules: Sequence[Rule]) -> Change | None:
    """Say what is to be written; None where the group is so already."""
    target, rules = desired.target, desired.rules
    row = target.row
    if row is None:
        group = _new(target)
        return Change(group, rules or [], has_new_version=True)
    renamed = row.name != target.name
    group = replace(row, name=target.name, **target.stated)
    if renamed:
        # Its new name was free; from now on it is its own.
        group = replace(group, is_duplicate_name=False)
    has_other_rules = rules is not None and list(present_rules) != rules
    if group == row and not has_other_rules:
        return None
    has_new_version = renamed or has_other_rules or group.description != row.description
    group = replace(group, version=row.version + has_new_version)
    if group.state == State.OK:
        # Taken as it stands: OK says that the cloud has it so.
        group = replace(group, applied_version=group.version)
    if "modified" not in target.stated:
        group = replace(group, modified=None)
    return Change(group, rules if has_other_rules else None, has_new_version=has_new_version)


def _new(target: Target[Group]) -> Group:
    assert target.parent is not None  # noqa: S101 (a group stands within a tenant)
    group = Group(uuid=target.uuid, parent=target.parent.uuid, name=target.name, **target.stated)
    return replace(
        group,
        modified=group.modified or group.created,
        applied_version=group.version if group.state == State.OK else 0,
    )


def _names_by_tenant(kind: Kind[GroupEntry, Group]) -> Mapping[UUID, GroupNames]:
    names: dict[UUID, dict[str, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    for target in kind.targets:
        if target.parent is not None:
            names[target.parent.uuid][target.name].append(target.uuid)
    for row in kind.rows.values():
        if kind.target_of(row.uuid) is None:
            names[row.parent][row.name].append(row.uuid)
    return names


def _check_backend_ids(kind: Kind[GroupEntry, Group], mistakes: Mistakes) -> None:
    """In one tenant, a group of the cloud has one row."""
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
            message = f"{quote(backend_id)} is the security group {owner.hex} already"
            mistakes.add(target.place.key("backend_id"), message)


def _rules(
    entries: Sequence[RuleEntry], place: Place, names: GroupNames, mistakes: Mistakes
) -> list[Rule]:
    rules = []
    seen: dict[RuleKey, int] = {}
    for index, entry in enumerate(entries):
        at = place.item(index)
        rule = _rule(entry, at, names, mistakes)
        if rule is None:
            continue
        first = seen.setdefault(canonical(rule), index)
        if first != index:
            mistakes.add(at, f"is the same rule as {place.item(first).path}")
        rules.append(rule)
    return rules


def _rule(entry: RuleEntry, place: Place, names: GroupNames, mistakes: Mistakes) -> Rule | None:
    if entry.model_fields_set <= {"description"}:
        mistakes.add(
            place,
            "states nothing and would admit everything from any address: state what it admits",
        )
        return None
    if not is_protocol(entry.protocol):
        allowed = "tcp, udp, icmp, '' for any, or a number from 0 to 255"
        mistakes.add(
            place.key("protocol"), f"{quote(entry.protocol)} is not allowed; allowed: {allowed}"
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
        mistakes.add(place.key(problem.field) if problem.field else place, str(problem))
        return None
    remote = None
    if rule.remote_group is not None:
        remote = _remote(rule.remote_group, place.key("remote_group"), names, mistakes)
        # Without its remote end the rule would say "from anywhere": it is not kept.
        if remote is None:
            return None
    # Not `replace`, which takes longer than all the checks above.
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


def _remote(reference: str, place: Place, names: GroupNames, mistakes: Mistakes) -> str | None:
    named = names.get(reference, ())
    if len(named) > 1:
        message = f"{len(named)} security groups are called {quote(reference)}: give the uuid"
        mistakes.add(place, message)
        return None
    if named:
        return named[0].hex
    uuid = parse_uuid(reference)
    if uuid is not None and any(uuid in uuids for uuids in names.values()):
        return uuid.hex
    hint = nearest(reference, names)
    message = f"no security group of this tenant is called {quote(reference)}{hint}"
    mistakes.add(place, message)
    return None
