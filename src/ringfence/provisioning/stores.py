"""Store the desired rows that are new or changed, kind by kind, and report them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from ringfence.clouds.commands import (
    existing_quotas,
    store_clouds,
    store_quotas,
    store_tenants,
)
from ringfence.clouds.drift_modes import existing_default_modes, store_default_modes
from ringfence.clouds.marketplace import existing_references, store_references
from ringfence.database.outbox import Job, defer_for_group
from ringfence.database.pool import Connection
from ringfence.events.commands import record_all
from ringfence.events.types import EventType
from ringfence.organisations.commands import store_customers, store_projects
from ringfence.provisioning.desired import Desired, changed_rows
from ringfence.provisioning.differences import (
    Action,
    Difference,
    FieldChange,
    role_difference,
    row_difference,
    row_differences,
    rule_changes,
    value_changes,
)
from ringfence.provisioning.entries import Kinds
from ringfence.provisioning.groups import DesiredGroup, change, check_not_opened
from ringfence.provisioning.matching import Target
from ringfence.provisioning.problems import Problems, quote
from ringfence.provisioning.summary import Report
from ringfence.security_groups.bulk_load import Change, Group, existing_rules, store_groups
from ringfence.security_groups.group_events import Ancestors, group_event
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rules import Rule
from ringfence.users.commands import grant_roles, store_tokens, store_users

# Names of objects by UUID, for the diff
Names = Mapping[UUID, str]


async def store_clouds_and_users(
    connection: Connection, kinds: Kinds, desired: Desired, report: Report
) -> None:
    """Store clouds, users and fixed tokens."""
    clouds, created = changed_rows(desired.clouds, kinds.clouds.targets)
    if clouds:
        ids = await store_clouds(connection, clouds)
        await documents.refresh(connection, documents.CLOUDS, ids)
    _add(report, "clouds", created, len(clouds), len(desired.clouds))
    report.note(row_differences(kinds.clouds, clouds, {}))
    users, created = changed_rows(desired.users, kinds.users.targets)
    if users:
        await store_users(connection, users)
    _add(report, "users", created, len(users), len(desired.users))
    report.note(row_differences(kinds.users, users, {}))
    if desired.tokens:
        tokens = [(user, digest) for digest, user in desired.tokens.items()]
        stored = await store_tokens(connection, tokens)
        report.add("tokens", created=len(stored), changed=0, named=len(tokens))
        report.note(
            Difference(Action.CREATED, "token", f"of {target.name} (not shown)")
            for user in stored
            if (target := kinds.users.target_of(user)) is not None
        )


async def store_organisations(
    connection: Connection, kinds: Kinds, desired: Desired, report: Report
) -> None:
    """Store customers and projects."""
    customers, created = changed_rows(desired.customers, kinds.customers.targets)
    if customers:
        ids = await store_customers(connection, customers)
        await documents.refresh(connection, documents.CUSTOMERS, ids)
    _add(report, "customers", created, len(customers), len(desired.customers))
    report.note(row_differences(kinds.customers, customers, {}))
    projects, created = changed_rows(desired.projects, kinds.projects.targets)
    if projects:
        ids = await store_projects(connection, projects)
        await documents.refresh(connection, documents.PROJECTS, ids)
    _add(report, "projects", created, len(projects), len(desired.projects))
    report.note(row_differences(kinds.projects, projects, {}))


async def store_tenants_with_limits(
    connection: Connection, kinds: Kinds, desired: Desired, names: Names, report: Report
) -> None:
    """Store tenants, their quotas, drift modes and marketplace references."""
    tenants, created = changed_rows(desired.tenants, kinds.tenants.targets)
    changed = {tenant.uuid for tenant in tenants}
    more = await _changes_of_limits(connection, desired) if report.is_detailed else {}
    ids: list[int] = []
    if tenants:
        ids = await store_tenants(connection, tenants)
    if desired.quotas:
        changed |= await store_quotas(connection, desired.quotas)
    if desired.drift_modes:
        changed |= await store_default_modes(connection, desired.drift_modes)
    if desired.references:
        referring = await store_references(connection, desired.references)
        changed |= referring.keys()
        ids.extend(referring.values())
    if ids:
        await documents.refresh(connection, documents.TENANTS, ids)
    _add(report, "tenants", created, len(changed), len(desired.tenants))
    report.note(
        row_difference("tenant", target, tenant, names, more.get(tenant.uuid, ()))
        for tenant in desired.tenants
        if tenant.uuid in changed and (target := kinds.tenants.target_of(tenant.uuid)) is not None
    )


async def _changes_of_limits(
    connection: Connection, desired: Desired
) -> dict[UUID, list[FieldChange]]:
    """Return the changes of what other tables hold of the tenants."""
    quotas = await existing_quotas(connection, desired.quotas)
    modes = await existing_default_modes(connection, desired.drift_modes)
    references = await existing_references(connection, desired.references)
    changes: dict[UUID, list[FieldChange]] = {}
    for prefix, before, after in (
        ("quotas.", quotas, desired.quotas),
        ("", modes, {uuid: {"drift_mode": mode} for uuid, mode in desired.drift_modes.items()}),
        ("marketplace.", references, desired.references),
    ):
        for tenant, values in after.items():
            found = value_changes(prefix, before.get(tenant, {}), values)
            changes.setdefault(tenant, []).extend(found)
    return changes


async def store_changed_groups(
    connection: Connection,
    groups: Sequence[DesiredGroup],
    desired: Desired,
    report: Report,
    *,
    push: bool,
) -> None:
    """Store groups that are new or changed; with `push`, schedule the pushes that they need."""
    ruled = [one.target.uuid for one in groups if one.rules is not None and one.target.row]
    present = await existing_rules(connection, ruled)
    problems = Problems()
    for one in groups:
        check_not_opened(one, present.get(one.target.uuid, ()), problems)
    problems.check()
    found = [
        (one, written)
        for one in groups
        if (written := change(one, present.get(one.target.uuid, ()), push=push)) is not None
    ]
    pushed = [one.target for one, written in found if written.is_pushed]
    _require_projects(pushed, desired, problems)
    changes = [written for _, written in found]
    if changes:
        await store_groups(connection, changes)
    await _schedule_pushes(connection, pushed)
    report.pushed += len(pushed)
    created = sum(one.target.row is None for one in groups)
    _add(report, "security groups", created, len(changes), len(groups))
    names = {one.target.uuid.hex: one.target.name for one in groups} if report.is_detailed else {}
    report.note(
        _group_difference(one, written, present.get(one.target.uuid, ()), names)
        for one, written in found
    )


def _group_difference(
    one: DesiredGroup, written: Change, present_rules: Sequence[Rule], names: Mapping[str, str]
) -> Difference:
    group, row = written.group, one.target.row
    # Without a stated time, `created` is the time of the load.
    group = group if row is None or group.created else replace(group, created=row.created)
    rules = [] if written.rules is None else rule_changes(present_rules, written.rules, names)
    return row_difference("security group", one.target, group, {}, rules)


def _require_projects(
    pushed: Sequence[Target[Group]], desired: Desired, problems: Problems
) -> None:
    """Raise `OperatorError` if a group is to be pushed and its tenant has no project."""
    without = {tenant.uuid: tenant for tenant in desired.tenants if not tenant.backend_id}
    for target in pushed:
        if target.parent is not None and target.parent.uuid in without:
            message = (
                f"the tenant {quote(target.parent.name)} has no backend_id: nothing can be pushed"
            )
            problems.add(target.location, message)
    problems.check()


async def _schedule_pushes(connection: Connection, pushed: Sequence[Target[Group]]) -> None:
    events = []
    for target in pushed:
        tenant = target.parent
        assert tenant and tenant.parent and tenant.parent.parent  # noqa: S101, PT018 - by the files' structure
        ancestors = Ancestors(tenant.parent.parent.uuid, tenant.parent.uuid, tenant.uuid)
        is_new = target.row is None
        kind = EventType.CREATION_SCHEDULED if is_new else EventType.UPDATE_SCHEDULED
        what = "creation" if is_new else "update"
        message = f"Security group {target.name} {what} has been scheduled."
        events.append(group_event(ancestors, target.uuid, kind, message, {"cause": "load"}))
    await record_all(connection, events)
    for target in pushed:
        await defer_for_group(connection, Job.PUSH_GROUP, target.uuid)


async def store_roles(
    connection: Connection, desired: Desired, names: Names, report: Report
) -> None:
    """Grant the roles that are new."""
    if not desired.grants:
        return
    granted = await grant_roles(connection, desired.grants)
    report.add("roles", created=len(granted), changed=0, named=len(desired.grants))
    report.note(role_difference(Action.CREATED, grant, names) for grant in granted)


def _add(report: Report, kind: str, created: int, written: int, named: int) -> None:
    report.add(kind, created=created, changed=written - created, named=named)
