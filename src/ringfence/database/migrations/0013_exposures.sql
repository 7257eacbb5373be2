-- What of each port is open to the internet, and how much of it there was on each day.

SET lock_timeout = '5s';

-- Rules that admit the internet, instead of those that admit everybody. The table was just written
-- again; an index of few rows is made in a moment.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX security_group_rules_open;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX security_group_rules_open ON security_group_rules (security_group_id)
WHERE internet AND direction = 'ingress';

-- A digest of the observed rules that admit the internet: '' for none, NULL until it is observed
-- again
ALTER TABLE security_group_observations ADD COLUMN internet_digest text;

-- The traffic that the groups of a port admit from the internet, in pieces as rules write it.
-- Computed from the desired and the observed rules of its groups, in the transaction that changes
-- either.
CREATE TABLE port_exposures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id bigint NOT NULL REFERENCES tenants ON DELETE CASCADE,
    port_id bigint NOT NULL REFERENCES cloud_ports ON DELETE CASCADE,
    -- What admits it; without rules, the port admits everything.
    cause text NOT NULL CHECK (cause IN ('rules', 'network_port', 'no_port_security')),
    ethertype text NOT NULL CHECK (ethertype IN ('IPv4', 'IPv6')),
    -- As a rule writes it, or a range of numbers such as 7-16; '' is every protocol
    protocol text NOT NULL,
    first_protocol integer NOT NULL,
    last_protocol integer NOT NULL,
    -- As a rule writes them: NULL is any; for ICMP these are type and code
    from_port integer,
    to_port integer,
    -- Ports as numbers, -1 for protocols without ports
    first_port integer NOT NULL,
    last_port integer NOT NULL,
    network cidr NOT NULL,
    -- Words of well-known services on these ports
    services text [] NOT NULL,
    -- Whether the port has an address that the internet reaches
    reachable boolean NOT NULL,
    -- How much of it desired rules admit; NULL without rules
    desired text CHECK (desired IN ('all', 'part', 'none')),
    -- Whether the pieces of the port are all there
    exact boolean NOT NULL,
    -- The groups whose rules admit any of it; those of them that do so only in the cloud
    security_group_ids bigint [] NOT NULL,
    observed_only_ids bigint [] NOT NULL
);
CREATE INDEX port_exposures_order ON port_exposures (tenant_id, port_id, id);
CREATE INDEX port_exposures_port ON port_exposures (port_id);
CREATE INDEX port_exposures_groups ON port_exposures USING gin (security_group_ids);

-- How much of a tenant was open to the internet on a day, in UTC
CREATE TABLE exposure_snapshots (
    tenant_id bigint NOT NULL REFERENCES tenants ON DELETE CASCADE,
    day date NOT NULL,
    -- Ports with any exposure, and those of them that the internet reaches
    ports integer NOT NULL,
    reachable_ports integer NOT NULL,
    -- Groups with a rule that admits the internet, on ports or not
    security_groups integer NOT NULL,
    -- An object with the number of ports and of reachable ports for each service
    services jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, day)
);
CREATE INDEX exposure_snapshots_day ON exposure_snapshots (day);
