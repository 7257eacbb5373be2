-- Events as an audit trail: from where, by which token, why, from what to what; and what was refused.

SET lock_timeout = '5s';

ALTER TABLE events
ADD COLUMN address inet,
ADD COLUMN token_uuid uuid,
ADD COLUMN token_name text,
ADD COLUMN request_id text,
-- What a version replaced: the rules that went and those that came, as their rows held them
ADD COLUMN change jsonb;

-- Requests that would have changed something and were refused. Of many at once some are left out,
-- and counted by the next one that is kept.
CREATE TABLE refusals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created timestamptz NOT NULL DEFAULT now(),
    method text NOT NULL,
    path text NOT NULL,
    status integer NOT NULL,
    detail text NOT NULL,
    user_uuid uuid,
    username text,
    address inet,
    token_uuid uuid,
    token_name text,
    request_id text,
    left_out integer NOT NULL DEFAULT 0
);
CREATE INDEX refusals_order ON refusals (created, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are neither changed nor removed', tg_table_name
    USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER events_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER refusals_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON refusals
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
