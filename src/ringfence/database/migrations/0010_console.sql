-- Sessions of people in the console, and an index for what is open to everybody.

SET lock_timeout = '5s';

-- Only the SHA-256 of a session's secret is kept. It is worth what its token is, and goes with it.
CREATE TABLE console_sessions (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    token_id bigint NOT NULL REFERENCES tokens ON DELETE CASCADE,
    -- Made when somebody signed in by password, for this session alone: it goes with the session.
    owns_token boolean NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    expires timestamptz NOT NULL
);
CREATE INDEX console_sessions_token ON console_sessions (token_id);

-- What lets everybody in: no remote end at all, or a prefix of no bits.
-- Writes of rules wait for it: some seconds for a million of them.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX security_group_rules_open ON security_group_rules (security_group_id)
WHERE
    direction = 'ingress'
    AND remote_group_id IS NULL
    AND unresolved_group_backend_id IS NULL
    AND remote_address_group_backend_id IS NULL
    AND coalesce(cidr, '') ~ '^$|/0+$';
