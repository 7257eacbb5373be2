-- Lists that cost the same however many groups there are: what they are ordered, narrowed and
-- counted by stands beside each stored answer.
-- New tables, filled and indexed before anybody sees them, and an extension that may be missing:
-- squawk-ignore-file require-concurrent-index-creation, adding-foreign-key-constraint
-- squawk-ignore-file ban-drop-table, renaming-table, renaming-object, adding-required-field

SET lock_timeout = '5s';

-- The one definition of what stands beside an answer. States are ranked in Waldur's numbering.
CREATE VIEW security_group_keys AS
SELECT
    sg.id AS security_group_id,
    sg.uuid,
    sg.tenant_id,
    tenant.project_id,
    project.customer_id,
    tenant.cloud_id,
    sg.version,
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
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id;

LOCK TABLE security_group_documents IN ACCESS EXCLUSIVE MODE;
ALTER TABLE security_group_documents RENAME TO security_group_documents_before;
ALTER TABLE security_group_documents_before
RENAME CONSTRAINT security_group_documents_pkey TO security_group_documents_before_pkey;

CREATE TABLE security_group_documents (
    security_group_id bigint PRIMARY KEY REFERENCES security_groups ON DELETE CASCADE,
    document text NOT NULL,
    -- Only where it differs: with the traceback
    staff_document text,
    uuid uuid NOT NULL,
    tenant_id bigint NOT NULL,
    project_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    cloud_id bigint NOT NULL,
    version integer NOT NULL,
    state_rank integer NOT NULL,
    created timestamptz NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    backend_id text NOT NULL,
    tenant_name text NOT NULL,
    project_name text NOT NULL,
    customer_name text NOT NULL,
    customer_native_name text NOT NULL,
    customer_abbreviation text NOT NULL,
    service_name text NOT NULL,
    -- Grows with each write; a release that does not know of it leaves it alone.
    revision bigint NOT NULL,
    -- Of the answer's bytes: equal digests, equal answers.
    digest bigint NOT NULL GENERATED ALWAYS AS (
        hashtextextended(document, 0) # coalesce(hashtextextended(staff_document, 1), 0)
    ) STORED
) WITH (toast_tuple_target = 8160);
ALTER TABLE security_group_documents
ALTER COLUMN document SET STORAGE EXTERNAL,
ALTER COLUMN staff_document SET STORAGE EXTERNAL;

-- In the order in which they are mostly read.
INSERT INTO security_group_documents
SELECT
    before.security_group_id,
    before.document,
    before.staff_document,
    keys.uuid,
    keys.tenant_id,
    keys.project_id,
    keys.customer_id,
    keys.cloud_id,
    keys.version,
    keys.state_rank,
    keys.created,
    keys.name,
    keys.description,
    keys.backend_id,
    keys.tenant_name,
    keys.project_name,
    keys.customer_name,
    keys.customer_native_name,
    keys.customer_abbreviation,
    keys.service_name,
    1
FROM security_group_documents_before AS before
INNER JOIN security_group_keys AS keys ON before.security_group_id = keys.security_group_id
ORDER BY keys.tenant_name, keys.created, keys.security_group_id;

DROP TABLE security_group_documents_before;

-- A release before this one writes the answer alone: what stands beside it follows all the same.
CREATE FUNCTION set_security_group_document_keys() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    SELECT
        keys.uuid, keys.tenant_id, keys.project_id, keys.customer_id, keys.cloud_id,
        keys.version, keys.state_rank, keys.created, keys.name, keys.description,
        keys.backend_id, keys.tenant_name, keys.project_name, keys.customer_name,
        keys.customer_native_name, keys.customer_abbreviation, keys.service_name
    INTO
        NEW.uuid, NEW.tenant_id, NEW.project_id, NEW.customer_id, NEW.cloud_id,
        NEW.version, NEW.state_rank, NEW.created, NEW.name, NEW.description,
        NEW.backend_id, NEW.tenant_name, NEW.project_name, NEW.customer_name,
        NEW.customer_native_name, NEW.customer_abbreviation, NEW.service_name
    FROM security_group_keys AS keys
    WHERE keys.security_group_id = NEW.security_group_id;
    NEW.revision := coalesce(OLD.revision, 0) + 1;
    RETURN NEW;
END
$$;

CREATE TRIGGER security_group_documents_keys_of_new
BEFORE INSERT ON security_group_documents
FOR EACH ROW WHEN (NEW.revision IS NULL)
EXECUTE FUNCTION set_security_group_document_keys();

CREATE TRIGGER security_group_documents_keys_of_changed
BEFORE UPDATE ON security_group_documents
FOR EACH ROW WHEN (NEW.revision = OLD.revision)
EXECUTE FUNCTION set_security_group_document_keys();

-- How many groups there are: in all, at a customer, in a project, in a tenant, on a cloud, in a
-- state (by its rank). A change appends rows, so that no two changes wait for each other; they are
-- added up now and then. The number is that of the sum and of the changes since.
CREATE TABLE security_group_counts (
    level text NOT NULL,
    id bigint NOT NULL,
    groups bigint NOT NULL,
    PRIMARY KEY (level, id)
);

CREATE TABLE security_group_count_changes (
    level text NOT NULL,
    id bigint NOT NULL,
    groups bigint NOT NULL
);
CREATE INDEX security_group_count_changes_key ON security_group_count_changes (level, id)
INCLUDE (groups);

-- Whoever is adding up already does it for all; nobody waits.
CREATE FUNCTION add_up_security_group_counts() RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    WITH mine AS MATERIALIZED (
        SELECT pg_try_advisory_xact_lock(1380533830, -1) AS held
    ),
    taken AS (
        DELETE FROM security_group_count_changes AS change
        USING mine
        WHERE mine.held
        RETURNING change.level, change.id, change.groups
    )
    INSERT INTO security_group_counts AS counted (level, id, groups)
    SELECT taken.level, taken.id, sum(taken.groups)
    FROM taken
    GROUP BY taken.level, taken.id
    ORDER BY taken.level, taken.id
    ON CONFLICT (level, id) DO UPDATE SET groups = counted.groups + excluded.groups;
END;

CREATE FUNCTION count_security_groups() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO security_group_count_changes (level, id, groups)
    SELECT key.level, key.id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END
    FROM changed
    CROSS JOIN LATERAL (
        VALUES
        ('all', 0), ('customer', changed.customer_id), ('project', changed.project_id),
        ('tenant', changed.tenant_id), ('cloud', changed.cloud_id), ('state', changed.state_rank)
    ) AS key (level, id)
    GROUP BY key.level, key.id;
    -- On average every fiftieth time, whatever the load.
    IF random() < 0.02 THEN
        PERFORM add_up_security_group_counts();
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER security_group_documents_count_new
AFTER INSERT ON security_group_documents
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_security_groups();

CREATE TRIGGER security_group_documents_count_gone
AFTER DELETE ON security_group_documents
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_security_groups();

CREATE FUNCTION count_moved_security_group() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO security_group_count_changes (level, id, groups)
    SELECT key.level, key.id, key.groups
    FROM (
        VALUES
        ('customer', OLD.customer_id, NEW.customer_id), ('project', OLD.project_id, NEW.project_id),
        ('tenant', OLD.tenant_id, NEW.tenant_id), ('cloud', OLD.cloud_id, NEW.cloud_id),
        ('state', OLD.state_rank, NEW.state_rank)
    ) AS place (level, old_id, new_id)
    CROSS JOIN LATERAL (
        VALUES (place.level, place.old_id, -1), (place.level, place.new_id, 1)
    ) AS key (level, id, groups)
    WHERE place.old_id <> place.new_id;
    IF random() < 0.02 THEN
        PERFORM add_up_security_group_counts();
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER security_group_documents_count_moved
AFTER UPDATE ON security_group_documents
FOR EACH ROW
WHEN (
    OLD.state_rank <> NEW.state_rank
    OR OLD.cloud_id <> NEW.cloud_id
    OR OLD.tenant_id <> NEW.tenant_id
    OR OLD.project_id <> NEW.project_id
    OR OLD.customer_id <> NEW.customer_id
)
EXECUTE FUNCTION count_moved_security_group();

INSERT INTO security_group_counts (level, id, groups)
SELECT key.level, key.id, count(*)
FROM security_group_documents AS stored
CROSS JOIN LATERAL (
    VALUES
    ('all', 0), ('customer', stored.customer_id), ('project', stored.project_id),
    ('tenant', stored.tenant_id), ('cloud', stored.cloud_id), ('state', stored.state_rank)
) AS key (level, id)
GROUP BY key.level, key.id;

-- One index for each order of a list, and the default order once for each level of places and for
-- states. Each is read in both directions.
CREATE UNIQUE INDEX security_group_documents_uuid ON security_group_documents (uuid);
CREATE INDEX security_group_documents_order
ON security_group_documents (tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_tenant
ON security_group_documents (tenant_id, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_project
ON security_group_documents (project_id, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_customer
ON security_group_documents (customer_id, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_cloud
ON security_group_documents (cloud_id, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_state
ON security_group_documents (state_rank, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_name
ON security_group_documents (name, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_created
ON security_group_documents (created, tenant_name, security_group_id);
CREATE INDEX security_group_documents_project_name
ON security_group_documents (project_name, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_customer_name
ON security_group_documents (customer_name, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_customer_native_name
ON security_group_documents (customer_native_name, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_customer_abbreviation
ON security_group_documents (customer_abbreviation, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_service_name
ON security_group_documents (service_name, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_backend ON security_group_documents (backend_id);

-- "Contains" needs pg_trgm. A server may lack it, or keep it from us: then those filters read all
-- groups in scope, and `ringfence doctor` says how to change that.
CREATE FUNCTION index_security_group_texts() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    operators text;
    wanted record;
BEGIN
    SELECT format('%I.gin_trgm_ops', namespace.nspname) INTO operators
    FROM pg_opclass AS class
    INNER JOIN pg_namespace AS namespace ON class.opcnamespace = namespace.oid
    WHERE class.opcname = 'gin_trgm_ops';
    IF operators IS NULL THEN
        RETURN false;
    END IF;
    FOR wanted IN
        SELECT * FROM (
            VALUES
            ('security_group_documents', 'name'), ('security_group_documents', 'description'),
            ('customers', 'name'), ('projects', 'name')
        ) AS text_column (table_name, column_name)
    LOOP
        -- What is not merged into the index yet is read in whole by each search: little of it.
        EXECUTE format(
            'CREATE INDEX IF NOT EXISTS %I ON %I USING gin (%I %s)'
            ' WITH (gin_pending_list_limit = 256)',
            wanted.table_name || '_' || wanted.column_name || '_contains',
            wanted.table_name, wanted.column_name, operators
        );
    END LOOP;
    RETURN true;
END
$$;

DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION
    WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
        RAISE NOTICE 'pg_trgm is not available: filters by a part of a name read all groups';
END
$$;

SELECT index_security_group_texts();

-- The planner knows nothing of a new table until it is looked at.
ANALYZE security_group_documents;
ANALYZE security_group_counts;
