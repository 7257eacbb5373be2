-- Which projects of which clouds become tenants, and what the last run reported.

SET lock_timeout = '5s';

CREATE TABLE discoveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    -- The name of the cloud here, and the entries of clouds.yaml that lead to it
    cloud text NOT NULL CHECK (cloud <> ''),
    entries text [] NOT NULL CHECK (cardinality(entries) > 0),
    -- Names or ids; empty for all
    domains text [] NOT NULL DEFAULT '{}',
    name_pattern text NOT NULL DEFAULT '*',
    customer text,
    by_parent boolean NOT NULL DEFAULT false,
    -- Whether workers repeat it
    follow boolean NOT NULL DEFAULT false,
    created timestamptz NOT NULL DEFAULT now(),
    -- When staff last requested a run that did not end yet, and whether it creates tenants
    requested timestamptz,
    creates_tenants boolean NOT NULL DEFAULT true,
    -- A worker extends this while it runs; a run without extension is taken over.
    running_until timestamptz,
    progress text NOT NULL DEFAULT '',
    -- Of the last run that ended
    finished timestamptz,
    error_message text NOT NULL DEFAULT '',
    report jsonb,
    CONSTRAINT discoveries_customer CHECK (customer IS NULL OR NOT by_parent),
    CONSTRAINT discoveries_once UNIQUE (cloud, domains, name_pattern)
);
