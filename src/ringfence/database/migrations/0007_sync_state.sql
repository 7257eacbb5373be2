-- What clouds last reported, and the state of the sync. The sandbox cloud keeps its resources here.

SET lock_timeout = '5s';

-- When a tenant was last pulled. A pull does not write groups without a difference.
CREATE TABLE tenant_pulls (
    tenant_id bigint PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    pulled_at timestamptz NOT NULL
);

-- A group as last observed in the cloud
CREATE TABLE security_group_observations (
    security_group_id bigint PRIMARY KEY REFERENCES security_groups ON DELETE CASCADE,
    name text NOT NULL,
    description text NOT NULL,
    -- NULL if the cloud does not say it
    stateful boolean,
    -- A list of rules in Neutron's fields
    rules jsonb NOT NULL,
    -- Rules that cannot be read: a list of objects with the rule's id in the cloud and the reason
    unreadable jsonb NOT NULL DEFAULT '[]',
    revision_number integer NOT NULL,
    -- Of the whole observation: an equal one is not written again.
    digest text NOT NULL,
    -- Of the drift when both were last compared; '' is none
    drift_digest text NOT NULL DEFAULT '',
    missing boolean NOT NULL DEFAULT false,
    observed_at timestamptz NOT NULL
);

-- Ports of the tenant's project that have any of its groups. Only the sync writes them.
CREATE TABLE cloud_ports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id bigint NOT NULL REFERENCES tenants ON DELETE CASCADE,
    backend_id text NOT NULL CHECK (backend_id <> ''),
    name text NOT NULL DEFAULT '',
    device_id text NOT NULL DEFAULT '',
    -- `compute:…` for an instance, whose id is `device_id`
    device_owner text NOT NULL DEFAULT '',
    -- IP addresses as the cloud writes them
    addresses text [] NOT NULL DEFAULT '{}',
    floating_addresses text [] NOT NULL DEFAULT '{}',
    CONSTRAINT cloud_ports_once UNIQUE (tenant_id, backend_id)
);
CREATE INDEX cloud_ports_floating ON cloud_ports USING gin (floating_addresses);

CREATE TABLE cloud_port_groups (
    port_id bigint NOT NULL REFERENCES cloud_ports ON DELETE CASCADE,
    security_group_id bigint NOT NULL REFERENCES security_groups ON DELETE CASCADE,
    PRIMARY KEY (port_id, security_group_id)
);
CREATE INDEX cloud_port_groups_group ON cloud_port_groups (security_group_id, port_id);

-- When a tenant's ports were last read in full; no row before the first time
CREATE TABLE tenant_port_observations (
    tenant_id bigint PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    observed_at timestamptz NOT NULL
);

-- Whether each cloud responds, by entry of clouds.yaml, as the calls of jobs show it
CREATE TABLE cloud_reachability (
    entry text PRIMARY KEY,
    responded_at timestamptz,
    -- Since when no call got a response; NULL after a response
    failed_at timestamptz,
    failure text
);

-- The progress of a resumable load
CREATE TABLE load_progress (
    -- The digest of its files
    run bytea PRIMARY KEY CHECK (octet_length(run) = 32),
    -- Number of loaded lines
    lines bigint NOT NULL,
    changed timestamptz NOT NULL DEFAULT now()
);

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
    -- As in Neutron, a rule is deleted silently with its remote group.
    remote_group_id uuid REFERENCES sandbox_groups ON DELETE CASCADE,
    description text NOT NULL DEFAULT ''
);
CREATE INDEX sandbox_rules_group ON sandbox_rules (group_id);
CREATE INDEX sandbox_rules_remote_group ON sandbox_rules (remote_group_id);

CREATE TABLE sandbox_ports (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id text NOT NULL,
    name text NOT NULL DEFAULT '',
    device_id text NOT NULL DEFAULT '',
    device_owner text NOT NULL DEFAULT '',
    fixed_ips text [] NOT NULL DEFAULT '{}',
    revision_number integer NOT NULL DEFAULT 1
);
CREATE INDEX sandbox_ports_project ON sandbox_ports (project_id);

-- NO ACTION on purpose: as in Neutron, a group in use cannot be deleted.
CREATE TABLE sandbox_port_groups (
    port_id uuid NOT NULL REFERENCES sandbox_ports ON DELETE CASCADE,
    group_id uuid NOT NULL REFERENCES sandbox_groups,
    PRIMARY KEY (port_id, group_id)
);
CREATE INDEX sandbox_port_groups_group ON sandbox_port_groups (group_id);

CREATE TABLE sandbox_floating_addresses (
    address text PRIMARY KEY,
    port_id uuid NOT NULL REFERENCES sandbox_ports ON DELETE CASCADE
);
CREATE INDEX sandbox_floating_addresses_port ON sandbox_floating_addresses (port_id);
