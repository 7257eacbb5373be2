-- Events and refused changes by month: partitions that are added ahead and dropped as a whole.
--
-- No row is written again: the present table becomes the partition of everything before a month
-- that is at least one month ahead. Its bound is validated first, while the table is in use, so
-- that attaching it reads nothing under a lock. An empty table is not kept.

SET lock_timeout = '5s';

-- Add a partition with the indexes and triggers of its table. PostgreSQL allows no unique index
-- without the month on the table itself. Only the owner reaches a partition other than through its
-- table, whatever the default privileges are.
CREATE OR REPLACE FUNCTION protect_audit_partition(partition text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT DISTINCT
            CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END AS role
        FROM pg_class AS class
        CROSS JOIN LATERAL aclexplode(class.relacl) AS acl
        WHERE class.oid = to_regclass(partition) AND acl.grantee <> class.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %s', partition, held.role);
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION add_audit_partition(parent text, partition text, bounds text)
RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE format(
        'CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING INDEXES)', partition, parent
    );
    EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (id)', partition);
    IF parent = 'events' THEN
        EXECUTE format('ALTER TABLE %I ADD UNIQUE (uuid)', partition);
    END IF;
    EXECUTE format(
        'CREATE TRIGGER %I BEFORE UPDATE %s OR TRUNCATE ON %I'
        ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
        parent || '_append_only',
        CASE parent WHEN 'events' THEN 'OR DELETE' ELSE '' END,
        partition
    );
    PERFORM protect_audit_partition(partition);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I %s', parent, partition, bounds);
END
$$;

-- Add the missing partitions of this month and the next two (in UTC), and return how many were
-- added. The role that serves may call this; it runs as the owner. A month that has rows in the
-- default partition stays there. What is in use or being added by somebody else is left to the
-- next call.
CREATE OR REPLACE FUNCTION add_audit_months() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '2s' AS $$
DECLARE
    parent text;
    month timestamp;
    partition text;
    bounds text;
    is_default boolean;
    added integer := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['events', 'refusals'] LOOP
        FOR ahead IN 0 .. 2 LOOP
            month := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead);
            partition := parent || to_char(month, '_YYYY_MM');
            CONTINUE WHEN to_regclass(partition) IS NOT NULL OR EXISTS (
                SELECT FROM pg_inherits AS kept
                INNER JOIN pg_class AS class ON kept.inhrelid = class.oid
                WHERE kept.inhparent = to_regclass(parent)
                    AND starts_with(class.relname, parent || '_until_')
                    AND month < to_date(right(class.relname, 7), 'YYYY_MM')
            );
            EXECUTE format(
                'SELECT EXISTS (SELECT FROM %I WHERE created >= $1 AND created < $2)',
                parent || '_default'
            )
            INTO is_default
            USING month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC';
            CONTINUE WHEN is_default;
            bounds := format(
                'FOR VALUES FROM (%L) TO (%L)',
                to_char(month, 'YYYY-MM-01 00:00:00+00'),
                to_char(month + interval '1 month', 'YYYY-MM-01 00:00:00+00')
            );
            BEGIN
                PERFORM add_audit_partition(parent, partition, bounds);
                added := added + 1;
            EXCEPTION
                WHEN lock_not_available OR deadlock_detected OR check_violation
                OR duplicate_table OR unique_violation THEN
                    RAISE LOG 'partition % was not added: %', partition, sqlerrm;
            END;
        END LOOP;
    END LOOP;
    RETURN added;
END
$$;

-- The month before which the present rows are, as a constraint that new rows are checked against
DO $$
DECLARE
    parent text;
    former text;
    latest timestamptz;
    bound timestamp;
BEGIN
    FOREACH parent IN ARRAY ARRAY['events', 'refusals'] LOOP
        CONTINUE WHEN (SELECT relkind FROM pg_class WHERE oid = to_regclass(parent)) = 'p';
        FOR former IN
            SELECT conname FROM pg_constraint
            WHERE conrelid = to_regclass(parent) AND conname ~ '_before_[0-9]{4}_[0-9]{2}$'
        LOOP
            EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', parent, former);
        END LOOP;
        EXECUTE format('SELECT max(created) FROM %I', parent) INTO latest;
        CONTINUE WHEN latest IS NULL;
        bound := date_trunc('month', greatest(latest, now()) AT TIME ZONE 'UTC')
        + interval '2 months';
        EXECUTE format(
            'ALTER TABLE %I ADD CONSTRAINT %I CHECK (created < %L) NOT VALID',
            parent, parent || to_char(bound, '_before_YYYY_MM'),
            to_char(bound, 'YYYY-MM-01 00:00:00+00')
        );
    END LOOP;
END
$$;

-- Next transaction: reads the tables while they are in use.

SET lock_timeout = '5s';

DO $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT class.relname, bound.conname
        FROM pg_constraint AS bound
        INNER JOIN pg_class AS class ON bound.conrelid = class.oid
        WHERE class.oid IN (to_regclass('events'), to_regclass('refusals'))
            AND bound.conname ~ '_before_[0-9]{4}_[0-9]{2}$'
            AND NOT bound.convalidated
    LOOP
        EXECUTE format('ALTER TABLE %I VALIDATE CONSTRAINT %I', held.relname, held.conname);
    END LOOP;
END
$$;

-- Next transaction: changes the catalogue only.

SET lock_timeout = '5s';

-- Index and trigger definitions name the table, so they are run again for the new one.
CREATE FUNCTION divide_by_month(parent text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    former text;
    bound text;
    has_rows boolean;
    definitions text[];
    next_id bigint;
    owner text;
    item record;
BEGIN
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', parent);
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', parent) INTO has_rows;
    SELECT right(conname, 7) INTO bound FROM pg_constraint
    WHERE conrelid = to_regclass(parent) AND conname ~ '_before_[0-9]{4}_[0-9]{2}$';
    -- Without a constraint it was empty a moment ago: it is read quickly.
    bound := coalesce(bound, to_char((now() AT TIME ZONE 'UTC') + interval '2 months', 'YYYY_MM'));
    former := parent || '_until_' || bound;
    SELECT array_agg(pg_get_indexdef(indexrelid)) INTO definitions
    FROM pg_index WHERE indrelid = to_regclass(parent) AND NOT indisunique;
    SELECT definitions || array_agg(pg_get_triggerdef(oid)) INTO definitions
    FROM pg_trigger WHERE tgrelid = to_regclass(parent) AND NOT tgisinternal;
    EXECUTE format(
        'SELECT last_value + is_called::integer FROM %s', pg_get_serial_sequence(parent, 'id')
    )
    INTO next_id;

    EXECUTE format('ALTER TABLE %I ALTER COLUMN id DROP IDENTITY', parent);
    EXECUTE format('ALTER TABLE %I RENAME TO %I', parent, former);
    FOR item IN
        SELECT class.relname FROM pg_index AS index
        INNER JOIN pg_class AS class ON index.indexrelid = class.oid
        WHERE index.indrelid = to_regclass(former)
    LOOP
        EXECUTE format(
            'ALTER INDEX %I RENAME TO %I',
            item.relname, regexp_replace(item.relname, '^' || parent, former)
        );
    END LOOP;
    FOR item IN
        SELECT tgname FROM pg_trigger
        WHERE tgrelid = to_regclass(former) AND NOT tgisinternal AND (tgtype & 1) = 1
    LOOP
        -- A trigger for each row comes with the table.
        EXECUTE format('DROP TRIGGER %I ON %I', item.tgname, former);
    END LOOP;

    EXECUTE format(
        'CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS) PARTITION BY RANGE (created)', parent, former
    );
    EXECUTE format(
        'ALTER TABLE %I ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (START WITH 1)', parent
    );
    EXECUTE format('ALTER TABLE %I ALTER COLUMN id RESTART WITH %s', parent, next_id);
    FOR item IN SELECT unnest(definitions) AS definition LOOP
        EXECUTE item.definition;
    END LOOP;
    PERFORM protect_audit_partition(parent);
    FOR item IN
        SELECT
            CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END AS role,
            acl.privilege_type AS privilege
        FROM pg_class AS class
        CROSS JOIN LATERAL aclexplode(class.relacl) AS acl
        WHERE class.oid = to_regclass(former) AND acl.grantee <> class.relowner
    LOOP
        EXECUTE format('GRANT %s ON %I TO %s', item.privilege, parent, item.role);
    END LOOP;

    SELECT pg_get_userbyid(relowner) INTO owner FROM pg_class WHERE oid = to_regclass(former);
    PERFORM add_audit_partition(parent, parent || '_default', 'DEFAULT');
    IF owner <> current_user THEN
        EXECUTE format('ALTER TABLE %I OWNER TO %I', parent, owner);
        EXECUTE format('ALTER TABLE %I OWNER TO %I', parent || '_default', owner);
    END IF;
    IF has_rows THEN
        PERFORM protect_audit_partition(former);
        EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)',
            parent, former, replace(bound, '_', '-') || '-01 00:00:00+00'
        );
        EXECUTE format(
            'ALTER TABLE %I DROP CONSTRAINT IF EXISTS %I', former, parent || '_before_' || bound
        );
    ELSE
        EXECUTE format('DROP TABLE %I', former);
    END IF;
END
$$;

DO $$
DECLARE
    parent text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['events', 'refusals'] LOOP
        PERFORM divide_by_month(parent);
    END LOOP;
END
$$;

-- squawk-ignore ban-drop-function
DROP FUNCTION divide_by_month;

SELECT add_audit_months();

-- As before, and it reads old months only
CREATE OR REPLACE FUNCTION forget_refusals(days integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    DELETE FROM refusals
    WHERE created < now() - make_interval(days => greatest(days, 31))
        AND id IN (
            SELECT refusal.id FROM refusals AS refusal
            WHERE refusal.created < now() - make_interval(days => greatest(days, 31))
            ORDER BY refusal.created, refusal.id
            LIMIT 100
            FOR UPDATE SKIP LOCKED
        )
$$;
