"""Counts of what is open to the internet: now by service, and on each day."""

from collections.abc import Mapping
from typing import LiteralString

from psycopg.types.json import Jsonb
from starlette.datastructures import QueryParams

from ringfence.access.permissions import Actor
from ringfence.access.scope import VISIBLE, actor_parameters
from ringfence.database.pool import Database
from ringfence.http.collections.filters import Choices, Conditions, Kind, read_filters
from ringfence.ports.exposures.filters import ANCESTORS, One, number
from ringfence.security_groups.well_known_ports import SERVICES
from ringfence.text.json_value import Json

# How long snapshots are kept
MOST_DAYS = 400
DEFAULT_DAYS = 30

_COUNT_SERVICES: LiteralString = "%(service)s::text[] IS NOT NULL"
COUNT_FILTERS: Mapping[str, Kind] = {
    **ANCESTORS,
    "service": Choices(_COUNT_SERVICES, sorted(SERVICES)),
}
TREND_FILTERS: Mapping[str, Kind] = ANCESTORS
_DAYS = One("true", number(1, MOST_DAYS))

_TENANTS: LiteralString = """
tenant AS MATERIALIZED (
    SELECT tenant.id
    FROM tenants AS tenant
    INNER JOIN projects AS project ON tenant.project_id = project.id
    INNER JOIN customers AS customer ON project.customer_id = customer.id
    INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
    WHERE {condition}
)
"""

# Groups open a service by desired rules, or on a port by rules in the cloud.
_COUNTS: LiteralString = """
WITH {tenants},
service AS MATERIALIZED (
    SELECT known.word, known.name, known.port, known.protocols, known.position
    FROM jsonb_to_recordset(%(services)s) AS known (
        word text, name text, port integer, protocols smallint [], position integer
    )
),
exposed AS MATERIALIZED (
    SELECT exposure.port_id, exposure.reachable, exposure.services, exposure.security_group_ids
    FROM port_exposures AS exposure
    WHERE
        exposure.services && ARRAY(SELECT service.word FROM service)
        AND exposure.tenant_id IN (SELECT tenant.id FROM tenant)
),
opening AS MATERIALIZED (
    SELECT service.word, rule.security_group_id
    FROM security_group_rules AS rule
    INNER JOIN service
        ON
            (rule.protocol_number <= 0 OR rule.protocol_number = ANY(service.protocols))
            AND service.port BETWEEN rule.first_port AND rule.last_port
    WHERE rule.internet AND rule.direction = 'ingress'
    UNION
    SELECT each.word, carried.id
    FROM (SELECT DISTINCT one.services, one.security_group_ids FROM exposed AS one) AS kind
    CROSS JOIN LATERAL unnest(kind.services) AS each (word)
    CROSS JOIN LATERAL unnest(kind.security_group_ids) AS carried (id)
),
floating AS MATERIALIZED (
    SELECT DISTINCT carrying.security_group_id
    FROM cloud_ports AS port
    INNER JOIN cloud_port_groups AS carrying ON port.id = carrying.port_id
    WHERE cardinality(port.floating_addresses) > 0
),
by_group AS (
    SELECT
        opening.word, count(*) AS groups,
        count(*) FILTER (
            WHERE opening.security_group_id IN (SELECT floating.security_group_id FROM floating)
        ) AS on_floating_ips
    FROM opening
    INNER JOIN security_groups AS sg ON opening.security_group_id = sg.id
    WHERE sg.tenant_id IN (SELECT tenant.id FROM tenant)
    GROUP BY opening.word
),
by_port AS (
    SELECT
        open.word, count(*) AS ports, count(*) FILTER (WHERE open.reachable) AS reachable_ports
    FROM (
        SELECT service.word, exposed.port_id, bool_or(exposed.reachable) AS reachable
        FROM service
        INNER JOIN exposed ON exposed.services @> ARRAY[service.word]
        GROUP BY service.word, exposed.port_id
    ) AS open
    GROUP BY open.word
)
SELECT coalesce(json_agg(json_build_object(
    'service', service.word,
    'name', service.name,
    'groups', coalesce(by_group.groups, 0),
    'groups_on_floating_ips', coalesce(by_group.on_floating_ips, 0),
    'ports', coalesce(by_port.ports, 0),
    'reachable_ports', coalesce(by_port.reachable_ports, 0)
) ORDER BY service.position), '[]')
FROM service
LEFT JOIN by_group ON service.word = by_group.word
LEFT JOIN by_port ON service.word = by_port.word
"""

_TREND: LiteralString = """
WITH {tenants},
counted AS MATERIALIZED (
    SELECT snapshot.*
    FROM tenant
    INNER JOIN exposure_snapshots AS snapshot ON tenant.id = snapshot.tenant_id
    WHERE snapshot.day > (now() AT TIME ZONE 'UTC')::date - %(days)s
),
by_service AS (
    SELECT
        counted.day, each.key AS word, sum((each.value ->> 'ports')::integer) AS ports,
        sum((each.value ->> 'reachable_ports')::integer) AS reachable_ports
    FROM counted
    CROSS JOIN LATERAL jsonb_each(counted.services) AS each
    GROUP BY counted.day, each.key
)
SELECT coalesce(json_agg(row_to_json(shown) ORDER BY shown.day DESC), '[]')
FROM (
    SELECT
        counted.day, count(*) AS tenants, sum(counted.security_groups) AS groups,
        sum(counted.ports) AS ports, sum(counted.reachable_ports) AS reachable_ports,
        coalesce((
            SELECT json_object_agg(by_service.word, json_build_object(
                'ports', by_service.ports, 'reachable_ports', by_service.reachable_ports
            ) ORDER BY by_service.word)
            FROM by_service WHERE by_service.day = counted.day
        ), '{}') AS services
    FROM counted
    GROUP BY counted.day
) AS shown
"""


async def counts_by_service(database: Database, actor: Actor, query: QueryParams) -> Json:
    """Return how much is open of each service, in the actor's scope; raises `Invalid`."""
    conditions = read_filters(query, COUNT_FILTERS)
    words = conditions.parameters.get("service") or SERVICES
    services = [
        {
            "word": service.word,
            "name": service.name,
            "port": service.port,
            "protocols": list(service.protocols),
            "position": position,
        }
        for position, service in enumerate(SERVICES.values())
        if service.word in words
    ]
    values = {"services": Jsonb(services)}
    return await _read(database, actor, _COUNTS, conditions, values)


async def trend(database: Database, actor: Actor, query: QueryParams) -> Json:
    """Return what was open on each day, in the actor's scope; raises `Invalid`."""
    conditions = read_filters(query, {**TREND_FILTERS, "days": _DAYS})
    days = conditions.parameters.get("days", DEFAULT_DAYS)
    return await _read(database, actor, _TREND, conditions, {"days": days})


async def _read(
    database: Database,
    actor: Actor,
    statement: LiteralString,
    conditions: Conditions,
    values: Mapping[str, object],
) -> Json:
    condition = " AND ".join((VISIBLE, *conditions.conditions))
    statement = statement.replace("{tenants}", _TENANTS.replace("{condition}", condition))
    parameters = {**actor_parameters(actor), **conditions.parameters, **values}
    async with database.connection() as connection:
        row = await (await connection.execute(statement, parameters)).fetchone()
    return row[0] if row else []
