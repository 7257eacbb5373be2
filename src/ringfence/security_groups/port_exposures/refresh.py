"""Keep the exposures of ports equal to what their groups admit, in the transaction of the change.

`rule_rows` and `cloud_state.observations` call `refresh_before_commit` if the traffic of a group
from the internet changed, and whoever stores ports or their groups calls one of the others. Right
before the commit, the rules of all groups of the ports concerned are read, `judgement` computes,
and rows that differ are written. What each changed group opens by itself is kept with it, on ports
or not (`group_openings`).

Two transactions that change two groups of a port compute one after the other: each takes the lock
of the tenants whose ports are concerned before it reads the rules. It is taken after the locks of
documents, always.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString

from ringfence.database.pool import Connection, before_commit
from ringfence.database.recordset import recordset
from ringfence.http.offload import in_thread
from ringfence.security_groups.port_exposures.group_openings import (
    OF_GROUPS,
    OF_TENANTS,
    StoredOpenings,
    store,
    stored_openings,
)
from ringfence.security_groups.port_exposures.judgement import (
    ADDRESS_GROUP,
    Exposure,
    GroupTraffic,
    Port,
    exposures_of,
    internet_boxes,
)
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.readings import most_of
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic_boxes import Box

# Advisory locks of two integers: this class, and the tenant's id
_LOCK_CLASS = 1_380_533_831

# Of a port that a deleted group was on, only the exposures are left.
_PORTS_OF_GROUPS: LiteralString = """
SELECT carrying.port_id FROM cloud_port_groups AS carrying
WHERE carrying.security_group_id = ANY(%(ids)s)
UNION
SELECT exposure.port_id FROM port_exposures AS exposure
WHERE exposure.security_group_ids && %(ids)s::bigint[]
"""

_PORTS_OF_TENANTS: LiteralString = (
    "SELECT every.id FROM cloud_ports AS every WHERE every.tenant_id = ANY(%(ids)s)"
)

_PORTS_BY_ID: LiteralString = "SELECT unnest(%(ids)s::bigint[])"

_LOCK: LiteralString = """
SELECT pg_advisory_xact_lock(%(class)s, concerned.tenant_id)
FROM (
    SELECT DISTINCT port.tenant_id::integer AS tenant_id
    FROM cloud_ports AS port
    WHERE port.id IN ({selection})
    ORDER BY 1
) AS concerned
"""

_PORTS: LiteralString = """
SELECT
    port.id, port.tenant_id, port.device_owner, port.port_security_enabled, port.addresses,
    port.floating_addresses,
    ARRAY(
        SELECT carrying.security_group_id FROM cloud_port_groups AS carrying
        WHERE carrying.port_id = port.id
    )
FROM cloud_ports AS port
WHERE port.id IN ({selection})
"""

# Rules that may admit the internet: those of address groups, whose members decide, included
_RULES: LiteralString = """
SELECT
    rule.security_group_id, true AS is_desired,
    rule.ethertype, rule.protocol, rule.from_port, rule.to_port, rule.cidr,
    rule.remote_address_group_backend_id
FROM security_group_rules AS rule
WHERE
    rule.security_group_id = ANY(%(groups)s)
    AND rule.direction = 'ingress'
    AND (rule.internet OR rule.remote_address_group_backend_id IS NOT NULL)
UNION ALL
SELECT
    observed.security_group_id, false,
    rule.ethertype, coalesce(rule.protocol, ''), rule.port_range_min, rule.port_range_max,
    rule.remote_ip_prefix, rule.remote_address_group_id
FROM security_group_observations AS observed
CROSS JOIN LATERAL jsonb_to_recordset(observed.rules) AS rule (
    ethertype text, direction text, protocol text, port_range_min integer, port_range_max integer,
    remote_ip_prefix text, remote_group_id text, remote_address_group_id text
)
WHERE
    observed.security_group_id = ANY(%(groups)s)
    AND NOT observed.missing
    -- '' is none; without a digest it is not known.
    AND observed.internet_digest IS DISTINCT FROM ''
    AND rule.direction = 'ingress'
    AND rule.remote_group_id IS NULL
"""

_MEMBERS: LiteralString = """
SELECT sg.id, members.backend_id, members.addresses
FROM security_groups AS sg
INNER JOIN cloud_address_groups AS members ON sg.tenant_id = members.tenant_id
WHERE sg.id = ANY(%(groups)s) AND members.backend_id = ANY(%(address_groups)s)
"""

_COLUMNS: LiteralString = """
tenant_id, port_id, cause, ethertype, protocol, first_protocol, last_protocol, from_port, to_port,
first_port, last_port, network, services, reachable, desired, exact, security_group_ids,
observed_only_ids
"""

_STORED: LiteralString = """
SELECT id, {columns} FROM port_exposures WHERE port_id IN ({selection})
""".replace("{columns}", _COLUMNS.replace("network,", "network::text,"))

_DELETE: LiteralString = "DELETE FROM port_exposures WHERE id = ANY(%s)"

_INSERT: LiteralString = """
INSERT INTO port_exposures ({columns})
SELECT {columns}
FROM jsonb_to_recordset(%s) AS added (
    tenant_id bigint, port_id bigint, cause text, ethertype text, protocol text,
    first_protocol integer, last_protocol integer, from_port integer, to_port integer,
    first_port integer, last_port integer, network cidr, services text [], reachable boolean,
    desired text, exact boolean, security_group_ids bigint [], observed_only_ids bigint []
)
""".replace("{columns}", _COLUMNS)


def refresh_before_commit(connection: Connection, group_ids: Iterable[int]) -> None:
    """Compute what these groups open again, right before the commit."""
    if ids := list(group_ids):
        # Registered first, so that its locks are taken first
        documents.refresh_before_commit(connection, ())
        before_commit(connection, refresh_groups, ids)


def refresh_tenant_before_commit(connection: Connection, tenant_id: int) -> None:
    """Compute the exposures of all ports of a tenant again, right before the commit."""
    documents.refresh_before_commit(connection, ())
    before_commit(connection, refresh_tenants, [tenant_id])


def refresh_ports_before_commit(connection: Connection, port_ids: Iterable[int]) -> None:
    """Compute the exposures of these ports again, right before the commit."""
    documents.refresh_before_commit(connection, ())
    before_commit(connection, refresh_ports, port_ids)


async def refresh_groups(connection: Connection, group_ids: Sequence[int]) -> None:
    """Compute what these groups open again, and the exposures of all ports with them."""
    groups = await stored_openings(connection, OF_GROUPS, group_ids)
    await _refresh(connection, _PORTS_OF_GROUPS, group_ids, groups)


async def refresh_tenants(connection: Connection, tenant_ids: Sequence[int]) -> None:
    """Compute what all groups of these tenants open again, and the exposures of all ports."""
    groups = await stored_openings(connection, OF_TENANTS, tenant_ids)
    await _refresh(connection, _PORTS_OF_TENANTS, tenant_ids, groups)


async def refresh_ports(connection: Connection, port_ids: Sequence[int]) -> None:
    """Compute the exposures of these ports again."""
    await _refresh(connection, _PORTS_BY_ID, port_ids, ())


async def _refresh(
    connection: Connection,
    selection: LiteralString,
    ids: Sequence[int],
    changed_groups: Sequence[StoredOpenings],
) -> None:
    values = {"ids": list(ids), "class": _LOCK_CLASS}
    cursor = await connection.execute(_LOCK.replace("{selection}", selection), values)
    ports = []
    if cursor.rowcount:
        cursor = await connection.execute(_PORTS.replace("{selection}", selection), values)
        ports = [_port_of(row) for row in await cursor.fetchall()]
    of_ports = {group for port in ports for group in port.group_ids}
    groups = sorted(of_ports.union(each.id for each in changed_groups))
    traffic = await _traffic_of(connection, groups) if groups else {}
    if changed_groups:
        await store(connection, changed_groups, traffic)
    if ports:
        await _write_exposures(connection, selection, values, ports, traffic)


async def _write_exposures(
    connection: Connection,
    selection: LiteralString,
    values: Mapping[str, Any],
    ports: Sequence[Port],
    traffic: Mapping[int, GroupTraffic],
) -> None:
    """Write the rows that differ from what the groups of the ports admit."""
    cursor = await connection.execute(_STORED.replace("{selection}", selection), values)
    stored = {_as_exposure(row[1:]): row[0] for row in await cursor.fetchall()}
    exposures = await in_thread(lambda: set(exposures_of(ports, traffic)))
    if gone := [row_id for exposure, row_id in stored.items() if exposure not in exposures]:
        await connection.execute(_DELETE, [gone])
    if added := sorted(exposures - stored.keys(), key=str):
        await connection.execute(_INSERT, [recordset([each._asdict() for each in added])])


async def _traffic_of(connection: Connection, groups: Sequence[int]) -> Mapping[int, GroupTraffic]:
    """Return what groups admit from the internet, by id; groups that admit nothing are left out."""
    cursor = await connection.execute(_RULES, {"groups": groups})
    rules = await cursor.fetchall()
    boxes: dict[tuple[int, bool], list[Box]] = defaultdict(list)
    for group, is_desired, ethertype, protocol, first, last, cidr, address_group in rules:
        rule = Rule(
            ethertype, "ingress", protocol, first, last, cidr, remote_address_group=address_group
        )
        # A port is open if it is so with any driver.
        boxes[group, is_desired] += most_of(rule)
    members = await _members_of(connection, groups, boxes.values())
    opened = {key: internet_boxes(each, members.get(key[0], {})) for key, each in boxes.items()}
    found = {group for (group, _), each in opened.items() if each}
    return {
        group: GroupTraffic(opened.get((group, True), []), opened.get((group, False), []))
        for group in found
    }


async def _members_of(
    connection: Connection, groups: Sequence[int], boxes: Iterable[Sequence[Box]]
) -> Mapping[int, Mapping[str, Sequence[str]]]:
    """Return the members of the address groups that rules name, by group and id in the cloud."""
    named = {
        box.symbol[1]
        for each in boxes
        for box in each
        if box.symbol and box.symbol[0] == ADDRESS_GROUP
    }
    members: dict[int, dict[str, Sequence[str]]] = defaultdict(dict)
    if named:
        values = {"groups": groups, "address_groups": sorted(named)}
        cursor = await connection.execute(_MEMBERS, values)
        for group, address_group, addresses in await cursor.fetchall():
            members[group][address_group] = addresses
    return members


def _port_of(row: Sequence[Any]) -> Port:
    return Port._make([*row[:-1], frozenset(row[-1])])


def _as_exposure(row: Sequence[Any]) -> Exposure:
    return Exposure._make(tuple(each) if isinstance(each, list) else each for each in row)
