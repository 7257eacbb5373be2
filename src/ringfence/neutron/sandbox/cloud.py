"""The sandbox driver: a simulated Neutron over a few tables of Ringfence's own database.

It is for demonstrations and tests, and passes the same test suite as a real Neutron. It behaves
like Neutron for a member of the project: the default group cannot be renamed or deleted.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import LiteralString
from uuid import UUID, uuid4

from ringfence.database.pool import Connection, Database
from ringfence.errors import Unavailable
from ringfence.neutron.port import (
    DEFAULT_INITIAL_REVISION,
    DEFAULT_INITIAL_RULES,
    CloudAddressGroup,
    CloudGroup,
    CloudPort,
    CloudRule,
    CloudUnreachable,
    FirewallDriver,
    GroupInUse,
    GroupNotFound,
    Outdated,
    ProjectStatus,
    RemoteNotFound,
    RequestRefused,
    RuleExists,
)
from ringfence.neutron.sandbox import address_groups, ports
from ringfence.neutron.sandbox.stored_rule import stored, stored_text
from ringfence.security_groups.rules import Rule, RuleKey, canonical

DEFAULT = "default"

GROUPS_OF_PROJECT: LiteralString = """
SELECT id::text, project_id, name, description, revision_number, created_at, stateful
FROM sandbox_groups
WHERE project_id = %s AND coalesce(name = %s, true)
ORDER BY created_at, id
"""

ONE_GROUP: LiteralString = """
SELECT id::text, project_id, name, description, revision_number, created_at, stateful
FROM sandbox_groups
WHERE id = %s
"""

# The columns are in the order of `CloudRule`.
RULES_OF_GROUPS = """
SELECT
    group_id::text, ethertype, direction, protocol, port_range_min, port_range_max,
    remote_ip_prefix, remote_group_id::text, remote_address_group_id::text, description, id::text
FROM sandbox_rules
WHERE group_id = ANY(%s::uuid[])
ORDER BY id
"""

ADD_GROUP = """
INSERT INTO sandbox_groups (id, project_id, name, description, stateful)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (project_id) WHERE name = 'default' DO NOTHING
"""

HAS_DEFAULT = "SELECT 1 FROM sandbox_groups WHERE project_id = %s AND name = 'default'"

ADD_RULE = """
INSERT INTO sandbox_rules (
    id, group_id, ethertype, direction, protocol, port_range_min, port_range_max,
    remote_ip_prefix, remote_group_id, remote_address_group_id, description
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

RENAME = """
UPDATE sandbox_groups SET name = %s, description = %s, revision_number = revision_number + 1
WHERE id = %s
"""

ADD_TO_REVISION = "UPDATE sandbox_groups SET revision_number = revision_number + %s WHERE id = %s"

# Always in one order, so that two changes never deadlock.
LOCK = "SELECT id, project_id FROM sandbox_groups WHERE id = ANY(%s) ORDER BY id FOR UPDATE"

GROUPS_REFERRING_TO = "SELECT DISTINCT group_id FROM sandbox_rules WHERE remote_group_id = %s"

REMOVE_GROUP = "DELETE FROM sandbox_groups WHERE id = %s"

REMOVE_RULE = """
WITH removed AS (DELETE FROM sandbox_rules WHERE id = %s RETURNING group_id)
UPDATE sandbox_groups SET revision_number = revision_number + 1
WHERE id IN (SELECT group_id FROM removed)
"""


class SandboxCloud:
    """`NetworkCloud` over the tables whose names start with `sandbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_groups(self, project_id: str, *, name: str | None = None) -> list[CloudGroup]:
        """Return the project's groups; the first list creates its default group, as in Neutron."""
        async with self._transaction() as connection:
            await _ensure_default(connection, project_id)
            return await _read(connection, GROUPS_OF_PROJECT, (project_id, name))

    async def get_group(self, group_id: str) -> CloudGroup:
        """Return one group; raise `GroupNotFound`."""
        async with self._transaction() as connection:
            return await _get(connection, _uuid(group_id))

    async def create_group(
        self, project_id: str, name: str, description: str, *, stateful: bool | None = None
    ) -> CloudGroup:
        """Create a group with the two egress rules that Neutron gives each."""
        _refuse_default(name)
        stored_text("name", name)
        stored_text("description", description)
        async with self._transaction() as connection:
            await _ensure_default(connection, project_id)
            group = uuid4()
            values = (group, project_id, name, description, stateful is not False)
            await connection.execute(ADD_GROUP, values)
            await _add_rules(connection, group, _initial_rules())
            return await _get(connection, group)

    async def initial_rules(self, project_id: str) -> Sequence[CloudRule]:  # noqa: ARG002 - the port's
        """Return the two egress rules."""
        return DEFAULT_INITIAL_RULES

    def initial_revision(self, project_id: str) -> int:  # noqa: ARG002 - the port's
        """Return Neutron's revision of a new group."""
        return DEFAULT_INITIAL_REVISION

    def now(self) -> None:
        """Return `None`: the clock is the database's."""

    async def update_group(
        self, group_id: str, *, name: str, description: str, revision: int | None = None
    ) -> CloudGroup:
        """Set name and description; no group is renamed to or from `default`."""
        group = _uuid(group_id)
        stored_text("name", name)
        stored_text("description", description)
        async with self._transaction() as connection:
            _refuse_default(name)
            await connection.execute(LOCK, ([group],))
            found = await _get(connection, group)
            _refuse_default(found.name)
            _require_revision(found, revision)
            await connection.execute(RENAME, (name, description, group))
            return await _get(connection, group)

    async def delete_group(self, group_id: str, *, revision: int | None = None) -> None:
        """Delete a group and silently every rule that names it, as Neutron does."""
        group = _uuid(group_id)
        async with self._transaction() as connection:
            if (await _get(connection, group)).name == DEFAULT:
                raise RequestRefused("Insufficient rights for removing default security group.")
            cursor = await connection.execute(GROUPS_REFERRING_TO, (group,))
            owners = [row[0] for row in await cursor.fetchall() if row[0] != group]
            await connection.execute(LOCK, ([group, *owners],))
            _require_revision(await _get(connection, group), revision)
            if await ports.is_in_use(connection, group):
                raise GroupInUse(f"Security Group {group} in use.")
            for owner in owners:
                await connection.execute(ADD_TO_REVISION, (1, owner))
            await connection.execute(REMOVE_GROUP, (group,))

    async def create_rules(
        self, project_id: str, group_id: str, rules: Sequence[CloudRule]
    ) -> list[CloudRule]:
        """Create the rules, all or none."""
        if not rules:
            return []
        group = _uuid(group_id)
        created = [replace(stored(rule), id=str(uuid4())) for rule in rules]
        async with self._transaction() as connection:
            await _lock(connection, project_id, group, created)
            present = (await _get(connection, group)).rules
            _refuse_duplicates(created, present)
            await _add_rules(connection, group, created)
            await connection.execute(ADD_TO_REVISION, (len(created), group))
        return created

    async def delete_rule(self, rule_id: str) -> None:
        """Delete one rule; a missing one is not an error."""
        try:
            rule = UUID(rule_id)
        except ValueError:
            return
        async with self._transaction() as connection:
            await connection.execute(REMOVE_RULE, (rule,))

    async def free_rule_quota(self, project_id: str) -> int | None:  # noqa: ARG002 - the port's
        """Return `None`: there is no limit."""
        return None

    async def list_ports(self, project_id: str) -> list[CloudPort]:
        """Return the project's ports."""
        async with self._transaction() as connection:
            return await ports.read_ports(connection, project_id)

    async def get_port(self, port_id: str) -> CloudPort:
        """Return one port; raise `PortNotFound`."""
        async with self._transaction() as connection:
            return await ports.read_port(connection, port_id)

    async def list_floating_ips(self, project_id: str) -> Mapping[str, str]:
        """Return the project's floating IPs, each with the id of its port."""
        async with self._transaction() as connection:
            return await ports.read_floating_ips(connection, project_id)

    async def list_address_groups(self, group_ids: Collection[str]) -> list[CloudAddressGroup]:
        """Return those of the address groups that exist."""
        async with self._transaction() as connection:
            return await address_groups.read_address_groups(connection, group_ids)

    async def firewall_driver(self) -> FirewallDriver | None:
        """Return `None`: nothing enforces the rules."""
        return None

    async def set_port_groups(
        self, port_id: str, group_ids: Sequence[str], *, revision: int
    ) -> None:
        """Set the groups of a port; raise `Outdated`, `PortNotFound` or `GroupNotFound`."""
        async with self._transaction() as connection:
            await ports.set_groups(connection, port_id, group_ids, revision)

    async def project_status(self, project_id: str) -> ProjectStatus:  # noqa: ARG002 - the port's
        """Return `FOUND`: the sandbox has every project."""
        return ProjectStatus.FOUND

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        try:
            async with self._database.transaction() as connection:
                yield connection
        except Unavailable as error:
            raise CloudUnreachable("The sandbox cloud's database is not available.") from error


async def _ensure_default(connection: Connection, project_id: str) -> None:
    """Create the project's default group if it has none; safe for concurrent calls."""
    cursor = await connection.execute(HAS_DEFAULT, (project_id,))
    if await cursor.fetchone():
        return
    group = uuid4()
    values = (group, project_id, DEFAULT, "Default security group", True)
    cursor = await connection.execute(ADD_GROUP, values)
    if cursor.rowcount:
        own = [
            CloudRule(ethertype, "ingress", remote_group_id=str(group), id=str(uuid4()))
            for ethertype in ("IPv4", "IPv6")
        ]
        await _add_rules(connection, group, [*_initial_rules(), *own])


def _initial_rules() -> list[CloudRule]:
    return [CloudRule(ethertype, "egress", id=str(uuid4())) for ethertype in ("IPv4", "IPv6")]


async def _read(
    connection: Connection, statement: LiteralString, parameters: Sequence[object]
) -> list[CloudGroup]:
    cursor = await connection.execute(statement, parameters)
    groups = await cursor.fetchall()
    cursor = await connection.execute(RULES_OF_GROUPS, ([group[0] for group in groups],))
    rules: dict[str, list[CloudRule]] = {group[0]: [] for group in groups}
    for owner, *values in await cursor.fetchall():
        rules[owner].append(CloudRule(*values))
    return [
        CloudGroup(*(*group[:-1], tuple(rules[group[0]]), (), group[-1]))  # the last: `stateful`
        for group in groups
    ]


async def _get(connection: Connection, group: UUID) -> CloudGroup:
    for found in await _read(connection, ONE_GROUP, (group,)):
        return found
    raise _not_found(str(group))


async def _lock(
    connection: Connection, project_id: str, group: UUID, rules: Iterable[CloudRule]
) -> None:
    """Lock the group and those that the rules name; raise for a missing one."""
    named = [rule.remote_group_id for rule in rules if rule.remote_group_id]
    remotes = [_remote(remote) for remote in named]
    cursor = await connection.execute(LOCK, ([group, *remotes],))
    found: dict[UUID, str] = dict(await cursor.fetchall())
    if found.get(group) != project_id:
        raise _not_found(str(group))
    for remote in remotes:
        if remote not in found:
            raise RemoteNotFound(f"Security group {remote} does not exist")
    await address_groups.require_address_groups(connection, rules)


async def _add_rules(connection: Connection, group: UUID, rules: Iterable[CloudRule]) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(
            ADD_RULE,
            [
                (
                    rule.id,
                    group,
                    rule.ethertype,
                    rule.direction,
                    rule.protocol,
                    rule.port_range_min,
                    rule.port_range_max,
                    rule.remote_ip_prefix,
                    rule.remote_group_id,
                    rule.remote_address_group_id,
                    rule.description,
                )
                for rule in rules
            ],
        )


def _refuse_duplicates(new: Iterable[CloudRule], present: Iterable[CloudRule]) -> None:
    keys: set[RuleKey] = set()
    for rule in new:
        if _key(rule) in keys:
            raise RuleExists("Duplicate Security Group Rule in POST.")
        keys.add(_key(rule))
    for rule in present:
        if _key(rule) in keys:
            raise RuleExists(f"Security group rule already exists. Rule id is {rule.id}.")


def _key(rule: CloudRule) -> RuleKey:
    return canonical(
        Rule(
            ethertype=rule.ethertype,
            direction=rule.direction,
            protocol=rule.protocol or "",
            from_port=rule.port_range_min,
            to_port=rule.port_range_max,
            cidr=rule.remote_ip_prefix,
            remote_group=rule.remote_group_id,
            remote_address_group=rule.remote_address_group_id,
        )
    )


def _require_revision(found: CloudGroup, revision: int | None) -> None:
    if revision not in {None, found.revision_number}:
        raise Outdated("The security group changed in the cloud at the same time.")


def _refuse_default(name: str) -> None:
    if name.lower() == DEFAULT:
        raise RequestRefused("Default security group already exists.")


def _uuid(group_id: str) -> UUID:
    try:
        return UUID(group_id)
    except ValueError:
        raise _not_found(group_id) from None


def _remote(group_id: str) -> UUID:
    try:
        return UUID(group_id)
    except ValueError:
        raise RemoteNotFound(f"Security group {group_id} does not exist") from None


def _not_found(group_id: str) -> GroupNotFound:
    return GroupNotFound(f"Security group {group_id} does not exist")
