"""The JSON documents of ports and instances, built by SQL when they are read.

A document shows what Waldur's clients know and Neutron reports. Fields of networks, flavors and
volumes are empty or absent: they are not read from the cloud. A group that the reader does not see
has no name in any document; its id in the cloud stands in `other_security_group_ids`.

`LIMIT 1` has each row of a page looked up by its key: without it, the server may build the
documents of all rows to choose those of the page from them.
"""

from typing import LiteralString

from ringfence.access.scope import VISIBLE
from ringfence.ports.filters import INSTANCE_STATE

# The groups that a port is to have: those of a pending change, or else the observed ones
EFFECTIVE: LiteralString = "coalesce(port.desired_security_group_ids, port.security_group_ids)"

# A number that changes with the groups of a port, for `If-Match`
PORT_VERSION: LiteralString = """
1 + (hashtextextended(
    coalesce((
        SELECT string_agg(carried.backend_id, ',' ORDER BY carried.backend_id)
        FROM unnest({effective}) AS carried (backend_id)
    ), ''),
    0
) & 4611686018427387903)
""".replace("{effective}", EFFECTIVE)

# The same of all ports of an instance
INSTANCE_VERSION: LiteralString = """
1 + (hashtextextended(
    coalesce((
        SELECT
            string_agg(
                port.id || ':' || coalesce((
                    SELECT string_agg(carried.backend_id, ',' ORDER BY carried.backend_id)
                    FROM unnest({effective}) AS carried (backend_id)
                ), ''),
                ';' ORDER BY port.id
            )
        FROM cloud_ports AS port
        WHERE port.instance_id = instance.id
    ), ''),
    0
) & 4611686018427387903)
""".replace("{effective}", EFFECTIVE)

# The group with an id in the cloud, for a reader: one of the tenant, or of another tenant in scope
KNOWN_GROUP: LiteralString = """
SELECT own.id, own.uuid, own.name, own.description, own.state
FROM security_groups AS own
WHERE
    own.tenant_id = tenant.id
    AND own.backend_id <> ''
    AND own.backend_id = carried.backend_id
UNION ALL
SELECT other.id, other.uuid, other.name, other.description, other.state
FROM security_groups AS other
INNER JOIN tenants AS owner ON other.tenant_id = owner.id
INNER JOIN projects AS project ON owner.project_id = project.id
WHERE
    other.backend_id <> ''
    AND other.backend_id = carried.backend_id
    AND owner.id <> tenant.id
    AND owner.cloud_id = tenant.cloud_id
    AND {visible}
LIMIT 1
""".replace("{visible}", VISIBLE)

# The groups of a port, by name, and the ids of those that the reader does not see
_GROUPS_OF_PORT: LiteralString = """
SELECT
    coalesce(
        json_agg(json_build_object(
            'uuid', hex(sg.uuid),
            'name', sg.name,
            'url', %(base)s || '/api/openstack-security-groups/' || hex(sg.uuid) || '/'
        ) ORDER BY sg.name, sg.id) FILTER (WHERE sg.id IS NOT NULL),
        '[]'
    ) AS known,
    coalesce(
        json_agg(carried.backend_id ORDER BY carried.backend_id) FILTER (WHERE sg.id IS NULL),
        '[]'
    ) AS others
FROM unnest({effective}) AS carried (backend_id)
LEFT JOIN LATERAL ({group}) AS sg ON true
""".replace("{effective}", EFFECTIVE).replace("{group}", KNOWN_GROUP)

# What ports and instances have first, as all resources of a cloud
_RESOURCE: LiteralString = """
        cloud.name AS service_name,
        %(base)s || '/api/service-settings/' || hex(cloud.uuid) || '/' AS service_settings,
        hex(cloud.uuid) AS service_settings_uuid,
        cloud.state AS service_settings_state,
        cloud.error_message AS service_settings_error_message,
        %(base)s || '/api/projects/' || hex(project.uuid) || '/' AS project,
        project.name AS project_name,
        hex(project.uuid) AS project_uuid,
        %(base)s || '/api/customers/' || hex(customer.uuid) || '/' AS customer,
        hex(customer.uuid) AS customer_uuid,
        customer.name AS customer_name,
        customer.native_name AS customer_native_name,
        customer.abbreviation AS customer_abbreviation,
        {error_message} AS error_message,
        '' AS error_traceback,
        '{resource_type}' AS resource_type,
        {state} AS state,
        json_time({alias}.created)::json AS created,
        json_time({alias}.modified)::json AS modified,
        {alias}.backend_id,
        NULL AS access_url,
        %(base)s || '/api/openstack-tenants/' || hex(tenant.uuid) || '/' AS tenant,
        tenant.name AS tenant_name,
        hex(tenant.uuid) AS tenant_uuid,
"""

# Ports and instances are not in the marketplace; their tenant is.
_MARKETPLACE: LiteralString = """
        NULL AS marketplace_offering_uuid,
        NULL AS marketplace_offering_name,
        NULL AS marketplace_offering_type,
        NULL AS marketplace_offering_plugin_options,
        NULL AS marketplace_category_uuid,
        NULL AS marketplace_category_name,
        NULL AS marketplace_resource_uuid,
        NULL AS marketplace_plan_uuid,
        NULL AS marketplace_resource_state,
        NULL AS is_usage_based,
        NULL AS is_limit_based
"""

_ANCESTORS: LiteralString = """
    INNER JOIN projects AS project ON tenant.project_id = project.id
    INNER JOIN customers AS customer ON project.customer_id = customer.id
    INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
"""

# Clients parse `network_uuid` as a UUID and do not take null: it is absent if it is none.
PORT_SHOWN: LiteralString = (
    """
SELECT
    left(row_to_json(shown)::text, -1)
    || CASE
        WHEN network.id ~ '^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$'
            THEN ',"network_uuid":"' || replace(network.id, '-', '') || '"}'
        ELSE '}'
    END AS document
FROM (
    SELECT
        %(base)s || '/api/openstack-ports/' || hex(port.uuid) || '/' AS url,
        hex(port.uuid) AS uuid,
        port.name,
        port.description,
        {resource}
        coalesce(port.fixed_ips, '[]') AS fixed_ips,
        port.mac_address,
        coalesce(port.allowed_address_pairs, '[]') AS allowed_address_pairs,
        NULL AS network,
        '' AS network_name,
        to_json(port.floating_addresses) AS floating_ips,
        port.device_id,
        port.device_owner,
        coalesce(port.port_security_enabled, true) AS port_security_enabled,
        carried.known AS security_groups,
        carried.others AS other_security_group_ids,
        port.admin_state_up,
        port.status,
        port.vnic_type,
        %(base)s || '/api/openstack-instances/' || hex(instance.uuid) || '/' AS instance,
        hex(instance.uuid) AS instance_uuid,
        instance.name AS instance_name,
        {marketplace}
    FROM cloud_ports AS port
    INNER JOIN tenants AS tenant ON port.tenant_id = tenant.id
    {ancestors}
    LEFT JOIN cloud_instances AS instance ON port.instance_id = instance.id
    CROSS JOIN LATERAL ({carried}) AS carried
    WHERE port.id = page.id
    LIMIT 1
) AS shown
CROSS JOIN LATERAL (
    SELECT lower(port.network_id) AS id FROM cloud_ports AS port WHERE port.id = page.id
) AS network
""".replace("{resource}", _RESOURCE)
    .replace("{marketplace}", _MARKETPLACE)
    .replace("{ancestors}", _ANCESTORS)
    .replace("{carried}", _GROUPS_OF_PORT)
    .replace("{alias}", "port")
    .replace("{state}", "port.state")
    .replace("{error_message}", "port.error_message")
    .replace("{resource_type}", "OpenStack.Port")
)

# The groups of all ports of an instance, each once, with their rules
_GROUPS_OF_INSTANCE: LiteralString = """
SELECT
    coalesce(
        json_agg(json_build_object(
            'url', %(base)s || '/api/openstack-security-groups/' || hex(sg.uuid) || '/',
            'name', sg.name,
            'rules', replace(coalesce(rules.rules, '[]'), chr(1), %(base)s)::json,
            'description', sg.description,
            'state', sg.state,
            'uuid', hex(sg.uuid)
        ) ORDER BY sg.name, sg.id) FILTER (WHERE sg.id IS NOT NULL),
        '[]'
    ) AS known,
    coalesce(
        json_agg(carried.backend_id ORDER BY carried.backend_id) FILTER (WHERE sg.id IS NULL),
        '[]'
    ) AS others
FROM (
    SELECT DISTINCT each.backend_id
    FROM cloud_ports AS port
    CROSS JOIN LATERAL unnest({effective}) AS each (backend_id)
    WHERE port.instance_id = instance.id
) AS carried
LEFT JOIN LATERAL ({group}) AS sg ON true
LEFT JOIN security_group_rule_documents AS rules ON sg.id = rules.security_group_id
""".replace("{effective}", EFFECTIVE).replace("{group}", KNOWN_GROUP)

_PORTS_OF_INSTANCE: LiteralString = """
SELECT
    coalesce(json_agg(json_build_object(
        'url', %(base)s || '/api/openstack-ports/' || hex(port.uuid) || '/',
        'uuid', hex(port.uuid),
        'name', port.name,
        'fixed_ips', coalesce(port.fixed_ips, '[]'),
        'mac_address', port.mac_address,
        'subnet', NULL,
        'subnet_uuid', NULL,
        'subnet_name', NULL,
        'subnet_description', NULL,
        'subnet_cidr', NULL,
        'allowed_address_pairs', coalesce(port.allowed_address_pairs, '[]'),
        'device_id', port.device_id,
        'device_owner', port.device_owner,
        'port_security_enabled', coalesce(port.port_security_enabled, true),
        'state', port.state,
        'security_groups', carried.known,
        'other_security_group_ids', carried.others
    ) ORDER BY port.id), '[]') AS ports,
    coalesce(
        string_agg(port.error_message, ' ' ORDER BY port.id)
        FILTER (WHERE port.state = 'ERRED'),
        ''
    ) AS error_message,
    max(port.modified) AS modified
FROM cloud_ports AS port
CROSS JOIN LATERAL ({carried}) AS carried
WHERE port.instance_id = instance.id
""".replace("{carried}", _GROUPS_OF_PORT)

# The addresses of all ports of an instance, in the order of the ports
_ADDRESSES: LiteralString = """
coalesce((
    SELECT json_agg(address.value ORDER BY port.id, address.position)
    FROM cloud_ports AS port
    CROSS JOIN LATERAL unnest({column}) WITH ORDINALITY AS address (value, position)
    WHERE port.instance_id = instance.id
), '[]')
"""

_FLOATING_IPS: LiteralString = """
coalesce((
    SELECT
        json_agg(json_build_object(
            'address', address.value,
            'port_fixed_ips', coalesce(port.fixed_ips, '[]'),
            'port_mac_address', port.mac_address
        ) ORDER BY port.id, address.position)
    FROM cloud_ports AS port
    CROSS JOIN LATERAL unnest(port.floating_addresses)
        WITH ORDINALITY AS address (value, position)
    WHERE port.instance_id = instance.id
), '[]')
"""

INSTANCE_SHOWN: LiteralString = (
    """
SELECT row_to_json(shown)::text AS document
FROM (
    SELECT
        %(base)s || '/api/openstack-instances/' || hex(instance.uuid) || '/' AS url,
        hex(instance.uuid) AS uuid,
        instance.name,
        '' AS description,
        {resource}
        NULL AS start_time,
        '' AS user_data,
        {external} AS external_ips,
        {internal} AS internal_ips,
        NULL AS latitude,
        NULL AS longitude,
        '' AS key_name,
        '' AS key_fingerprint,
        '' AS image_name,
        '' AS flavor_name,
        carried.known AS security_groups,
        carried.others AS other_security_group_ids,
        {floating} AS floating_ips,
        of_ports.ports,
        NULL AS availability_zone,
        '' AS availability_zone_name,
        '' AS runtime_state,
        '' AS action,
        '' AS hypervisor_hostname,
        NULL AS rancher_cluster,
        {marketplace}
    FROM cloud_instances AS instance
    INNER JOIN tenants AS tenant ON instance.tenant_id = tenant.id
    {ancestors}
    CROSS JOIN LATERAL ({groups}) AS carried
    CROSS JOIN LATERAL (
        SELECT
            summed.ports,
            summed.error_message,
            greatest(summed.modified, instance.modified) AS latest
        FROM ({ports}) AS summed
    ) AS of_ports
    WHERE instance.id = page.id
    LIMIT 1
) AS shown
""".replace("{resource}", _RESOURCE)
    .replace("{external}", _ADDRESSES.replace("{column}", "port.floating_addresses"))
    .replace("{internal}", _ADDRESSES.replace("{column}", "port.addresses"))
    .replace("{floating}", _FLOATING_IPS)
    .replace("{marketplace}", _MARKETPLACE)
    .replace("{ancestors}", _ANCESTORS)
    .replace("{groups}", _GROUPS_OF_INSTANCE)
    .replace("{ports}", _PORTS_OF_INSTANCE)
    .replace("json_time({alias}.modified)", "json_time(of_ports.latest)")
    .replace("{alias}", "instance")
    .replace("{state}", INSTANCE_STATE)
    .replace("{error_message}", "of_ports.error_message")
    .replace("{resource_type}", "OpenStack.Instance")
)
