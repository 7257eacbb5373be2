SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';
CREATE TYPE public.procrastinate_job_event_type AS ENUM (
    'deferred',
    'started',
    'deferred_for_retry',
    'failed',
    'succeeded',
    'cancelled',
    'abort_requested',
    'aborted',
    'scheduled',
    'retried'
);
CREATE TYPE public.procrastinate_job_status AS ENUM (
    'todo',
    'doing',
    'succeeded',
    'failed',
    'cancelled',
    'aborting',
    'aborted'
);
CREATE TYPE public.procrastinate_job_to_defer_v1 AS (
	queue_name character varying,
	task_name character varying,
	priority integer,
	lock text,
	queueing_lock text,
	args jsonb,
	scheduled_at timestamp with time zone
);
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.security_group_count_changes (
    level text NOT NULL,
    id bigint NOT NULL,
    groups bigint NOT NULL
);
CREATE TABLE public.security_group_counts (
    level text NOT NULL,
    id bigint NOT NULL,
    groups bigint NOT NULL
);
CREATE FUNCTION public.add_up_security_group_counts() RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
 WITH mine AS MATERIALIZED (
          SELECT pg_try_advisory_xact_lock(1380533830, '-1'::integer) AS held
         ), taken AS (
          DELETE FROM public.security_group_count_changes change
            USING mine
           WHERE mine.held
           RETURNING change.level,
             change.id,
             change.groups
         )
  INSERT INTO public.security_group_counts AS counted (level, id, groups)  SELECT taken.level,
             taken.id,
             sum(taken.groups) AS sum
            FROM taken
           GROUP BY taken.level, taken.id
           ORDER BY taken.level, taken.id ON CONFLICT(level, id) DO UPDATE SET groups = (counted.groups + excluded.groups);
END;
CREATE FUNCTION public.count_moved_security_group() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.count_security_groups() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.forget_refusals(days integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
    DELETE FROM refusals
    WHERE id IN (
        SELECT refusal.id FROM refusals AS refusal
        WHERE refusal.created < now() - make_interval(days => greatest(days, 31))
        ORDER BY refusal.created, refusal.id
        LIMIT 100
        FOR UPDATE SKIP LOCKED
    )
$$;
CREATE FUNCTION public.hex(uuid) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN replace(($1)::text, '-'::text, ''::text);
CREATE FUNCTION public.index_security_group_texts() RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.json_or_null(text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN COALESCE((to_json($1))::text, 'null'::text);
CREATE FUNCTION public.json_time(timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN ((('"'::text || to_char(($1 AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS'::text)) || CASE WHEN (date_trunc('second'::text, $1) = $1) THEN ''::text ELSE to_char(($1 AT TIME ZONE 'UTC'::text), '.US'::text) END) || '+00:00"'::text);
CREATE FUNCTION public.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status = 'todo'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        IF abort THEN
            UPDATE procrastinate_jobs
            SET abort_requested = true,
                status = CASE status
                    WHEN 'todo' THEN 'cancelled'::procrastinate_job_status ELSE status
                END
            WHERE id = job_id AND status IN ('todo', 'doing')
            RETURNING id INTO _job_id;
        ELSE
            UPDATE procrastinate_jobs
            SET status = 'cancelled'::procrastinate_job_status
            WHERE id = job_id AND status = 'todo'
            RETURNING id INTO _job_id;
        END IF;
    END IF;
    RETURN _job_id;
END;
$$;
CREATE FUNCTION public.procrastinate_defer_jobs_v1(jobs public.procrastinate_job_to_defer_v1[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    job_ids bigint[];
BEGIN
    WITH inserted_jobs AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
        SELECT (job).queue_name,
               (job).task_name,
               (job).priority,
               (job).lock,
               (job).queueing_lock,
               (job).args,
               (job).scheduled_at
        FROM unnest(jobs) AS job
        RETURNING id
    )
    SELECT array_agg(id) FROM inserted_jobs INTO job_ids;
    RETURN job_ids;
END;
$$;
CREATE FUNCTION public.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
	_job_id bigint;
	_defer_id bigint;
BEGIN
    INSERT
        INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp)
        VALUES (_task_name, _periodic_id, _defer_timestamp)
        ON CONFLICT DO NOTHING
        RETURNING id into _defer_id;
    IF _defer_id IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE procrastinate_periodic_defers
        SET job_id = (
            SELECT COALESCE((
                SELECT unnest(procrastinate_defer_jobs_v1(
                    ARRAY[
                        ROW(
                            _queue_name,
                            _task_name,
                            _priority,
                            _lock,
                            _queueing_lock,
                            _args,
                            NULL::timestamptz
                        )
                    ]::procrastinate_job_to_defer_v1[]
                ))
            ), NULL)
        )
        WHERE id = _defer_id
        RETURNING job_id INTO _job_id;
    DELETE
        FROM procrastinate_periodic_defers
        USING (
            SELECT id
            FROM procrastinate_periodic_defers
            WHERE procrastinate_periodic_defers.task_name = _task_name
            AND procrastinate_periodic_defers.periodic_id = _periodic_id
            AND procrastinate_periodic_defers.defer_timestamp < _defer_timestamp
            ORDER BY id
            FOR UPDATE
        ) to_delete
        WHERE procrastinate_periodic_defers.id = to_delete.id;
    RETURN _job_id;
END;
$$;
CREATE TABLE public.procrastinate_jobs (
    id bigint NOT NULL,
    queue_name character varying(128) NOT NULL,
    task_name character varying(128) NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    lock text,
    queueing_lock text,
    args jsonb DEFAULT '{}'::jsonb NOT NULL,
    status public.procrastinate_job_status DEFAULT 'todo'::public.procrastinate_job_status NOT NULL,
    scheduled_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    abort_requested boolean DEFAULT false NOT NULL,
    worker_id bigint,
    CONSTRAINT check_not_todo_abort_requested CHECK ((NOT ((status = 'todo'::public.procrastinate_job_status) AND (abort_requested = true))))
);
CREATE FUNCTION public.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) RETURNS public.procrastinate_jobs
    LANGUAGE plpgsql
    AS $$
DECLARE
	found_jobs procrastinate_jobs;
BEGIN
    WITH candidate AS (
        SELECT jobs.*
            FROM procrastinate_jobs AS jobs
            WHERE
                -- reject the job if its lock has earlier or higher priority jobs
                NOT EXISTS (
                    SELECT 1
                        FROM procrastinate_jobs AS other_jobs
                        WHERE
                            jobs.lock IS NOT NULL
                            AND other_jobs.lock = jobs.lock
                            AND (
                                -- job with same lock is already running
                                other_jobs.status = 'doing'
                                OR
                                -- job with same lock is waiting and has higher priority (or same priority but was queued first)
                                (
                                    other_jobs.status = 'todo'
                                    AND (
                                        other_jobs.priority > jobs.priority
                                        OR (
                                        other_jobs.priority = jobs.priority
                                        AND other_jobs.id < jobs.id
                                        )
                                    )
                                )
                            )
                )
                AND jobs.status = 'todo'
                AND (target_queue_names IS NULL OR jobs.queue_name = ANY( target_queue_names ))
                AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
            ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
            FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE procrastinate_jobs
        SET status = 'doing', worker_id = p_worker_id
        FROM candidate
        WHERE procrastinate_jobs.id = candidate.id
        RETURNING procrastinate_jobs.* INTO found_jobs;
 RETURN found_jobs;
END;
$$;
CREATE FUNCTION public.procrastinate_finish_job_v1(job_id bigint, end_status public.procrastinate_job_status, delete_job boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF end_status NOT IN ('succeeded', 'failed', 'aborted') THEN
        RAISE 'End status should be either "succeeded", "failed" or "aborted" (job id: %)', job_id;
    END IF;
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = end_status,
            abort_requested = false,
            attempts = CASE status
                WHEN 'doing' THEN attempts + 1 ELSE attempts
            END
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" or "todo" status (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION public.procrastinate_notify_queue_abort_job_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'abort_job_requested', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_notify_queue_job_inserted_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    DELETE FROM procrastinate_workers
    WHERE last_heartbeat < NOW() - (seconds_since_heartbeat || 'SECOND')::INTERVAL
    RETURNING procrastinate_workers.id;
END;
$$;
CREATE FUNCTION public.procrastinate_register_worker_v1() RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    INSERT INTO procrastinate_workers DEFAULT VALUES
    RETURNING procrastinate_workers.id;
END;
$$;
CREATE FUNCTION public.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
BEGIN
    SELECT abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status = 'doing'
    FOR UPDATE
    INTO _abort_requested;
    IF _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" status (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION public.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
    _current_status procrastinate_job_status;
BEGIN
    SELECT status, abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status IN ('doing', 'failed')
    FOR UPDATE
    INTO _current_status, _abort_requested;
    IF _current_status = 'doing' AND _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status IN ('doing', 'failed')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or has an invalid status to retry (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_abort_requested_events_procedure_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'abort_requested'::procrastinate_job_event_type);
    RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_scheduled_events_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type, at)
        VALUES (NEW.id, 'scheduled'::procrastinate_job_event_type, NEW.scheduled_at);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_status_events_insert_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'deferred'::procrastinate_job_event_type);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_status_events_update_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH t AS (
        SELECT CASE
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND NEW.status = 'doing'::procrastinate_job_status
                THEN 'started'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'deferred_for_retry'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'failed'::procrastinate_job_status
                THEN 'failed'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'succeeded'::procrastinate_job_status
                THEN 'succeeded'::procrastinate_job_event_type
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND (
                    NEW.status = 'cancelled'::procrastinate_job_status
                    OR NEW.status = 'failed'::procrastinate_job_status
                    OR NEW.status = 'succeeded'::procrastinate_job_status
                )
                THEN 'cancelled'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'aborted'::procrastinate_job_status
                THEN 'aborted'::procrastinate_job_event_type
            WHEN OLD.status = 'failed'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'retried'::procrastinate_job_event_type
            ELSE NULL
        END as event_type
    )
    INSERT INTO procrastinate_events(job_id, type)
        SELECT NEW.id, t.event_type
        FROM t
        WHERE t.event_type IS NOT NULL;
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_unlink_periodic_defers_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_periodic_defers
    SET job_id = NULL
    WHERE job_id = OLD.id;
    RETURN OLD;
END;
$$;
CREATE FUNCTION public.procrastinate_unregister_worker_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM procrastinate_workers
    WHERE id = worker_id;
END;
$$;
CREATE FUNCTION public.procrastinate_update_heartbeat_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_workers
    SET last_heartbeat = NOW()
    WHERE id = worker_id;
END;
$$;
CREATE FUNCTION public.refresh_security_group_documents(ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $_$
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
$_$;
CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are neither changed nor removed', tg_table_name
    USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE FUNCTION public.refuse_early_removal() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF old.created > now() - interval '30 days' THEN
        RAISE EXCEPTION 'rows of % are neither changed nor removed', tg_table_name
        USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN old;
END
$$;
CREATE FUNCTION public.security_group_document_is_stale(group_id bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $_$
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
$_$;
CREATE FUNCTION public.substrings_of_five(whole text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
DECLARE
    found text[] := '{}';
    piece text;
BEGIN
    -- substr() counts all characters before the one it finds. Pieces keep that cheap in long texts.
    FOR begins IN 1 .. length(whole) - 4 BY 32 LOOP
        piece := substr(whole, begins, 36);
        FOR place IN 1 .. length(piece) - 4 LOOP
            found := found || substr(piece, place, 5);
        END LOOP;
    END LOOP;
    RETURN found;
END
$$;
CREATE TABLE public.cloud_port_groups (
    port_id bigint NOT NULL,
    security_group_id bigint NOT NULL
);
CREATE TABLE public.cloud_ports (
    id bigint NOT NULL,
    tenant_id bigint NOT NULL,
    backend_id text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    device_id text DEFAULT ''::text NOT NULL,
    device_owner text DEFAULT ''::text NOT NULL,
    addresses text[] DEFAULT '{}'::text[] NOT NULL,
    floating_addresses text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT cloud_ports_backend_id_check CHECK ((backend_id <> ''::text))
);
ALTER TABLE public.cloud_ports ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.cloud_ports_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.cloud_reachability (
    entry text NOT NULL,
    responded_at timestamp with time zone,
    failed_at timestamp with time zone,
    failure text
);
CREATE TABLE public.clouds (
    id bigint NOT NULL,
    uuid uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    backend text NOT NULL,
    openstack_cloud text,
    state text DEFAULT 'OK'::text NOT NULL,
    error_message text DEFAULT ''::text NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT clouds_backend_check CHECK ((backend = ANY (ARRAY['openstack'::text, 'sandbox'::text]))),
    CONSTRAINT clouds_entry CHECK (((backend = 'openstack'::text) = (openstack_cloud IS NOT NULL))),
    CONSTRAINT clouds_name_check CHECK ((name <> ''::text)),
    CONSTRAINT clouds_state CHECK ((state = ANY (ARRAY['CREATION_SCHEDULED'::text, 'CREATING'::text, 'UPDATE_SCHEDULED'::text, 'UPDATING'::text, 'DELETION_SCHEDULED'::text, 'DELETING'::text, 'OK'::text, 'ERRED'::text])))
);
ALTER TABLE public.clouds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.clouds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.console_sessions (
    digest bytea NOT NULL,
    uuid uuid DEFAULT gen_random_uuid() NOT NULL,
    token_id bigint NOT NULL,
    owns_token boolean NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    expires timestamp with time zone NOT NULL,
    address inet,
    CONSTRAINT console_sessions_digest_check CHECK ((octet_length(digest) = 32))
);
CREATE TABLE public.customers (
    id bigint NOT NULL,
    uuid uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    native_name text DEFAULT ''::text NOT NULL,
    abbreviation text DEFAULT ''::text NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT customers_name_check CHECK ((name <> ''::text))
);
ALTER TABLE public.customers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.customers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.deleted_security_groups (
    security_group_id bigint NOT NULL,
    tenant_id bigint NOT NULL,
    uuid uuid NOT NULL,
    backend_id text NOT NULL,
    name text NOT NULL,
    deleted timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.events (
    id bigint NOT NULL,
    uuid uuid DEFAULT gen_random_uuid() NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    event_type text NOT NULL,
    message text NOT NULL,
    user_uuid uuid,
    username text,
    address inet,
    token_uuid uuid,
    token_name text,
    request_id text,
    customer_uuid uuid,
    project_uuid uuid,
    tenant_uuid uuid,
    security_group_uuid uuid,
    context jsonb DEFAULT '{}'::jsonb NOT NULL,
    change jsonb
);
ALTER TABLE public.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.idempotency_keys (
    user_id bigint NOT NULL,
    key text NOT NULL,
    request_digest bytea NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    body bytea,
    demands jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT idempotency_keys_key_check CHECK ((key <> ''::text)),
    CONSTRAINT idempotency_keys_request_digest_check CHECK ((octet_length(request_digest) = 32))
);
CREATE TABLE public.load_progress (
    run bytea NOT NULL,
    lines bigint NOT NULL,
    changed timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT load_progress_run_check CHECK ((octet_length(run) = 32))
);
CREATE TABLE public.marketplace_references (
    tenant_id bigint NOT NULL,
    resource_uuid uuid,
    resource_state text,
    offering_uuid uuid,
    offering_name text,
    offering_type text,
    offering_plugin_options jsonb,
    category_uuid uuid,
    category_name text,
    plan_uuid uuid,
    is_usage_based boolean,
    is_limit_based boolean
);
CREATE TABLE public.procrastinate_events (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    type public.procrastinate_job_event_type,
    at timestamp with time zone DEFAULT now()
);
CREATE SEQUENCE public.procrastinate_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_events_id_seq OWNED BY public.procrastinate_events.id;
CREATE SEQUENCE public.procrastinate_jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_jobs_id_seq OWNED BY public.procrastinate_jobs.id;
CREATE TABLE public.procrastinate_periodic_defers (
    id bigint NOT NULL,
    task_name character varying(128) NOT NULL,
    defer_timestamp bigint,
    job_id bigint,
    periodic_id character varying(128) DEFAULT ''::character varying NOT NULL
);
CREATE SEQUENCE public.procrastinate_periodic_defers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_periodic_defers_id_seq OWNED BY public.procrastinate_periodic_defers.id;
CREATE TABLE public.procrastinate_workers (
    id bigint NOT NULL,
    last_heartbeat timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.procrastinate_workers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.procrastinate_workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.projects (
    id bigint NOT NULL,
    uuid uuid DEFAULT gen_random_uuid() NOT NULL,
    customer_id bigint NOT NULL,
    name text NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT projects_name_check CHECK ((name <> ''::text))
);
ALTER TABLE public.projects ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.projects_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.refusals (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    status integer NOT NULL,
    detail text NOT NULL,
    errors jsonb,
    user_uuid uuid,
    username text,
    address inet,
    token_uuid uuid,
    token_name text,
    request_id text,
    left_out integer DEFAULT 0 NOT NULL
);
ALTER TABLE public.refusals ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.refusals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.role_grants (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    role text NOT NULL,
    customer_id bigint,
    project_id bigint,
    created timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT role_grants_role CHECK ((role = ANY (ARRAY['CUSTOMER.OWNER'::text, 'CUSTOMER.MANAGER'::text, 'CUSTOMER.SUPPORT'::text, 'PROJECT.ADMIN'::text, 'PROJECT.MANAGER'::text, 'PROJECT.MEMBER'::text]))),
    CONSTRAINT role_grants_scope CHECK (
CASE split_part(role, '.'::text, 1)
    WHEN 'CUSTOMER'::text THEN ((customer_id IS NOT NULL) AND (project_id IS NULL))
    ELSE ((project_id IS NOT NULL) AND (customer_id IS NULL))
END)
);
ALTER TABLE public.role_grants ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.role_grants_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.sandbox_floating_addresses (
    address text NOT NULL,
    port_id uuid NOT NULL
);
CREATE TABLE public.sandbox_groups (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    project_id text NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    revision_number integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.sandbox_port_groups (
    port_id uuid NOT NULL,
    group_id uuid NOT NULL
);
CREATE TABLE public.sandbox_ports (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    project_id text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    device_id text DEFAULT ''::text NOT NULL,
    device_owner text DEFAULT ''::text NOT NULL,
    fixed_ips text[] DEFAULT '{}'::text[] NOT NULL,
    revision_number integer DEFAULT 1 NOT NULL
);
CREATE TABLE public.sandbox_rules (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    group_id uuid NOT NULL,
    ethertype text NOT NULL,
    direction text NOT NULL,
    protocol text,
    port_range_min integer,
    port_range_max integer,
    remote_ip_prefix text,
    remote_group_id uuid,
    description text DEFAULT ''::text NOT NULL
);
CREATE TABLE public.schema_migrations (
    name text NOT NULL,
    checksum text,
    applied timestamp with time zone DEFAULT now() NOT NULL
);
CREATE VIEW public.security_group_instances AS
 SELECT carrying.security_group_id,
    port.tenant_id,
    count(DISTINCT port.device_id) AS instances
   FROM (public.cloud_port_groups carrying
     JOIN public.cloud_ports port ON ((carrying.port_id = port.id)))
  WHERE ((port.device_owner ~~ 'compute:%'::text) AND (port.device_id <> ''::text))
  GROUP BY carrying.security_group_id, port.tenant_id;
CREATE TABLE public.security_group_rules (
    id bigint NOT NULL,
    security_group_id bigint NOT NULL,
    "position" integer NOT NULL,
    ethertype text NOT NULL,
    direction text NOT NULL,
    protocol text DEFAULT ''::text NOT NULL,
    from_port integer,
    to_port integer,
    cidr text,
    description text DEFAULT ''::text NOT NULL,
    remote_group_id bigint,
    unresolved_group_backend_id text,
    unresolved_group_name text,
    remote_address_group_backend_id text,
    CONSTRAINT security_group_rules_direction_check CHECK ((direction = ANY (ARRAY['ingress'::text, 'egress'::text]))),
    CONSTRAINT security_group_rules_ethertype_check CHECK ((ethertype = ANY (ARRAY['IPv4'::text, 'IPv6'::text]))),
    CONSTRAINT security_group_rules_from_port_check CHECK (((from_port >= 0) AND (from_port <= 65535))),
    CONSTRAINT security_group_rules_named_end CHECK ((unresolved_group_name <> ''::text)),
    CONSTRAINT security_group_rules_one_remote_end CHECK ((num_nonnulls(NULLIF(cidr, ''::text), remote_group_id, unresolved_group_backend_id, remote_address_group_backend_id) <= 1)),
    CONSTRAINT security_group_rules_to_port_check CHECK (((to_port >= 0) AND (to_port <= 65535))),
    CONSTRAINT security_group_rules_unresolved_name CHECK (((unresolved_group_backend_id IS NULL) = (unresolved_group_name IS NULL)))
);
CREATE TABLE public.security_groups (
    id bigint NOT NULL,
    uuid uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id bigint NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    stateful boolean,
    backend_id text DEFAULT ''::text NOT NULL,
    state text NOT NULL,
    error_message text DEFAULT ''::text NOT NULL,
    error_traceback text DEFAULT ''::text NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    modified timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    applied_version integer DEFAULT 0 NOT NULL,
    creation_started timestamp with time zone,
    creation_ended timestamp with time zone,
    is_duplicate_name boolean DEFAULT false NOT NULL,
    CONSTRAINT security_groups_applied CHECK ((applied_version <= version)),
    CONSTRAINT security_groups_state CHECK ((state = ANY (ARRAY['CREATION_SCHEDULED'::text, 'CREATING'::text, 'UPDATE_SCHEDULED'::text, 'UPDATING'::text, 'DELETION_SCHEDULED'::text, 'DELETING'::text, 'OK'::text, 'ERRED'::text])))
);
CREATE VIEW public.security_group_rule_documents AS
 SELECT id AS security_group_id,
    ( SELECT (('['::text || string_agg(((((((((((((((((((('{"ethertype":"'::text || rule.ethertype) || '","direction":"'::text) || rule.direction) || '","protocol":'::text) || (to_json(rule.protocol))::text) || ',"from_port":'::text) || COALESCE(rule.from_port, '-1'::integer)) || ',"to_port":'::text) || COALESCE(rule.to_port, '-1'::integer)) || ',"cidr":'::text) || public.json_or_null(rule.cidr)) || ',"description":'::text) || (to_json(rule.description))::text) ||
                CASE
                    WHEN (remote.id IS NOT NULL) THEN ((((',"remote_group_name":'::text || (to_json(remote.name))::text) || ',"remote_group_uuid":"'::text) || public.hex(remote.uuid)) || '"'::text)
                    WHEN (rule.unresolved_group_name IS NOT NULL) THEN (',"remote_group_name":'::text || (to_json(rule.unresolved_group_name))::text)
                    WHEN (rule.remote_address_group_backend_id IS NOT NULL) THEN (',"remote_group_name":'::text || (to_json(('address group '::text || rule.remote_address_group_backend_id)))::text)
                    ELSE ''::text
                END) || ',"id":'::text) || rule.id) || ',"remote_group":'::text) || COALESCE((((('"'::text || chr(1)) || '/api/openstack-security-groups/'::text) || public.hex(remote.uuid)) || '/"'::text), 'null'::text)) || '}'::text), ','::text ORDER BY rule."position", rule.id)) || ']'::text)
           FROM (public.security_group_rules rule
             LEFT JOIN public.security_groups remote ON ((rule.remote_group_id = remote.id)))
          WHERE (rule.security_group_id = sg.id)) AS rules
   FROM public.security_groups sg;
CREATE TABLE public.tenant_port_observations (
    tenant_id bigint NOT NULL,
    observed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.tenants (
    id bigint NOT NULL,
    uuid uuid DEFAULT gen_random_uuid() NOT NULL,
    project_id bigint NOT NULL,
    cloud_id bigint NOT NULL,
    name text NOT NULL,
    backend_id text DEFAULT ''::text NOT NULL,
    openstack_cloud text,
    state text DEFAULT 'OK'::text NOT NULL,
    error_message text DEFAULT ''::text NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    modified timestamp with time zone DEFAULT now() NOT NULL,
    pull_scheduled timestamp with time zone DEFAULT now() NOT NULL,
    keeps_default_egress boolean DEFAULT false NOT NULL,
    CONSTRAINT tenants_name_check CHECK ((name <> ''::text)),
    CONSTRAINT tenants_state CHECK ((state = ANY (ARRAY['CREATION_SCHEDULED'::text, 'CREATING'::text, 'UPDATE_SCHEDULED'::text, 'UPDATING'::text, 'DELETION_SCHEDULED'::text, 'DELETING'::text, 'OK'::text, 'ERRED'::text])))
);
CREATE VIEW public.security_group_document_rows AS
 SELECT security_group_id,
    ((before_traceback || '""'::text) || after_traceback) AS document,
        CASE
            WHEN (error_traceback <> ''::text) THEN ((before_traceback || (to_json(error_traceback))::text) || after_traceback)
            ELSE NULL::text
        END AS staff_document,
    uuid,
    tenant_id,
    project_id,
    customer_id,
    cloud_id,
    version,
    state_rank,
    created,
    name,
    description,
    backend_id,
    tenant_name,
    project_name,
    customer_name,
    customer_native_name,
    customer_abbreviation,
    service_name
   FROM ( SELECT sg.id AS security_group_id,
            sg.error_traceback,
            (((((((((((((((((((((((((((((((((((((((((((((((((((('{"url":"'::text || chr(1)) || '/api/openstack-security-groups/'::text) || public.hex(sg.uuid)) || '/"'::text) || ',"uuid":"'::text) || public.hex(sg.uuid)) || '"'::text) || ',"name":'::text) || (to_json(sg.name))::text) || ',"description":'::text) || (to_json(sg.description))::text) || ',"service_name":'::text) || (to_json(cloud.name))::text) || ',"service_settings":"'::text) || chr(1)) || '/api/service-settings/'::text) || public.hex(cloud.uuid)) || '/"'::text) || ',"service_settings_uuid":"'::text) || public.hex(cloud.uuid)) || '"'::text) || ',"service_settings_state":'::text) || (to_json(cloud.state))::text) || ',"service_settings_error_message":'::text) || (to_json(cloud.error_message))::text) || ',"project":"'::text) || chr(1)) || '/api/projects/'::text) || public.hex(project.uuid)) || '/"'::text) || ',"project_name":'::text) || (to_json(project.name))::text) || ',"project_uuid":"'::text) || public.hex(project.uuid)) || '"'::text) || ',"customer":"'::text) || chr(1)) || '/api/customers/'::text) || public.hex(customer.uuid)) || '/"'::text) || ',"customer_uuid":"'::text) || public.hex(customer.uuid)) || '"'::text) || ',"customer_name":'::text) || (to_json(customer.name))::text) || ',"customer_native_name":'::text) || (to_json(customer.native_name))::text) || ',"customer_abbreviation":'::text) || (to_json(customer.abbreviation))::text) || ',"error_message":'::text) || (to_json(sg.error_message))::text) || ',"error_traceback":'::text) AS before_traceback,
            (((((((((((((((((((((((((((((((((((((((((((((((',"resource_type":"OpenStack.SecurityGroup"'::text || ',"state":"'::text) || sg.state) || '"'::text) || ',"created":'::text) || public.json_time(sg.created)) || ',"modified":'::text) || public.json_time(sg.modified)) || ',"backend_id":'::text) || (to_json(sg.backend_id))::text) || ',"access_url":null'::text) || ',"tenant":"'::text) || chr(1)) || '/api/openstack-tenants/'::text) || public.hex(tenant.uuid)) || '/"'::text) || ',"tenant_name":'::text) || (to_json(tenant.name))::text) || ',"tenant_uuid":"'::text) || public.hex(tenant.uuid)) || '"'::text) || ',"rules":'::text) || COALESCE(rules.rules, '[]'::text)) || ',"instance_count":'::text) || COALESCE((ports.instances)::text, 'null'::text)) || ',"marketplace_offering_uuid":'::text) || public.json_or_null(public.hex(market.offering_uuid))) || ',"marketplace_offering_name":'::text) || public.json_or_null(market.offering_name)) || ',"marketplace_offering_type":'::text) || public.json_or_null(market.offering_type)) || ',"marketplace_offering_plugin_options":'::text) || COALESCE((market.offering_plugin_options)::text, 'null'::text)) || ',"marketplace_category_uuid":'::text) || public.json_or_null(public.hex(market.category_uuid))) || ',"marketplace_category_name":'::text) || public.json_or_null(market.category_name)) || ',"marketplace_resource_uuid":'::text) || public.json_or_null(public.hex(market.resource_uuid))) || ',"marketplace_plan_uuid":'::text) || public.json_or_null(public.hex(market.plan_uuid))) || ',"marketplace_resource_state":'::text) || public.json_or_null(market.resource_state)) || ',"is_usage_based":'::text) || COALESCE((market.is_usage_based)::text, 'null'::text)) || ',"is_limit_based":'::text) || COALESCE((market.is_limit_based)::text, 'null'::text)) || '}'::text) AS after_traceback,
            sg.uuid,
            sg.tenant_id,
            tenant.project_id,
            project.customer_id,
            tenant.cloud_id,
            sg.version,
            array_position(ARRAY['UPDATE_SCHEDULED'::text, 'UPDATING'::text, 'OK'::text, 'ERRED'::text, 'CREATION_SCHEDULED'::text, 'CREATING'::text, 'DELETION_SCHEDULED'::text, 'DELETING'::text], sg.state) AS state_rank,
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
           FROM (((((((public.security_groups sg
             JOIN public.tenants tenant ON ((sg.tenant_id = tenant.id)))
             JOIN public.projects project ON ((tenant.project_id = project.id)))
             JOIN public.customers customer ON ((project.customer_id = customer.id)))
             JOIN public.clouds cloud ON ((tenant.cloud_id = cloud.id)))
             LEFT JOIN public.marketplace_references market ON ((tenant.id = market.tenant_id)))
             LEFT JOIN LATERAL ( SELECT rule_document.rules
                   FROM public.security_group_rule_documents rule_document
                  WHERE (rule_document.security_group_id = sg.id)) rules ON (true))
             LEFT JOIN LATERAL ( SELECT COALESCE(( SELECT counted.instances
                           FROM public.security_group_instances counted
                          WHERE (counted.security_group_id = sg.id)), (0)::bigint) AS instances
                   FROM public.tenant_port_observations reading
                  WHERE (reading.tenant_id = sg.tenant_id)) ports ON (true))) part;
CREATE TABLE public.security_group_documents (
    security_group_id bigint NOT NULL,
    document text NOT NULL,
    staff_document text,
    uuid uuid NOT NULL,
    tenant_id bigint NOT NULL,
    project_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    cloud_id bigint NOT NULL,
    version integer NOT NULL,
    state_rank integer NOT NULL,
    created timestamp with time zone NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    backend_id text NOT NULL,
    tenant_name text NOT NULL,
    project_name text NOT NULL,
    customer_name text NOT NULL,
    customer_native_name text NOT NULL,
    customer_abbreviation text NOT NULL,
    service_name text NOT NULL,
    revision bigint NOT NULL,
    digest bigint GENERATED ALWAYS AS ((hashtextextended(document, (0)::bigint) # COALESCE(hashtextextended(staff_document, (1)::bigint), (0)::bigint))) STORED NOT NULL
)
WITH (toast_tuple_target='8160');
ALTER TABLE ONLY public.security_group_documents ALTER COLUMN document SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.security_group_documents ALTER COLUMN staff_document SET STORAGE EXTERNAL;
CREATE TABLE public.security_group_drift_modes (
    security_group_id bigint NOT NULL,
    drift_mode text NOT NULL,
    CONSTRAINT security_group_drift_modes_drift_mode_check CHECK ((drift_mode = ANY (ARRAY['adopt'::text, 'enforce'::text, 'report'::text])))
);
CREATE TABLE public.security_group_observations (
    security_group_id bigint NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    stateful boolean,
    rules jsonb NOT NULL,
    unreadable jsonb DEFAULT '[]'::jsonb NOT NULL,
    revision_number integer NOT NULL,
    digest text NOT NULL,
    drift_digest text DEFAULT ''::text NOT NULL,
    missing boolean DEFAULT false NOT NULL,
    observed_at timestamp with time zone NOT NULL
);
ALTER TABLE public.security_group_rules ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.security_group_rules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.security_group_versions (
    security_group_id bigint NOT NULL,
    number integer NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    author_id bigint,
    cause text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    rules jsonb NOT NULL,
    CONSTRAINT security_group_versions_cause_check CHECK ((cause = ANY (ARRAY['user'::text, 'pull'::text, 'load'::text, 'rollback'::text])))
);
ALTER TABLE public.security_groups ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.security_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE UNLOGGED TABLE public.sign_in_attempts (
    key bytea NOT NULL,
    attempts double precision DEFAULT 1 NOT NULL,
    counted timestamp with time zone DEFAULT now() NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sign_in_attempts_key_check CHECK ((octet_length(key) = 32))
);
CREATE TABLE public.sign_in_networks (
    key bytea NOT NULL,
    last_used timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sign_in_networks_key_check CHECK ((octet_length(key) = 32))
);
CREATE TABLE public.tenant_drift_modes (
    tenant_id bigint NOT NULL,
    drift_mode text NOT NULL,
    CONSTRAINT tenant_drift_modes_drift_mode_check CHECK ((drift_mode = ANY (ARRAY['adopt'::text, 'enforce'::text, 'report'::text])))
);
CREATE TABLE public.tenant_pulls (
    tenant_id bigint NOT NULL,
    pulled_at timestamp with time zone NOT NULL
);
CREATE TABLE public.tenant_quotas (
    tenant_id bigint NOT NULL,
    name text NOT NULL,
    limit_value integer NOT NULL,
    CONSTRAINT tenant_quotas_limit_value_check CHECK ((limit_value >= '-1'::integer)),
    CONSTRAINT tenant_quotas_name_check CHECK ((name = ANY (ARRAY['security_group_count'::text, 'security_group_rule_count'::text])))
);
ALTER TABLE public.tenants ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tenants_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.tokens (
    id bigint NOT NULL,
    uuid uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id bigint NOT NULL,
    digest bytea NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    is_read_only boolean DEFAULT false NOT NULL,
    project_id bigint,
    is_by_password boolean DEFAULT false NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    expires timestamp with time zone,
    last_used timestamp with time zone,
    last_used_address inet,
    use_count bigint DEFAULT 0 NOT NULL,
    CONSTRAINT tokens_digest_check CHECK ((octet_length(digest) = 32))
);
ALTER TABLE public.tokens ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tokens_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE UNLOGGED TABLE public.user_write_positions (
    user_id bigint NOT NULL,
    "position" bigint NOT NULL
);
CREATE TABLE public.users (
    id bigint NOT NULL,
    uuid uuid DEFAULT gen_random_uuid() NOT NULL,
    username text NOT NULL,
    password_hash text,
    is_staff boolean DEFAULT false NOT NULL,
    is_support boolean DEFAULT false NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT users_username_check CHECK ((username <> ''::text))
);
ALTER TABLE public.users ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.users_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE ONLY public.procrastinate_events ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_events_id_seq'::regclass);
ALTER TABLE ONLY public.procrastinate_jobs ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_jobs_id_seq'::regclass);
ALTER TABLE ONLY public.procrastinate_periodic_defers ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_periodic_defers_id_seq'::regclass);
INSERT INTO public.cloud_port_groups VALUES
	(1, 11);
INSERT INTO public.cloud_ports OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 'ca396f80-7780-48c6-9ef9-aa39eafb9de3', 'web-1', 'instance-1', 'compute:nova', '{10.0.0.5}', '{}');
INSERT INTO public.cloud_reachability VALUES
	('sandbox', '2026-11-27 14:32:45.94996+00', NULL, NULL);
INSERT INTO public.clouds OVERRIDING SYSTEM VALUE VALUES
	(1, '0760af17-6fe3-4647-9a9c-48a72f16278b', 'sandbox', 'sandbox', NULL, 'OK', '', '2026-11-27 14:32:41.977558+00');
INSERT INTO public.console_sessions VALUES
	('\x3f3af1ecebbd1410ab417ec0d27bbfcb5d340e177ae159b59fc8626c2dfd9175', '113c3f95-df0e-4d7d-9036-76ace883658b', 1, false, '2026-11-27 14:32:45.951621+00', '2026-11-27 14:32:45.951621+00', NULL);
INSERT INTO public.customers OVERRIDING SYSTEM VALUE VALUES
	(1, '2f22489c-9a09-41ef-a336-87c185763603', 'Acme', 'Acme Corporation', 'ACME', '2026-11-27 14:32:41.977558+00'),
	(2, '75ebce74-9c40-4a20-b17b-5b89e6688df1', 'Globex', '', 'GLX', '2026-11-27 14:32:41.977558+00');
INSERT INTO public.deleted_security_groups VALUES
	(15, 1, 'a80e5ad8-6b33-4212-b127-b819a4e24e42', '', 'unlinked', '2026-11-27 14:32:45.717536+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES
	(1, '297415bb-68c8-413a-9549-b24dcf221dd6', '2026-11-27 14:32:41.977558+00', 'ringfence_loaded', 'Provisioning files have been loaded.', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"roles": {"changed": 0, "created": 3}, "users": {"changed": 0, "created": 4}, "clouds": {"changed": 0, "created": 1}, "tenants": {"changed": 0, "created": 4}, "projects": {"changed": 0, "created": 3}, "customers": {"changed": 0, "created": 2}}', NULL),
	(2, '208b78bf-1892-4f07-b373-3c94ffa3d3a4', '2026-11-27 14:32:42.233413+00', 'token_created', 'A token of user alice has been issued by an operator.', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"token_uuid": "eb7b7408d78447fbac820d7ffb4e1e64", "affected_user_uuid": "7a2de704cf0a4467b0ec57d328949eba", "affected_user_username": "alice"}', NULL),
	(3, '71e78ed3-117f-4480-a9dc-96fbcc5e57f5', '2026-11-27 14:32:42.308466+00', 'resource_creation_scheduled', 'Security group load-balancer creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', '6d908559-ee36-4cd2-9edd-e57ee766e0f4', '{"rules": 4}', '{"version": 1, "rules_added": [{"cidr": "0.0.0.0/0", "to_port": 80, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 80, "description": "Redirects to HTTPS", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"cidr": "0.0.0.0/0", "to_port": null, "protocol": "", "direction": "egress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"cidr": "0.0.0.0/0", "to_port": 443, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 443, "description": "HTTPS", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"cidr": "::/0", "to_port": 443, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv6", "from_port": 443, "description": "HTTPS", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(4, 'd65d83b0-62e8-48d5-840f-9c132f5d3ef3', '2026-11-27 14:32:42.431244+00', 'resource_creation_scheduled', 'Security group web creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', '4c7ea19c-0b96-4dbf-8000-d2f6137b3e9d', '{"rules": 2}', '{"version": 1, "rules_added": [{"cidr": "0.0.0.0/0", "to_port": null, "protocol": "", "direction": "egress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"cidr": null, "to_port": 8080, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8080, "description": "", "remote_group_id": 1, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(5, 'b0f2c3f7-2c49-4557-8c07-54db99c28e6d', '2026-11-27 14:32:42.603442+00', 'resource_creation_scheduled', 'Security group db creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', '7b3e4565-79f8-456b-bb20-5644bee99f7a', '{"rules": 1}', '{"version": 1, "rules_added": [{"cidr": null, "to_port": 5432, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 5432, "description": "", "remote_group_id": 2, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(6, 'cdf23480-88de-4f92-bf6b-8641eb6bc760', '2026-11-27 14:32:42.685018+00', 'resource_creation_scheduled', 'Security group cache creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', '93c32104-3b9e-4bf2-8c14-64442a47d110', '{"rules": 1}', '{"version": 1, "rules_added": [{"cidr": null, "to_port": 6379, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 6379, "description": "", "remote_group_id": 2, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(7, '0ce97386-e7de-493a-bb08-c1db535680bb', '2026-11-27 14:32:42.74129+00', 'resource_creation_scheduled', 'Security group bastion creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', 'c0d2a0ea-90a0-4c21-8552-daac87d07e34', '{"rules": 3}', '{"version": 1, "rules_added": [{"cidr": "2001:db8:1::/48", "to_port": 22, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv6", "from_port": 22, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"cidr": "198.51.100.0/24", "to_port": 22, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 22, "description": "Office", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"cidr": "10.0.0.0/8", "to_port": null, "protocol": "", "direction": "egress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(8, '33501e5e-974f-4afd-8ba2-87402891b896', '2026-11-27 14:32:42.776973+00', 'resource_creation_scheduled', 'Security group ssh-from-bastion creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', 'b00b0a58-5044-417e-90fe-e89aa89fbc22', '{"rules": 1}', '{"version": 1, "rules_added": [{"cidr": null, "to_port": 22, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 22, "description": "", "remote_group_id": 5, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(9, '3ec6b61d-d732-4ecf-905e-345169489c18', '2026-11-27 14:32:42.822842+00', 'resource_creation_scheduled', 'Security group ping creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', '31f64567-0a92-46f9-9f06-61cb98bc5f57', '{"rules": 2}', '{"version": 1, "rules_added": [{"cidr": "0.0.0.0/0", "to_port": 0, "protocol": "icmp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"cidr": "::/0", "to_port": 0, "protocol": "icmp", "direction": "ingress", "ethertype": "IPv6", "from_port": 128, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(37, 'e94710ef-869e-443a-9f9a-74c18cd0cb11', '2026-11-27 14:32:45.469807+00', 'resource_creation_scheduled', 'Security group unlinked creation has been scheduled.', '3225ab10-7fc6-4e8e-8a7a-e4955045293b', 'staff', '127.0.0.1', 'e95f8816-202c-448e-b06c-6f211b4c18ad', '', '4e972a3d6bb3f780d824cd6e7abb83b3', '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', 'a80e5ad8-6b33-4212-b127-b819a4e24e42', '{"rules": 1}', '{"version": 1, "rules_added": [{"cidr": "10.0.0.0/8", "to_port": 8443, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8443, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(10, 'fc61336b-ebef-4e7c-82cb-ee095ac22639', '2026-11-27 14:32:42.858968+00', 'resource_creation_scheduled', 'Security group dns creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', 'e3d7b547-5873-43de-9c56-c509a6005312', '{"rules": 2}', '{"version": 1, "rules_added": [{"cidr": "10.0.0.0/8", "to_port": 53, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 53, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"cidr": "10.0.0.0/8", "to_port": 53, "protocol": "udp", "direction": "ingress", "ethertype": "IPv4", "from_port": 53, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(12, 'b8a7b2f4-de85-4193-a078-e08d019c0e81', '2026-11-27 14:32:42.984055+00', 'resource_creation_scheduled', 'Security group db creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '292f9a5d-9611-4462-9337-eb7448e5a9b3', 'b18bf8b3-b572-48e9-8873-15a9fc9b34ae', '{"rules": 1}', '{"version": 1, "rules_added": [{"cidr": null, "to_port": 5432, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 5432, "description": "", "remote_group_id": 9, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(14, '45b6989a-7b61-460a-948c-ac22bc776593', '2026-11-27 14:32:43.080539+00', 'resource_creation_scheduled', 'Security group workers creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '603dbd5b-29f5-4dfa-8d1b-26b2f8b90dd1', '{"rules": 2}', '{"version": 1, "rules_added": [{"cidr": null, "to_port": null, "protocol": "", "direction": "ingress", "ethertype": "IPv6", "from_port": null, "description": "", "remote_group_id": 11, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"cidr": null, "to_port": null, "protocol": "", "direction": "ingress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": 11, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(16, '65f36888-a545-45c6-aeb6-cb1bf28f936d', '2026-11-27 14:32:43.16613+00', 'resource_creation_scheduled', 'Security group notebooks creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '75ebce74-9c40-4a20-b17b-5b89e6688df1', '208cfbf1-eeba-4c7f-83d1-808dd68833f9', '237a36c2-e11c-405a-b867-985a405cbfad', 'd76db4e5-fbdf-4660-b062-3fd799236f58', '{"rules": 1}', '{"version": 1, "rules_added": [{"cidr": "192.0.2.0/24", "to_port": 8890, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8888, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(19, 'a43c4293-73bd-4312-a605-386aa6427d2a', '2026-11-27 14:32:44.165527+00', 'openstack_security_group_created', 'Security group workers has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '603dbd5b-29f5-4dfa-8d1b-26b2f8b90dd1', '{"version": 1, "backend_id": "41df58b5-bb92-4f1e-b310-a286c674a6bb", "description_only": 0}', NULL),
	(21, '5ff72a35-0d7d-441b-ad98-3831605f2708', '2026-11-27 14:32:44.591642+00', 'openstack_security_group_created', 'Security group notebooks has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '75ebce74-9c40-4a20-b17b-5b89e6688df1', '208cfbf1-eeba-4c7f-83d1-808dd68833f9', '237a36c2-e11c-405a-b867-985a405cbfad', 'd76db4e5-fbdf-4660-b062-3fd799236f58', '{"version": 1, "backend_id": "1ddaed03-06c7-40f4-917b-a777280d57b4", "description_only": 0}', NULL),
	(22, '5433fbae-c2c9-47d2-97a1-65d91de2fbde', '2026-11-27 14:32:44.746326+00', 'openstack_security_group_created', 'Security group load-balancer has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', '6d908559-ee36-4cd2-9edd-e57ee766e0f4', '{"version": 1, "backend_id": "4b3d0c3d-a7e9-4595-9978-2483977f944b", "description_only": 0}', NULL),
	(23, '614972dc-a0c6-40c2-af92-e4aa9e53ce88', '2026-11-27 14:32:44.896046+00', 'openstack_security_group_created', 'Security group web has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', '4c7ea19c-0b96-4dbf-8000-d2f6137b3e9d', '{"version": 1, "backend_id": "cbb0376c-0c12-4764-a77c-096b3f2b1e38", "description_only": 0}', NULL),
	(25, 'b93b9f54-1878-4f60-87d9-93c7b3e4bb43', '2026-11-27 14:32:45.047006+00', 'openstack_security_group_created', 'Security group cache has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', '93c32104-3b9e-4bf2-8c14-64442a47d110', '{"version": 1, "backend_id": "e99dbd95-8a28-4dd4-861f-cee66ca53714", "description_only": 0}', NULL),
	(27, '502d7459-867d-4ed4-9710-ca43edc066b0', '2026-11-27 14:32:45.170669+00', 'openstack_security_group_created', 'Security group ssh-from-bastion has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', 'b00b0a58-5044-417e-90fe-e89aa89fbc22', '{"version": 1, "backend_id": "6f82ed5c-a03c-4233-a0fc-42c20ca7c218", "description_only": 0}', NULL),
	(29, '63dcea40-0909-4b5c-a176-a2b8afd9e578', '2026-11-27 14:32:45.231981+00', 'openstack_security_group_created', 'Security group dns has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', 'e3d7b547-5873-43de-9c56-c509a6005312', '{"version": 1, "backend_id": "ce912256-d75d-431f-8714-e60ef13ba8af", "description_only": 0}', NULL),
	(30, 'ae8e78bf-3a14-414e-bd9c-a713cddd45d7', '2026-11-27 14:32:45.265667+00', 'openstack_security_group_created', 'Security group web has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '292f9a5d-9611-4462-9337-eb7448e5a9b3', '4d6694b7-c987-43f0-a3fe-6532e0230304', '{"version": 1, "backend_id": "4f96188e-2caa-4931-afb8-3d5c996bc840", "description_only": 0}', NULL),
	(32, 'dc566720-8374-4c71-aba6-d3fcddea339f', '2026-11-27 14:32:45.337181+00', 'openstack_security_group_rules_changed', 'Security group kafka rules update has been scheduled.', '3225ab10-7fc6-4e8e-8a7a-e4955045293b', 'staff', '127.0.0.1', 'e95f8816-202c-448e-b06c-6f211b4c18ad', '', 'd0e416e782b1cf0496e5f1489dd73835', '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '75dd483f-f92c-4f64-9b14-5a3f4a41b5cc', '{"rules_after": 1, "rules_before": 1}', '{"version": 2, "rules_added": [{"cidr": "10.0.0.0/8", "to_port": 8443, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8443, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": [{"cidr": "10.20.0.0/16", "to_port": 9094, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 9092, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]}'),
	(34, 'fc72c872-15b9-4086-a7c5-26f1990d1cd6', '2026-11-27 14:32:45.39511+00', 'openstack_security_group_rules_changed', 'Security group kafka rollback has been scheduled.', '3225ab10-7fc6-4e8e-8a7a-e4955045293b', 'staff', '127.0.0.1', 'e95f8816-202c-448e-b06c-6f211b4c18ad', '', '545c51a664849c358034c93c6f647546', '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '75dd483f-f92c-4f64-9b14-5a3f4a41b5cc', '{"rules_after": 1, "rules_before": 1, "rolled_back_to": 1}', '{"version": 3, "rules_added": [{"cidr": "10.20.0.0/16", "to_port": 9094, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 9092, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": [{"cidr": "10.0.0.0/8", "to_port": 8443, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8443, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]}'),
	(36, '26de9f39-b0fe-435a-8267-64997182fe63', '2026-11-27 14:32:45.457341+00', 'openstack_drift_mode_set', 'The drift mode of security group workers has been set to enforce.', '3225ab10-7fc6-4e8e-8a7a-e4955045293b', 'staff', '127.0.0.1', 'e95f8816-202c-448e-b06c-6f211b4c18ad', '', '9a2792328b04fb5a7f1c7a5de609d23c', '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '603dbd5b-29f5-4dfa-8d1b-26b2f8b90dd1', '{"to": "enforce", "from": null}', NULL),
	(11, '87b9c6bb-17a6-4b10-94fc-fb653ffc5846', '2026-11-27 14:32:42.925793+00', 'resource_creation_scheduled', 'Security group web creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '292f9a5d-9611-4462-9337-eb7448e5a9b3', '4d6694b7-c987-43f0-a3fe-6532e0230304', '{"rules": 2}', '{"version": 1, "rules_added": [{"cidr": "198.51.100.0/24", "to_port": 443, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 443, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"cidr": "0.0.0.0/0", "to_port": null, "protocol": "", "direction": "egress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(13, '57a41aef-1eef-4210-beb3-f5e6adfcbd5c', '2026-11-27 14:32:43.041243+00', 'resource_creation_scheduled', 'Security group kafka creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '75dd483f-f92c-4f64-9b14-5a3f4a41b5cc', '{"rules": 1}', '{"version": 1, "rules_added": [{"cidr": "10.20.0.0/16", "to_port": 9094, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 9092, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(15, 'c1002f8f-aa6f-4337-b003-841022d696e6', '2026-11-27 14:32:43.122193+00', 'resource_creation_scheduled', 'Security group tunnels creation has been scheduled.', '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '6caaa4ac-2618-41ea-bdb7-0b9c94703bbc', '{"rules": 2}', '{"version": 1, "rules_added": [{"cidr": "203.0.113.0/24", "to_port": 3868, "protocol": "132", "direction": "ingress", "ethertype": "IPv4", "from_port": 3868, "description": "SCTP", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"cidr": "203.0.113.7/32", "to_port": null, "protocol": "47", "direction": "ingress", "ethertype": "IPv4", "from_port": null, "description": "GRE", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(17, '7e53629b-014e-402d-b2a4-d057b124b2b9', '2026-11-27 14:32:43.210451+00', 'token_created', 'A token of user staff has been issued by an operator.', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"token_uuid": "e95f8816202c448eb06c6f211b4c18ad", "affected_user_uuid": "3225ab107fc64e8e8a7ae4955045293b", "affected_user_username": "staff"}', NULL),
	(18, '5edadab5-1586-47a5-b3ae-983ac4a71af4', '2026-11-27 14:32:43.980895+00', 'openstack_security_group_created', 'Security group kafka has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '75dd483f-f92c-4f64-9b14-5a3f4a41b5cc', '{"version": 1, "backend_id": "941a5fcc-08cd-4745-afdc-5e5bc73f9803", "description_only": 0}', NULL),
	(20, '02fd4cb0-3656-4b8f-aaa5-4801dd97bc93', '2026-11-27 14:32:44.399588+00', 'openstack_security_group_created', 'Security group tunnels has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '6caaa4ac-2618-41ea-bdb7-0b9c94703bbc', '{"version": 1, "backend_id": "232b6ff0-76d8-44ef-b232-7af28f00338b", "description_only": 0}', NULL),
	(24, '093ca5d7-a4a1-4d04-bd5e-4b70da2ee8eb', '2026-11-27 14:32:45.001529+00', 'openstack_security_group_created', 'Security group db has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', '7b3e4565-79f8-456b-bb20-5644bee99f7a', '{"version": 1, "backend_id": "57dd4561-f37c-4bda-a4eb-5e0eaf2ffdec", "description_only": 0}', NULL),
	(26, '4bc78259-be1f-46a7-b70d-94891ce95653', '2026-11-27 14:32:45.106193+00', 'openstack_security_group_created', 'Security group bastion has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', 'c0d2a0ea-90a0-4c21-8552-daac87d07e34', '{"version": 1, "backend_id": "6a225089-7c23-41c8-a1b6-e9685559e934", "description_only": 0}', NULL),
	(28, '450fa138-f50f-4d9d-84c6-be47a557882d', '2026-11-27 14:32:45.195394+00', 'openstack_security_group_created', 'Security group ping has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '1fbb793f-1784-4241-98cc-9fbbb3257f4e', '31f64567-0a92-46f9-9f06-61cb98bc5f57', '{"version": 1, "backend_id": "9ef154b5-81fd-4a27-9381-aa51afafd26b", "description_only": 0}', NULL),
	(31, 'a2f22aed-5f1f-43d8-b448-e2ff724ff501', '2026-11-27 14:32:45.323992+00', 'openstack_security_group_created', 'Security group db has been created.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '194f7bfa-fb76-45a2-8f42-41eade2853ad', '292f9a5d-9611-4462-9337-eb7448e5a9b3', 'b18bf8b3-b572-48e9-8873-15a9fc9b34ae', '{"version": 1, "backend_id": "c96c120a-3945-40de-969b-0d6fa861015e", "description_only": 0}', NULL),
	(33, 'f75773ee-7894-40d2-9693-44c6d2f69bfc', '2026-11-27 14:32:45.376079+00', 'openstack_security_group_updated', 'Security group kafka has been updated.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '75dd483f-f92c-4f64-9b14-5a3f4a41b5cc', '{"version": 2, "backend_id": "941a5fcc-08cd-4745-afdc-5e5bc73f9803", "description_only": 0}', NULL),
	(35, '1d2bfa0e-20d9-4cf0-a1e0-89b65286210c', '2026-11-27 14:32:45.440425+00', 'openstack_security_group_updated', 'Security group kafka has been updated.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '75dd483f-f92c-4f64-9b14-5a3f4a41b5cc', '{"version": 3, "backend_id": "941a5fcc-08cd-4745-afdc-5e5bc73f9803", "description_only": 0}', NULL),
	(38, 'dfc5375b-b9ab-4945-9947-2c51977d27d4', '2026-11-27 14:32:45.717536+00', 'openstack_security_group_removed_locally', 'Security group unlinked has been unlinked.', '3225ab10-7fc6-4e8e-8a7a-e4955045293b', 'staff', '127.0.0.1', 'e95f8816-202c-448e-b06c-6f211b4c18ad', '', '24cbeb0379aa4fd5fdbb909d0b917952', '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', 'a80e5ad8-6b33-4212-b127-b819a4e24e42', '{"backend_id": ""}', NULL),
	(39, '6282e661-f4f5-4199-8aa1-13d3b272792b', '2026-11-27 14:32:45.763135+00', 'resource_creation_scheduled', 'Security group scheduled creation has been scheduled.', '3225ab10-7fc6-4e8e-8a7a-e4955045293b', 'staff', '127.0.0.1', 'e95f8816-202c-448e-b06c-6f211b4c18ad', '', '1c0a50c0aa196f104d78451def8670ee', '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '2e745ed3-59b1-4015-afe5-9866929fae79', '{"rules": 1}', '{"version": 1, "rules_added": [{"cidr": "10.0.0.0/8", "to_port": 8443, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8443, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}], "rules_removed": []}'),
	(40, 'cd39dee5-5540-44db-8ff3-d4d4957f1ff1', '2026-11-27 14:32:45.81411+00', 'openstack_security_group_imported', 'Security group default has been imported.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', '5463d9c9-5414-4271-aace-9de093e6b8a4', '{"backend_id": "17cd0b2a-056b-4901-ab1b-8a0460800917"}', NULL),
	(41, 'dd6b780e-d4cf-4c45-bb42-e04f9780e9b2', '2026-11-27 14:32:45.86945+00', 'openstack_tenant_pulled', 'Security groups of tenant analytics have been pulled.', NULL, NULL, NULL, NULL, NULL, NULL, '2f22489c-9a09-41ef-a336-87c185763603', '5799df2d-21ce-46d1-a7cf-529df6c410e6', '1297ea93-64a8-4f53-a528-8c96b48e4852', NULL, '{"missing": 0, "drifted": 0, "imported": 1, "reverted": 0, "contested": 0, "refreshed": 0, "unreadable": 0}', NULL);
INSERT INTO public.idempotency_keys VALUES
	(1, 'key', '\x1f58b9145b24d108d7ac38887338b3ea3229833b9c1e418250343f907bfd1047', '2026-11-27 14:32:45.958233+00', 201, '{}', NULL, '[]');
INSERT INTO public.load_progress VALUES
	('\x0cf67fc72b3c86c7a454f6d86b43ed245a8e491d0e5288d4da8c7ff43a7bcdb0', 3, '2026-11-27 14:32:45.945178+00');
INSERT INTO public.marketplace_references VALUES
	(2, NULL, 'OK', NULL, 'Private cloud', 'OpenStack.Tenant', '{}', NULL, 'Virtual private clouds', NULL, false, true);
INSERT INTO public.procrastinate_events VALUES
	(1, 1, 'deferred', '2026-11-27 14:32:42.308466+00'),
	(2, 2, 'deferred', '2026-11-27 14:32:42.431244+00'),
	(3, 3, 'deferred', '2026-11-27 14:32:42.603442+00'),
	(4, 4, 'deferred', '2026-11-27 14:32:42.685018+00'),
	(5, 5, 'deferred', '2026-11-27 14:32:42.74129+00'),
	(6, 6, 'deferred', '2026-11-27 14:32:42.776973+00'),
	(7, 7, 'deferred', '2026-11-27 14:32:42.822842+00'),
	(8, 8, 'deferred', '2026-11-27 14:32:42.858968+00'),
	(9, 9, 'deferred', '2026-11-27 14:32:42.925793+00'),
	(10, 10, 'deferred', '2026-11-27 14:32:42.984055+00'),
	(11, 11, 'deferred', '2026-11-27 14:32:43.041243+00'),
	(12, 12, 'deferred', '2026-11-27 14:32:43.080539+00'),
	(13, 13, 'deferred', '2026-11-27 14:32:43.122193+00'),
	(14, 14, 'deferred', '2026-11-27 14:32:43.16613+00'),
	(15, 15, 'deferred', '2026-11-27 14:32:45.337181+00'),
	(16, 16, 'deferred', '2026-11-27 14:32:45.39511+00'),
	(17, 17, 'deferred', '2026-11-27 14:32:45.469807+00'),
	(18, 18, 'deferred', '2026-11-27 14:32:45.763135+00');
INSERT INTO public.procrastinate_jobs VALUES
	(1, 'default', 'push_group', 0, 'security_group:6d908559-ee36-4cd2-9edd-e57ee766e0f4', NULL, '{"security_group": "6d908559ee364cd29edde57ee766e0f4"}', 'todo', NULL, 0, false, NULL),
	(2, 'default', 'push_group', 0, 'security_group:4c7ea19c-0b96-4dbf-8000-d2f6137b3e9d', NULL, '{"security_group": "4c7ea19c0b964dbf8000d2f6137b3e9d"}', 'todo', NULL, 0, false, NULL),
	(3, 'default', 'push_group', 0, 'security_group:7b3e4565-79f8-456b-bb20-5644bee99f7a', NULL, '{"security_group": "7b3e456579f8456bbb205644bee99f7a"}', 'todo', NULL, 0, false, NULL),
	(4, 'default', 'push_group', 0, 'security_group:93c32104-3b9e-4bf2-8c14-64442a47d110', NULL, '{"security_group": "93c321043b9e4bf28c1464442a47d110"}', 'todo', NULL, 0, false, NULL),
	(5, 'default', 'push_group', 0, 'security_group:c0d2a0ea-90a0-4c21-8552-daac87d07e34', NULL, '{"security_group": "c0d2a0ea90a04c218552daac87d07e34"}', 'todo', NULL, 0, false, NULL),
	(6, 'default', 'push_group', 0, 'security_group:b00b0a58-5044-417e-90fe-e89aa89fbc22', NULL, '{"security_group": "b00b0a585044417e90fee89aa89fbc22"}', 'todo', NULL, 0, false, NULL),
	(7, 'default', 'push_group', 0, 'security_group:31f64567-0a92-46f9-9f06-61cb98bc5f57', NULL, '{"security_group": "31f645670a9246f99f0661cb98bc5f57"}', 'todo', NULL, 0, false, NULL),
	(8, 'default', 'push_group', 0, 'security_group:e3d7b547-5873-43de-9c56-c509a6005312', NULL, '{"security_group": "e3d7b547587343de9c56c509a6005312"}', 'todo', NULL, 0, false, NULL),
	(9, 'default', 'push_group', 0, 'security_group:4d6694b7-c987-43f0-a3fe-6532e0230304', NULL, '{"security_group": "4d6694b7c98743f0a3fe6532e0230304"}', 'todo', NULL, 0, false, NULL),
	(10, 'default', 'push_group', 0, 'security_group:b18bf8b3-b572-48e9-8873-15a9fc9b34ae', NULL, '{"security_group": "b18bf8b3b57248e9887315a9fc9b34ae"}', 'todo', NULL, 0, false, NULL),
	(11, 'default', 'push_group', 0, 'security_group:75dd483f-f92c-4f64-9b14-5a3f4a41b5cc', NULL, '{"security_group": "75dd483ff92c4f649b145a3f4a41b5cc"}', 'todo', NULL, 0, false, NULL),
	(12, 'default', 'push_group', 0, 'security_group:603dbd5b-29f5-4dfa-8d1b-26b2f8b90dd1', NULL, '{"security_group": "603dbd5b29f54dfa8d1b26b2f8b90dd1"}', 'todo', NULL, 0, false, NULL),
	(13, 'default', 'push_group', 0, 'security_group:6caaa4ac-2618-41ea-bdb7-0b9c94703bbc', NULL, '{"security_group": "6caaa4ac261841eabdb70b9c94703bbc"}', 'todo', NULL, 0, false, NULL),
	(14, 'default', 'push_group', 0, 'security_group:d76db4e5-fbdf-4660-b062-3fd799236f58', NULL, '{"security_group": "d76db4e5fbdf4660b0623fd799236f58"}', 'todo', NULL, 0, false, NULL),
	(15, 'default', 'push_group', 0, 'security_group:75dd483f-f92c-4f64-9b14-5a3f4a41b5cc', NULL, '{"asked_by": {"address": "127.0.0.1", "username": "staff", "user_uuid": "3225ab107fc64e8e8a7ae4955045293b", "token_uuid": "e95f8816202c448eb06c6f211b4c18ad"}, "request_id": "d0e416e782b1cf0496e5f1489dd73835", "security_group": "75dd483ff92c4f649b145a3f4a41b5cc"}', 'todo', NULL, 0, false, NULL),
	(16, 'default', 'push_group', 0, 'security_group:75dd483f-f92c-4f64-9b14-5a3f4a41b5cc', NULL, '{"asked_by": {"address": "127.0.0.1", "username": "staff", "user_uuid": "3225ab107fc64e8e8a7ae4955045293b", "token_uuid": "e95f8816202c448eb06c6f211b4c18ad"}, "request_id": "545c51a664849c358034c93c6f647546", "security_group": "75dd483ff92c4f649b145a3f4a41b5cc"}', 'todo', NULL, 0, false, NULL),
	(17, 'default', 'push_group', 0, 'security_group:a80e5ad8-6b33-4212-b127-b819a4e24e42', NULL, '{"asked_by": {"address": "127.0.0.1", "username": "staff", "user_uuid": "3225ab107fc64e8e8a7ae4955045293b", "token_uuid": "e95f8816202c448eb06c6f211b4c18ad"}, "request_id": "4e972a3d6bb3f780d824cd6e7abb83b3", "security_group": "a80e5ad86b334212b127b819a4e24e42"}', 'todo', NULL, 0, false, NULL),
	(18, 'default', 'push_group', 0, 'security_group:2e745ed3-59b1-4015-afe5-9866929fae79', NULL, '{"asked_by": {"address": "127.0.0.1", "username": "staff", "user_uuid": "3225ab107fc64e8e8a7ae4955045293b", "token_uuid": "e95f8816202c448eb06c6f211b4c18ad"}, "request_id": "1c0a50c0aa196f104d78451def8670ee", "security_group": "2e745ed359b14015afe59866929fae79"}', 'todo', NULL, 0, false, NULL);
INSERT INTO public.projects OVERRIDING SYSTEM VALUE VALUES
	(1, '5799df2d-21ce-46d1-a7cf-529df6c410e6', 1, 'Data platform', '2026-11-27 14:32:41.977558+00'),
	(2, '194f7bfa-fb76-45a2-8f42-41eade2853ad', 1, 'Web shop', '2026-11-27 14:32:41.977558+00'),
	(3, '208cfbf1-eeba-4c7f-83d1-808dd68833f9', 2, 'Research', '2026-11-27 14:32:41.977558+00');
INSERT INTO public.refusals OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-27 14:32:45.953241+00', 'POST', '/api/', 400, 'Invalid.', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.role_grants OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 'PROJECT.MEMBER', NULL, 1, '2026-11-27 14:32:41.977558+00'),
	(2, 1, 'PROJECT.ADMIN', NULL, 2, '2026-11-27 14:32:41.977558+00'),
	(3, 2, 'CUSTOMER.OWNER', 1, NULL, '2026-11-27 14:32:41.977558+00');
INSERT INTO public.sandbox_floating_addresses VALUES
	('198.51.100.7', 'ca396f80-7780-48c6-9ef9-aa39eafb9de3');
INSERT INTO public.sandbox_groups VALUES
	('17cd0b2a-056b-4901-ab1b-8a0460800917', '1297ea9364a84f53a5288c96b48e4852', 'default', 'Default security group', 1, '2026-11-27 14:32:43.864587+00'),
	('41df58b5-bb92-4f1e-b310-a286c674a6bb', '1297ea9364a84f53a5288c96b48e4852', 'workers', 'Everything from the brokers', 5, '2026-11-27 14:32:44.062531+00'),
	('232b6ff0-76d8-44ef-b232-7af28f00338b', '1297ea9364a84f53a5288c96b48e4852', 'tunnels', 'GRE and SCTP, by number', 5, '2026-11-27 14:32:44.23966+00'),
	('0e814438-f567-4449-8cad-6ed8d72e6c11', '237a36c2e11c405ab867985a405cbfad', 'default', 'Default security group', 1, '2026-11-27 14:32:44.454863+00'),
	('1ddaed03-06c7-40f4-917b-a777280d57b4', '237a36c2e11c405ab867985a405cbfad', 'notebooks', 'Jupyter', 4, '2026-11-27 14:32:44.454863+00'),
	('896e3920-525c-4cf6-a3b9-a152477a0c80', '1fbb793f1784424198cc9fbbb3257f4e', 'default', 'Default security group', 1, '2026-11-27 14:32:44.657284+00'),
	('4b3d0c3d-a7e9-4595-9978-2483977f944b', '1fbb793f1784424198cc9fbbb3257f4e', 'load-balancer', 'What the world reaches', 5, '2026-11-27 14:32:44.657284+00'),
	('cbb0376c-0c12-4764-a77c-096b3f2b1e38', '1fbb793f1784424198cc9fbbb3257f4e', 'web', 'Application servers', 3, '2026-11-27 14:32:44.797533+00'),
	('57dd4561-f37c-4bda-a4eb-5e0eaf2ffdec', '1fbb793f1784424198cc9fbbb3257f4e', 'db', 'PostgreSQL, for the application servers only', 4, '2026-11-27 14:32:44.968282+00'),
	('e99dbd95-8a28-4dd4-861f-cee66ca53714', '1fbb793f1784424198cc9fbbb3257f4e', 'cache', 'Redis', 4, '2026-11-27 14:32:45.020887+00'),
	('6a225089-7c23-41c8-a1b6-e9685559e934', '1fbb793f1784424198cc9fbbb3257f4e', 'bastion', 'SSH from the office', 6, '2026-11-27 14:32:45.068115+00'),
	('6f82ed5c-a03c-4233-a0fc-42c20ca7c218', '1fbb793f1784424198cc9fbbb3257f4e', 'ssh-from-bastion', '', 4, '2026-11-27 14:32:45.145925+00'),
	('9ef154b5-81fd-4a27-9381-aa51afafd26b', '1fbb793f1784424198cc9fbbb3257f4e', 'ping', 'Echo requests from anywhere', 5, '2026-11-27 14:32:45.181023+00'),
	('ce912256-d75d-431f-8714-e60ef13ba8af', '1fbb793f1784424198cc9fbbb3257f4e', 'dns', 'Resolvers', 5, '2026-11-27 14:32:45.209071+00'),
	('41ef512b-03d8-4f9c-a003-caacd5725f4c', '292f9a5d961144629337eb7448e5a9b3', 'default', 'Default security group', 1, '2026-11-27 14:32:45.245026+00'),
	('4f96188e-2caa-4931-afb8-3d5c996bc840', '292f9a5d961144629337eb7448e5a9b3', 'web', 'Reachable from the office only', 3, '2026-11-27 14:32:45.245026+00'),
	('c96c120a-3945-40de-969b-0d6fa861015e', '292f9a5d961144629337eb7448e5a9b3', 'db', '', 4, '2026-11-27 14:32:45.280431+00'),
	('941a5fcc-08cd-4745-afdc-5e5bc73f9803', '1297ea9364a84f53a5288c96b48e4852', 'kafka', 'Brokers and their clients', 8, '2026-11-27 14:32:43.864587+00');
INSERT INTO public.sandbox_port_groups VALUES
	('ca396f80-7780-48c6-9ef9-aa39eafb9de3', '941a5fcc-08cd-4745-afdc-5e5bc73f9803');
INSERT INTO public.sandbox_ports VALUES
	('ca396f80-7780-48c6-9ef9-aa39eafb9de3', '1297ea9364a84f53a5288c96b48e4852', 'web-1', 'instance-1', 'compute:nova', '{10.0.0.5}', 1);
INSERT INTO public.sandbox_rules VALUES
	('af6dcb44-1212-4563-be81-f567962a131b', '17cd0b2a-056b-4901-ab1b-8a0460800917', 'IPv4', 'egress', NULL, NULL, NULL, NULL, NULL, ''),
	('da968b30-9168-46df-a5c3-bc881df56a7b', '17cd0b2a-056b-4901-ab1b-8a0460800917', 'IPv6', 'egress', NULL, NULL, NULL, NULL, NULL, ''),
	('427fd5ff-8271-4485-806e-7791a9cc6ef8', '17cd0b2a-056b-4901-ab1b-8a0460800917', 'IPv4', 'ingress', NULL, NULL, NULL, NULL, '17cd0b2a-056b-4901-ab1b-8a0460800917', ''),
	('ea1a4798-d908-4270-8191-5a15aa85bf62', '17cd0b2a-056b-4901-ab1b-8a0460800917', 'IPv6', 'ingress', NULL, NULL, NULL, NULL, '17cd0b2a-056b-4901-ab1b-8a0460800917', ''),
	('6e4c6e76-4e05-414c-94bd-ef7148290991', '41df58b5-bb92-4f1e-b310-a286c674a6bb', 'IPv4', 'ingress', NULL, NULL, NULL, NULL, '941a5fcc-08cd-4745-afdc-5e5bc73f9803', ''),
	('861c43af-3f67-4a8a-85a2-cd453faebc68', '41df58b5-bb92-4f1e-b310-a286c674a6bb', 'IPv6', 'ingress', NULL, NULL, NULL, NULL, '941a5fcc-08cd-4745-afdc-5e5bc73f9803', ''),
	('0567da93-fdbf-462c-b0d3-c9af354ebcca', '232b6ff0-76d8-44ef-b232-7af28f00338b', 'IPv4', 'ingress', '47', NULL, NULL, '203.0.113.7/32', NULL, 'GRE'),
	('bdbec28d-fc4d-4b3a-8d26-c207933964e4', '232b6ff0-76d8-44ef-b232-7af28f00338b', 'IPv4', 'ingress', '132', 3868, 3868, '203.0.113.0/24', NULL, 'SCTP'),
	('78a1230a-1675-4ab4-8970-26971f7a73bf', '0e814438-f567-4449-8cad-6ed8d72e6c11', 'IPv4', 'egress', NULL, NULL, NULL, NULL, NULL, ''),
	('45deaea4-cd6d-4198-b6b5-1682e87cf658', '0e814438-f567-4449-8cad-6ed8d72e6c11', 'IPv6', 'egress', NULL, NULL, NULL, NULL, NULL, ''),
	('db32678a-c462-44ff-8e85-66514004713d', '0e814438-f567-4449-8cad-6ed8d72e6c11', 'IPv4', 'ingress', NULL, NULL, NULL, NULL, '0e814438-f567-4449-8cad-6ed8d72e6c11', ''),
	('39ca878d-63f9-4069-a7af-26221bc66f0f', '0e814438-f567-4449-8cad-6ed8d72e6c11', 'IPv6', 'ingress', NULL, NULL, NULL, NULL, '0e814438-f567-4449-8cad-6ed8d72e6c11', ''),
	('2177eee7-b860-423a-b7ea-f7971cb37729', '1ddaed03-06c7-40f4-917b-a777280d57b4', 'IPv4', 'ingress', 'tcp', 8888, 8890, '192.0.2.0/24', NULL, ''),
	('12b6df57-ac42-47de-915d-1d9f8734f807', '896e3920-525c-4cf6-a3b9-a152477a0c80', 'IPv4', 'egress', NULL, NULL, NULL, NULL, NULL, ''),
	('9fff5c1f-3c26-4b40-a33c-3ba38cfb869c', '896e3920-525c-4cf6-a3b9-a152477a0c80', 'IPv6', 'egress', NULL, NULL, NULL, NULL, NULL, ''),
	('8b94effd-98cc-4913-a02a-7296d2cfe86b', '896e3920-525c-4cf6-a3b9-a152477a0c80', 'IPv4', 'ingress', NULL, NULL, NULL, NULL, '896e3920-525c-4cf6-a3b9-a152477a0c80', ''),
	('08cfb64d-c26d-40cd-9398-bf57b5b33ae5', '896e3920-525c-4cf6-a3b9-a152477a0c80', 'IPv6', 'ingress', NULL, NULL, NULL, NULL, '896e3920-525c-4cf6-a3b9-a152477a0c80', ''),
	('9a35e9dc-6250-4957-9fc2-8b287e6658b1', '4b3d0c3d-a7e9-4595-9978-2483977f944b', 'IPv4', 'egress', NULL, NULL, NULL, NULL, NULL, ''),
	('d14d56ca-603f-4f44-bea2-d373a321025e', '4b3d0c3d-a7e9-4595-9978-2483977f944b', 'IPv4', 'ingress', 'tcp', 443, 443, '0.0.0.0/0', NULL, 'HTTPS'),
	('f7f9b3f7-8c13-48c5-8ab9-74942cb70b15', '4b3d0c3d-a7e9-4595-9978-2483977f944b', 'IPv4', 'ingress', 'tcp', 80, 80, '0.0.0.0/0', NULL, 'Redirects to HTTPS'),
	('dc78c2ab-81bf-4fd0-b3d7-880adbcc9015', '4b3d0c3d-a7e9-4595-9978-2483977f944b', 'IPv6', 'ingress', 'tcp', 443, 443, '::/0', NULL, 'HTTPS'),
	('1e0e5543-4b2c-4a6c-80aa-5bdaa0b17625', 'cbb0376c-0c12-4764-a77c-096b3f2b1e38', 'IPv4', 'egress', NULL, NULL, NULL, NULL, NULL, ''),
	('dd6cc870-e090-48f3-8373-968df1c1d602', 'cbb0376c-0c12-4764-a77c-096b3f2b1e38', 'IPv4', 'ingress', 'tcp', 8080, 8080, NULL, '4b3d0c3d-a7e9-4595-9978-2483977f944b', ''),
	('02849725-8940-4cf7-b6f8-6d02b9280508', '57dd4561-f37c-4bda-a4eb-5e0eaf2ffdec', 'IPv4', 'ingress', 'tcp', 5432, 5432, NULL, 'cbb0376c-0c12-4764-a77c-096b3f2b1e38', ''),
	('6abe7205-539a-43fb-85ba-8bd87c99ab77', 'e99dbd95-8a28-4dd4-861f-cee66ca53714', 'IPv4', 'ingress', 'tcp', 6379, 6379, NULL, 'cbb0376c-0c12-4764-a77c-096b3f2b1e38', ''),
	('cd1b7aa3-4cdb-424b-a779-4ff92565df4e', '6a225089-7c23-41c8-a1b6-e9685559e934', 'IPv4', 'ingress', 'tcp', 22, 22, '198.51.100.0/24', NULL, 'Office'),
	('5f638dcc-9109-4464-82b2-0b47900faa9b', '6a225089-7c23-41c8-a1b6-e9685559e934', 'IPv6', 'ingress', 'tcp', 22, 22, '2001:db8:1::/48', NULL, ''),
	('b1db5538-81ec-45f4-94ef-16c27ebd80b2', '6a225089-7c23-41c8-a1b6-e9685559e934', 'IPv4', 'egress', NULL, NULL, NULL, '10.0.0.0/8', NULL, ''),
	('917e22df-ec73-49cb-949e-36d6f85e114e', '6f82ed5c-a03c-4233-a0fc-42c20ca7c218', 'IPv4', 'ingress', 'tcp', 22, 22, NULL, '6a225089-7c23-41c8-a1b6-e9685559e934', ''),
	('92d09d01-3c64-423b-b113-bdab0b5610c8', '9ef154b5-81fd-4a27-9381-aa51afafd26b', 'IPv4', 'ingress', 'icmp', 8, 0, '0.0.0.0/0', NULL, ''),
	('f61a2d4a-fd07-4437-b591-540f89bc7071', '9ef154b5-81fd-4a27-9381-aa51afafd26b', 'IPv6', 'ingress', 'ipv6-icmp', 128, 0, '::/0', NULL, ''),
	('f4862abc-f6c0-49ac-98b6-3b821616ecde', 'ce912256-d75d-431f-8714-e60ef13ba8af', 'IPv4', 'ingress', 'udp', 53, 53, '10.0.0.0/8', NULL, ''),
	('e18c97ab-6b8f-4c0b-8ad1-bba90845f14c', 'ce912256-d75d-431f-8714-e60ef13ba8af', 'IPv4', 'ingress', 'tcp', 53, 53, '10.0.0.0/8', NULL, ''),
	('c8c39ce0-6c39-4bc5-8c18-00bc1893bfad', '41ef512b-03d8-4f9c-a003-caacd5725f4c', 'IPv4', 'egress', NULL, NULL, NULL, NULL, NULL, ''),
	('d62f804a-f8fd-4278-a72e-be91923d729f', '41ef512b-03d8-4f9c-a003-caacd5725f4c', 'IPv6', 'egress', NULL, NULL, NULL, NULL, NULL, ''),
	('0dde3b7f-14fb-4665-a59d-1113724ffa9e', '41ef512b-03d8-4f9c-a003-caacd5725f4c', 'IPv4', 'ingress', NULL, NULL, NULL, NULL, '41ef512b-03d8-4f9c-a003-caacd5725f4c', ''),
	('9b2d5a1e-31b0-4094-a513-bc09092cb046', '41ef512b-03d8-4f9c-a003-caacd5725f4c', 'IPv6', 'ingress', NULL, NULL, NULL, NULL, '41ef512b-03d8-4f9c-a003-caacd5725f4c', ''),
	('8c0ee8b3-6cd5-412d-adb3-03e0a801f898', '4f96188e-2caa-4931-afb8-3d5c996bc840', 'IPv4', 'egress', NULL, NULL, NULL, NULL, NULL, ''),
	('c8359445-27f0-4920-9ce8-54fbd7af2346', '4f96188e-2caa-4931-afb8-3d5c996bc840', 'IPv4', 'ingress', 'tcp', 443, 443, '198.51.100.0/24', NULL, ''),
	('47b5ee0e-cff1-4b54-b17d-7bd7412c47cf', 'c96c120a-3945-40de-969b-0d6fa861015e', 'IPv4', 'ingress', 'tcp', 5432, 5432, NULL, '4f96188e-2caa-4931-afb8-3d5c996bc840', ''),
	('1abe2e60-5969-406d-b1a8-57ca2e26900a', '941a5fcc-08cd-4745-afdc-5e5bc73f9803', 'IPv4', 'ingress', 'tcp', 9092, 9094, '10.20.0.0/16', NULL, '');
INSERT INTO public.schema_migrations VALUES
	('0001_job_queue', NULL, '2026-11-27 14:32:40.308948+00'),
	('0002_functions', 'c7e5948667f46f0ca36b42fc81ae326682eb5d0d1cb98a61d8a60b7d8b8c4fcb', '2026-11-27 14:32:40.41861+00'),
	('0003_organisations_and_clouds', 'e69a80faef57169ca8d04e976bda804ea964cedaa5f110948bddd13cb7828c5d', '2026-11-27 14:32:40.444877+00'),
	('0004_users_and_access', 'dcf0234ee89773c789d857764b8f15d61a2696bf96952254cbb6f11a80024d7c', '2026-11-27 14:32:40.594138+00'),
	('0005_security_groups', '7eb1d06df0fa949a7d81bc6bf4b4c5fec2852e59fafad86ffde8726486b1b432', '2026-11-27 14:32:40.821689+00'),
	('0006_documents', '85f3cccc460280e7ad10f188c8ad15a9f43043048842e76fd716659bd5509e28', '2026-11-27 14:32:41.203567+00'),
	('0007_sync_state', '72101068469a51bb2ae5139942a9be162b8dd18ee09c636df26b42632a4bd265', '2026-11-27 14:32:41.412613+00'),
	('0008_events_and_audit', '6a0e57b0b01d9840be778a6daff05cfbce257340f66066599dd9bb4c2247909a', '2026-11-27 14:32:41.743564+00'),
	('views_0.1.0_67dd2711f367', NULL, '2026-11-27 14:32:41.838167+00');
INSERT INTO public.security_group_count_changes VALUES
	('state', 5, -1),
	('state', 6, 1),
	('state', 6, -1),
	('state', 3, 1),
	('state', 5, -1),
	('state', 6, 1),
	('state', 6, -1),
	('state', 3, 1),
	('state', 5, -1),
	('state', 6, 1),
	('state', 6, -1),
	('state', 3, 1),
	('state', 5, -1),
	('state', 6, 1),
	('state', 6, -1),
	('state', 3, 1),
	('state', 5, -1),
	('state', 6, 1),
	('state', 6, -1),
	('state', 3, 1),
	('state', 5, -1),
	('state', 6, 1),
	('state', 6, -1),
	('state', 3, 1),
	('state', 5, -1),
	('state', 6, 1),
	('state', 6, -1),
	('state', 3, 1),
	('state', 5, -1),
	('state', 6, 1),
	('state', 6, -1),
	('state', 3, 1),
	('state', 3, -1),
	('state', 1, 1),
	('state', 1, -1),
	('state', 2, 1),
	('state', 2, -1),
	('state', 3, 1),
	('state', 3, -1),
	('state', 1, 1),
	('state', 1, -1),
	('state', 2, 1),
	('state', 2, -1),
	('state', 3, 1),
	('cloud', 1, 1),
	('all', 0, 1),
	('cloud', 1, -1),
	('all', 0, -1),
	('project', 1, -1),
	('tenant', 1, -1),
	('state', 5, -1),
	('customer', 1, -1),
	('all', 0, 0),
	('project', 1, 1),
	('tenant', 1, 1),
	('state', 5, 1),
	('customer', 1, 1),
	('cloud', 1, 1),
	('all', 0, 1),
	('project', 1, 1),
	('tenant', 1, 1),
	('state', 5, 1),
	('customer', 1, 1),
	('cloud', 1, 1),
	('all', 0, 1),
	('state', 3, 1),
	('project', 1, 1),
	('tenant', 1, 1),
	('customer', 1, 1);
INSERT INTO public.security_group_counts VALUES
	('all', 0, 14),
	('cloud', 1, 14),
	('customer', 1, 13),
	('customer', 2, 1),
	('project', 1, 3),
	('project', 2, 10),
	('project', 3, 1),
	('state', 3, 6),
	('state', 5, 8),
	('state', 6, 0),
	('tenant', 1, 3),
	('tenant', 2, 8),
	('tenant', 3, 2),
	('tenant', 4, 1);
INSERT INTO public.security_group_documents VALUES
	(10, '{"url":"/api/openstack-security-groups/b18bf8b3b57248e9887315a9fc9b34ae/","uuid":"b18bf8b3b57248e9887315a9fc9b34ae","name":"db","description":"","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/194f7bfafb7645a28f4241eade2853ad/","project_name":"Web shop","project_uuid":"194f7bfafb7645a28f4241eade2853ad","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:42.984055+00:00","modified":"2026-11-27T14:32:45.323992+00:00","backend_id":"c96c120a-3945-40de-969b-0d6fa861015e","access_url":null,"tenant":"/api/openstack-tenants/292f9a5d961144629337eb7448e5a9b3/","tenant_name":"shop-staging","tenant_uuid":"292f9a5d961144629337eb7448e5a9b3","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":5432,"to_port":5432,"cidr":null,"description":"","remote_group_name":"web","remote_group_uuid":"4d6694b7c98743f0a3fe6532e0230304","id":19,"remote_group":"/api/openstack-security-groups/4d6694b7c98743f0a3fe6532e0230304/"}],"instance_count":null,"marketplace_offering_uuid":null,"marketplace_offering_name":null,"marketplace_offering_type":null,"marketplace_offering_plugin_options":null,"marketplace_category_uuid":null,"marketplace_category_name":null,"marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":null,"is_usage_based":null,"is_limit_based":null}', NULL, 'b18bf8b3-b572-48e9-8873-15a9fc9b34ae', 3, 2, 1, 1, 1, 3, '2026-11-27 14:32:42.984055+00', 'db', '', 'c96c120a-3945-40de-969b-0d6fa861015e', 'shop-staging', 'Web shop', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 4, DEFAULT),
	(11, '{"url":"/api/openstack-security-groups/75dd483ff92c4f649b145a3f4a41b5cc/","uuid":"75dd483ff92c4f649b145a3f4a41b5cc","name":"kafka","description":"Brokers and their clients","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/5799df2d21ce46d1a7cf529df6c410e6/","project_name":"Data platform","project_uuid":"5799df2d21ce46d1a7cf529df6c410e6","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:43.041243+00:00","modified":"2026-11-27T14:32:45.440425+00:00","backend_id":"941a5fcc-08cd-4745-afdc-5e5bc73f9803","access_url":null,"tenant":"/api/openstack-tenants/1297ea9364a84f53a5288c96b48e4852/","tenant_name":"analytics","tenant_uuid":"1297ea9364a84f53a5288c96b48e4852","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":9092,"to_port":9094,"cidr":"10.20.0.0/16","description":"","id":27,"remote_group":null}],"instance_count":1,"marketplace_offering_uuid":null,"marketplace_offering_name":null,"marketplace_offering_type":null,"marketplace_offering_plugin_options":null,"marketplace_category_uuid":null,"marketplace_category_name":null,"marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":null,"is_usage_based":null,"is_limit_based":null}', NULL, '75dd483f-f92c-4f64-9b14-5a3f4a41b5cc', 1, 1, 1, 1, 3, 3, '2026-11-27 14:32:43.041243+00', 'kafka', 'Brokers and their clients', '941a5fcc-08cd-4745-afdc-5e5bc73f9803', 'analytics', 'Data platform', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 11, DEFAULT),
	(14, '{"url":"/api/openstack-security-groups/d76db4e5fbdf4660b0623fd799236f58/","uuid":"d76db4e5fbdf4660b0623fd799236f58","name":"notebooks","description":"Jupyter","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/208cfbf1eeba4c7f83d1808dd68833f9/","project_name":"Research","project_uuid":"208cfbf1eeba4c7f83d1808dd68833f9","customer":"/api/customers/75ebce749c404a20b17b5b89e6688df1/","customer_uuid":"75ebce749c404a20b17b5b89e6688df1","customer_name":"Globex","customer_native_name":"","customer_abbreviation":"GLX","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:43.166130+00:00","modified":"2026-11-27T14:32:44.591642+00:00","backend_id":"1ddaed03-06c7-40f4-917b-a777280d57b4","access_url":null,"tenant":"/api/openstack-tenants/237a36c2e11c405ab867985a405cbfad/","tenant_name":"research","tenant_uuid":"237a36c2e11c405ab867985a405cbfad","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":8888,"to_port":8890,"cidr":"192.0.2.0/24","description":"","id":25,"remote_group":null}],"instance_count":null,"marketplace_offering_uuid":null,"marketplace_offering_name":null,"marketplace_offering_type":null,"marketplace_offering_plugin_options":null,"marketplace_category_uuid":null,"marketplace_category_name":null,"marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":null,"is_usage_based":null,"is_limit_based":null}', NULL, 'd76db4e5-fbdf-4660-b062-3fd799236f58', 4, 3, 2, 1, 1, 3, '2026-11-27 14:32:43.16613+00', 'notebooks', 'Jupyter', '1ddaed03-06c7-40f4-917b-a777280d57b4', 'research', 'Research', 'Globex', '', 'GLX', 'sandbox', 4, DEFAULT),
	(1, '{"url":"/api/openstack-security-groups/6d908559ee364cd29edde57ee766e0f4/","uuid":"6d908559ee364cd29edde57ee766e0f4","name":"load-balancer","description":"What the world reaches","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/194f7bfafb7645a28f4241eade2853ad/","project_name":"Web shop","project_uuid":"194f7bfafb7645a28f4241eade2853ad","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:42.308466+00:00","modified":"2026-11-27T14:32:44.746326+00:00","backend_id":"4b3d0c3d-a7e9-4595-9978-2483977f944b","access_url":null,"tenant":"/api/openstack-tenants/1fbb793f1784424198cc9fbbb3257f4e/","tenant_name":"shop-production","tenant_uuid":"1fbb793f1784424198cc9fbbb3257f4e","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":443,"to_port":443,"cidr":"0.0.0.0/0","description":"HTTPS","id":1,"remote_group":null},{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":80,"to_port":80,"cidr":"0.0.0.0/0","description":"Redirects to HTTPS","id":2,"remote_group":null},{"ethertype":"IPv6","direction":"ingress","protocol":"tcp","from_port":443,"to_port":443,"cidr":"::/0","description":"HTTPS","id":3,"remote_group":null},{"ethertype":"IPv4","direction":"egress","protocol":"","from_port":-1,"to_port":-1,"cidr":"0.0.0.0/0","description":"","id":4,"remote_group":null}],"instance_count":null,"marketplace_offering_uuid":null,"marketplace_offering_name":"Private cloud","marketplace_offering_type":"OpenStack.Tenant","marketplace_offering_plugin_options":{},"marketplace_category_uuid":null,"marketplace_category_name":"Virtual private clouds","marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":"OK","is_usage_based":false,"is_limit_based":true}', NULL, '6d908559-ee36-4cd2-9edd-e57ee766e0f4', 2, 2, 1, 1, 1, 3, '2026-11-27 14:32:42.308466+00', 'load-balancer', 'What the world reaches', '4b3d0c3d-a7e9-4595-9978-2483977f944b', 'shop-production', 'Web shop', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 4, DEFAULT),
	(13, '{"url":"/api/openstack-security-groups/6caaa4ac261841eabdb70b9c94703bbc/","uuid":"6caaa4ac261841eabdb70b9c94703bbc","name":"tunnels","description":"GRE and SCTP, by number","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/5799df2d21ce46d1a7cf529df6c410e6/","project_name":"Data platform","project_uuid":"5799df2d21ce46d1a7cf529df6c410e6","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:43.122193+00:00","modified":"2026-11-27T14:32:44.399588+00:00","backend_id":"232b6ff0-76d8-44ef-b232-7af28f00338b","access_url":null,"tenant":"/api/openstack-tenants/1297ea9364a84f53a5288c96b48e4852/","tenant_name":"analytics","tenant_uuid":"1297ea9364a84f53a5288c96b48e4852","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"47","from_port":-1,"to_port":-1,"cidr":"203.0.113.7/32","description":"GRE","id":23,"remote_group":null},{"ethertype":"IPv4","direction":"ingress","protocol":"132","from_port":3868,"to_port":3868,"cidr":"203.0.113.0/24","description":"SCTP","id":24,"remote_group":null}],"instance_count":0,"marketplace_offering_uuid":null,"marketplace_offering_name":null,"marketplace_offering_type":null,"marketplace_offering_plugin_options":null,"marketplace_category_uuid":null,"marketplace_category_name":null,"marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":null,"is_usage_based":null,"is_limit_based":null}', NULL, '6caaa4ac-2618-41ea-bdb7-0b9c94703bbc', 1, 1, 1, 1, 1, 3, '2026-11-27 14:32:43.122193+00', 'tunnels', 'GRE and SCTP, by number', '232b6ff0-76d8-44ef-b232-7af28f00338b', 'analytics', 'Data platform', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 5, DEFAULT),
	(2, '{"url":"/api/openstack-security-groups/4c7ea19c0b964dbf8000d2f6137b3e9d/","uuid":"4c7ea19c0b964dbf8000d2f6137b3e9d","name":"web","description":"Application servers","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/194f7bfafb7645a28f4241eade2853ad/","project_name":"Web shop","project_uuid":"194f7bfafb7645a28f4241eade2853ad","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:42.431244+00:00","modified":"2026-11-27T14:32:44.896046+00:00","backend_id":"cbb0376c-0c12-4764-a77c-096b3f2b1e38","access_url":null,"tenant":"/api/openstack-tenants/1fbb793f1784424198cc9fbbb3257f4e/","tenant_name":"shop-production","tenant_uuid":"1fbb793f1784424198cc9fbbb3257f4e","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":8080,"to_port":8080,"cidr":null,"description":"","remote_group_name":"load-balancer","remote_group_uuid":"6d908559ee364cd29edde57ee766e0f4","id":5,"remote_group":"/api/openstack-security-groups/6d908559ee364cd29edde57ee766e0f4/"},{"ethertype":"IPv4","direction":"egress","protocol":"","from_port":-1,"to_port":-1,"cidr":"0.0.0.0/0","description":"","id":6,"remote_group":null}],"instance_count":null,"marketplace_offering_uuid":null,"marketplace_offering_name":"Private cloud","marketplace_offering_type":"OpenStack.Tenant","marketplace_offering_plugin_options":{},"marketplace_category_uuid":null,"marketplace_category_name":"Virtual private clouds","marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":"OK","is_usage_based":false,"is_limit_based":true}', NULL, '4c7ea19c-0b96-4dbf-8000-d2f6137b3e9d', 2, 2, 1, 1, 1, 3, '2026-11-27 14:32:42.431244+00', 'web', 'Application servers', 'cbb0376c-0c12-4764-a77c-096b3f2b1e38', 'shop-production', 'Web shop', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 4, DEFAULT),
	(3, '{"url":"/api/openstack-security-groups/7b3e456579f8456bbb205644bee99f7a/","uuid":"7b3e456579f8456bbb205644bee99f7a","name":"db","description":"PostgreSQL, for the application servers only","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/194f7bfafb7645a28f4241eade2853ad/","project_name":"Web shop","project_uuid":"194f7bfafb7645a28f4241eade2853ad","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:42.603442+00:00","modified":"2026-11-27T14:32:45.001529+00:00","backend_id":"57dd4561-f37c-4bda-a4eb-5e0eaf2ffdec","access_url":null,"tenant":"/api/openstack-tenants/1fbb793f1784424198cc9fbbb3257f4e/","tenant_name":"shop-production","tenant_uuid":"1fbb793f1784424198cc9fbbb3257f4e","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":5432,"to_port":5432,"cidr":null,"description":"","remote_group_name":"web","remote_group_uuid":"4c7ea19c0b964dbf8000d2f6137b3e9d","id":7,"remote_group":"/api/openstack-security-groups/4c7ea19c0b964dbf8000d2f6137b3e9d/"}],"instance_count":null,"marketplace_offering_uuid":null,"marketplace_offering_name":"Private cloud","marketplace_offering_type":"OpenStack.Tenant","marketplace_offering_plugin_options":{},"marketplace_category_uuid":null,"marketplace_category_name":"Virtual private clouds","marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":"OK","is_usage_based":false,"is_limit_based":true}', NULL, '7b3e4565-79f8-456b-bb20-5644bee99f7a', 2, 2, 1, 1, 1, 3, '2026-11-27 14:32:42.603442+00', 'db', 'PostgreSQL, for the application servers only', '57dd4561-f37c-4bda-a4eb-5e0eaf2ffdec', 'shop-production', 'Web shop', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 4, DEFAULT),
	(4, '{"url":"/api/openstack-security-groups/93c321043b9e4bf28c1464442a47d110/","uuid":"93c321043b9e4bf28c1464442a47d110","name":"cache","description":"Redis","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/194f7bfafb7645a28f4241eade2853ad/","project_name":"Web shop","project_uuid":"194f7bfafb7645a28f4241eade2853ad","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:42.685018+00:00","modified":"2026-11-27T14:32:45.047006+00:00","backend_id":"e99dbd95-8a28-4dd4-861f-cee66ca53714","access_url":null,"tenant":"/api/openstack-tenants/1fbb793f1784424198cc9fbbb3257f4e/","tenant_name":"shop-production","tenant_uuid":"1fbb793f1784424198cc9fbbb3257f4e","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":6379,"to_port":6379,"cidr":null,"description":"","remote_group_name":"web","remote_group_uuid":"4c7ea19c0b964dbf8000d2f6137b3e9d","id":8,"remote_group":"/api/openstack-security-groups/4c7ea19c0b964dbf8000d2f6137b3e9d/"}],"instance_count":null,"marketplace_offering_uuid":null,"marketplace_offering_name":"Private cloud","marketplace_offering_type":"OpenStack.Tenant","marketplace_offering_plugin_options":{},"marketplace_category_uuid":null,"marketplace_category_name":"Virtual private clouds","marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":"OK","is_usage_based":false,"is_limit_based":true}', NULL, '93c32104-3b9e-4bf2-8c14-64442a47d110', 2, 2, 1, 1, 1, 3, '2026-11-27 14:32:42.685018+00', 'cache', 'Redis', 'e99dbd95-8a28-4dd4-861f-cee66ca53714', 'shop-production', 'Web shop', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 4, DEFAULT),
	(5, '{"url":"/api/openstack-security-groups/c0d2a0ea90a04c218552daac87d07e34/","uuid":"c0d2a0ea90a04c218552daac87d07e34","name":"bastion","description":"SSH from the office","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/194f7bfafb7645a28f4241eade2853ad/","project_name":"Web shop","project_uuid":"194f7bfafb7645a28f4241eade2853ad","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:42.741290+00:00","modified":"2026-11-27T14:32:45.106193+00:00","backend_id":"6a225089-7c23-41c8-a1b6-e9685559e934","access_url":null,"tenant":"/api/openstack-tenants/1fbb793f1784424198cc9fbbb3257f4e/","tenant_name":"shop-production","tenant_uuid":"1fbb793f1784424198cc9fbbb3257f4e","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":22,"to_port":22,"cidr":"198.51.100.0/24","description":"Office","id":9,"remote_group":null},{"ethertype":"IPv6","direction":"ingress","protocol":"tcp","from_port":22,"to_port":22,"cidr":"2001:db8:1::/48","description":"","id":10,"remote_group":null},{"ethertype":"IPv4","direction":"egress","protocol":"","from_port":-1,"to_port":-1,"cidr":"10.0.0.0/8","description":"","id":11,"remote_group":null}],"instance_count":null,"marketplace_offering_uuid":null,"marketplace_offering_name":"Private cloud","marketplace_offering_type":"OpenStack.Tenant","marketplace_offering_plugin_options":{},"marketplace_category_uuid":null,"marketplace_category_name":"Virtual private clouds","marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":"OK","is_usage_based":false,"is_limit_based":true}', NULL, 'c0d2a0ea-90a0-4c21-8552-daac87d07e34', 2, 2, 1, 1, 1, 3, '2026-11-27 14:32:42.74129+00', 'bastion', 'SSH from the office', '6a225089-7c23-41c8-a1b6-e9685559e934', 'shop-production', 'Web shop', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 4, DEFAULT),
	(6, '{"url":"/api/openstack-security-groups/b00b0a585044417e90fee89aa89fbc22/","uuid":"b00b0a585044417e90fee89aa89fbc22","name":"ssh-from-bastion","description":"","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/194f7bfafb7645a28f4241eade2853ad/","project_name":"Web shop","project_uuid":"194f7bfafb7645a28f4241eade2853ad","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:42.776973+00:00","modified":"2026-11-27T14:32:45.170669+00:00","backend_id":"6f82ed5c-a03c-4233-a0fc-42c20ca7c218","access_url":null,"tenant":"/api/openstack-tenants/1fbb793f1784424198cc9fbbb3257f4e/","tenant_name":"shop-production","tenant_uuid":"1fbb793f1784424198cc9fbbb3257f4e","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":22,"to_port":22,"cidr":null,"description":"","remote_group_name":"bastion","remote_group_uuid":"c0d2a0ea90a04c218552daac87d07e34","id":12,"remote_group":"/api/openstack-security-groups/c0d2a0ea90a04c218552daac87d07e34/"}],"instance_count":null,"marketplace_offering_uuid":null,"marketplace_offering_name":"Private cloud","marketplace_offering_type":"OpenStack.Tenant","marketplace_offering_plugin_options":{},"marketplace_category_uuid":null,"marketplace_category_name":"Virtual private clouds","marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":"OK","is_usage_based":false,"is_limit_based":true}', NULL, 'b00b0a58-5044-417e-90fe-e89aa89fbc22', 2, 2, 1, 1, 1, 3, '2026-11-27 14:32:42.776973+00', 'ssh-from-bastion', '', '6f82ed5c-a03c-4233-a0fc-42c20ca7c218', 'shop-production', 'Web shop', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 4, DEFAULT),
	(7, '{"url":"/api/openstack-security-groups/31f645670a9246f99f0661cb98bc5f57/","uuid":"31f645670a9246f99f0661cb98bc5f57","name":"ping","description":"Echo requests from anywhere","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/194f7bfafb7645a28f4241eade2853ad/","project_name":"Web shop","project_uuid":"194f7bfafb7645a28f4241eade2853ad","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:42.822842+00:00","modified":"2026-11-27T14:32:45.195394+00:00","backend_id":"9ef154b5-81fd-4a27-9381-aa51afafd26b","access_url":null,"tenant":"/api/openstack-tenants/1fbb793f1784424198cc9fbbb3257f4e/","tenant_name":"shop-production","tenant_uuid":"1fbb793f1784424198cc9fbbb3257f4e","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"icmp","from_port":8,"to_port":0,"cidr":"0.0.0.0/0","description":"","id":13,"remote_group":null},{"ethertype":"IPv6","direction":"ingress","protocol":"icmp","from_port":128,"to_port":0,"cidr":"::/0","description":"","id":14,"remote_group":null}],"instance_count":null,"marketplace_offering_uuid":null,"marketplace_offering_name":"Private cloud","marketplace_offering_type":"OpenStack.Tenant","marketplace_offering_plugin_options":{},"marketplace_category_uuid":null,"marketplace_category_name":"Virtual private clouds","marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":"OK","is_usage_based":false,"is_limit_based":true}', NULL, '31f64567-0a92-46f9-9f06-61cb98bc5f57', 2, 2, 1, 1, 1, 3, '2026-11-27 14:32:42.822842+00', 'ping', 'Echo requests from anywhere', '9ef154b5-81fd-4a27-9381-aa51afafd26b', 'shop-production', 'Web shop', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 4, DEFAULT),
	(12, '{"url":"/api/openstack-security-groups/603dbd5b29f54dfa8d1b26b2f8b90dd1/","uuid":"603dbd5b29f54dfa8d1b26b2f8b90dd1","name":"workers","description":"Everything from the brokers","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/5799df2d21ce46d1a7cf529df6c410e6/","project_name":"Data platform","project_uuid":"5799df2d21ce46d1a7cf529df6c410e6","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:43.080539+00:00","modified":"2026-11-27T14:32:44.165527+00:00","backend_id":"41df58b5-bb92-4f1e-b310-a286c674a6bb","access_url":null,"tenant":"/api/openstack-tenants/1297ea9364a84f53a5288c96b48e4852/","tenant_name":"analytics","tenant_uuid":"1297ea9364a84f53a5288c96b48e4852","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"","from_port":-1,"to_port":-1,"cidr":null,"description":"","remote_group_name":"kafka","remote_group_uuid":"75dd483ff92c4f649b145a3f4a41b5cc","id":21,"remote_group":"/api/openstack-security-groups/75dd483ff92c4f649b145a3f4a41b5cc/"},{"ethertype":"IPv6","direction":"ingress","protocol":"","from_port":-1,"to_port":-1,"cidr":null,"description":"","remote_group_name":"kafka","remote_group_uuid":"75dd483ff92c4f649b145a3f4a41b5cc","id":22,"remote_group":"/api/openstack-security-groups/75dd483ff92c4f649b145a3f4a41b5cc/"}],"instance_count":0,"marketplace_offering_uuid":null,"marketplace_offering_name":null,"marketplace_offering_type":null,"marketplace_offering_plugin_options":null,"marketplace_category_uuid":null,"marketplace_category_name":null,"marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":null,"is_usage_based":null,"is_limit_based":null}', NULL, '603dbd5b-29f5-4dfa-8d1b-26b2f8b90dd1', 1, 1, 1, 1, 1, 3, '2026-11-27 14:32:43.080539+00', 'workers', 'Everything from the brokers', '41df58b5-bb92-4f1e-b310-a286c674a6bb', 'analytics', 'Data platform', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 5, DEFAULT),
	(8, '{"url":"/api/openstack-security-groups/e3d7b547587343de9c56c509a6005312/","uuid":"e3d7b547587343de9c56c509a6005312","name":"dns","description":"Resolvers","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/194f7bfafb7645a28f4241eade2853ad/","project_name":"Web shop","project_uuid":"194f7bfafb7645a28f4241eade2853ad","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:42.858968+00:00","modified":"2026-11-27T14:32:45.231981+00:00","backend_id":"ce912256-d75d-431f-8714-e60ef13ba8af","access_url":null,"tenant":"/api/openstack-tenants/1fbb793f1784424198cc9fbbb3257f4e/","tenant_name":"shop-production","tenant_uuid":"1fbb793f1784424198cc9fbbb3257f4e","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"udp","from_port":53,"to_port":53,"cidr":"10.0.0.0/8","description":"","id":15,"remote_group":null},{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":53,"to_port":53,"cidr":"10.0.0.0/8","description":"","id":16,"remote_group":null}],"instance_count":null,"marketplace_offering_uuid":null,"marketplace_offering_name":"Private cloud","marketplace_offering_type":"OpenStack.Tenant","marketplace_offering_plugin_options":{},"marketplace_category_uuid":null,"marketplace_category_name":"Virtual private clouds","marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":"OK","is_usage_based":false,"is_limit_based":true}', NULL, 'e3d7b547-5873-43de-9c56-c509a6005312', 2, 2, 1, 1, 1, 3, '2026-11-27 14:32:42.858968+00', 'dns', 'Resolvers', 'ce912256-d75d-431f-8714-e60ef13ba8af', 'shop-production', 'Web shop', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 4, DEFAULT),
	(9, '{"url":"/api/openstack-security-groups/4d6694b7c98743f0a3fe6532e0230304/","uuid":"4d6694b7c98743f0a3fe6532e0230304","name":"web","description":"Reachable from the office only","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/194f7bfafb7645a28f4241eade2853ad/","project_name":"Web shop","project_uuid":"194f7bfafb7645a28f4241eade2853ad","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:42.925793+00:00","modified":"2026-11-27T14:32:45.265667+00:00","backend_id":"4f96188e-2caa-4931-afb8-3d5c996bc840","access_url":null,"tenant":"/api/openstack-tenants/292f9a5d961144629337eb7448e5a9b3/","tenant_name":"shop-staging","tenant_uuid":"292f9a5d961144629337eb7448e5a9b3","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":443,"to_port":443,"cidr":"198.51.100.0/24","description":"","id":17,"remote_group":null},{"ethertype":"IPv4","direction":"egress","protocol":"","from_port":-1,"to_port":-1,"cidr":"0.0.0.0/0","description":"","id":18,"remote_group":null}],"instance_count":null,"marketplace_offering_uuid":null,"marketplace_offering_name":null,"marketplace_offering_type":null,"marketplace_offering_plugin_options":null,"marketplace_category_uuid":null,"marketplace_category_name":null,"marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":null,"is_usage_based":null,"is_limit_based":null}', NULL, '4d6694b7-c987-43f0-a3fe-6532e0230304', 3, 2, 1, 1, 1, 3, '2026-11-27 14:32:42.925793+00', 'web', 'Reachable from the office only', '4f96188e-2caa-4931-afb8-3d5c996bc840', 'shop-staging', 'Web shop', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 4, DEFAULT),
	(16, '{"url":"/api/openstack-security-groups/2e745ed359b14015afe59866929fae79/","uuid":"2e745ed359b14015afe59866929fae79","name":"scheduled","description":"","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/5799df2d21ce46d1a7cf529df6c410e6/","project_name":"Data platform","project_uuid":"5799df2d21ce46d1a7cf529df6c410e6","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"CREATION_SCHEDULED","created":"2026-11-27T14:32:45.763135+00:00","modified":"2026-11-27T14:32:45.763135+00:00","backend_id":"","access_url":null,"tenant":"/api/openstack-tenants/1297ea9364a84f53a5288c96b48e4852/","tenant_name":"analytics","tenant_uuid":"1297ea9364a84f53a5288c96b48e4852","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"tcp","from_port":8443,"to_port":8443,"cidr":"10.0.0.0/8","description":"","id":29,"remote_group":null}],"instance_count":0,"marketplace_offering_uuid":null,"marketplace_offering_name":null,"marketplace_offering_type":null,"marketplace_offering_plugin_options":null,"marketplace_category_uuid":null,"marketplace_category_name":null,"marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":null,"is_usage_based":null,"is_limit_based":null}', NULL, '2e745ed3-59b1-4015-afe5-9866929fae79', 1, 1, 1, 1, 1, 5, '2026-11-27 14:32:45.763135+00', 'scheduled', '', '', 'analytics', 'Data platform', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 2, DEFAULT),
	(17, '{"url":"/api/openstack-security-groups/5463d9c954144271aace9de093e6b8a4/","uuid":"5463d9c954144271aace9de093e6b8a4","name":"default","description":"Default security group","service_name":"sandbox","service_settings":"/api/service-settings/0760af176fe346479a9c48a72f16278b/","service_settings_uuid":"0760af176fe346479a9c48a72f16278b","service_settings_state":"OK","service_settings_error_message":"","project":"/api/projects/5799df2d21ce46d1a7cf529df6c410e6/","project_name":"Data platform","project_uuid":"5799df2d21ce46d1a7cf529df6c410e6","customer":"/api/customers/2f22489c9a0941efa33687c185763603/","customer_uuid":"2f22489c9a0941efa33687c185763603","customer_name":"Acme","customer_native_name":"Acme Corporation","customer_abbreviation":"ACME","error_message":"","error_traceback":"","resource_type":"OpenStack.SecurityGroup","state":"OK","created":"2026-11-27T14:32:45.814110+00:00","modified":"2026-11-27T14:32:45.814110+00:00","backend_id":"17cd0b2a-056b-4901-ab1b-8a0460800917","access_url":null,"tenant":"/api/openstack-tenants/1297ea9364a84f53a5288c96b48e4852/","tenant_name":"analytics","tenant_uuid":"1297ea9364a84f53a5288c96b48e4852","rules":[{"ethertype":"IPv4","direction":"ingress","protocol":"","from_port":-1,"to_port":-1,"cidr":null,"description":"","remote_group_name":"default","remote_group_uuid":"5463d9c954144271aace9de093e6b8a4","id":30,"remote_group":"/api/openstack-security-groups/5463d9c954144271aace9de093e6b8a4/"},{"ethertype":"IPv4","direction":"egress","protocol":"","from_port":-1,"to_port":-1,"cidr":null,"description":"","id":31,"remote_group":null},{"ethertype":"IPv6","direction":"egress","protocol":"","from_port":-1,"to_port":-1,"cidr":null,"description":"","id":32,"remote_group":null},{"ethertype":"IPv6","direction":"ingress","protocol":"","from_port":-1,"to_port":-1,"cidr":null,"description":"","remote_group_name":"default","remote_group_uuid":"5463d9c954144271aace9de093e6b8a4","id":33,"remote_group":"/api/openstack-security-groups/5463d9c954144271aace9de093e6b8a4/"}],"instance_count":0,"marketplace_offering_uuid":null,"marketplace_offering_name":null,"marketplace_offering_type":null,"marketplace_offering_plugin_options":null,"marketplace_category_uuid":null,"marketplace_category_name":null,"marketplace_resource_uuid":null,"marketplace_plan_uuid":null,"marketplace_resource_state":null,"is_usage_based":null,"is_limit_based":null}', NULL, '5463d9c9-5414-4271-aace-9de093e6b8a4', 1, 1, 1, 1, 1, 3, '2026-11-27 14:32:45.81411+00', 'default', 'Default security group', '17cd0b2a-056b-4901-ab1b-8a0460800917', 'analytics', 'Data platform', 'Acme', 'Acme Corporation', 'ACME', 'sandbox', 2, DEFAULT);
INSERT INTO public.security_group_drift_modes VALUES
	(12, 'enforce');
INSERT INTO public.security_group_observations VALUES
	(12, 'workers', 'Everything from the brokers', NULL, '[{"id": "6e4c6e76-4e05-414c-94bd-ef7148290991", "protocol": null, "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": null, "port_range_min": null, "remote_group_id": "941a5fcc-08cd-4745-afdc-5e5bc73f9803", "remote_ip_prefix": null, "remote_address_group_id": null}, {"id": "861c43af-3f67-4a8a-85a2-cd453faebc68", "protocol": null, "direction": "ingress", "ethertype": "IPv6", "description": "", "port_range_max": null, "port_range_min": null, "remote_group_id": "941a5fcc-08cd-4745-afdc-5e5bc73f9803", "remote_ip_prefix": null, "remote_address_group_id": null}]', '[]', 5, '4bd2b9b53e322164b877e2aa52687025', '', false, '2026-11-27 14:32:44.176023+00'),
	(13, 'tunnels', 'GRE and SCTP, by number', NULL, '[{"id": "0567da93-fdbf-462c-b0d3-c9af354ebcca", "protocol": "47", "direction": "ingress", "ethertype": "IPv4", "description": "GRE", "port_range_max": null, "port_range_min": null, "remote_group_id": null, "remote_ip_prefix": "203.0.113.7/32", "remote_address_group_id": null}, {"id": "bdbec28d-fc4d-4b3a-8d26-c207933964e4", "protocol": "132", "direction": "ingress", "ethertype": "IPv4", "description": "SCTP", "port_range_max": 3868, "port_range_min": 3868, "remote_group_id": null, "remote_ip_prefix": "203.0.113.0/24", "remote_address_group_id": null}]', '[]', 5, 'bb4097a2630e86ac76dd74d4051f2091', '', false, '2026-11-27 14:32:44.401983+00'),
	(14, 'notebooks', 'Jupyter', NULL, '[{"id": "2177eee7-b860-423a-b7ea-f7971cb37729", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": 8890, "port_range_min": 8888, "remote_group_id": null, "remote_ip_prefix": "192.0.2.0/24", "remote_address_group_id": null}]', '[]', 4, 'fb07c9087f7d7b49a147741cb9f6425f', '', false, '2026-11-27 14:32:44.603758+00'),
	(1, 'load-balancer', 'What the world reaches', NULL, '[{"id": "9a35e9dc-6250-4957-9fc2-8b287e6658b1", "protocol": null, "direction": "egress", "ethertype": "IPv4", "description": "", "port_range_max": null, "port_range_min": null, "remote_group_id": null, "remote_ip_prefix": null, "remote_address_group_id": null}, {"id": "d14d56ca-603f-4f44-bea2-d373a321025e", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "HTTPS", "port_range_max": 443, "port_range_min": 443, "remote_group_id": null, "remote_ip_prefix": "0.0.0.0/0", "remote_address_group_id": null}, {"id": "dc78c2ab-81bf-4fd0-b3d7-880adbcc9015", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv6", "description": "HTTPS", "port_range_max": 443, "port_range_min": 443, "remote_group_id": null, "remote_ip_prefix": "::/0", "remote_address_group_id": null}, {"id": "f7f9b3f7-8c13-48c5-8ab9-74942cb70b15", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "Redirects to HTTPS", "port_range_max": 80, "port_range_min": 80, "remote_group_id": null, "remote_ip_prefix": "0.0.0.0/0", "remote_address_group_id": null}]', '[]', 5, 'aaee1d63f8e43c95c17350089e687904', '', false, '2026-11-27 14:32:44.748718+00'),
	(2, 'web', 'Application servers', NULL, '[{"id": "1e0e5543-4b2c-4a6c-80aa-5bdaa0b17625", "protocol": null, "direction": "egress", "ethertype": "IPv4", "description": "", "port_range_max": null, "port_range_min": null, "remote_group_id": null, "remote_ip_prefix": null, "remote_address_group_id": null}, {"id": "dd6cc870-e090-48f3-8373-968df1c1d602", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": 8080, "port_range_min": 8080, "remote_group_id": "4b3d0c3d-a7e9-4595-9978-2483977f944b", "remote_ip_prefix": null, "remote_address_group_id": null}]', '[]', 3, '0facfda85c5e561b783212f538a64f14', '', false, '2026-11-27 14:32:44.906201+00'),
	(3, 'db', 'PostgreSQL, for the application servers only', NULL, '[{"id": "02849725-8940-4cf7-b6f8-6d02b9280508", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": 5432, "port_range_min": 5432, "remote_group_id": "cbb0376c-0c12-4764-a77c-096b3f2b1e38", "remote_ip_prefix": null, "remote_address_group_id": null}]', '[]', 4, '837e8c9ffc31ec8b6964be19b2b947f4', '', false, '2026-11-27 14:32:45.003998+00'),
	(4, 'cache', 'Redis', NULL, '[{"id": "6abe7205-539a-43fb-85ba-8bd87c99ab77", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": 6379, "port_range_min": 6379, "remote_group_id": "cbb0376c-0c12-4764-a77c-096b3f2b1e38", "remote_ip_prefix": null, "remote_address_group_id": null}]', '[]', 4, '6870bb03033b8d47888eb6a1f6b2127a', '', false, '2026-11-27 14:32:45.050588+00'),
	(5, 'bastion', 'SSH from the office', NULL, '[{"id": "5f638dcc-9109-4464-82b2-0b47900faa9b", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv6", "description": "", "port_range_max": 22, "port_range_min": 22, "remote_group_id": null, "remote_ip_prefix": "2001:db8:1::/48", "remote_address_group_id": null}, {"id": "b1db5538-81ec-45f4-94ef-16c27ebd80b2", "protocol": null, "direction": "egress", "ethertype": "IPv4", "description": "", "port_range_max": null, "port_range_min": null, "remote_group_id": null, "remote_ip_prefix": "10.0.0.0/8", "remote_address_group_id": null}, {"id": "cd1b7aa3-4cdb-424b-a779-4ff92565df4e", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "Office", "port_range_max": 22, "port_range_min": 22, "remote_group_id": null, "remote_ip_prefix": "198.51.100.0/24", "remote_address_group_id": null}]', '[]', 6, '02af7d9f6bab5cd7a22392eaee7372a6', '', false, '2026-11-27 14:32:45.112441+00'),
	(6, 'ssh-from-bastion', '', NULL, '[{"id": "917e22df-ec73-49cb-949e-36d6f85e114e", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": 22, "port_range_min": 22, "remote_group_id": "6a225089-7c23-41c8-a1b6-e9685559e934", "remote_ip_prefix": null, "remote_address_group_id": null}]', '[]', 4, '453b75773e42839fc41093ae6188fe5d', '', false, '2026-11-27 14:32:45.172163+00'),
	(7, 'ping', 'Echo requests from anywhere', NULL, '[{"id": "92d09d01-3c64-423b-b113-bdab0b5610c8", "protocol": "icmp", "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": 0, "port_range_min": 8, "remote_group_id": null, "remote_ip_prefix": "0.0.0.0/0", "remote_address_group_id": null}, {"id": "f61a2d4a-fd07-4437-b591-540f89bc7071", "protocol": "ipv6-icmp", "direction": "ingress", "ethertype": "IPv6", "description": "", "port_range_max": 0, "port_range_min": 128, "remote_group_id": null, "remote_ip_prefix": "::/0", "remote_address_group_id": null}]', '[]', 5, 'e928f7d82b22c6a3a73957dab1188821', '', false, '2026-11-27 14:32:45.20069+00'),
	(8, 'dns', 'Resolvers', NULL, '[{"id": "e18c97ab-6b8f-4c0b-8ad1-bba90845f14c", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": 53, "port_range_min": 53, "remote_group_id": null, "remote_ip_prefix": "10.0.0.0/8", "remote_address_group_id": null}, {"id": "f4862abc-f6c0-49ac-98b6-3b821616ecde", "protocol": "udp", "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": 53, "port_range_min": 53, "remote_group_id": null, "remote_ip_prefix": "10.0.0.0/8", "remote_address_group_id": null}]', '[]', 5, 'bd3200927e8903a1b5e3b6b7ddfc4d9f', '', false, '2026-11-27 14:32:45.233326+00'),
	(9, 'web', 'Reachable from the office only', NULL, '[{"id": "8c0ee8b3-6cd5-412d-adb3-03e0a801f898", "protocol": null, "direction": "egress", "ethertype": "IPv4", "description": "", "port_range_max": null, "port_range_min": null, "remote_group_id": null, "remote_ip_prefix": null, "remote_address_group_id": null}, {"id": "c8359445-27f0-4920-9ce8-54fbd7af2346", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": 443, "port_range_min": 443, "remote_group_id": null, "remote_ip_prefix": "198.51.100.0/24", "remote_address_group_id": null}]', '[]', 3, '185070bbc079797400e1f94cc0c8e55d', '', false, '2026-11-27 14:32:45.268802+00'),
	(17, 'default', 'Default security group', NULL, '[{"id": "427fd5ff-8271-4485-806e-7791a9cc6ef8", "protocol": null, "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": null, "port_range_min": null, "remote_group_id": "17cd0b2a-056b-4901-ab1b-8a0460800917", "remote_ip_prefix": null, "remote_address_group_id": null}, {"id": "af6dcb44-1212-4563-be81-f567962a131b", "protocol": null, "direction": "egress", "ethertype": "IPv4", "description": "", "port_range_max": null, "port_range_min": null, "remote_group_id": null, "remote_ip_prefix": null, "remote_address_group_id": null}, {"id": "da968b30-9168-46df-a5c3-bc881df56a7b", "protocol": null, "direction": "egress", "ethertype": "IPv6", "description": "", "port_range_max": null, "port_range_min": null, "remote_group_id": null, "remote_ip_prefix": null, "remote_address_group_id": null}, {"id": "ea1a4798-d908-4270-8191-5a15aa85bf62", "protocol": null, "direction": "ingress", "ethertype": "IPv6", "description": "", "port_range_max": null, "port_range_min": null, "remote_group_id": "17cd0b2a-056b-4901-ab1b-8a0460800917", "remote_ip_prefix": null, "remote_address_group_id": null}]', '[]', 1, 'e14d9ebb02966900e84d737f14ed0e2c', '', false, '2026-11-27 14:32:45.808461+00'),
	(10, 'db', '', NULL, '[{"id": "47b5ee0e-cff1-4b54-b17d-7bd7412c47cf", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": 5432, "port_range_min": 5432, "remote_group_id": "4f96188e-2caa-4931-afb8-3d5c996bc840", "remote_ip_prefix": null, "remote_address_group_id": null}]', '[]', 4, 'c34ac359afde10e9ec5f98714ea3f207', '', false, '2026-11-27 14:32:45.32785+00'),
	(11, 'kafka', 'Brokers and their clients', NULL, '[{"id": "1abe2e60-5969-406d-b1a8-57ca2e26900a", "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "description": "", "port_range_max": 9094, "port_range_min": 9092, "remote_group_id": null, "remote_ip_prefix": "10.20.0.0/16", "remote_address_group_id": null}]', '[]', 8, '0932ed06a1816520480e011ee29d212d', '', false, '2026-11-27 14:32:45.444426+00');
INSERT INTO public.security_group_rules OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 0, 'IPv4', 'ingress', 'tcp', 443, 443, '0.0.0.0/0', 'HTTPS', NULL, NULL, NULL, NULL),
	(2, 1, 1, 'IPv4', 'ingress', 'tcp', 80, 80, '0.0.0.0/0', 'Redirects to HTTPS', NULL, NULL, NULL, NULL),
	(3, 1, 2, 'IPv6', 'ingress', 'tcp', 443, 443, '::/0', 'HTTPS', NULL, NULL, NULL, NULL),
	(4, 1, 3, 'IPv4', 'egress', '', NULL, NULL, '0.0.0.0/0', '', NULL, NULL, NULL, NULL),
	(5, 2, 0, 'IPv4', 'ingress', 'tcp', 8080, 8080, NULL, '', 1, NULL, NULL, NULL),
	(6, 2, 1, 'IPv4', 'egress', '', NULL, NULL, '0.0.0.0/0', '', NULL, NULL, NULL, NULL),
	(7, 3, 0, 'IPv4', 'ingress', 'tcp', 5432, 5432, NULL, '', 2, NULL, NULL, NULL),
	(8, 4, 0, 'IPv4', 'ingress', 'tcp', 6379, 6379, NULL, '', 2, NULL, NULL, NULL),
	(9, 5, 0, 'IPv4', 'ingress', 'tcp', 22, 22, '198.51.100.0/24', 'Office', NULL, NULL, NULL, NULL),
	(10, 5, 1, 'IPv6', 'ingress', 'tcp', 22, 22, '2001:db8:1::/48', '', NULL, NULL, NULL, NULL),
	(11, 5, 2, 'IPv4', 'egress', '', NULL, NULL, '10.0.0.0/8', '', NULL, NULL, NULL, NULL),
	(12, 6, 0, 'IPv4', 'ingress', 'tcp', 22, 22, NULL, '', 5, NULL, NULL, NULL),
	(13, 7, 0, 'IPv4', 'ingress', 'icmp', 8, 0, '0.0.0.0/0', '', NULL, NULL, NULL, NULL),
	(14, 7, 1, 'IPv6', 'ingress', 'icmp', 128, 0, '::/0', '', NULL, NULL, NULL, NULL),
	(15, 8, 0, 'IPv4', 'ingress', 'udp', 53, 53, '10.0.0.0/8', '', NULL, NULL, NULL, NULL),
	(16, 8, 1, 'IPv4', 'ingress', 'tcp', 53, 53, '10.0.0.0/8', '', NULL, NULL, NULL, NULL),
	(17, 9, 0, 'IPv4', 'ingress', 'tcp', 443, 443, '198.51.100.0/24', '', NULL, NULL, NULL, NULL),
	(18, 9, 1, 'IPv4', 'egress', '', NULL, NULL, '0.0.0.0/0', '', NULL, NULL, NULL, NULL),
	(19, 10, 0, 'IPv4', 'ingress', 'tcp', 5432, 5432, NULL, '', 9, NULL, NULL, NULL),
	(21, 12, 0, 'IPv4', 'ingress', '', NULL, NULL, NULL, '', 11, NULL, NULL, NULL),
	(22, 12, 1, 'IPv6', 'ingress', '', NULL, NULL, NULL, '', 11, NULL, NULL, NULL),
	(23, 13, 0, 'IPv4', 'ingress', '47', NULL, NULL, '203.0.113.7/32', 'GRE', NULL, NULL, NULL, NULL),
	(24, 13, 1, 'IPv4', 'ingress', '132', 3868, 3868, '203.0.113.0/24', 'SCTP', NULL, NULL, NULL, NULL),
	(25, 14, 0, 'IPv4', 'ingress', 'tcp', 8888, 8890, '192.0.2.0/24', '', NULL, NULL, NULL, NULL),
	(27, 11, 0, 'IPv4', 'ingress', 'tcp', 9092, 9094, '10.20.0.0/16', '', NULL, NULL, NULL, NULL),
	(29, 16, 0, 'IPv4', 'ingress', 'tcp', 8443, 8443, '10.0.0.0/8', '', NULL, NULL, NULL, NULL),
	(30, 17, 0, 'IPv4', 'ingress', '', NULL, NULL, NULL, '', 17, NULL, NULL, NULL),
	(31, 17, 1, 'IPv4', 'egress', '', NULL, NULL, NULL, '', NULL, NULL, NULL, NULL),
	(32, 17, 2, 'IPv6', 'egress', '', NULL, NULL, NULL, '', NULL, NULL, NULL, NULL),
	(33, 17, 3, 'IPv6', 'ingress', '', NULL, NULL, NULL, '', 17, NULL, NULL, NULL);
INSERT INTO public.security_group_versions VALUES
	(1, 1, '2026-11-27 14:32:42.308466+00', 1, 'user', 'load-balancer', 'What the world reaches', '[{"id": 1, "cidr": "0.0.0.0/0", "to_port": 443, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 443, "description": "HTTPS", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 2, "cidr": "0.0.0.0/0", "to_port": 80, "position": 1, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 80, "description": "Redirects to HTTPS", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 3, "cidr": "::/0", "to_port": 443, "position": 2, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv6", "from_port": 443, "description": "HTTPS", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 4, "cidr": "0.0.0.0/0", "to_port": null, "position": 3, "protocol": "", "direction": "egress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(2, 1, '2026-11-27 14:32:42.431244+00', 1, 'user', 'web', 'Application servers', '[{"id": 5, "cidr": null, "to_port": 8080, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8080, "description": "", "remote_group_id": 1, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 6, "cidr": "0.0.0.0/0", "to_port": null, "position": 1, "protocol": "", "direction": "egress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(3, 1, '2026-11-27 14:32:42.603442+00', 1, 'user', 'db', 'PostgreSQL, for the application servers only', '[{"id": 7, "cidr": null, "to_port": 5432, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 5432, "description": "", "remote_group_id": 2, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(4, 1, '2026-11-27 14:32:42.685018+00', 1, 'user', 'cache', 'Redis', '[{"id": 8, "cidr": null, "to_port": 6379, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 6379, "description": "", "remote_group_id": 2, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(5, 1, '2026-11-27 14:32:42.74129+00', 1, 'user', 'bastion', 'SSH from the office', '[{"id": 9, "cidr": "198.51.100.0/24", "to_port": 22, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 22, "description": "Office", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 10, "cidr": "2001:db8:1::/48", "to_port": 22, "position": 1, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv6", "from_port": 22, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 11, "cidr": "10.0.0.0/8", "to_port": null, "position": 2, "protocol": "", "direction": "egress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(6, 1, '2026-11-27 14:32:42.776973+00', 1, 'user', 'ssh-from-bastion', '', '[{"id": 12, "cidr": null, "to_port": 22, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 22, "description": "", "remote_group_id": 5, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(7, 1, '2026-11-27 14:32:42.822842+00', 1, 'user', 'ping', 'Echo requests from anywhere', '[{"id": 13, "cidr": "0.0.0.0/0", "to_port": 0, "position": 0, "protocol": "icmp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 14, "cidr": "::/0", "to_port": 0, "position": 1, "protocol": "icmp", "direction": "ingress", "ethertype": "IPv6", "from_port": 128, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(8, 1, '2026-11-27 14:32:42.858968+00', 1, 'user', 'dns', 'Resolvers', '[{"id": 15, "cidr": "10.0.0.0/8", "to_port": 53, "position": 0, "protocol": "udp", "direction": "ingress", "ethertype": "IPv4", "from_port": 53, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 16, "cidr": "10.0.0.0/8", "to_port": 53, "position": 1, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 53, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(9, 1, '2026-11-27 14:32:42.925793+00', 1, 'user', 'web', 'Reachable from the office only', '[{"id": 17, "cidr": "198.51.100.0/24", "to_port": 443, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 443, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 18, "cidr": "0.0.0.0/0", "to_port": null, "position": 1, "protocol": "", "direction": "egress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(10, 1, '2026-11-27 14:32:42.984055+00', 1, 'user', 'db', '', '[{"id": 19, "cidr": null, "to_port": 5432, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 5432, "description": "", "remote_group_id": 9, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(11, 1, '2026-11-27 14:32:43.041243+00', 1, 'user', 'kafka', 'Brokers and their clients', '[{"id": 20, "cidr": "10.20.0.0/16", "to_port": 9094, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 9092, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(12, 1, '2026-11-27 14:32:43.080539+00', 1, 'user', 'workers', 'Everything from the brokers', '[{"id": 21, "cidr": null, "to_port": null, "position": 0, "protocol": "", "direction": "ingress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": 11, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 22, "cidr": null, "to_port": null, "position": 1, "protocol": "", "direction": "ingress", "ethertype": "IPv6", "from_port": null, "description": "", "remote_group_id": 11, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(14, 1, '2026-11-27 14:32:43.16613+00', 1, 'user', 'notebooks', 'Jupyter', '[{"id": 25, "cidr": "192.0.2.0/24", "to_port": 8890, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8888, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(11, 2, '2026-11-27 14:32:45.337181+00', 3, 'user', 'kafka', 'Brokers and their clients', '[{"id": 26, "cidr": "10.0.0.0/8", "to_port": 8443, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8443, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(11, 3, '2026-11-27 14:32:45.39511+00', 3, 'rollback', 'kafka', 'Brokers and their clients', '[{"id": 27, "cidr": "10.20.0.0/16", "to_port": 9094, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 9092, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(16, 1, '2026-11-27 14:32:45.763135+00', 3, 'user', 'scheduled', '', '[{"id": 29, "cidr": "10.0.0.0/8", "to_port": 8443, "position": 0, "protocol": "tcp", "direction": "ingress", "ethertype": "IPv4", "from_port": 8443, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(17, 1, '2026-11-27 14:32:45.81411+00', NULL, 'pull', 'default', 'Default security group', '[{"id": 30, "cidr": null, "to_port": null, "position": 0, "protocol": "", "direction": "ingress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": 17, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 31, "cidr": null, "to_port": null, "position": 1, "protocol": "", "direction": "egress", "ethertype": "IPv4", "from_port": null, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 32, "cidr": null, "to_port": null, "position": 2, "protocol": "", "direction": "egress", "ethertype": "IPv6", "from_port": null, "description": "", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 33, "cidr": null, "to_port": null, "position": 3, "protocol": "", "direction": "ingress", "ethertype": "IPv6", "from_port": null, "description": "", "remote_group_id": 17, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]'),
	(13, 1, '2026-11-27 14:32:43.122193+00', 1, 'user', 'tunnels', 'GRE and SCTP, by number', '[{"id": 23, "cidr": "203.0.113.7/32", "to_port": null, "position": 0, "protocol": "47", "direction": "ingress", "ethertype": "IPv4", "from_port": null, "description": "GRE", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}, {"id": 24, "cidr": "203.0.113.0/24", "to_port": 3868, "position": 1, "protocol": "132", "direction": "ingress", "ethertype": "IPv4", "from_port": 3868, "description": "SCTP", "remote_group_id": null, "unresolved_group_name": null, "unresolved_group_backend_id": null, "remote_address_group_backend_id": null}]');
INSERT INTO public.security_groups OVERRIDING SYSTEM VALUE VALUES
	(12, '603dbd5b-29f5-4dfa-8d1b-26b2f8b90dd1', 1, 'workers', 'Everything from the brokers', NULL, '41df58b5-bb92-4f1e-b310-a286c674a6bb', 'OK', '', '', '2026-11-27 14:32:43.080539+00', '2026-11-27 14:32:44.165527+00', 1, 1, NULL, NULL, false),
	(13, '6caaa4ac-2618-41ea-bdb7-0b9c94703bbc', 1, 'tunnels', 'GRE and SCTP, by number', NULL, '232b6ff0-76d8-44ef-b232-7af28f00338b', 'OK', '', '', '2026-11-27 14:32:43.122193+00', '2026-11-27 14:32:44.399588+00', 1, 1, NULL, NULL, false),
	(14, 'd76db4e5-fbdf-4660-b062-3fd799236f58', 4, 'notebooks', 'Jupyter', NULL, '1ddaed03-06c7-40f4-917b-a777280d57b4', 'OK', '', '', '2026-11-27 14:32:43.16613+00', '2026-11-27 14:32:44.591642+00', 1, 1, NULL, NULL, false),
	(1, '6d908559-ee36-4cd2-9edd-e57ee766e0f4', 2, 'load-balancer', 'What the world reaches', NULL, '4b3d0c3d-a7e9-4595-9978-2483977f944b', 'OK', '', '', '2026-11-27 14:32:42.308466+00', '2026-11-27 14:32:44.746326+00', 1, 1, NULL, NULL, false),
	(2, '4c7ea19c-0b96-4dbf-8000-d2f6137b3e9d', 2, 'web', 'Application servers', NULL, 'cbb0376c-0c12-4764-a77c-096b3f2b1e38', 'OK', '', '', '2026-11-27 14:32:42.431244+00', '2026-11-27 14:32:44.896046+00', 1, 1, NULL, NULL, false),
	(3, '7b3e4565-79f8-456b-bb20-5644bee99f7a', 2, 'db', 'PostgreSQL, for the application servers only', NULL, '57dd4561-f37c-4bda-a4eb-5e0eaf2ffdec', 'OK', '', '', '2026-11-27 14:32:42.603442+00', '2026-11-27 14:32:45.001529+00', 1, 1, NULL, NULL, false),
	(4, '93c32104-3b9e-4bf2-8c14-64442a47d110', 2, 'cache', 'Redis', NULL, 'e99dbd95-8a28-4dd4-861f-cee66ca53714', 'OK', '', '', '2026-11-27 14:32:42.685018+00', '2026-11-27 14:32:45.047006+00', 1, 1, NULL, NULL, false),
	(5, 'c0d2a0ea-90a0-4c21-8552-daac87d07e34', 2, 'bastion', 'SSH from the office', NULL, '6a225089-7c23-41c8-a1b6-e9685559e934', 'OK', '', '', '2026-11-27 14:32:42.74129+00', '2026-11-27 14:32:45.106193+00', 1, 1, NULL, NULL, false),
	(6, 'b00b0a58-5044-417e-90fe-e89aa89fbc22', 2, 'ssh-from-bastion', '', NULL, '6f82ed5c-a03c-4233-a0fc-42c20ca7c218', 'OK', '', '', '2026-11-27 14:32:42.776973+00', '2026-11-27 14:32:45.170669+00', 1, 1, NULL, NULL, false),
	(7, '31f64567-0a92-46f9-9f06-61cb98bc5f57', 2, 'ping', 'Echo requests from anywhere', NULL, '9ef154b5-81fd-4a27-9381-aa51afafd26b', 'OK', '', '', '2026-11-27 14:32:42.822842+00', '2026-11-27 14:32:45.195394+00', 1, 1, NULL, NULL, false),
	(8, 'e3d7b547-5873-43de-9c56-c509a6005312', 2, 'dns', 'Resolvers', NULL, 'ce912256-d75d-431f-8714-e60ef13ba8af', 'OK', '', '', '2026-11-27 14:32:42.858968+00', '2026-11-27 14:32:45.231981+00', 1, 1, NULL, NULL, false),
	(9, '4d6694b7-c987-43f0-a3fe-6532e0230304', 3, 'web', 'Reachable from the office only', NULL, '4f96188e-2caa-4931-afb8-3d5c996bc840', 'OK', '', '', '2026-11-27 14:32:42.925793+00', '2026-11-27 14:32:45.265667+00', 1, 1, NULL, NULL, false),
	(10, 'b18bf8b3-b572-48e9-8873-15a9fc9b34ae', 3, 'db', '', NULL, 'c96c120a-3945-40de-969b-0d6fa861015e', 'OK', '', '', '2026-11-27 14:32:42.984055+00', '2026-11-27 14:32:45.323992+00', 1, 1, NULL, NULL, false),
	(11, '75dd483f-f92c-4f64-9b14-5a3f4a41b5cc', 1, 'kafka', 'Brokers and their clients', NULL, '941a5fcc-08cd-4745-afdc-5e5bc73f9803', 'OK', '', '', '2026-11-27 14:32:43.041243+00', '2026-11-27 14:32:45.440425+00', 3, 3, NULL, NULL, false),
	(16, '2e745ed3-59b1-4015-afe5-9866929fae79', 1, 'scheduled', '', NULL, '', 'CREATION_SCHEDULED', '', '', '2026-11-27 14:32:45.763135+00', '2026-11-27 14:32:45.763135+00', 1, 0, NULL, NULL, false),
	(17, '5463d9c9-5414-4271-aace-9de093e6b8a4', 1, 'default', 'Default security group', NULL, '17cd0b2a-056b-4901-ab1b-8a0460800917', 'OK', '', '', '2026-11-27 14:32:45.81411+00', '2026-11-27 14:32:45.81411+00', 1, 1, NULL, NULL, false);
INSERT INTO public.sign_in_attempts VALUES
	('\x2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90', 1, '2026-11-27 14:32:45.93806+00', '2026-11-27 14:32:45.93806+00');
INSERT INTO public.sign_in_networks VALUES
	('\x2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90', '2026-11-27 14:32:45.905667+00');
INSERT INTO public.tenant_drift_modes VALUES
	(4, 'report');
INSERT INTO public.tenant_port_observations VALUES
	(1, '2026-11-27 14:32:45.846082+00');
INSERT INTO public.tenant_pulls VALUES
	(1, '2026-11-27 14:32:45.808461+00');
INSERT INTO public.tenant_quotas VALUES
	(2, 'security_group_rule_count', 500),
	(2, 'security_group_count', 50),
	(3, 'security_group_rule_count', 100),
	(3, 'security_group_count', 10);
INSERT INTO public.tenants OVERRIDING SYSTEM VALUE VALUES
	(1, '1297ea93-64a8-4f53-a528-8c96b48e4852', 1, 1, 'analytics', '1297ea9364a84f53a5288c96b48e4852', NULL, 'OK', '', '2026-11-27 14:32:41.977558+00', '2026-11-27 14:32:41.977558+00', '2026-11-27 14:32:41.977558+00', false),
	(2, '1fbb793f-1784-4241-98cc-9fbbb3257f4e', 2, 1, 'shop-production', '1fbb793f1784424198cc9fbbb3257f4e', NULL, 'OK', '', '2026-11-27 14:32:41.977558+00', '2026-11-27 14:32:41.977558+00', '2026-11-27 14:32:41.977558+00', false),
	(3, '292f9a5d-9611-4462-9337-eb7448e5a9b3', 2, 1, 'shop-staging', '292f9a5d961144629337eb7448e5a9b3', NULL, 'OK', '', '2026-11-27 14:32:41.977558+00', '2026-11-27 14:32:41.977558+00', '2026-11-27 14:32:41.977558+00', false),
	(4, '237a36c2-e11c-405a-b867-985a405cbfad', 3, 1, 'research', '237a36c2e11c405ab867985a405cbfad', NULL, 'OK', '', '2026-11-27 14:32:41.977558+00', '2026-11-27 14:32:41.977558+00', '2026-11-27 14:32:41.977558+00', false);
INSERT INTO public.tokens OVERRIDING SYSTEM VALUE VALUES
	(1, 'eb7b7408-d784-47fb-ac82-0d7ffb4e1e64', 1, '\x3b9d44e01f154ecd0340b7b0b0bc3b95daa70f2bbc9ba6a31d16a3b79d779b24', '', false, NULL, false, '2026-11-27 14:32:42.233413+00', '2026-12-27 14:32:42.233413+00', NULL, NULL, 0),
	(2, 'e95f8816-202c-448e-b06c-6f211b4c18ad', 3, '\x509c79d52946777a1cdf3e89a3f8da63e63d3ca8da6f9c0725f388945eaf42f2', '', false, NULL, false, '2026-11-27 14:32:43.210451+00', '2026-11-28 14:32:43.210451+00', NULL, NULL, 0);
INSERT INTO public.user_write_positions VALUES
	(1, 1);
INSERT INTO public.users OVERRIDING SYSTEM VALUE VALUES
	(1, '7a2de704-cf0a-4467-b0ec-57d328949eba', 'alice', NULL, false, false, true, '2026-11-27 14:32:41.977558+00'),
	(2, 'b31f1bf8-1415-43b3-a794-bf1fdb3b7895', 'bob', NULL, false, false, true, '2026-11-27 14:32:41.977558+00'),
	(3, '3225ab10-7fc6-4e8e-8a7a-e4955045293b', 'staff', NULL, true, false, true, '2026-11-27 14:32:41.977558+00'),
	(4, '2bf3763b-e94b-4a25-b9f0-22ef1dbeef5a', 'support', NULL, false, true, true, '2026-11-27 14:32:41.977558+00');
SELECT pg_catalog.setval('public.cloud_ports_id_seq', 1, true);
SELECT pg_catalog.setval('public.clouds_id_seq', 1, true);
SELECT pg_catalog.setval('public.customers_id_seq', 2, true);
SELECT pg_catalog.setval('public.events_id_seq', 41, true);
SELECT pg_catalog.setval('public.procrastinate_events_id_seq', 18, true);
SELECT pg_catalog.setval('public.procrastinate_jobs_id_seq', 18, true);
SELECT pg_catalog.setval('public.procrastinate_periodic_defers_id_seq', 1, false);
SELECT pg_catalog.setval('public.procrastinate_workers_id_seq', 1, false);
SELECT pg_catalog.setval('public.projects_id_seq', 3, true);
SELECT pg_catalog.setval('public.refusals_id_seq', 1, true);
SELECT pg_catalog.setval('public.role_grants_id_seq', 3, true);
SELECT pg_catalog.setval('public.security_group_rules_id_seq', 33, true);
SELECT pg_catalog.setval('public.security_groups_id_seq', 17, true);
SELECT pg_catalog.setval('public.tenants_id_seq', 4, true);
SELECT pg_catalog.setval('public.tokens_id_seq', 2, true);
SELECT pg_catalog.setval('public.users_id_seq', 4, true);
ALTER TABLE ONLY public.cloud_port_groups
    ADD CONSTRAINT cloud_port_groups_pkey PRIMARY KEY (port_id, security_group_id);
ALTER TABLE ONLY public.cloud_ports
    ADD CONSTRAINT cloud_ports_once UNIQUE (tenant_id, backend_id);
ALTER TABLE ONLY public.cloud_ports
    ADD CONSTRAINT cloud_ports_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.cloud_reachability
    ADD CONSTRAINT cloud_reachability_pkey PRIMARY KEY (entry);
ALTER TABLE ONLY public.clouds
    ADD CONSTRAINT clouds_name_key UNIQUE (name);
ALTER TABLE ONLY public.clouds
    ADD CONSTRAINT clouds_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.clouds
    ADD CONSTRAINT clouds_uuid_key UNIQUE (uuid);
ALTER TABLE ONLY public.console_sessions
    ADD CONSTRAINT console_sessions_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_uuid_key UNIQUE (uuid);
ALTER TABLE ONLY public.deleted_security_groups
    ADD CONSTRAINT deleted_security_groups_pkey PRIMARY KEY (security_group_id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_uuid_key UNIQUE (uuid);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key);
ALTER TABLE ONLY public.load_progress
    ADD CONSTRAINT load_progress_pkey PRIMARY KEY (run);
ALTER TABLE ONLY public.marketplace_references
    ADD CONSTRAINT marketplace_references_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.procrastinate_events
    ADD CONSTRAINT procrastinate_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_unique UNIQUE (task_name, periodic_id, defer_timestamp);
ALTER TABLE ONLY public.procrastinate_workers
    ADD CONSTRAINT procrastinate_workers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_uuid_key UNIQUE (uuid);
ALTER TABLE ONLY public.refusals
    ADD CONSTRAINT refusals_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.role_grants
    ADD CONSTRAINT role_grants_once UNIQUE NULLS NOT DISTINCT (user_id, role, customer_id, project_id);
ALTER TABLE ONLY public.role_grants
    ADD CONSTRAINT role_grants_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sandbox_floating_addresses
    ADD CONSTRAINT sandbox_floating_addresses_pkey PRIMARY KEY (address);
ALTER TABLE ONLY public.sandbox_groups
    ADD CONSTRAINT sandbox_groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sandbox_port_groups
    ADD CONSTRAINT sandbox_port_groups_pkey PRIMARY KEY (port_id, group_id);
ALTER TABLE ONLY public.sandbox_ports
    ADD CONSTRAINT sandbox_ports_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sandbox_rules
    ADD CONSTRAINT sandbox_rules_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.security_group_counts
    ADD CONSTRAINT security_group_counts_pkey PRIMARY KEY (level, id);
ALTER TABLE ONLY public.security_group_documents
    ADD CONSTRAINT security_group_documents_pkey PRIMARY KEY (security_group_id);
ALTER TABLE ONLY public.security_group_drift_modes
    ADD CONSTRAINT security_group_drift_modes_pkey PRIMARY KEY (security_group_id);
ALTER TABLE ONLY public.security_group_observations
    ADD CONSTRAINT security_group_observations_pkey PRIMARY KEY (security_group_id);
ALTER TABLE ONLY public.security_group_rules
    ADD CONSTRAINT security_group_rules_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.security_group_versions
    ADD CONSTRAINT security_group_versions_pkey PRIMARY KEY (security_group_id, number);
ALTER TABLE ONLY public.security_groups
    ADD CONSTRAINT security_groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.security_groups
    ADD CONSTRAINT security_groups_uuid_key UNIQUE (uuid);
ALTER TABLE ONLY public.sign_in_attempts
    ADD CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.sign_in_networks
    ADD CONSTRAINT sign_in_networks_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.tenant_drift_modes
    ADD CONSTRAINT tenant_drift_modes_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.tenant_port_observations
    ADD CONSTRAINT tenant_port_observations_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.tenant_pulls
    ADD CONSTRAINT tenant_pulls_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.tenant_quotas
    ADD CONSTRAINT tenant_quotas_pkey PRIMARY KEY (tenant_id, name);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_uuid_key UNIQUE (uuid);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.user_write_positions
    ADD CONSTRAINT user_write_positions_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_username_key UNIQUE (username);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_uuid_key UNIQUE (uuid);
CREATE INDEX cloud_port_groups_group ON public.cloud_port_groups USING btree (security_group_id, port_id);
CREATE INDEX cloud_ports_floating ON public.cloud_ports USING gin (floating_addresses);
CREATE INDEX console_sessions_token ON public.console_sessions USING btree (token_id);
CREATE UNIQUE INDEX console_sessions_uuid ON public.console_sessions USING btree (uuid);
CREATE INDEX customers_name ON public.customers USING btree (name);
CREATE INDEX customers_name_contains ON public.customers USING gin (name public.gin_trgm_ops) WITH (gin_pending_list_limit='256');
CREATE INDEX deleted_security_groups_tenant ON public.deleted_security_groups USING btree (tenant_id);
CREATE INDEX events_customer ON public.events USING btree (customer_uuid, created, id);
CREATE INDEX events_order ON public.events USING btree (created, id);
CREATE INDEX events_project ON public.events USING btree (project_uuid, created, id);
CREATE INDEX events_security_group ON public.events USING btree (security_group_uuid, id);
CREATE INDEX events_tenant ON public.events USING btree (tenant_uuid, event_type, created);
CREATE INDEX events_user ON public.events USING btree (user_uuid, created, id);
CREATE INDEX idempotency_keys_created ON public.idempotency_keys USING btree (created);
CREATE INDEX idx_procrastinate_jobs_worker_not_null ON public.procrastinate_jobs USING btree (worker_id) WHERE ((worker_id IS NOT NULL) AND (status = 'doing'::public.procrastinate_job_status));
CREATE INDEX idx_procrastinate_workers_last_heartbeat ON public.procrastinate_workers USING btree (last_heartbeat);
CREATE INDEX procrastinate_events_job_id_fkey_v1 ON public.procrastinate_events USING btree (job_id);
CREATE INDEX procrastinate_jobs_id_lock_idx_v1 ON public.procrastinate_jobs USING btree (id, lock) WHERE (status = ANY (ARRAY['todo'::public.procrastinate_job_status, 'doing'::public.procrastinate_job_status]));
CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON public.procrastinate_jobs USING btree (lock) WHERE (status = 'doing'::public.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_priority_idx_v1 ON public.procrastinate_jobs USING btree (priority DESC, id) WHERE (status = 'todo'::public.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_queue_name_idx_v1 ON public.procrastinate_jobs USING btree (queue_name);
CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON public.procrastinate_jobs USING btree (queueing_lock) WHERE (status = 'todo'::public.procrastinate_job_status);
CREATE INDEX procrastinate_periodic_defers_job_id_fkey_v1 ON public.procrastinate_periodic_defers USING btree (job_id);
CREATE INDEX projects_customer_name ON public.projects USING btree (customer_id, name);
CREATE INDEX projects_name_contains ON public.projects USING gin (name public.gin_trgm_ops) WITH (gin_pending_list_limit='256');
CREATE INDEX refusals_order ON public.refusals USING btree (created, id);
CREATE INDEX role_grants_customer ON public.role_grants USING btree (customer_id);
CREATE INDEX role_grants_project ON public.role_grants USING btree (project_id);
CREATE INDEX sandbox_floating_addresses_port ON public.sandbox_floating_addresses USING btree (port_id);
CREATE UNIQUE INDEX sandbox_groups_default ON public.sandbox_groups USING btree (project_id) WHERE (name = 'default'::text);
CREATE INDEX sandbox_groups_project ON public.sandbox_groups USING btree (project_id, name);
CREATE INDEX sandbox_port_groups_group ON public.sandbox_port_groups USING btree (group_id);
CREATE INDEX sandbox_ports_project ON public.sandbox_ports USING btree (project_id);
CREATE INDEX sandbox_rules_group ON public.sandbox_rules USING btree (group_id);
CREATE INDEX sandbox_rules_remote_group ON public.sandbox_rules USING btree (remote_group_id);
CREATE INDEX security_group_count_changes_key ON public.security_group_count_changes USING btree (level, id) INCLUDE (groups);
CREATE INDEX security_group_documents_backend ON public.security_group_documents USING btree (backend_id);
CREATE INDEX security_group_documents_cloud ON public.security_group_documents USING btree (cloud_id, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_created ON public.security_group_documents USING btree (created, tenant_name, security_group_id);
CREATE INDEX security_group_documents_customer ON public.security_group_documents USING btree (customer_id, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_customer_abbreviation ON public.security_group_documents USING btree (customer_abbreviation, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_customer_name ON public.security_group_documents USING btree (customer_name, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_customer_native_name ON public.security_group_documents USING btree (customer_native_name, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_description_contains ON public.security_group_documents USING gin (description public.gin_trgm_ops) WITH (gin_pending_list_limit='256');
CREATE INDEX security_group_documents_name ON public.security_group_documents USING btree (name, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_name_contains ON public.security_group_documents USING gin (name public.gin_trgm_ops) WITH (gin_pending_list_limit='256');
CREATE INDEX security_group_documents_order ON public.security_group_documents USING btree (tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_project ON public.security_group_documents USING btree (project_id, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_project_name ON public.security_group_documents USING btree (project_name, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_service_name ON public.security_group_documents USING btree (service_name, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_state ON public.security_group_documents USING btree (state_rank, tenant_name, created, security_group_id);
CREATE INDEX security_group_documents_tenant ON public.security_group_documents USING btree (tenant_id, tenant_name, created, security_group_id);
CREATE UNIQUE INDEX security_group_documents_uuid ON public.security_group_documents USING btree (uuid);
CREATE INDEX security_group_rules_group ON public.security_group_rules USING btree (security_group_id, "position");
CREATE INDEX security_group_rules_open ON public.security_group_rules USING btree (security_group_id) WHERE ((direction = 'ingress'::text) AND (remote_group_id IS NULL) AND (unresolved_group_backend_id IS NULL) AND (remote_address_group_backend_id IS NULL) AND (COALESCE(cidr, ''::text) ~ '^$|/0+$'::text));
CREATE INDEX security_group_rules_remote ON public.security_group_rules USING btree (remote_group_id) WHERE (remote_group_id IS NOT NULL);
CREATE INDEX security_group_versions_author ON public.security_group_versions USING btree (author_id);
CREATE UNIQUE INDEX security_groups_backend ON public.security_groups USING btree (tenant_id, backend_id) WHERE (backend_id <> ''::text);
CREATE INDEX security_groups_description_substrings ON public.security_groups USING gin (public.substrings_of_five(lower(description)) COLLATE "C") WITH (gin_pending_list_limit='256');
ALTER INDEX public.security_groups_description_substrings ALTER COLUMN 1 SET STATISTICS 0;
CREATE UNIQUE INDEX security_groups_name ON public.security_groups USING btree (tenant_id, name) WHERE (NOT is_duplicate_name);
CREATE INDEX security_groups_name_substrings ON public.security_groups USING gin (public.substrings_of_five(lower(name)) COLLATE "C") WITH (gin_pending_list_limit='256');
ALTER INDEX public.security_groups_name_substrings ALTER COLUMN 1 SET STATISTICS 0;
CREATE INDEX security_groups_order ON public.security_groups USING btree (tenant_id, created, id);
CREATE INDEX security_groups_pending ON public.security_groups USING btree (state) WHERE (state <> ALL (ARRAY['OK'::text, 'ERRED'::text]));
CREATE INDEX sign_in_attempts_counted ON public.sign_in_attempts USING btree (counted);
CREATE INDEX sign_in_networks_last_used ON public.sign_in_networks USING btree (last_used);
CREATE UNIQUE INDEX tenants_backend ON public.tenants USING btree (cloud_id, backend_id) WHERE (backend_id <> ''::text);
CREATE INDEX tenants_name ON public.tenants USING btree (name, id);
CREATE INDEX tenants_project_name ON public.tenants USING btree (project_id, name);
CREATE INDEX tenants_pull_scheduled ON public.tenants USING btree (pull_scheduled);
CREATE INDEX tokens_project ON public.tokens USING btree (project_id) WHERE (project_id IS NOT NULL);
CREATE INDEX tokens_user ON public.tokens USING btree (user_id);
CREATE UNIQUE INDEX tokens_uuid ON public.tokens USING btree (uuid);
CREATE TRIGGER events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN (((old.abort_requested = false) AND (new.abort_requested = true) AND (new.status = 'doing'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_notify_queue_abort_job_v1();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_notify_queue_job_inserted_v1();
CREATE TRIGGER procrastinate_trigger_abort_requested_events_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.abort_requested = true)) EXECUTE FUNCTION public.procrastinate_trigger_abort_requested_events_procedure_v1();
CREATE TRIGGER procrastinate_trigger_delete_jobs_v1 BEFORE DELETE ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_unlink_periodic_defers_v1();
CREATE TRIGGER procrastinate_trigger_scheduled_events_v1 AFTER INSERT OR UPDATE ON public.procrastinate_jobs FOR EACH ROW WHEN (((new.scheduled_at IS NOT NULL) AND (new.status = 'todo'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_trigger_function_scheduled_events_v1();
CREATE TRIGGER procrastinate_trigger_status_events_insert_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_insert_v1();
CREATE TRIGGER procrastinate_trigger_status_events_update_v1 AFTER UPDATE OF status ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_update_v1();
CREATE TRIGGER refusals_append_only BEFORE UPDATE OR TRUNCATE ON public.refusals FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER refusals_are_kept BEFORE DELETE ON public.refusals FOR EACH ROW EXECUTE FUNCTION public.refuse_early_removal();
CREATE TRIGGER security_group_documents_count_gone AFTER DELETE ON public.security_group_documents REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.count_security_groups();
CREATE TRIGGER security_group_documents_count_moved AFTER UPDATE ON public.security_group_documents FOR EACH ROW WHEN (((old.state_rank <> new.state_rank) OR (old.cloud_id <> new.cloud_id) OR (old.tenant_id <> new.tenant_id) OR (old.project_id <> new.project_id) OR (old.customer_id <> new.customer_id))) EXECUTE FUNCTION public.count_moved_security_group();
CREATE TRIGGER security_group_documents_count_new AFTER INSERT ON public.security_group_documents REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.count_security_groups();
ALTER TABLE ONLY public.cloud_port_groups
    ADD CONSTRAINT cloud_port_groups_port_id_fkey FOREIGN KEY (port_id) REFERENCES public.cloud_ports(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.cloud_port_groups
    ADD CONSTRAINT cloud_port_groups_security_group_id_fkey FOREIGN KEY (security_group_id) REFERENCES public.security_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.cloud_ports
    ADD CONSTRAINT cloud_ports_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.console_sessions
    ADD CONSTRAINT console_sessions_token_id_fkey FOREIGN KEY (token_id) REFERENCES public.tokens(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deleted_security_groups
    ADD CONSTRAINT deleted_security_groups_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.marketplace_references
    ADD CONSTRAINT marketplace_references_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.procrastinate_events
    ADD CONSTRAINT procrastinate_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.procrastinate_workers(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id);
ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES public.customers(id);
ALTER TABLE ONLY public.role_grants
    ADD CONSTRAINT role_grants_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES public.customers(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.role_grants
    ADD CONSTRAINT role_grants_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.role_grants
    ADD CONSTRAINT role_grants_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sandbox_floating_addresses
    ADD CONSTRAINT sandbox_floating_addresses_port_id_fkey FOREIGN KEY (port_id) REFERENCES public.sandbox_ports(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sandbox_port_groups
    ADD CONSTRAINT sandbox_port_groups_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.sandbox_groups(id);
ALTER TABLE ONLY public.sandbox_port_groups
    ADD CONSTRAINT sandbox_port_groups_port_id_fkey FOREIGN KEY (port_id) REFERENCES public.sandbox_ports(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sandbox_rules
    ADD CONSTRAINT sandbox_rules_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.sandbox_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sandbox_rules
    ADD CONSTRAINT sandbox_rules_remote_group_id_fkey FOREIGN KEY (remote_group_id) REFERENCES public.sandbox_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.security_group_documents
    ADD CONSTRAINT security_group_documents_security_group_id_fkey FOREIGN KEY (security_group_id) REFERENCES public.security_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.security_group_drift_modes
    ADD CONSTRAINT security_group_drift_modes_security_group_id_fkey FOREIGN KEY (security_group_id) REFERENCES public.security_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.security_group_observations
    ADD CONSTRAINT security_group_observations_security_group_id_fkey FOREIGN KEY (security_group_id) REFERENCES public.security_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.security_group_rules
    ADD CONSTRAINT security_group_rules_remote_group_id_fkey FOREIGN KEY (remote_group_id) REFERENCES public.security_groups(id);
ALTER TABLE ONLY public.security_group_rules
    ADD CONSTRAINT security_group_rules_security_group_id_fkey FOREIGN KEY (security_group_id) REFERENCES public.security_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.security_group_versions
    ADD CONSTRAINT security_group_versions_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.users(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.security_group_versions
    ADD CONSTRAINT security_group_versions_security_group_id_fkey FOREIGN KEY (security_group_id) REFERENCES public.security_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.security_groups
    ADD CONSTRAINT security_groups_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.tenant_drift_modes
    ADD CONSTRAINT tenant_drift_modes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tenant_port_observations
    ADD CONSTRAINT tenant_port_observations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tenant_pulls
    ADD CONSTRAINT tenant_pulls_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tenant_quotas
    ADD CONSTRAINT tenant_quotas_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_cloud_id_fkey FOREIGN KEY (cloud_id) REFERENCES public.clouds(id);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.user_write_positions
    ADD CONSTRAINT user_write_positions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
