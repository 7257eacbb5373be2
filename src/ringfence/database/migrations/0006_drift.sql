-- What clouds last said of groups, apart from what is asked for, and what is done about differences.

SET lock_timeout = '5s';

-- adopt: the cloud wins; enforce: what is asked for is put back; report: neither is touched.
CREATE TABLE tenant_drift_modes (
    tenant_id bigint PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    drift_mode text NOT NULL CHECK (drift_mode IN ('adopt', 'enforce', 'report'))
);

-- A group without a row here follows its tenant; a tenant without one adopts.
CREATE TABLE security_group_drift_modes (
    security_group_id bigint PRIMARY KEY REFERENCES security_groups ON DELETE CASCADE,
    drift_mode text NOT NULL CHECK (drift_mode IN ('adopt', 'enforce', 'report'))
);

-- When a tenant was last held against its cloud. Groups that were equal are not written.
CREATE TABLE tenant_comparisons (
    tenant_id bigint PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    compared_at timestamptz NOT NULL
);

CREATE TABLE security_group_observations (
    security_group_id bigint PRIMARY KEY REFERENCES security_groups ON DELETE CASCADE,
    name text NOT NULL,
    description text NOT NULL,
    -- A list of rules in Neutron's words
    rules jsonb NOT NULL,
    revision_number integer NOT NULL,
    -- Of all that the cloud said: what is equal is not written again.
    digest text NOT NULL,
    -- Of the difference from what was asked for when the two were last compared; '' is none.
    drift_digest text NOT NULL DEFAULT '',
    missing boolean NOT NULL DEFAULT false,
    observed_at timestamptz NOT NULL
);

-- What is left of a group that went: a version of another group's rules may still name it.
CREATE TABLE security_group_remains (
    security_group_id bigint PRIMARY KEY,
    tenant_id bigint NOT NULL REFERENCES tenants ON DELETE CASCADE,
    uuid uuid NOT NULL,
    backend_id text NOT NULL,
    name text NOT NULL,
    removed timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX security_group_remains_tenant ON security_group_remains (tenant_id);
