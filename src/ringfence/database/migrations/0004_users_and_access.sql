-- Users, roles, tokens, sessions, and what is kept per client: sign-in attempts, idempotency keys.

SET lock_timeout = '5s';

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    username text NOT NULL UNIQUE CHECK (username <> ''),
    -- Argon2id in PHC form; NULL for a user who signs in with a token only
    password_hash text,
    is_staff boolean NOT NULL DEFAULT false,
    is_support boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    created timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE role_grants (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL,
    customer_id bigint REFERENCES customers ON DELETE CASCADE,
    project_id bigint REFERENCES projects ON DELETE CASCADE,
    created timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT role_grants_role CHECK (
        role IN (
            'CUSTOMER.OWNER', 'CUSTOMER.MANAGER', 'CUSTOMER.SUPPORT',
            'PROJECT.ADMIN', 'PROJECT.MANAGER', 'PROJECT.MEMBER'
        )
    ),
    CONSTRAINT role_grants_scope CHECK (
        CASE split_part(role, '.', 1)
            WHEN 'CUSTOMER' THEN customer_id IS NOT NULL AND project_id IS NULL
            ELSE project_id IS NOT NULL AND customer_id IS NULL
        END
    ),
    CONSTRAINT role_grants_once UNIQUE NULLS NOT DISTINCT (user_id, role, customer_id, project_id)
);
CREATE INDEX role_grants_customer ON role_grants (customer_id);
CREATE INDEX role_grants_project ON role_grants (project_id);

-- Only the SHA-256 of a token is stored: reading this table is not enough to sign in.
CREATE TABLE tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    name text NOT NULL DEFAULT '',
    is_read_only boolean NOT NULL DEFAULT false,
    -- If set, the token reaches this project only, whatever its user may reach.
    project_id bigint REFERENCES projects ON DELETE CASCADE,
    -- Issued for a password alone: it ends when the password changes.
    is_by_password boolean NOT NULL DEFAULT false,
    created timestamptz NOT NULL DEFAULT now(),
    expires timestamptz,
    -- Written in batches, outside the request that uses the token: they lag by up to a minute.
    last_used timestamptz,
    last_used_address inet,
    use_count bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX tokens_uuid ON tokens (uuid);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE INDEX tokens_project ON tokens (project_id) WHERE project_id IS NOT NULL;

-- Sessions of the console. Only the SHA-256 of the secret is stored. A session has the rights of
-- its token and ends with it.
CREATE TABLE console_sessions (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    uuid uuid NOT NULL DEFAULT gen_random_uuid(),
    token_id bigint NOT NULL REFERENCES tokens ON DELETE CASCADE,
    -- The token was issued for this session alone and is deleted with it.
    owns_token boolean NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    expires timestamptz NOT NULL,
    -- IP address of the sign-in
    address inet
);
CREATE UNIQUE INDEX console_sessions_uuid ON console_sessions (uuid);
CREATE INDEX console_sessions_token ON console_sessions (token_id);

-- Sign-in attempts, by the SHA-256 of network and username. They are of the last hour: a crash may
-- empty the table.
CREATE UNLOGGED TABLE sign_in_attempts (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    -- As of `counted`; the number decays with time.
    attempts double precision NOT NULL DEFAULT 1,
    counted timestamptz NOT NULL DEFAULT now(),
    -- Earliest time of the next attempt
    next_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_attempts_counted ON sign_in_attempts (counted);

-- Networks from which a user has signed in, by the SHA-256 of both: attempts from other networks do
-- not slow them down.
CREATE TABLE sign_in_networks (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    last_used timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_networks_last_used ON sign_in_networks (last_used);

-- Responses to requests with an `Idempotency-Key`, repeated for the same key
CREATE TABLE idempotency_keys (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    key text NOT NULL CHECK (key <> ''),
    -- SHA-256 of the request: method, path, query, body and the headers that select the response
    request_digest bytea NOT NULL CHECK (octet_length(request_digest) = 32),
    created timestamptz NOT NULL DEFAULT now(),
    status integer NOT NULL,
    headers jsonb NOT NULL,
    -- NULL if the response held a secret
    body bytea,
    -- Permissions that the request required, with their scopes: `access.permissions.Demand`
    demands jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created);

-- Up to which position of the write-ahead log each user has written: a replica must have replayed
-- it before it serves that user. Written only if reads go to a replica. A crash empties the table;
-- then users may for a moment not see their last change.
CREATE UNLOGGED TABLE user_write_positions (
    user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- In bytes from the beginning of the log
    position bigint NOT NULL
);
