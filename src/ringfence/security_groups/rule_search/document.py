"""The document of a rule in the list, as a query for the rule `chosen.id`.

`%(base)s` is the base of URLs. Ports are -1 for any, and a remote end without a row here has its
name alone, as in the documents of groups (`database/views`).
"""

from typing import LiteralString

DOCUMENT: LiteralString = """
SELECT row_to_json(listed)::text AS document
FROM (
    SELECT
        rule.id,
        rule.ethertype,
        rule.direction,
        rule.protocol,
        coalesce(rule.from_port, -1) AS from_port,
        coalesce(rule.to_port, -1) AS to_port,
        rule.cidr,
        rule.description,
        %(base)s || '/api/openstack-security-groups/' || hex(remote.uuid) || '/' AS remote_group,
        hex(remote.uuid) AS remote_group_uuid,
        coalesce(
            remote.name,
            rule.unresolved_group_name,
            'address' || chr(32) || 'group' || chr(32) || rule.remote_address_group_backend_id
        ) AS remote_group_name,
        rule.internet,
        %(base)s || '/api/openstack-security-groups/' || hex(sg.uuid) || '/' AS security_group,
        hex(sg.uuid) AS security_group_uuid,
        sg.name AS security_group_name,
        CASE WHEN reading.tenant_id IS NOT NULL THEN coalesce(counted.instances, 0) END
            AS instance_count,
        hex(tenant.uuid) AS tenant_uuid,
        tenant.name AS tenant_name,
        hex(project.uuid) AS project_uuid,
        project.name AS project_name,
        hex(customer.uuid) AS customer_uuid,
        customer.name AS customer_name
    FROM security_group_rules AS rule
    INNER JOIN security_groups AS sg ON rule.security_group_id = sg.id
    INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
    INNER JOIN projects AS project ON tenant.project_id = project.id
    INNER JOIN customers AS customer ON project.customer_id = customer.id
    LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
    LEFT JOIN tenant_port_observations AS reading ON sg.tenant_id = reading.tenant_id
    LEFT JOIN LATERAL (
        SELECT ports.instances
        FROM security_group_instances AS ports
        WHERE ports.security_group_id = sg.id
        OFFSET 0
    ) AS counted ON true
    WHERE rule.id = chosen.id
    OFFSET 0
) AS listed
"""
