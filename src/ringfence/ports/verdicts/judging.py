"""Judges the packet of a request: reads ends, groups and remotes, then calls `verdict`."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

from ringfence.access.scope import Scope
from ringfence.database.pool import Connection, Database
from ringfence.errors import Invalid, NotFound
from ringfence.http.offload import in_thread
from ringfence.ports.verdicts import queries, rows
from ringfence.ports.verdicts.documents import NOT_CONSIDERED, verdict_document
from ringfence.ports.verdicts.effective import effective_rules, requested_ports, sources
from ringfence.ports.verdicts.queries import GroupRow, PortRow, Referenced, VerdictTenant
from ringfence.ports.verdicts.rows import Named
from ringfence.ports.verdicts.schemas import RequestedEnd, Traffic, VerdictRequest, WhatIf
from ringfence.ports.verdicts.verdict import judge
from ringfence.ports.verdicts.world import End, Group, GroupRule, Packet, Port, World
from ringfence.security_groups import queries as security_groups
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.rule_lists import read_rule_list
from ringfence.security_groups.rules import Rule

MAX_PORTS = 200
# Pairs of a port at each end, and the rules by which all of them are judged
MAX_PAIRS = 1_000
MAX_RULES = 20_000
# More than this is not judged on the event loop.
_MANY_RULES = 200

_BACKEND_IDS: LiteralString = """
SELECT hex(sg.uuid), sg.backend_id FROM security_groups AS sg WHERE sg.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class _Ends:
    source: End
    destination: End
    ports: Sequence[PortRow]


async def verdict_of(
    database: Database, scope: Scope, tenant_uuid: UUID, requested: VerdictRequest
) -> dict[str, Any]:
    """Return the document of a verdict. Raises `NotFound` and `Invalid`."""
    desired = requested.at == "desired"
    # A body takes as long as its client likes: the transaction reads the identity again.
    async with database.transaction() as connection:
        tenant, ends = await _ends(connection, scope, tenant_uuid, requested)
        ports = [rows.port_of(port, desired=desired) for port in ends.ports]
        carried = sorted({group for port in ports for group in port.groups or ()})
        found = await queries.groups_of(connection, scope, tenant.cloud_id, carried)
        groups = [rows.group_of(row, desired=desired) for row in found]
    if isinstance(requested.at, WhatIf):
        groups = await _with_rules(database, scope, groups, requested.at)
    async with database.connection() as connection:
        referenced = _referenced(requested, ends, groups, found)
        remotes = await queries.remotes_of(connection, scope, tenant.cloud_id, referenced)
    _refuse_many(ends, ports, groups)
    world = rows.world_of(ends.ports, groups, remotes, desired=desired)
    packet = Packet(
        ends.source,
        ends.destination,
        requested.traffic.protocol,
        requested.traffic.port,
        requested.traffic.icmp_type,
        requested.traffic.icmp_code,
    )
    names = rows.names_of(found, remotes)
    observed_at = _oldest(ends.ports, found, remotes.groups)

    def document() -> dict[str, Any]:
        return verdict_document(judge(world, packet, tenant.driver), names, observed_at)

    if sum(len(group.rules or ()) for group in groups) + len(remotes.members) > _MANY_RULES:
        return await in_thread(document)
    return document()


def _refuse_many(ends: _Ends, ports: Sequence[Port], groups: Sequence[Group]) -> None:
    """Raise `Invalid` if too many pairs of ports would be judged by too many rules."""
    rules = {group.id: len(group.rules or ()) for group in groups}
    of_port = {port.id: sum(rules.get(each, 0) for each in port.groups or ()) for port in ports}
    source, destination = ends.source.ports, ends.destination.ports
    pairs = max(len(source), 1) * max(len(destination), 1)
    judged = max(len(destination), 1) * sum(of_port[each] for each in source)
    judged += max(len(source), 1) * sum(of_port[each] for each in destination)
    if pairs > MAX_PAIRS or (pairs > 1 and judged > MAX_RULES):
        message = (
            "The ends have so many ports and rules that judging each pair would take too long: "
            "name a port instead."
        )
        raise Invalid({"non_field_errors": [message]})


async def _ends(
    connection: Connection, scope: Scope, tenant_uuid: UUID, requested: VerdictRequest
) -> tuple[VerdictTenant, _Ends]:
    both = (requested.source, requested.destination)
    uuids = [uuid for end in both for uuid in (end.port, end.instance) if uuid]
    addresses = [end.address for end in both if end.address]
    tenant, found = await queries.ends_of(connection, scope, tenant_uuid, uuids, addresses)
    if len(found) > MAX_PORTS:
        message = f"The ends have more than {MAX_PORTS} ports: name a port instead."
        raise Invalid({"non_field_errors": [message]})
    source, destination = (
        _ports_of(found, requested.source, "source"),
        _ports_of(found, requested.destination, "destination", floating=True),
    )
    if not source and not destination:
        message = (
            "Neither end is a port of this tenant that you see, so nothing can be judged: send "
            "port_uuid or instance_uuid, or an address of such a port."
        )
        raise Invalid({"non_field_errors": [message]})
    used = {port.uuid: port for port in (*source, *destination)}
    ends = _end(requested.source, source), _end(requested.destination, destination)
    return tenant, _Ends(*ends, list(used.values()))


def _ports_of(
    found: Iterable[PortRow], end: RequestedEnd, field: str, *, floating: bool = False
) -> list[PortRow]:
    """Return the ports of an end; a floating address is one of a destination only."""
    if end.cidr is not None:
        return []
    if end.address is not None:
        own = [port for port in found if end.address in port.addresses]
        if own or not floating:
            return own
        return [port for port in found if end.address in port.floating_addresses]
    if end.port is not None:
        ports = [port for port in found if end.port == port.uuid]
    else:
        ports = [port for port in found if end.instance == port.instance_uuid]
    if not ports:
        noun = "port" if end.port else "instance"
        message = f"There is no such {noun} in the cloud of this tenant among those that you see."
        raise Invalid({field: [message]})
    return ports


def _end(requested: RequestedEnd, ports: Sequence[PortRow]) -> End:
    own = {address for port in ports for address in port.addresses}
    is_floating = bool(ports) and requested.address is not None and requested.address not in own
    return End(tuple(port.uuid for port in ports), requested.text, is_floating)


async def _with_rules(
    database: Database, scope: Scope, groups: Sequence[Group], what_if: WhatIf
) -> list[Group]:
    """Return the groups, one of them with other rules, which are validated as set_rules does."""
    try:
        group = await security_groups.get(database, scope, what_if.group)
    except NotFound:
        message = "There is no such security group among those that you see."
        raise Invalid({"at": [message]}) from None
    async with database.connection() as connection:
        rules = await _rules(connection, group, what_if)
    return [replace(each, rules=rules) if each.id == group.backend_id else each for each in groups]


async def _rules(
    connection: Connection, group: SecurityGroup, what_if: WhatIf
) -> tuple[GroupRule, ...]:
    desired = await read_rule_list(connection, group, what_if.rules)
    cursor = await connection.execute(_BACKEND_IDS, [list(desired.remote_groups.values())])
    ids = {uuid: backend_id or uuid for uuid, backend_id in await cursor.fetchall()}
    found = []
    for request in desired.rules:
        end = request.unresolved
        rule = request.rule
        remote = ids.get(rule.remote_group, rule.remote_group) if rule.remote_group else None
        found.append(
            GroupRule(
                group.backend_id,
                request.id,
                Rule(
                    rule.ethertype,
                    rule.direction,
                    rule.protocol,
                    rule.from_port,
                    rule.to_port,
                    rule.cidr,
                    rule.description,
                    remote if end is None else end.group_backend_id,
                    rule.remote_address_group if end is None else end.address_group_backend_id,
                ),
            )
        )
    return tuple(found)


async def effective_rules_of(database: Database, scope: Scope, uuid: UUID) -> dict[str, Any]:
    """Return the document of what a port admits. Raises `NotFound`."""
    found = await _port_world(database, scope, uuid)
    rules = await in_thread(lambda: effective_rules(found.world, found.port, found.names))
    return found.document | rules


async def sources_of(
    database: Database, scope: Scope, uuid: UUID, traffic: Traffic
) -> dict[str, Any]:
    """Return the document of who can reach a port. Raises `NotFound`."""
    found = await _port_world(database, scope, uuid)
    ports = requested_ports(traffic.port, traffic.icmp_type, traffic.icmp_code)
    driver = found.tenant.driver
    document = await in_thread(
        lambda: sources(found.world, found.port, found.names, driver, traffic.protocol, ports)
    )
    return found.document | document


@dataclass(frozen=True, slots=True)
class _PortWorld:
    """A port with its world; `document` is what all of its documents begin with."""

    world: World
    port: Port
    tenant: VerdictTenant
    names: Mapping[str, Named]
    document: dict[str, Any]


async def _port_world(database: Database, scope: Scope, uuid: UUID) -> _PortWorld:
    async with database.connection() as connection:
        row, tenant = await queries.port_in_scope(connection, scope, uuid)
        ids = sorted(row.security_group_ids or ())
        found = await queries.groups_of(connection, scope, tenant.cloud_id, ids)
        groups = [rows.group_of(each) for each in found]
        rules = [each.rule for group in groups for each in group.rules or ()]
        referenced = Referenced(*_ends_of(rules), _tenants(found), (), ("0.0.0.0/0", "::/0"))
        remotes = await queries.remotes_of(connection, scope, tenant.cloud_id, referenced)
    world = rows.world_of([row], groups, remotes)
    document = {
        "port_uuid": row.uuid,
        "at": "observed",
        "not_considered": list(NOT_CONSIDERED),
        "observed_at": _oldest([row], found, remotes.groups),
    }
    return _PortWorld(world, world.ports[row.uuid], tenant, rows.names_of(found, remotes), document)


def _ends_of(rules: Sequence[Rule]) -> tuple[list[str], list[str]]:
    """Return the remote groups and the address groups of rules."""
    return (
        sorted({rule.remote_group for rule in rules if rule.remote_group}),
        sorted({rule.remote_address_group for rule in rules if rule.remote_address_group}),
    )


def _tenants(found: Sequence[GroupRow]) -> list[int]:
    return sorted({row.tenant_id for row in found})


def _referenced(
    requested: VerdictRequest, ends: _Ends, groups: Sequence[Group], found: Sequence[GroupRow]
) -> Referenced:
    rules = [each.rule for group in groups for each in group.rules or ()]
    addresses = {address for port in ends.ports for address in port.addresses}
    addresses |= {end.address for end in (requested.source, requested.destination) if end.address}
    networks = [end.cidr for end in (requested.source, requested.destination) if end.cidr]
    return Referenced(
        *_ends_of(rules),
        _tenants(found),
        sorted(addresses),
        [ipaddress.ip_network(each).compressed for each in networks],
    )


def _oldest(
    ports: Sequence[PortRow], groups: Sequence[GroupRow], remotes: Sequence[Any]
) -> str | None:
    """Return the time of the oldest observation that the verdict rests on."""
    times = [port.observed_at for port in ports]
    times += [group.observed_at for group in groups]
    times += [
        datetime.fromisoformat(each["observed_at"]) if each["observed_at"] else None
        for each in remotes
    ]
    known = [each for each in times if each is not None]
    if not known:
        return None
    return min(known).astimezone(UTC).isoformat().replace("+00:00", "Z")
