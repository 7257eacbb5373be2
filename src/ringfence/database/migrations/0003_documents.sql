-- Each group's answer, rendered when something that it shows changes, read as it is.
--
-- A URL starts with the character U+0001 where the base of the address belongs. JSON text never
-- holds that character itself (it is escaped in strings), so replacing it can touch nothing else.

SET lock_timeout = '5s';

CREATE FUNCTION hex(uuid) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN replace($1::text, '-', '');

CREATE FUNCTION json_or_null(text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(to_json($1)::text, 'null');

-- Waldur's form: `2025-08-26T16:52:25.767170+00:00`, without microseconds where they are zero
CREATE FUNCTION json_time(timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE STRICT
RETURN '"' || to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
|| CASE
    WHEN date_trunc('second', $1) = $1 THEN ''
    ELSE to_char($1 AT TIME ZONE 'UTC', '.US')
END
|| '+00:00"';

-- The rules of a group as the contract shows them, in their order.
--
-- Waldur writes any port as -1; the rows hold NULL. Without a remote group its name and uuid are
-- absent. One that cannot be resolved has a name, so that the rule is never taken for "any".
CREATE VIEW security_group_rule_representations AS
SELECT
    rule.security_group_id,
    '[' || string_agg(
        '{"ethertype":"' || rule.ethertype
        || '","direction":"' || rule.direction
        || '","protocol":' || to_json(rule.protocol)::text
        || ',"from_port":' || coalesce(rule.from_port, -1)
        || ',"to_port":' || coalesce(rule.to_port, -1)
        || ',"cidr":' || json_or_null(rule.cidr)
        || ',"description":' || to_json(rule.description)::text
        || CASE
            WHEN remote.id IS NOT NULL
                THEN
                    ',"remote_group_name":' || to_json(remote.name)::text
                    || ',"remote_group_uuid":"' || hex(remote.uuid) || '"'
            WHEN rule.unresolved_group_name IS NOT NULL
                THEN ',"remote_group_name":' || to_json(rule.unresolved_group_name)::text
            WHEN rule.remote_address_group_backend_id IS NOT NULL
                THEN
                    ',"remote_group_name":'
                    || to_json('address group ' || rule.remote_address_group_backend_id)::text
            ELSE ''
        END
        || ',"id":' || rule.id
        || ',"remote_group":'
        || coalesce(
            '"' || chr(1) || '/api/openstack-security-groups/' || hex(remote.uuid) || '/"', 'null'
        )
        || '}',
        ',' ORDER BY rule.position, rule.id
    ) || ']' AS rules
FROM security_group_rules AS rule
LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
GROUP BY rule.security_group_id;

-- The whole group, cut where the traceback goes: only staff may read that.
CREATE VIEW security_group_representations AS
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
) AS rules ON true;

CREATE VIEW security_group_rendered AS
SELECT
    security_group_id,
    before_traceback || '""' || after_traceback AS document,
    CASE
        WHEN error_traceback <> ''
            THEN before_traceback || to_json(error_traceback)::text || after_traceback
    END AS staff_document
FROM security_group_representations;

CREATE TABLE security_group_documents (
    security_group_id bigint PRIMARY KEY REFERENCES security_groups ON DELETE CASCADE,
    document text NOT NULL,
    -- Only where it differs: with the traceback
    staff_document text
) WITH (toast_tuple_target = 8160);
ALTER TABLE security_group_documents
ALTER COLUMN document SET STORAGE EXTERNAL,
ALTER COLUMN staff_document SET STORAGE EXTERNAL;
