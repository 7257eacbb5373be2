-- Ports, instances and address groups as last observed, whole: what decides which traffic a port
-- admits.
--
-- It rewrites the table of ports, which the last pulls filled, and indexes it: up to a minute for a
-- million of ports. The other tables are small, or of the sandbox.
--
-- squawk-ignore-file disallowed-unique-constraint, adding-field-with-default, adding-foreign-key-constraint, require-concurrent-index-creation

SET lock_timeout = '5s';

-- The firewall driver of a cloud, which decides what some rules mean: as the operator wrote it, and
-- as the cloud showed it at the last pull. NULL is unknown.
ALTER TABLE clouds
ADD COLUMN firewall_driver text
CHECK (firewall_driver IN ('ovn', 'openvswitch', 'iptables')),
ADD COLUMN observed_firewall_driver text
CHECK (observed_firewall_driver IN ('ovn', 'openvswitch', 'iptables'));

-- The devices of ports whose owner is `compute:…`. Only the sync writes them.
CREATE TABLE cloud_instances (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- A uuid5 of the tenant's UUID and the id in the cloud, so it is the same after each pull
    uuid uuid NOT NULL UNIQUE,
    tenant_id bigint NOT NULL REFERENCES tenants ON DELETE CASCADE,
    -- Nova's id, which ports have as `device_id`
    backend_id text NOT NULL CHECK (backend_id <> ''),
    -- Nova's hostname, which it writes to the ports as `dns_name`; or else the name of a port
    name text NOT NULL DEFAULT '',
    created timestamptz NOT NULL DEFAULT now(),
    modified timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cloud_instances_once UNIQUE (tenant_id, backend_id)
);
CREATE INDEX cloud_instances_name ON cloud_instances (name, id);

-- All ports of a tenant's project, also those without any of its groups
ALTER TABLE cloud_ports
-- A uuid5 of the tenant's UUID and the id in the cloud
ADD COLUMN uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
ADD COLUMN instance_id bigint REFERENCES cloud_instances ON DELETE SET NULL,
-- Ids of all of its groups in the cloud, also of foreign ones, in the cloud's order. NULL is not
-- known, which is never the same as none: not read yet, not shown, or not readable.
ADD COLUMN security_group_ids text [],
ADD COLUMN description text NOT NULL DEFAULT '',
ADD COLUMN network_id text NOT NULL DEFAULT '',
ADD COLUMN mac_address text NOT NULL DEFAULT '',
ADD COLUMN status text NOT NULL DEFAULT '',
ADD COLUMN dns_name text NOT NULL DEFAULT '',
ADD COLUMN vnic_type text NOT NULL DEFAULT '',
-- NULL if the cloud does not say it
ADD COLUMN port_security_enabled boolean,
ADD COLUMN admin_state_up boolean,
-- A list of objects with `ip_address` (an address or a prefix) and `mac_address`; NULL is not known
ADD COLUMN allowed_address_pairs jsonb,
-- A list of objects with `ip_address` and `subnet_id`; NULL is not known
ADD COLUMN fixed_ips jsonb,
ADD COLUMN revision_number integer NOT NULL DEFAULT 0,
-- A change of its groups that has not reached the cloud yet: the ids to set, and NULL for none
ADD COLUMN desired_security_group_ids text [],
-- The ids that were observed when that change was requested. What others change in the meantime
-- stays: only the difference between the two is applied.
ADD COLUMN base_security_group_ids text [],
ADD COLUMN state text NOT NULL DEFAULT 'OK'
CHECK (state IN ('UPDATE_SCHEDULED', 'UPDATING', 'OK', 'ERRED')),
ADD COLUMN error_message text NOT NULL DEFAULT '',
ADD COLUMN created timestamptz NOT NULL DEFAULT now(),
ADD COLUMN modified timestamptz NOT NULL DEFAULT now();
CREATE INDEX cloud_ports_instance ON cloud_ports (instance_id);
CREATE INDEX cloud_ports_security_groups ON cloud_ports USING gin (security_group_ids);
CREATE INDEX cloud_ports_addresses ON cloud_ports USING gin (addresses);
-- Few ports have allowed address pairs.
CREATE INDEX cloud_ports_address_pairs ON cloud_ports (tenant_id)
WHERE allowed_address_pairs <> '[]';
CREATE INDEX cloud_ports_pending ON cloud_ports (state) WHERE state <> 'OK';

-- Groups of other tenants on a port are found by their ids alone.
CREATE INDEX security_groups_backend_alone ON security_groups (backend_id) WHERE backend_id <> '';

-- Members of the address groups that rules of a tenant refer to; one that is not here is not known
CREATE TABLE cloud_address_groups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id bigint NOT NULL REFERENCES tenants ON DELETE CASCADE,
    backend_id text NOT NULL CHECK (backend_id <> ''),
    name text NOT NULL DEFAULT '',
    -- Prefixes as the cloud writes them
    addresses text [] NOT NULL DEFAULT '{}',
    -- When it was first observed like this
    observed_at timestamptz NOT NULL,
    CONSTRAINT cloud_address_groups_once UNIQUE (tenant_id, backend_id)
);

-- The sandbox cloud's ports decide about traffic like those of a real one.
ALTER TABLE sandbox_ports
ADD COLUMN description text NOT NULL DEFAULT '',
ADD COLUMN network_id text NOT NULL DEFAULT '',
ADD COLUMN mac_address text NOT NULL DEFAULT '',
ADD COLUMN status text NOT NULL DEFAULT 'ACTIVE',
ADD COLUMN dns_name text NOT NULL DEFAULT '',
ADD COLUMN vnic_type text NOT NULL DEFAULT 'normal',
ADD COLUMN port_security_enabled boolean NOT NULL DEFAULT true,
ADD COLUMN admin_state_up boolean NOT NULL DEFAULT true,
ADD COLUMN allowed_address_pairs jsonb NOT NULL DEFAULT '[]';

CREATE TABLE sandbox_address_groups (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id text NOT NULL,
    name text NOT NULL DEFAULT '',
    addresses text [] NOT NULL DEFAULT '{}'
);

-- NO ACTION on purpose: as in Neutron, an address group in use cannot be deleted.
ALTER TABLE sandbox_rules
ADD COLUMN remote_address_group_id uuid REFERENCES sandbox_address_groups;
CREATE INDEX sandbox_rules_remote_address_group ON sandbox_rules (remote_address_group_id);

ALTER TABLE sandbox_groups ADD COLUMN stateful boolean NOT NULL DEFAULT true;
