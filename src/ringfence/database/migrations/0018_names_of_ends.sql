-- A remote group without a row here always has a name that is not empty: an empty one was taken for
-- none, and the rule for open to any address.

SET lock_timeout = '5s';

UPDATE security_group_rules
SET
    unresolved_group_name = CASE
        WHEN unresolved_group_backend_id = '' THEN 'a group that is gone'
        ELSE unresolved_group_backend_id
    END
WHERE unresolved_group_name = '';

ALTER TABLE security_group_rules
ADD CONSTRAINT security_group_rules_named_end CHECK (unresolved_group_name <> '') NOT VALID;

-- The documents of those groups, rendered anew from the view, one group at a time.
LOCK TABLE security_group_documents IN SHARE ROW EXCLUSIVE MODE;
UPDATE security_group_documents AS stored
SET document = source.document, staff_document = source.staff_document
FROM (
    SELECT rendered.security_group_id, rendered.document, rendered.staff_document
    FROM (
        SELECT DISTINCT rule.security_group_id AS id
        FROM security_group_rules AS rule
        WHERE
            rule.unresolved_group_name
            IN (rule.unresolved_group_backend_id, 'a group that is gone')
    ) AS chosen
    CROSS JOIN LATERAL (
        SELECT * FROM security_group_rendered AS one
        WHERE one.security_group_id = chosen.id OFFSET 0
    ) AS rendered
) AS source
WHERE
    stored.security_group_id = source.security_group_id
    AND (stored.document, stored.staff_document)
    IS DISTINCT FROM (source.document, source.staff_document);
