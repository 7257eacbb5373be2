-- Signing in by password, and reading what happened.
-- squawk-ignore-file require-concurrent-index-creation

SET lock_timeout = '5s';

-- Argon2id in PHC form; null for who signs in by token alone
ALTER TABLE users ADD COLUMN password_hash text;

-- Tries to sign in within a minute, by the SHA-256 of where from and as whom. Worth nothing after
-- a crash, and not worth a backup.
CREATE UNLOGGED TABLE sign_in_tries (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    began timestamptz NOT NULL DEFAULT now(),
    tries integer NOT NULL DEFAULT 1
);
CREATE INDEX sign_in_tries_began ON sign_in_tries (began);

-- The default order of a list of events, and who sees which. Events wait while these are made.
CREATE INDEX events_order ON events (created, id);
CREATE INDEX events_customer ON events (customer_uuid, created, id);
CREATE INDEX events_project ON events (project_uuid, created, id);
CREATE INDEX events_user ON events (user_uuid, created, id);
