-- Answers to requests that named a key, to be given again when the key is.

SET lock_timeout = '5s';

CREATE TABLE idempotency_keys (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    key text NOT NULL CHECK (key <> ''),
    -- SHA-256 of what was asked: method, path, query, body, and what else decides on the answer
    asked bytea NOT NULL CHECK (octet_length(asked) = 32),
    created timestamptz NOT NULL DEFAULT now(),
    status integer NOT NULL,
    headers jsonb NOT NULL,
    -- NULL where the answer held a secret
    body bytea,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created);
