-- The rows that Ringfence keeps. Identifiers inside are bigints; those on the wire are uuids.

SET lock_timeout = '5s';

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    username text NOT NULL UNIQUE CHECK (username <> ''),
    is_staff boolean NOT NULL DEFAULT false,
    is_support boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    created timestamptz NOT NULL DEFAULT now()
);

-- Only the SHA-256 of a token is kept: who reads this table cannot sign in with it.
CREATE TABLE tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    created timestamptz NOT NULL DEFAULT now(),
    expires timestamptz
);
CREATE INDEX tokens_user ON tokens (user_id);

CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    name text NOT NULL CHECK (name <> ''),
    native_name text NOT NULL DEFAULT '',
    abbreviation text NOT NULL DEFAULT '',
    created timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX customers_name ON customers (name);

CREATE TABLE projects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    customer_id bigint NOT NULL REFERENCES customers,
    name text NOT NULL CHECK (name <> ''),
    created timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX projects_customer_name ON projects (customer_id, name);

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

-- "Service settings" on the wire. Credentials stay in clouds.yaml.
CREATE TABLE clouds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE CHECK (name <> ''),
    backend text NOT NULL CHECK (backend IN ('openstack', 'sandbox')),
    openstack_cloud text,
    state text NOT NULL DEFAULT 'OK',
    error_message text NOT NULL DEFAULT '',
    created timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT clouds_state CHECK (
        state IN (
            'CREATION_SCHEDULED', 'CREATING', 'UPDATE_SCHEDULED', 'UPDATING',
            'DELETION_SCHEDULED', 'DELETING', 'OK', 'ERRED'
        )
    ),
    CONSTRAINT clouds_entry CHECK ((backend = 'openstack') = (openstack_cloud IS NOT NULL))
);

CREATE TABLE tenants (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    project_id bigint NOT NULL REFERENCES projects,
    cloud_id bigint NOT NULL REFERENCES clouds,
    name text NOT NULL CHECK (name <> ''),
    -- The OpenStack project; empty until it is known.
    backend_id text NOT NULL DEFAULT '',
    -- Another entry of clouds.yaml than the cloud's, for credentials of the tenant's own project.
    openstack_cloud text,
    state text NOT NULL DEFAULT 'OK',
    error_message text NOT NULL DEFAULT '',
    created timestamptz NOT NULL DEFAULT now(),
    modified timestamptz NOT NULL DEFAULT now(),
    -- When the periodic comparison with the cloud was last scheduled.
    comparison_scheduled timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenants_state CHECK (
        state IN (
            'CREATION_SCHEDULED', 'CREATING', 'UPDATE_SCHEDULED', 'UPDATING',
            'DELETION_SCHEDULED', 'DELETING', 'OK', 'ERRED'
        )
    )
);
CREATE INDEX tenants_project_name ON tenants (project_id, name);
CREATE INDEX tenants_name ON tenants (name, id);
CREATE UNIQUE INDEX tenants_backend ON tenants (cloud_id, backend_id) WHERE backend_id <> '';
CREATE INDEX tenants_comparison ON tenants (comparison_scheduled);

CREATE TABLE tenant_quotas (
    tenant_id bigint NOT NULL REFERENCES tenants ON DELETE CASCADE,
    name text NOT NULL CHECK (name IN ('security_group_count', 'security_group_rule_count')),
    -- -1: no limit
    limit_value integer NOT NULL CHECK (limit_value >= -1),
    PRIMARY KEY (tenant_id, name)
);

CREATE TABLE marketplace_references (
    tenant_id bigint PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
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

CREATE TABLE security_groups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    tenant_id bigint NOT NULL REFERENCES tenants,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    -- The group at Neutron; empty until the cloud has said it.
    backend_id text NOT NULL DEFAULT '',
    state text NOT NULL,
    error_message text NOT NULL DEFAULT '',
    error_traceback text NOT NULL DEFAULT '',
    created timestamptz NOT NULL DEFAULT now(),
    modified timestamptz NOT NULL DEFAULT now(),
    -- Counts what was asked for; the last one that reached the cloud in full.
    version integer NOT NULL DEFAULT 1,
    applied_version integer NOT NULL DEFAULT 0,
    -- When the first try to create it in the cloud began: how an unanswered creation is found.
    creation_started timestamptz,
    -- Neutron allows two groups of one name in a project. A pull keeps both; the API makes none.
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
-- The default order of a list: the tenant's name (joined), then creation, then id.
CREATE INDEX security_groups_order ON security_groups (tenant_id, created, id);
-- What the sync still has to do.
CREATE INDEX security_groups_unsettled ON security_groups (state)
WHERE state NOT IN ('OK', 'ERRED');

CREATE TABLE security_group_rules (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    security_group_id bigint NOT NULL REFERENCES security_groups ON DELETE CASCADE,
    -- Clients compare lists: rules come back in the order they were given.
    position integer NOT NULL,
    ethertype text NOT NULL CHECK (ethertype IN ('IPv4', 'IPv6')),
    direction text NOT NULL CHECK (direction IN ('ingress', 'egress')),
    -- '' is any
    protocol text NOT NULL DEFAULT '',
    -- NULL is any; for ICMP these are type and code
    from_port integer CHECK (from_port BETWEEN 0 AND 65535),
    to_port integer CHECK (to_port BETWEEN 0 AND 65535),
    -- As it was written
    cidr text,
    description text NOT NULL DEFAULT '',
    -- NO ACTION on purpose: a rule must never turn into "from anywhere" because the group that
    -- it names is deleted. Whoever deletes a group first turns such rules into unresolved ones.
    remote_group_id bigint REFERENCES security_groups,
    -- A remote group without a row here (foreign, shared, deleted): its backend id, or '' where
    -- it never had one, and the name that it had.
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
    )
);
CREATE INDEX security_group_rules_group ON security_group_rules (security_group_id, position);
CREATE INDEX security_group_rules_remote ON security_group_rules (remote_group_id)
WHERE remote_group_id IS NOT NULL;

-- What was asked for, each time it changed.
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

-- What happened, by whom. It refers by uuid and keeps names: it outlives what it tells of.
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    created timestamptz NOT NULL DEFAULT now(),
    event_type text NOT NULL,
    message text NOT NULL,
    user_uuid uuid,
    username text,
    customer_uuid uuid,
    project_uuid uuid,
    tenant_uuid uuid,
    security_group_uuid uuid,
    context jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX events_security_group ON events (security_group_uuid, id);
CREATE INDEX events_tenant ON events (tenant_uuid, event_type, created);

-- The sandbox cloud's own state: what a Neutron would hold.
CREATE TABLE sandbox_groups (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id text NOT NULL,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    revision_number integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sandbox_groups_project ON sandbox_groups (project_id, name);
CREATE UNIQUE INDEX sandbox_groups_default ON sandbox_groups (project_id) WHERE name = 'default';

CREATE TABLE sandbox_rules (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    group_id uuid NOT NULL REFERENCES sandbox_groups ON DELETE CASCADE,
    ethertype text NOT NULL,
    direction text NOT NULL,
    protocol text,
    port_range_min integer,
    port_range_max integer,
    remote_ip_prefix text,
    -- As at Neutron, a rule goes silently with the group that it names.
    remote_group_id uuid REFERENCES sandbox_groups ON DELETE CASCADE,
    description text NOT NULL DEFAULT ''
);
CREATE INDEX sandbox_rules_group ON sandbox_rules (group_id);
CREATE INDEX sandbox_rules_remote_group ON sandbox_rules (remote_group_id);
