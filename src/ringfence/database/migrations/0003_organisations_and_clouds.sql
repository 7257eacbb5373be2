-- Customers, projects, clouds and tenants. Keys are bigints; the API shows UUIDs only.

SET lock_timeout = '5s';

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

-- Service settings in the API. Credentials stay in clouds.yaml.
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
    -- Id of the OpenStack project; empty until it is known
    backend_id text NOT NULL DEFAULT '',
    -- Another entry of clouds.yaml than the cloud's, with credentials of the tenant's own project
    openstack_cloud text,
    state text NOT NULL DEFAULT 'OK',
    error_message text NOT NULL DEFAULT '',
    created timestamptz NOT NULL DEFAULT now(),
    modified timestamptz NOT NULL DEFAULT now(),
    -- When the periodic pull was last scheduled
    pull_scheduled timestamptz NOT NULL DEFAULT now(),
    -- Whether a new group keeps the two rules by which Neutron allows all egress
    keeps_default_egress boolean NOT NULL DEFAULT false,
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
CREATE INDEX tenants_pull_scheduled ON tenants (pull_scheduled);

CREATE TABLE tenant_quotas (
    tenant_id bigint NOT NULL REFERENCES tenants ON DELETE CASCADE,
    name text NOT NULL CHECK (name IN ('security_group_count', 'security_group_rule_count')),
    -- -1: no limit
    limit_value integer NOT NULL CHECK (limit_value >= -1),
    PRIMARY KEY (tenant_id, name)
);

-- Waldur's marketplace references of a tenant, which responses repeat
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
