SET lock_timeout = '5s';

-- The rules of each group as JSON, in their order.
--
-- Waldur writes any port as -1; the rows hold NULL. A rule without a remote group has neither its
-- name nor its UUID. An unresolved remote group has a name, so that no client takes the rule for
-- "any". A scalar subquery: a document is built from its own group's rules only.
CREATE OR REPLACE VIEW security_group_rule_documents AS
SELECT
    sg.id AS security_group_id,
    (
        SELECT
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
                            || to_json(
                                'address group ' || rule.remote_address_group_backend_id
                            )::text
                    ELSE ''
                END
                || ',"id":' || rule.id
                || ',"remote_group":'
                || coalesce(
                    '"' || chr(1) || '/api/openstack-security-groups/' || hex(remote.uuid) || '/"',
                    'null'
                )
                || '}',
                ',' ORDER BY rule.position, rule.id
            ) || ']'
        FROM security_group_rules AS rule
        LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id
        WHERE rule.security_group_id = sg.id
    ) AS rules
FROM security_groups AS sg;
