-- The audit trail: events and refused changes. Rows are insert-only.

SET lock_timeout = '5s';

-- An event refers by UUID and keeps names: it outlives its objects.
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    created timestamptz NOT NULL DEFAULT now(),
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
    context jsonb NOT NULL DEFAULT '{}',
    -- The rules that a new version removed and added, as their rows held them
    change jsonb
);
CREATE INDEX events_order ON events (created, id);
CREATE INDEX events_security_group ON events (security_group_uuid, id);
CREATE INDEX events_tenant ON events (tenant_uuid, event_type, created);
CREATE INDEX events_customer ON events (customer_uuid, created, id);
CREATE INDEX events_project ON events (project_uuid, created, id);
CREATE INDEX events_user ON events (user_uuid, created, id);

CREATE TRIGGER events_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Requests for a change that were refused. Of many at once some are left out; the next row counts
-- them.
CREATE TABLE refusals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created timestamptz NOT NULL DEFAULT now(),
    method text NOT NULL,
    path text NOT NULL,
    status integer NOT NULL,
    -- The reason in one text, and by field as the response had it
    detail text NOT NULL,
    errors jsonb,
    user_uuid uuid,
    username text,
    address inet,
    token_uuid uuid,
    token_name text,
    request_id text,
    left_out integer NOT NULL DEFAULT 0
);
CREATE INDEX refusals_order ON refusals (created, id);

CREATE TRIGGER refusals_append_only
BEFORE UPDATE OR TRUNCATE ON refusals
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refusals_are_kept
BEFORE DELETE ON refusals
FOR EACH ROW EXECUTE FUNCTION refuse_early_removal();

-- Delete up to 100 refusals older than `days`, at least 31. The role that serves has no DELETE
-- privilege on the table; this function runs as the owner.
CREATE FUNCTION forget_refusals(days integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    DELETE FROM refusals
    WHERE id IN (
        SELECT refusal.id FROM refusals AS refusal
        WHERE refusal.created < now() - make_interval(days => greatest(days, 31))
        ORDER BY refusal.created, refusal.id
        LIMIT 100
        FOR UPDATE SKIP LOCKED
    )
$$;
