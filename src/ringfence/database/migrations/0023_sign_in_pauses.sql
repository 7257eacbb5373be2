-- Tries to sign in are slowed down by growing pauses, and refusals are kept for a limited time.
-- squawk-ignore-file ban-drop-table

SET lock_timeout = '5s';

-- What it holds is of the last hour, and worth nothing after a crash.
DROP TABLE sign_in_tries;

-- Tries by the SHA-256 of where from and as whom
CREATE UNLOGGED TABLE sign_in_tries (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    -- As of `counted`; with time they are forgiven
    tries double precision NOT NULL DEFAULT 1,
    counted timestamptz NOT NULL DEFAULT now(),
    -- When the next one is looked at
    next_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_tries_counted ON sign_in_tries (counted);

-- Networks that a user has signed in from, by the SHA-256 of both: those who guess from elsewhere
-- do not slow them down.
CREATE TABLE sign_in_networks (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    seen timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_networks_seen ON sign_in_networks (seen);

-- Rows of the audit trail are not removed while they are young, whoever asks for it.
CREATE FUNCTION refuse_early_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.created > now() - interval '30 days' THEN
        RAISE EXCEPTION 'rows of % are neither changed nor removed', tg_table_name
        USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN old;
END
$$;

DROP TRIGGER refusals_append_only ON refusals;
CREATE TRIGGER refusals_append_only
BEFORE UPDATE OR TRUNCATE ON refusals
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refusals_are_kept
BEFORE DELETE ON refusals
FOR EACH ROW EXECUTE FUNCTION refuse_early_removal();

-- A role that only serves may not remove rows of its own accord: this does, and only old ones.
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
