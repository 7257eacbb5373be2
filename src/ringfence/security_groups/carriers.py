"""The `traffic` of plans, versions and drift: what opens and what closes, and for whom.

`traffic_changes` compares the rules. One statement counts the instances and floating IP addresses
that carry the group, and loads other groups on the same ports, which may admit what is closed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from ringfence.database.pool import Database
from ringfence.http.offload import in_thread
from ringfence.security_groups import rule_rows
from ringfence.security_groups.queries import stored_rule
from ringfence.security_groups.representation import Remote
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, with_remote_end
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic import TooComplex, Traffic
from ringfence.security_groups.traffic_boxes import box_of
from ringfence.security_groups.traffic_changes import (
    MAX_SHOWN,
    MESSAGES,
    ChangedPiece,
    Note,
    TrafficChange,
)

# Other groups that are considered: those on most of the ports
MAX_OTHERS = 50
# Parts of what closes that are compared with other groups
MAX_CLOSED = 1_000

# Groups of the same tenant only: nobody learns what another tenant's admit.
CARRIERS: LiteralString = """
WITH carrying AS MATERIALIZED (
    SELECT
        port.id, port.device_owner, port.device_id, port.floating_addresses,
        port.security_group_ids
    FROM cloud_port_groups AS carried
    INNER JOIN cloud_ports AS port ON carried.port_id = port.id
    WHERE carried.security_group_id = %(group)s
),
others AS (
    SELECT
        other.id, other.uuid, other.name, other.state, count(*) AS ports,
        count(*) OVER () AS total
    FROM carrying
    INNER JOIN cloud_port_groups AS carried ON carrying.id = carried.port_id
    INNER JOIN security_groups AS other ON carried.security_group_id = other.id
    WHERE
        cardinality(%(kinds)s::text []) > 0
        AND other.id <> %(group)s
        AND other.tenant_id = %(tenant)s
    GROUP BY other.id
    ORDER BY count(*) DESC, other.name, other.id
    LIMIT %(most)s
)
SELECT
    EXISTS (
        SELECT FROM tenant_port_observations AS reading WHERE reading.tenant_id = %(tenant)s
    ) AS is_observed,
    (
        SELECT count(DISTINCT carrying.device_id) FROM carrying
        WHERE carrying.device_owner LIKE 'compute:%%' AND carrying.device_id <> ''
    ) AS instances,
    (
        SELECT coalesce(sum(cardinality(carrying.floating_addresses)), 0) FROM carrying
    ) AS floating_ips,
    cardinality(%(kinds)s::text []) > 0 AND (
        EXISTS (SELECT FROM carrying WHERE carrying.security_group_ids IS NULL)
        OR EXISTS (
            SELECT FROM (
                SELECT DISTINCT unnest(carrying.security_group_ids) AS id FROM carrying
            ) AS its
            WHERE NOT EXISTS (
                SELECT FROM security_groups AS known
                WHERE known.tenant_id = %(tenant)s AND known.backend_id = its.id
            )
        )
        OR EXISTS (SELECT FROM others WHERE others.total > %(most)s)
        -- In the cloud these may admit more than their desired rules do.
        OR EXISTS (
            SELECT FROM others
            LEFT JOIN security_group_observations AS observed
                ON others.id = observed.security_group_id
            WHERE
                others.state <> 'OK'
                OR observed.drift_grade = 'opens'
                OR (observed.drift_grade IS NULL AND observed.drift_digest <> '')
        )
    ) AS has_unknown,
    (
        SELECT
            json_agg(
                json_build_array(hex(others.uuid), others.name, others.ports, rules.rules)
                ORDER BY others.ports DESC, others.name, others.id
            )
        FROM others
        CROSS JOIN LATERAL (
            SELECT
                json_agg(
                    json_build_array(
                        rule.id, {columns}, hex(remote.uuid), rule.unresolved_group_backend_id,
                        rule.unresolved_group_name, rule.remote_address_group_backend_id
                    )
                ) AS rules
            FROM security_group_rules AS rule
            LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
            WHERE
                rule.security_group_id = others.id
                AND rule.ethertype || ' ' || rule.direction = ANY(%(kinds)s)
        ) AS rules
    ) AS others
""".replace("{columns}", rule_rows.COLUMNS)


@dataclass(frozen=True, slots=True)
class OtherGroup:
    """Another group, on this number of the same ports, with the rules that may matter."""

    uuid: str
    name: str
    ports: int
    rules: Sequence[RuleRequest]


@dataclass(frozen=True, slots=True)
class Carriers:
    """Who carries a group; numbers are None if the ports were never read."""

    instances: int | None
    floating_ips: int | None
    has_unknown: bool = False
    others: Sequence[OtherGroup] = ()


# Of a group that does not exist yet
NOBODY = Carriers(0, 0)


@dataclass(frozen=True, slots=True)
class Names:
    """How the rules that are compared name remote groups, and how responses show them."""

    rule: Callable[[RuleRequest], Rule] = with_remote_end
    remote: Callable[[str], Remote | None] = lambda _: None


async def traffic_document(
    database: Database,
    group: tuple[int, int] | None,
    compare: Callable[[], TrafficChange],
    names: Names,
) -> dict[str, Any]:
    """Return the `traffic` of a change; `group` is the id of the group and that of its tenant."""
    change = await in_thread(compare)
    carriers = NOBODY if group is None else await _carriers_of(database, group, change)
    return await in_thread(lambda: _document(change, carriers, names))


async def _carriers_of(
    database: Database, group: tuple[int, int], change: TrafficChange
) -> Carriers:
    group_id, tenant_id = group
    values = {
        "group": group_id,
        "tenant": tenant_id,
        "kinds": sorted({f"{box.ethertype} {box.direction}" for box in change.closed}),
        "most": MAX_OTHERS,
    }
    async with database.connection() as connection:
        row = await (await connection.execute(CARRIERS, values)).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM returns one row
    is_observed, instances, floating_ips, has_unknown, others = row
    if not is_observed:
        return Carriers(None, None, has_unknown=bool(change.closed))
    return Carriers(
        instances,
        floating_ips,
        has_unknown,
        [
            OtherGroup(uuid, name, ports, [stored_rule(rule) for rule in rules or ()])
            for uuid, name, ports, rules in others or ()
        ],
    )


def change_document(change: TrafficChange, names: Names) -> dict[str, Any]:
    """Return the `traffic` of a change that concerns no ports but those of its response."""
    return _document(change, NOBODY, names)


def _document(change: TrafficChange, carriers: Carriers, names: Names) -> dict[str, Any]:
    still = list(_still_admitted_by(change, carriers, names))
    is_unknown = carriers.has_unknown or (carriers.others and len(change.closed) > MAX_CLOSED)
    notes = [*change.notes, *([Note.GROUPS_UNKNOWN] if is_unknown else ())]
    return {
        "same": change.is_same,
        "exact": not change.notes,
        "notes": [{"code": note, "message": MESSAGES[note]} for note in notes],
        "opens": [_piece(piece, names) for piece in change.opens],
        "closes": [_piece(piece, names) for piece in change.closes],
        "opens_total": change.opens_total,
        "closes_total": change.closes_total,
        "instances": carriers.instances,
        "floating_ips": carriers.floating_ips,
        "still_admitted_by": still[:MAX_SHOWN],
    }


def _piece(changed: ChangedPiece, names: Names) -> dict[str, Any]:
    """Return the document of a piece. A remote end is always shown, never left out as "any"."""
    piece = changed.piece
    remote = None if piece.remote_group is None else names.remote(piece.remote_group)
    document: dict[str, Any] = {
        "direction": piece.direction,
        "ethertype": piece.ethertype,
        "protocol": piece.protocol,
        "from_port": piece.from_port,
        "to_port": piece.to_port,
        "cidr": piece.cidr,
        "remote_group_uuid": remote.uuid.hex if remote and remote.uuid else None,
        "internet": changed.is_internet,
        "rules": list(changed.rules),
    }
    if piece.remote_group is not None:
        document["remote_group_name"] = (remote.name if remote else "") or piece.remote_group
        document["remote_group_backend_id"] = remote.backend_id if remote else ""
    if piece.remote_address_group is not None:
        document["remote_address_group_backend_id"] = piece.remote_address_group
    if piece.unknown_end is not None:
        document["unreadable_end"] = piece.unknown_end
    return document


def _still_admitted_by(
    change: TrafficChange, carriers: Carriers, names: Names
) -> Iterator[Mapping[str, Any]]:
    """Yield the other groups that admit some of what closes, and whether they admit all of it."""
    closed = Traffic.of_boxes(change.closed[:MAX_CLOSED])
    for other in carriers.others:
        try:
            shared = closed & Traffic.of_boxes(box_of(names.rule(rule)) for rule in other.rules)
        except TooComplex:
            # Rather one too many than one that nobody hears of.
            shared, is_all = closed, False
        else:
            is_all = shared == closed and len(change.closed) <= MAX_CLOSED
        if shared:
            yield {
                "security_group_uuid": other.uuid,
                "security_group_name": other.name,
                "ports": other.ports,
                "admits": "all" if is_all else "part",
            }
