-- Groups say how many instances they are on, as newer releases of the clients read it.

SET lock_timeout = '5s';

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
    || ',"instance_count":null'
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

INSERT INTO security_group_documents AS stored (security_group_id, document, staff_document)
SELECT rendered.security_group_id, rendered.document, rendered.staff_document
FROM security_group_rendered AS rendered
ORDER BY rendered.security_group_id
ON CONFLICT (security_group_id) DO UPDATE
SET document = excluded.document, staff_document = excluded.staff_document;
