SET lock_timeout = '5s';

-- The one definition of a group's document: a row of `security_group_documents` for each group.
--
-- A URL starts with the character U+0001 for the base URL, which the response fills in.
-- JSON escapes this character in strings, so it occurs nowhere else.
--
-- A new column goes to the end of the list: CREATE OR REPLACE VIEW adds columns only there.
CREATE OR REPLACE VIEW security_group_document_rows AS
SELECT
    part.security_group_id,
    -- Only staff may read the traceback.
    part.before_traceback || '""' || part.after_traceback AS document,
    CASE
        WHEN part.error_traceback <> ''
            THEN
                part.before_traceback
                || to_json(part.error_traceback)::text
                || part.after_traceback
    END AS staff_document,
    part.uuid,
    part.tenant_id,
    part.project_id,
    part.customer_id,
    part.cloud_id,
    part.version,
    part.state_rank,
    part.created,
    part.name,
    part.description,
    part.backend_id,
    part.tenant_name,
    part.project_name,
    part.customer_name,
    part.customer_native_name,
    part.customer_abbreviation,
    part.service_name
FROM (
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
        -- NULL until the tenant's ports have been read
        || ',"instance_count":' || coalesce(ports.instances::text, 'null')
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
        || '}' AS after_traceback,
        sg.uuid,
        sg.tenant_id,
        tenant.project_id,
        project.customer_id,
        tenant.cloud_id,
        sg.version,
        -- Waldur's numbering
        array_position(
            ARRAY[
                'UPDATE_SCHEDULED', 'UPDATING', 'OK', 'ERRED',
                'CREATION_SCHEDULED', 'CREATING', 'DELETION_SCHEDULED', 'DELETING'
            ],
            sg.state
        ) AS state_rank,
        sg.created,
        sg.name,
        sg.description,
        sg.backend_id,
        tenant.name AS tenant_name,
        project.name AS project_name,
        customer.name AS customer_name,
        customer.native_name AS customer_native_name,
        customer.abbreviation AS customer_abbreviation,
        cloud.name AS service_name
    FROM security_groups AS sg
    INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
    INNER JOIN projects AS project ON tenant.project_id = project.id
    INNER JOIN customers AS customer ON project.customer_id = customer.id
    INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
    LEFT JOIN marketplace_references AS market ON tenant.id = market.tenant_id
    LEFT JOIN LATERAL (
        SELECT rule_document.rules
        FROM security_group_rule_documents AS rule_document
        WHERE rule_document.security_group_id = sg.id
    ) AS rules ON true
    LEFT JOIN LATERAL (
        SELECT coalesce(
            (
                SELECT counted.instances FROM security_group_instances AS counted
                WHERE counted.security_group_id = sg.id
            ),
            0
        ) AS instances
        FROM tenant_port_observations AS reading
        WHERE reading.tenant_id = sg.tenant_id
    ) AS ports ON true
) AS part;

-- Write the documents of these groups where they differ from the view.
--
-- `security_groups.read_model.documents` holds a lock. The view is read one group at a time
-- (`OFFSET 0`): a join would build it for all groups first. A release that runs beside a newer
-- one calls this function and so writes the newer one's documents. The plan is the same for any
-- ids, and planning would take longer than writing: PostgreSQL would plan each call again.
CREATE OR REPLACE FUNCTION refresh_security_group_documents(ids bigint []) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = 'force_generic_plan' AS $$
BEGIN
    INSERT INTO security_group_documents AS stored (
        security_group_id, document, staff_document,
        uuid, tenant_id, project_id, customer_id, cloud_id, version, state_rank, created, name,
        description, backend_id, tenant_name, project_name, customer_name, customer_native_name,
        customer_abbreviation, service_name,
        revision
    )
    SELECT source.*, 1
    FROM (SELECT DISTINCT unnest($1) AS id ORDER BY 1) AS chosen
    CROSS JOIN LATERAL (
        SELECT * FROM security_group_document_rows AS one
        WHERE one.security_group_id = chosen.id OFFSET 0
    ) AS source
    ON CONFLICT (security_group_id) DO UPDATE
    SET
        document = excluded.document,
        staff_document = excluded.staff_document,
        uuid = excluded.uuid,
        tenant_id = excluded.tenant_id,
        project_id = excluded.project_id,
        customer_id = excluded.customer_id,
        cloud_id = excluded.cloud_id,
        version = excluded.version,
        state_rank = excluded.state_rank,
        created = excluded.created,
        name = excluded.name,
        description = excluded.description,
        backend_id = excluded.backend_id,
        tenant_name = excluded.tenant_name,
        project_name = excluded.project_name,
        customer_name = excluded.customer_name,
        customer_native_name = excluded.customer_native_name,
        customer_abbreviation = excluded.customer_abbreviation,
        service_name = excluded.service_name,
        revision = stored.revision + 1
    WHERE
        (
            stored.document, stored.staff_document,
            stored.uuid, stored.tenant_id, stored.project_id, stored.customer_id, stored.cloud_id,
            stored.version, stored.state_rank, stored.created, stored.name, stored.description,
            stored.backend_id, stored.tenant_name, stored.project_name, stored.customer_name,
            stored.customer_native_name, stored.customer_abbreviation, stored.service_name
        )
        IS DISTINCT FROM (
            excluded.document, excluded.staff_document,
            excluded.uuid, excluded.tenant_id, excluded.project_id, excluded.customer_id,
            excluded.cloud_id, excluded.version, excluded.state_rank, excluded.created,
            excluded.name, excluded.description, excluded.backend_id, excluded.tenant_name,
            excluded.project_name, excluded.customer_name, excluded.customer_native_name,
            excluded.customer_abbreviation, excluded.service_name
        );
END
$$;

-- Whether the group's document is missing or differs from the view
CREATE OR REPLACE FUNCTION security_group_document_is_stale(group_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN NOT EXISTS (
        SELECT 1
        FROM security_group_documents AS stored
        INNER JOIN security_group_document_rows AS source
            ON stored.security_group_id = source.security_group_id
        WHERE stored.security_group_id = $1
            AND to_jsonb(stored) - '{revision,digest}'::text [] = to_jsonb(source)
    );
END
$$;
