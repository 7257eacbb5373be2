-- Security groups as desired: groups, rules, versions, drift modes.

SET lock_timeout = '5s';

CREATE TABLE security_groups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    tenant_id bigint NOT NULL REFERENCES tenants,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    -- Neutron's `stateful`; NULL if the cloud does not say it. A group that is created again in the
    -- cloud gets this value.
    stateful boolean,
    -- Id of the group in Neutron; empty until it is known
    backend_id text NOT NULL DEFAULT '',
    state text NOT NULL,
    error_message text NOT NULL DEFAULT '',
    error_traceback text NOT NULL DEFAULT '',
    created timestamptz NOT NULL DEFAULT now(),
    modified timestamptz NOT NULL DEFAULT now(),
    -- Number of the desired version, and of the last one that reached the cloud in full
    version integer NOT NULL DEFAULT 1,
    applied_version integer NOT NULL DEFAULT 0,
    -- When the first attempt to create the group in the cloud began, and when the last one with an
    -- unknown outcome ended. A group in the cloud may be ours only if it was created in between.
    creation_started timestamptz,
    creation_ended timestamptz,
    -- Neutron allows two groups of one name in a project. A pull imports both; the API creates none.
    is_duplicate_name boolean NOT NULL DEFAULT false,
    CONSTRAINT security_groups_state CHECK (
        state IN (
            'CREATION_SCHEDULED', 'CREATING', 'UPDATE_SCHEDULED', 'UPDATING',
            'DELETION_SCHEDULED', 'DELETING', 'OK', 'ERRED'
        )
    ),
    CONSTRAINT security_groups_applied CHECK (applied_version <= version)
);
CREATE UNIQUE INDEX security_groups_name ON security_groups (tenant_id, name) WHERE NOT is_duplicate_name;
CREATE UNIQUE INDEX security_groups_backend ON security_groups (tenant_id, backend_id)
WHERE backend_id <> '';
CREATE INDEX security_groups_order ON security_groups (tenant_id, created, id);
-- Groups with a pending or running job
CREATE INDEX security_groups_pending ON security_groups (state)
WHERE state NOT IN ('OK', 'ERRED');

-- Search by substrings of five characters and more. ILIKE compares in lower case, so the index
-- holds lower case; "C" compares bytes. The index is on the groups and not on their documents,
-- because documents are rewritten more often. Searches read the pending list in full: keep it short.
CREATE INDEX security_groups_name_substrings
ON security_groups USING gin (substrings_of_five(lower(name)) COLLATE "C")
WITH (gin_pending_list_limit = 256);
CREATE INDEX security_groups_description_substrings
ON security_groups USING gin (substrings_of_five(lower(description)) COLLATE "C")
WITH (gin_pending_list_limit = 256);
-- The search text is unknown when a search is planned: statistics would cost and help nothing.
ALTER INDEX security_groups_name_substrings ALTER COLUMN 1 SET STATISTICS 0;
ALTER INDEX security_groups_description_substrings ALTER COLUMN 1 SET STATISTICS 0;

CREATE TABLE security_group_rules (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    security_group_id bigint NOT NULL REFERENCES security_groups ON DELETE CASCADE,
    -- Clients compare lists: rules are shown in the order in which they were sent.
    position integer NOT NULL,
    ethertype text NOT NULL CHECK (ethertype IN ('IPv4', 'IPv6')),
    direction text NOT NULL CHECK (direction IN ('ingress', 'egress')),
    -- '' is any
    protocol text NOT NULL DEFAULT '',
    -- NULL is any; for ICMP these are type and code
    from_port integer CHECK (from_port BETWEEN 0 AND 65535),
    to_port integer CHECK (to_port BETWEEN 0 AND 65535),
    -- As sent
    cidr text,
    description text NOT NULL DEFAULT '',
    -- NO ACTION on purpose: a rule must never turn into "from anywhere" because its remote group is
    -- deleted. Deleting a group first makes such rules unresolved.
    remote_group_id bigint REFERENCES security_groups,
    -- A remote group without a row here (foreign, shared, deleted): its backend id, or '' if it
    -- never had one, and the name that it had. An empty name would read as no remote group.
    unresolved_group_backend_id text,
    unresolved_group_name text,
    remote_address_group_backend_id text,
    CONSTRAINT security_group_rules_one_remote_end CHECK (
        num_nonnulls(
            nullif(cidr, ''), remote_group_id, unresolved_group_backend_id,
            remote_address_group_backend_id
        ) <= 1
    ),
    CONSTRAINT security_group_rules_unresolved_name CHECK (
        (unresolved_group_backend_id IS NULL) = (unresolved_group_name IS NULL)
    ),
    CONSTRAINT security_group_rules_named_end CHECK (unresolved_group_name <> '')
);
CREATE INDEX security_group_rules_group ON security_group_rules (security_group_id, position);
CREATE INDEX security_group_rules_remote ON security_group_rules (remote_group_id)
WHERE remote_group_id IS NOT NULL;
-- Rules that admit everybody: no remote end at all, or a prefix of length 0
CREATE INDEX security_group_rules_open ON security_group_rules (security_group_id)
WHERE
    direction = 'ingress'
    AND remote_group_id IS NULL
    AND unresolved_group_backend_id IS NULL
    AND remote_address_group_backend_id IS NULL
    AND coalesce(cidr, '') ~ '^$|/0+$';

-- Each desired version, from the first
CREATE TABLE security_group_versions (
    security_group_id bigint NOT NULL REFERENCES security_groups ON DELETE CASCADE,
    number integer NOT NULL,
    created timestamptz NOT NULL DEFAULT now(),
    author_id bigint REFERENCES users ON DELETE SET NULL,
    cause text NOT NULL CHECK (cause IN ('user', 'pull', 'load', 'rollback')),
    name text NOT NULL,
    description text NOT NULL,
    -- A list of rules, as the rows held them
    rules jsonb NOT NULL,
    PRIMARY KEY (security_group_id, number)
);
CREATE INDEX security_group_versions_author ON security_group_versions (author_id);

-- What is left of a deleted group: versions of other groups may name it.
CREATE TABLE deleted_security_groups (
    security_group_id bigint PRIMARY KEY,
    tenant_id bigint NOT NULL REFERENCES tenants ON DELETE CASCADE,
    uuid uuid NOT NULL,
    backend_id text NOT NULL,
    name text NOT NULL,
    deleted timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deleted_security_groups_tenant ON deleted_security_groups (tenant_id);

-- adopt: the cloud wins; enforce: drift is reverted; report: neither side is changed.
CREATE TABLE tenant_drift_modes (
    tenant_id bigint PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    drift_mode text NOT NULL CHECK (drift_mode IN ('adopt', 'enforce', 'report'))
);

-- A group without a row here has its tenant's mode; a tenant without one adopts.
CREATE TABLE security_group_drift_modes (
    security_group_id bigint PRIMARY KEY REFERENCES security_groups ON DELETE CASCADE,
    drift_mode text NOT NULL CHECK (drift_mode IN ('adopt', 'enforce', 'report'))
);
