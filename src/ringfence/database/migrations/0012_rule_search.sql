-- What a rule admits in a form that is found by indexes: the prefix without host bits, whether it
-- reaches the internet, the number of the protocol and the range of ports.
--
-- The table is written again. Lists do not read it meanwhile, and changes wait.
--
-- squawk-ignore-file adding-field-with-default, require-concurrent-index-creation, prefer-bigint-over-smallint

SET lock_timeout = '5s';

-- Return a prefix in any spelling without its host bits; NULL for a text that is no prefix, and never
-- an error. See `network_of`.
CREATE FUNCTION parse_network(written text) RETURNS cidr
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    word text := lower(btrim(written, E' \t\n\r\f\v'));
    address text := split_part(word, '/', 1);
    length text := split_part(word, '/', 2);
    octets text := '((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\.|$)){4}$';
    part text := '[0-9a-f]{1,4}';
    bits integer := 32;
    groups text;
BEGIN
    IF word !~ '^[0-9a-f:.]{2,45}(/[0-9]{1,3})?$' THEN
        RETURN NULL;
    END IF;
    IF strpos(address, ':') = 0 THEN
        IF address !~ ('^' || octets) OR right(address, 1) = '.' THEN
            RETURN NULL;
        END IF;
    ELSE
        bits := 128;
        -- An IPv4 address at the end stands for two groups.
        groups := regexp_replace(address, ':' || octets, ':0:0');
        IF right(address, 1) = '.' OR NOT (
            groups ~ ('^(' || part || ':){7}' || part || '$')
            OR (
                groups ~ ('^(' || part || '(:' || part || ')*)?::(' || part || '(:' || part || ')*)?$')
                AND cardinality(array_remove(string_to_array(groups, ':'), '')) <= 7
            )
        ) THEN
            RETURN NULL;
        END IF;
    END IF;
    IF length = '' THEN
        length := bits::text;
    END IF;
    IF length::integer > bits THEN
        RETURN NULL;
    END IF;
    RETURN network(set_masklen(address::inet, length::integer));
END
$$;

-- Return the prefix of a rule without its host bits; NULL for a text that is no prefix, and never an
-- error. A text without a length is one address. See `stored_prefix` in security_groups/rules.py.
-- The usual spelling of IPv4 takes a tenth of the time of others.
CREATE FUNCTION network_of(written text) RETURNS cidr
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN
        written
        ~ '^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(/(3[0-2]|[12]?[0-9]))?$'
        THEN network(written::inet)
    ELSE parse_network(written)
END;

-- Return the prefix of a rule: that of every address of the IP version if the rule has no remote
-- end, NULL if its remote end is symbolic (a group or an address group), unreadable or of the other
-- IP version.
CREATE FUNCTION rule_network(ethertype text, prefix text, is_symbolic boolean) RETURNS cidr
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    found cidr;
BEGIN
    IF is_symbolic THEN
        RETURN NULL;
    END IF;
    IF coalesce(prefix, '') = '' OR btrim(prefix) = '' THEN
        RETURN CASE ethertype WHEN 'IPv4' THEN cidr '0.0.0.0/0' ELSE cidr '::/0' END;
    END IF;
    found := network_of(prefix);
    RETURN CASE WHEN family(found) = CASE ethertype WHEN 'IPv4' THEN 4 ELSE 6 END THEN found END;
END
$$;

-- Return whether the addresses of a rule reach beyond private, shared, link-local, loopback,
-- multicast, documentation, unspecified and reserved ranges. A prefix does unless one of the ranges
-- contains it; ranges that adjoin are written as one. No prefix is every address, and what cannot be
-- read is not known to be confined. See `security_groups/exposure.py`.
CREATE FUNCTION reaches_internet(prefix text, is_symbolic boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN NOT is_symbolic AND coalesce(
    NOT network_of(prefix) <<= ANY(
        ARRAY[
            -- Unspecified, private, shared, loopback, link-local
            '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16',
            '172.16.0.0/12',
            -- Documentation; private
            '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '192.168.0.0/16',
            -- Multicast and reserved
            '224.0.0.0/3',
            -- Unspecified and loopback; private; link-local; multicast; documentation
            '::/127', 'fc00::/7', 'fe80::/10', 'ff00::/8', '2001:db8::/32', '3fff::/20'
        ]::inet []
    ),
    true
);

-- Return the number of a rule's protocol: -1 for all protocols, and for a name without a number,
-- which admits who knows what. With IPv6, ICMP is number 58. See `box_of` in
-- security_groups/traffic_boxes.py.
CREATE FUNCTION rule_protocol_number(protocol text, ethertype text) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN ethertype = 'IPv6' AND lower(protocol) IN ('icmp', '1', '01', '001') THEN 58
    WHEN protocol ~ '^[0-9]{1,3}$'
        THEN CASE WHEN protocol::integer <= 255 THEN protocol::integer ELSE -1 END
    ELSE CASE lower(protocol)
        WHEN 'tcp' THEN 6 WHEN 'udp' THEN 17 WHEN 'icmp' THEN 1
        WHEN 'ip' THEN 0 WHEN 'hopopt' THEN 0 WHEN 'igmp' THEN 2 WHEN 'ipip' THEN 4
        WHEN 'egp' THEN 8 WHEN 'dccp' THEN 33 WHEN 'ipv6-encap' THEN 41
        WHEN 'ipv6-route' THEN 43 WHEN 'ipv6-frag' THEN 44 WHEN 'rsvp' THEN 46
        WHEN 'gre' THEN 47 WHEN 'esp' THEN 50 WHEN 'ah' THEN 51 WHEN 'ipv6-icmp' THEN 58
        WHEN 'icmpv6' THEN 58 WHEN 'ipv6-nonxt' THEN 59 WHEN 'ipv6-opts' THEN 60
        WHEN 'ospf' THEN 89 WHEN 'vrrp' THEN 112 WHEN 'pgm' THEN 113 WHEN 'sctp' THEN 132
        WHEN 'udplite' THEN 136
        ELSE -1
    END
END::smallint;

-- Return the first and the last port that a rule admits, from 0 to 65535; -1 if its protocol has no
-- ports. Number 0 is every protocol for some clouds, and some admit DCCP and UDP-Lite (33, 136)
-- whole, whatever the ports of a rule.
CREATE FUNCTION rule_first_port(protocol smallint, from_port integer, to_port integer)
RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE
        WHEN protocol <= 0 THEN 0
        WHEN protocol IN (33, 136) THEN 0
        WHEN protocol NOT IN (6, 17, 132) THEN -1
        WHEN from_port IS NULL OR (from_port <= 1 AND to_port = 65535) THEN 0
        ELSE from_port
    END;
END
$$;

CREATE FUNCTION rule_last_port(protocol smallint, from_port integer, to_port integer)
RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE
        WHEN protocol <= 0 THEN 65535
        WHEN protocol IN (33, 136) THEN 65535
        WHEN protocol NOT IN (6, 17, 132) THEN -1
        WHEN from_port IS NULL THEN 65535
        ELSE coalesce(to_port, from_port)
    END;
END
$$;

-- All substrings of three characters, for an index; see `substrings_of_five`.
CREATE FUNCTION substrings_of_three(whole text) RETURNS text []
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found text[] := '{}';
    piece text;
BEGIN
    FOR begins IN 1 .. length(whole) - 2 BY 32 LOOP
        piece := substr(whole, begins, 34);
        FOR place IN 1 .. length(piece) - 2 LOOP
            found := found || substr(piece, place, 3);
        END LOOP;
    END LOOP;
    RETURN found;
END
$$;

ALTER TABLE security_group_rules
ADD COLUMN network cidr GENERATED ALWAYS AS (
    rule_network(
        ethertype, cidr,
        num_nonnulls(
            remote_group_id, unresolved_group_backend_id, remote_address_group_backend_id
        ) > 0
    )
) STORED,
ADD COLUMN internet boolean NOT NULL GENERATED ALWAYS AS (
    reaches_internet(
        cidr,
        num_nonnulls(
            remote_group_id, unresolved_group_backend_id, remote_address_group_backend_id
        ) > 0
    )
) STORED,
ADD COLUMN protocol_number smallint NOT NULL GENERATED ALWAYS AS (
    rule_protocol_number(protocol, ethertype)
) STORED,
ADD COLUMN first_port integer NOT NULL GENERATED ALWAYS AS (
    rule_first_port(rule_protocol_number(protocol, ethertype), from_port, to_port)
) STORED,
ADD COLUMN last_port integer NOT NULL GENERATED ALWAYS AS (
    rule_last_port(rule_protocol_number(protocol, ethertype), from_port, to_port)
) STORED;

-- Rules by their prefix, widest first, and by the rest of what they admit. Few rules differ in all
-- of it, so equal entries are stored as one key with a list of rows: about 7 bytes for each rule.
CREATE INDEX security_group_rules_network ON security_group_rules (
    masklen(network), network, direction, protocol_number, first_port, last_port
);
CREATE INDEX security_group_rules_traffic ON security_group_rules (
    direction, internet, protocol_number, first_port, last_port, ethertype
);
-- Rules with a remote end that is not a row here, by its id in the cloud
CREATE INDEX security_group_rules_unresolved ON security_group_rules (unresolved_group_backend_id)
WHERE unresolved_group_backend_id IS NOT NULL;
CREATE INDEX security_group_rules_address_group
ON security_group_rules (remote_address_group_backend_id)
WHERE remote_address_group_backend_id IS NOT NULL;
-- Most rules have no description.
CREATE INDEX security_group_rules_description_substrings
ON security_group_rules USING gin (substrings_of_three(lower(description)) COLLATE "C")
WITH (gin_pending_list_limit = 256)
WHERE description <> '';
ALTER INDEX security_group_rules_description_substrings ALTER COLUMN 1 SET STATISTICS 0;
