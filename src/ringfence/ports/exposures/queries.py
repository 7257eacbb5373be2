"""Read what is open to the internet: one row for each port and piece of traffic.

`security_groups.port_exposures` keeps the rows. The names of groups and the ids of their rules are
read here, for a page only: rules are replaced more often than what they admit.
"""

from typing import LiteralString

from ringfence.access.scope import VISIBLE
from ringfence.http.collections.collection import SqlCollection
from ringfence.ports.exposures.filters import ORDERS, filters

PATH = "/api/security-group-exposures/"

# Ports of ICMP are types and codes.
_SAME_PORTS: LiteralString = """
CASE
    WHEN rule.protocol_number IN (1, 58)
        THEN
            coalesce(rule.from_port = exposure.from_port, true)
            AND coalesce(rule.to_port = exposure.to_port, true)
    ELSE
        exposure.first_port = -1
        OR rule.first_port = -1
        OR (rule.first_port <= exposure.last_port AND rule.last_port >= exposure.first_port)
END
"""

# The desired rules of a group that admit any of a piece; the ICMP of IPv6 over IPv4 is ICMP in some
# clouds.
_RULES: LiteralString = """
ARRAY(
    SELECT rule.id
    FROM security_group_rules AS rule
    WHERE
        rule.security_group_id = sg.id
        AND rule.direction = 'ingress'
        AND rule.ethertype = exposure.ethertype
        AND (
            rule.protocol_number <= 0
            OR rule.protocol_number BETWEEN exposure.first_protocol AND exposure.last_protocol
            OR (
                rule.protocol_number = 58
                AND 1 BETWEEN exposure.first_protocol AND exposure.last_protocol
            )
        )
        AND ({same_ports})
        AND (
            (rule.internet AND rule.network && exposure.network)
            OR rule.remote_address_group_backend_id IS NOT NULL
        )
    ORDER BY rule.id
)
""".replace("{same_ports}", _SAME_PORTS)

# A group that another tenant shares has neither name nor rules for those who do not see it.
_GROUPS: LiteralString = """
coalesce((
    SELECT json_agg(json_build_object(
        'uuid', CASE WHEN {visible} THEN hex(sg.uuid) END,
        'name', CASE WHEN {visible} THEN sg.name END,
        'rules', CASE WHEN {visible} THEN {rules} ELSE '{}' END,
        'observed_only', sg.id = ANY(exposure.observed_only_ids)
    ) ORDER BY ({visible}) DESC, sg.name, sg.id)
    FROM security_groups AS sg
    INNER JOIN tenants AS owner ON sg.tenant_id = owner.id
    INNER JOIN projects AS project ON owner.project_id = project.id
    WHERE sg.id = ANY(exposure.security_group_ids)
), '[]')
""".replace("{visible}", VISIBLE).replace("{rules}", _RULES)

# LIMIT keeps the planner from joining all ports with a page.
_DOCUMENT: LiteralString = """
SELECT row_to_json(shown)::text AS document
FROM (
    SELECT
        hex(port.uuid) AS port_uuid,
        port.name AS port_name,
        hex(instance.uuid) AS instance_uuid,
        coalesce(instance.name, '') AS instance_name,
        port.addresses AS fixed_ips,
        port.floating_addresses[1] AS floating_ip,
        exposure.reachable,
        exposure.ethertype,
        exposure.protocol,
        exposure.from_port,
        exposure.to_port,
        exposure.network::text AS cidr,
        CASE WHEN cardinality(exposure.services) = 1 THEN exposure.services[1] ELSE '' END
            AS service,
        exposure.services,
        exposure.cause,
        exposure.desired,
        exposure.exact,
        {groups} AS groups,
        hex(tenant.uuid) AS tenant_uuid,
        tenant.name AS tenant_name,
        hex(project.uuid) AS project_uuid,
        project.name AS project_name,
        hex(customer.uuid) AS customer_uuid,
        customer.name AS customer_name,
        hex(cloud.uuid) AS service_settings_uuid,
        cloud.name AS service_name
    FROM port_exposures AS exposure
    INNER JOIN cloud_ports AS port ON exposure.port_id = port.id
    LEFT JOIN cloud_instances AS instance ON port.instance_id = instance.id
    INNER JOIN tenants AS tenant ON exposure.tenant_id = tenant.id
    INNER JOIN projects AS project ON tenant.project_id = project.id
    INNER JOIN customers AS customer ON project.customer_id = customer.id
    INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
    WHERE exposure.id = page.id
    LIMIT 1
) AS shown
""".replace("{groups}", _GROUPS)

# Ports are joined for a page only.
EXPOSURES = SqlCollection(
    path=PATH,
    missing="No exposure matches the given query.",
    source="""
FROM port_exposures AS exposure
INNER JOIN tenants AS tenant ON exposure.tenant_id = tenant.id
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
""",
    alias="exposure",
    visible=VISIBLE,
    document=_DOCUMENT,
    filters=filters(VISIBLE),
    ordering=ORDERS,
)
