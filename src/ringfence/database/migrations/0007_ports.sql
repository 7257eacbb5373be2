-- Who carries the groups: ports as the cloud last showed them, and the addresses that lead there.

SET lock_timeout = '5s';

-- Ports of the tenant's project that carry any group; written by the sync, never by a request.
CREATE TABLE cloud_ports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id bigint NOT NULL REFERENCES tenants ON DELETE CASCADE,
    backend_id text NOT NULL CHECK (backend_id <> ''),
    name text NOT NULL DEFAULT '',
    device_id text NOT NULL DEFAULT '',
    -- `compute:…` for an instance, whose id `device_id` is then
    device_owner text NOT NULL DEFAULT '',
    -- As the cloud writes them
    addresses text [] NOT NULL DEFAULT '{}',
    floating_addresses text [] NOT NULL DEFAULT '{}',
    CONSTRAINT cloud_ports_once UNIQUE (tenant_id, backend_id)
);
CREATE INDEX cloud_ports_floating ON cloud_ports USING gin (floating_addresses);

CREATE TABLE cloud_port_groups (
    port_id bigint NOT NULL REFERENCES cloud_ports ON DELETE CASCADE,
    security_group_id bigint NOT NULL REFERENCES security_groups ON DELETE CASCADE,
    PRIMARY KEY (port_id, security_group_id)
);
CREATE INDEX cloud_port_groups_group ON cloud_port_groups (security_group_id, port_id);

-- When a tenant's ports were last read in full; no row before the first time.
CREATE TABLE cloud_port_readings (
    tenant_id bigint PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    taken timestamptz NOT NULL
);

-- On how many instances each group is, where it is on any.
CREATE VIEW security_group_instances AS
SELECT
    carrying.security_group_id,
    port.tenant_id,
    count(DISTINCT port.device_id) AS instances
FROM cloud_port_groups AS carrying
INNER JOIN cloud_ports AS port ON carrying.port_id = port.id
WHERE port.device_owner LIKE 'compute:%' AND port.device_id <> ''
GROUP BY carrying.security_group_id, port.tenant_id;

-- Whether a new group keeps the two rules by which Neutron lets everything out.
ALTER TABLE tenants ADD COLUMN keeps_default_egress boolean NOT NULL DEFAULT false;

-- What the sandbox cloud holds of the same.
CREATE TABLE sandbox_ports (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id text NOT NULL,
    name text NOT NULL DEFAULT '',
    device_id text NOT NULL DEFAULT '',
    device_owner text NOT NULL DEFAULT '',
    fixed_ips text [] NOT NULL DEFAULT '{}',
    revision_number integer NOT NULL DEFAULT 1
);
CREATE INDEX sandbox_ports_project ON sandbox_ports (project_id);

-- NO ACTION on purpose: a group in use is not deleted, as at Neutron.
CREATE TABLE sandbox_port_groups (
    port_id uuid NOT NULL REFERENCES sandbox_ports ON DELETE CASCADE,
    group_id uuid NOT NULL REFERENCES sandbox_groups,
    PRIMARY KEY (port_id, group_id)
);
CREATE INDEX sandbox_port_groups_group ON sandbox_port_groups (group_id);

CREATE TABLE sandbox_floating_addresses (
    address text PRIMARY KEY,
    port_id uuid NOT NULL REFERENCES sandbox_ports ON DELETE CASCADE
);
CREATE INDEX sandbox_floating_addresses_port ON sandbox_floating_addresses (port_id);

-- The whole group, cut where the traceback goes: only staff may read that.
CREATE OR REPLACE VIEW security_group_representations AS
SELECT
    sg.id AS security_group_id,
    sg.error_traceback,
    '{"url":"' || chr(1) || '/api/openstack-security-groups/' || hex(sg.uuid) || '/"'
    || ',"uuid":"' || hex(sg.uuid) || '"'
    || ',"name":' || to_json(sg.name)::text
    || ',"description":' || to_json(sg.description)::text
    || ',"service_name":' || to_json(cloud.name)::text
    || ',"service_settings":"' || chr(1) || '/api/service-settings/' || hex(cloud.uuid) || '/"'
    || ',"service_settings_uuid":"' || hex(cloud.uuid) || '"'
    || ',"service_settings_state":' || to_json(cloud.state)::text
    || ',"service_settings_error_message":' || to_json(cloud.error_message)::text
    || ',"project":"' || chr(1) || '/api/projects/' || hex(project.uuid) || '/"'
    || ',"project_name":' || to_json(project.name)::text
    || ',"project_uuid":"' || hex(project.uuid) || '"'
    || ',"customer":"' || chr(1) || '/api/customers/' || hex(customer.uuid) || '/"'
    || ',"customer_uuid":"' || hex(customer.uuid) || '"'
    || ',"customer_name":' || to_json(customer.name)::text
    || ',"customer_native_name":' || to_json(customer.native_name)::text
    || ',"customer_abbreviation":' || to_json(customer.abbreviation)::text
    || ',"error_message":' || to_json(sg.error_message)::text
    || ',"error_traceback":' AS before_traceback,
    ',"resource_type":"OpenStack.SecurityGroup"'
    || ',"state":"' || sg.state || '"'
    || ',"created":' || json_time(sg.created)
    || ',"modified":' || json_time(sg.modified)
    || ',"backend_id":' || to_json(sg.backend_id)::text
    || ',"access_url":null'
    || ',"tenant":"' || chr(1) || '/api/openstack-tenants/' || hex(tenant.uuid) || '/"'
    || ',"tenant_name":' || to_json(tenant.name)::text
    || ',"tenant_uuid":"' || hex(tenant.uuid) || '"'
    || ',"rules":' || coalesce(rules.rules, '[]')
    -- Null until ports are known
    || ',"instance_count":' || coalesce(carried.instances::text, 'null')
    || ',"marketplace_offering_uuid":' || json_or_null(hex(market.offering_uuid))
    || ',"marketplace_offering_name":' || json_or_null(market.offering_name)
    || ',"marketplace_offering_type":' || json_or_null(market.offering_type)
    || ',"marketplace_offering_plugin_options":'
    || coalesce(market.offering_plugin_options::text, 'null')
    || ',"marketplace_category_uuid":' || json_or_null(hex(market.category_uuid))
    || ',"marketplace_category_name":' || json_or_null(market.category_name)
    || ',"marketplace_resource_uuid":' || json_or_null(hex(market.resource_uuid))
    || ',"marketplace_plan_uuid":' || json_or_null(hex(market.plan_uuid))
    || ',"marketplace_resource_state":' || json_or_null(market.resource_state)
    || ',"is_usage_based":' || coalesce(market.is_usage_based::text, 'null')
    || ',"is_limit_based":' || coalesce(market.is_limit_based::text, 'null')
    || '}' AS after_traceback
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
INNER JOIN projects AS project ON tenant.project_id = project.id
INNER JOIN customers AS customer ON project.customer_id = customer.id
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
LEFT JOIN marketplace_references AS market ON tenant.id = market.tenant_id
LEFT JOIN LATERAL (
    SELECT representation.rules
    FROM security_group_rule_representations AS representation
    WHERE representation.security_group_id = sg.id
) AS rules ON true
LEFT JOIN LATERAL (
    SELECT coalesce(
        (
            SELECT counted.instances FROM security_group_instances AS counted
            WHERE counted.security_group_id = sg.id
        ),
        0
    ) AS instances
    FROM cloud_port_readings AS reading
    WHERE reading.tenant_id = sg.tenant_id
) AS carried ON true;

-- No answer changes: a tenant whose ports were never read says null, as before.
