-- The read model: a JSON document for each group, with the columns by which lists are ordered,
-- filtered and counted. Lists cost the same however many groups there are.

SET lock_timeout = '5s';

-- The view `security_group_document_rows` defines the columns up to `service_name`.
CREATE TABLE security_group_documents (
    security_group_id bigint PRIMARY KEY REFERENCES security_groups ON DELETE CASCADE,
    document text NOT NULL,
    -- The document with the traceback, which only staff may read; NULL if there is none
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
    -- Incremented by each write
    revision bigint NOT NULL,
    -- Equal digests, equal documents
    digest bigint NOT NULL GENERATED ALWAYS AS (
        hashtextextended(document, 0) # coalesce(hashtextextended(staff_document, 1), 0)
    ) STORED
) WITH (toast_tuple_target = 8160);
ALTER TABLE security_group_documents
ALTER COLUMN document SET STORAGE EXTERNAL,
ALTER COLUMN staff_document SET STORAGE EXTERNAL;

-- One index for each ordering of a list. The default ordering also has one for each level of
-- ancestors and for states. Each is read in both directions.
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

-- Trigram indexes for "contains" filters; returns false if pg_trgm is not installed.
CREATE FUNCTION index_security_group_texts() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    operators text;
    indexed record;
BEGIN
    SELECT format('%I.gin_trgm_ops', namespace.nspname) INTO operators
    FROM pg_opclass AS class
    INNER JOIN pg_namespace AS namespace ON class.opcnamespace = namespace.oid
    WHERE class.opcname = 'gin_trgm_ops';
    IF operators IS NULL THEN
        RETURN false;
    END IF;
    FOR indexed IN
        SELECT * FROM (
            VALUES
            ('security_group_documents', 'name'), ('security_group_documents', 'description'),
            ('customers', 'name'), ('projects', 'name')
        ) AS text_column (table_name, column_name)
    LOOP
        -- Searches read the pending list in full: keep it short.
        EXECUTE format(
            'CREATE INDEX IF NOT EXISTS %I ON %I USING gin (%I %s)'
            ' WITH (gin_pending_list_limit = 256)',
            indexed.table_name || '_' || indexed.column_name || '_contains',
            indexed.table_name, indexed.column_name, operators
        );
    END LOOP;
    RETURN true;
END
$$;

SELECT index_security_group_texts();

-- The number of groups: in all, and by customer, project, tenant, cloud and state (its rank).
-- A change appends rows to `security_group_count_changes`, so that no two changes wait for each
-- other; now and then the rows are added to `security_group_counts`. A count is the sum of both.
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

-- Only one transaction at a time adds up; others return at once.
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
    -- One time in fifty on average, under any load
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
    ) AS ancestor (level, old_id, new_id)
    CROSS JOIN LATERAL (
        VALUES (ancestor.level, ancestor.old_id, -1), (ancestor.level, ancestor.new_id, 1)
    ) AS key (level, id, groups)
    WHERE ancestor.old_id <> ancestor.new_id;
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
