"""The entries of a file, from rows. Pure.

Defaults are left out, and so is what changes by itself: the state of tenants, and of groups with a
pending job. What a file cannot say is left out as a whole, with a note, so that a load leaves it
alone: a rule without its remote end would admit any address.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from ringfence.clouds.commands import CloudRow
from ringfence.clouds.drift_modes import DriftMode
from ringfence.organisations.commands import CustomerRow
from ringfence.provisioning.export.queries import Ambiguities, RoleLine, TenantLine
from ringfence.provisioning.groups import GroupNames, rules_of
from ringfence.provisioning.problems import Location, Problems, quote
from ringfence.provisioning.schema import RuleEntry, is_group_name
from ringfence.security_groups.bulk_load import Group
from ringfence.security_groups.rule_input.refused_input import LONGEST_DESCRIPTION
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.states import AT_REST, State
from ringfence.text.uuids import parse_uuid
from ringfence.users.commands import UserRow

Entry = dict[str, Any]

_BEING_DELETED = (State.DELETION_SCHEDULED, State.DELETING)


class FlowEntry(dict[str, Any]):
    """An entry that YAML writes on one line."""


@dataclass(slots=True)
class Groups:
    """The entries of a tenant's groups, and what they leave out."""

    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def cloud_entry(cloud: CloudRow) -> Entry:
    """Return the entry of a cloud."""
    return {
        "name": cloud.name,
        "uuid": cloud.uuid.hex,
        "backend": cloud.backend,
        **_but(None, openstack_cloud=cloud.openstack_cloud, firewall_driver=cloud.firewall_driver),
        **_but(State.OK, state=cloud.state),
        **_but("", error_message=cloud.error_message),
    }


def user_entry(user: UserRow) -> Entry:
    """Return the entry of a user, without a token."""
    return {
        "username": user.name,
        "uuid": user.uuid.hex,
        **{flag: True for flag in ("is_staff", "is_support") if getattr(user, flag)},
        **({} if user.is_active else {"is_active": False}),
    }


def customer_entry(customer: CustomerRow) -> Entry:
    """Return the entry of a customer, without its projects."""
    return {
        "name": customer.name,
        "uuid": customer.uuid.hex,
        **_but("", native_name=customer.native_name, abbreviation=customer.abbreviation),
    }


def project_entry(line: TenantLine) -> Entry:
    """Return the entry of a project, without its tenants."""
    return {"name": line.project_name, "uuid": line.project_uuid and line.project_uuid.hex}


def tenant_entry(line: TenantLine, ambiguities: Ambiguities) -> Entry:
    """Return the entry of a tenant, without its groups."""
    cloud = _reference("cloud", line.cloud, line.cloud_uuid, ambiguities)
    marketplace = {
        key: value for key, value in (line.marketplace or {}).items() if value is not None
    }
    return {
        "name": line.name,
        "uuid": line.uuid and line.uuid.hex,
        "cloud": cloud,
        **_but(None, openstack_cloud=line.openstack_cloud),
        **_but("", backend_id=line.backend_id),
        **_but(DriftMode.ADOPT, drift_mode=line.drift_mode or DriftMode.ADOPT),
        **({"quotas": dict(sorted(line.quotas.items()))} if line.quotas else {}),
        **({"marketplace": marketplace} if marketplace else {}),
    }


def role_entry(line: RoleLine, ambiguities: Ambiguities) -> Entry:
    """Return the entry of a role; it refers by UUID where names are ambiguous."""
    user = _reference("user", line.username, line.user_uuid, ambiguities)
    entry: Entry = FlowEntry(user=user, role=line.role)
    if line.customer_uuid is not None:
        reference = _reference("customer", line.customer_name, line.customer_uuid, ambiguities)
        entry["customer"] = reference
    if line.project_uuid is not None:
        reference = _reference("project", line.project_name, line.project_uuid, ambiguities)
        entry["project"] = reference
    return entry


def group_entries(groups: Sequence[Group], rules: Mapping[UUID, Sequence[Rule]]) -> Groups:
    """Return the entries of a tenant's groups."""
    written = Groups()
    numbers = Counter(group.name for group in groups)
    exported = [group for group in groups if not _unwritable(group)]
    for group in groups:
        if reason := _unwritable(group):
            written.notes.append(f"security group {group.uuid.hex} is left out: {reason}")
    names = GroupNames()
    for group in exported:
        names.add(group.name, group.uuid)
    references = {
        group.uuid.hex: group.name
        if numbers[group.name] == 1 and parse_uuid(group.name) is None
        else _uuid_unlike(numbers.keys(), group.uuid)
        for group in exported
    }
    for group in exported:
        entry = _group_entry(group)
        of_group = rule_entries(rules[group.uuid], references, names)
        if group.state not in AT_REST:
            written.notes.append(f"security group {quote(group.name)} is {group.state}")
        if of_group is None:
            written.notes.append(
                f"the rules of security group {quote(group.name)} are left out: a file cannot "
                "state one of them, and a load keeps them"
            )
        else:
            entry["rules"] = of_group
        written.entries.append(entry)
    return written


def rule_entries(
    rules: Sequence[Rule], references: Mapping[str, str], names: GroupNames
) -> list[Entry] | None:
    """Return the entries of rules; None if reading them would not give the very same rules.

    `references` maps the UUIDs of groups to what a file writes for them, and `names` are the groups
    that a load will know.
    """
    entries = [_rule_entry(rule, references) for rule in rules]
    try:
        read = [RuleEntry.model_validate(entry) for entry in entries]
    except ValidationError:
        return None
    problems = Problems()
    if rules_of(read, Location(""), names, problems) != list(rules) or problems.lines:
        return None
    return entries


def _group_entry(group: Group) -> Entry:
    is_short = len(group.description) <= LONGEST_DESCRIPTION
    return {
        "name": group.name,
        "uuid": group.uuid.hex,
        **_but("", description=group.description if is_short else ""),
        **_but("", backend_id=group.backend_id),
        **({"state": group.state} if group.state == State.ERRED else {}),
        **({"error_message": group.error_message} if _has_error(group) else {}),
        "created": group.created and group.created.isoformat(),
    }


def _has_error(group: Group) -> bool:
    return bool(group.error_message) and group.state in AT_REST


def _rule_entry(rule: Rule, references: Mapping[str, str]) -> Entry:
    group = rule.remote_group
    stated = {
        **_but("", protocol=rule.protocol),
        **_but(None, from_port=rule.from_port, to_port=rule.to_port),
        **_but(None, cidr=rule.cidr),
        # A group that is left out has no reference, and its UUID finds nothing.
        **_but(None, remote_group=group and references.get(group, group)),
    }
    # An empty rule is refused, because it may be a mistake.
    direction = (
        _but("ingress", direction=rule.direction) if stated else {"direction": rule.direction}
    )
    return FlowEntry(
        **_but("IPv4", ethertype=rule.ethertype),
        **direction,
        **stated,
        **_but("", description=rule.description),
    )


def _unwritable(group: Group) -> str:
    """Return why a file cannot declare the group; empty if it can."""
    if group.state in _BEING_DELETED:
        return f"it is {group.state}"
    if group.is_duplicate_name:
        return f"another one of the tenant is called {quote(group.name)}; the next pull imports it"
    return "" if is_group_name(group.name) else "no file can state its name"


def _reference(
    kind: str, name: str | None, uuid: UUID | None, ambiguities: Ambiguities
) -> str | None:
    """Return the name, or the UUID if the name is ambiguous or may be read as a UUID."""
    if name is None or uuid is None:
        return name
    is_ambiguous = (kind, name) in ambiguities.names or parse_uuid(name) is not None
    return _uuid_unlike(ambiguities.like_uuids, uuid) if is_ambiguous else name


def _uuid_unlike(names: Collection[str], uuid: UUID) -> str:
    """Return a form of the UUID that is nobody's name."""
    forms = (uuid.hex, str(uuid), uuid.hex.upper(), str(uuid).upper())
    return next((form for form in forms if form not in names), uuid.hex)


def _but(default: object, **values: object) -> Entry:
    """Return the values that are not the default."""
    return {key: value for key, value in values.items() if value != default}
