-- What each group opens to the internet, desired or in the cloud.

SET lock_timeout = '5s';

-- Computed from the desired and the observed rules, in the transaction that changes either. A group
-- that opens nothing has no row.
CREATE TABLE security_group_openings (
    security_group_id bigint PRIMARY KEY REFERENCES security_groups ON DELETE CASCADE,
    -- A list of objects with protocol, from_port, to_port, desired and observed, as overviews show
    -- it: the widest first
    openings jsonb NOT NULL,
    -- To order groups: the number of open ports, and more for every protocol
    openness bigint NOT NULL
);

-- What desired rules open each by itself, until the next pull of the tenant, which also knows what
-- the cloud has
INSERT INTO security_group_openings (security_group_id, openings, openness)
SELECT
    opening.security_group_id,
    jsonb_agg(jsonb_build_object(
        'protocol', opening.protocol,
        'from_port', opening.from_port,
        'to_port', opening.to_port,
        'desired', true,
        'observed', NULL
    ) ORDER BY opening.protocol, opening.from_port),
    sum(opening.ports)
FROM (
    SELECT DISTINCT
        rule.security_group_id, rule.protocol, rule.from_port, rule.to_port,
        CASE rule.protocol WHEN '' THEN 200000 ELSE rule.last_port - rule.first_port + 1 END
            AS ports
    FROM security_group_rules AS rule
    WHERE rule.internet AND rule.direction = 'ingress'
) AS opening
GROUP BY opening.security_group_id;
