-- How far a resumable load came, so that one that was cut off goes on.

SET lock_timeout = '5s';

CREATE TABLE load_progress (
    -- The digest of its files
    run bytea PRIMARY KEY CHECK (octet_length(run) = 32),
    -- How many of its parts are loaded
    parts integer NOT NULL,
    changed timestamptz NOT NULL DEFAULT now()
);
