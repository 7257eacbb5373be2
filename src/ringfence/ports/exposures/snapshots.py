"""Count once a day what of each tenant is open to the internet, for the trend.

`sync.cleanup` calls it every hour; the first call of a day, in UTC, counts.
"""

from typing import LiteralString

from ringfence.database.pool import Database
from ringfence.ports.exposures.counts import MOST_DAYS

# Two workers may count at once: the first to commit is kept.
_COUNT: LiteralString = """
INSERT INTO exposure_snapshots (
    tenant_id, day, ports, reachable_ports, security_groups, services
)
SELECT
    tenant.id, today.day, coalesce(open.ports, 0), coalesce(open.reachable_ports, 0),
    coalesce(opening.security_groups, 0), coalesce(served.services, '{}')
FROM (SELECT (now() AT TIME ZONE 'UTC')::date AS day) AS today
CROSS JOIN tenants AS tenant
LEFT JOIN (
    SELECT
        exposure.tenant_id,
        count(DISTINCT exposure.port_id) AS ports,
        count(DISTINCT exposure.port_id) FILTER (WHERE exposure.reachable) AS reachable_ports
    FROM port_exposures AS exposure
    GROUP BY exposure.tenant_id
) AS open ON tenant.id = open.tenant_id
LEFT JOIN (
    SELECT sg.tenant_id, count(*) AS security_groups
    FROM security_group_openings AS stored
    INNER JOIN security_groups AS sg ON stored.security_group_id = sg.id
    GROUP BY sg.tenant_id
) AS opening ON tenant.id = opening.tenant_id
LEFT JOIN (
    SELECT
        counted.tenant_id,
        jsonb_object_agg(counted.word, jsonb_build_object(
            'ports', counted.ports, 'reachable_ports', counted.reachable_ports
        )) AS services
    FROM (
        SELECT
            exposure.tenant_id, each.word,
            count(DISTINCT exposure.port_id) AS ports,
            count(DISTINCT exposure.port_id) FILTER (WHERE exposure.reachable) AS reachable_ports
        FROM port_exposures AS exposure
        CROSS JOIN LATERAL unnest(exposure.services) AS each (word)
        GROUP BY exposure.tenant_id, each.word
    ) AS counted
    GROUP BY counted.tenant_id
) AS served ON tenant.id = served.tenant_id
WHERE tenant.id IN (
    SELECT missing.id FROM tenants AS missing
    WHERE NOT EXISTS (
        SELECT FROM exposure_snapshots AS taken
        WHERE taken.tenant_id = missing.id AND taken.day = (now() AT TIME ZONE 'UTC')::date
    )
)
ON CONFLICT (tenant_id, day) DO NOTHING
"""

_IS_DUE: LiteralString = """
SELECT EXISTS (
    SELECT FROM tenants AS tenant
    WHERE NOT EXISTS (
        SELECT FROM exposure_snapshots AS taken
        WHERE taken.tenant_id = tenant.id AND taken.day = (now() AT TIME ZONE 'UTC')::date
    )
)
"""

_REMOVE: LiteralString = """
DELETE FROM exposure_snapshots
WHERE day <= (now() AT TIME ZONE 'UTC')::date - %s
"""


async def take_snapshots(database: Database) -> int:
    """Count tenants that were not counted today; return how many. Old counts are removed."""
    async with database.transaction() as connection:
        row = await (await connection.execute(_IS_DUE)).fetchone()
        if row is None or not row[0]:
            return 0
        counted = await connection.execute(_COUNT)
        await connection.execute(_REMOVE, [MOST_DAYS])
    return counted.rowcount
