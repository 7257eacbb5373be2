-- Functions that tables, indexes and views use, and the extension for text search.

SET lock_timeout = '5s';

-- A UUID as the API writes it: 32 hexadecimal digits.
CREATE FUNCTION hex(uuid) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN replace($1::text, '-', '');

CREATE FUNCTION json_or_null(text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(to_json($1)::text, 'null');

-- Waldur's format: `2025-08-26T16:52:25.767170+00:00`, without microseconds if they are zero
CREATE FUNCTION json_time(timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE STRICT
RETURN '"' || to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
|| CASE
    WHEN date_trunc('second', $1) = $1 THEN ''
    ELSE to_char($1 AT TIME ZONE 'UTC', '.US')
END
|| '+00:00"';

-- All substrings of five characters, for an index: few texts share one, while a tenth of all
-- numbered names share a trigram. A shorter text has none: an empty array, because an index does
-- not find NULL.
CREATE FUNCTION substrings_of_five(whole text) RETURNS text []
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found text[] := '{}';
    piece text;
BEGIN
    -- substr() counts all characters before the one it finds. Pieces keep that cheap in long texts.
    FOR begins IN 1 .. length(whole) - 4 BY 32 LOOP
        piece := substr(whole, begins, 36);
        FOR place IN 1 .. length(piece) - 4 LOOP
            found := found || substr(piece, place, 5);
        END LOOP;
    END LOOP;
    RETURN found;
END
$$;

-- The audit trail is insert-only.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are neither changed nor removed', tg_table_name
    USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE FUNCTION refuse_early_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.created > now() - interval '30 days' THEN
        RAISE EXCEPTION 'rows of % are neither changed nor removed', tg_table_name
        USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN old;
END
$$;

-- "Contains" filters use pg_trgm. Without it they read all groups in scope, and
-- `ringfence doctor` says how to change that.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION
    WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
        RAISE NOTICE 'pg_trgm is not available: filters by a part of a name read all groups';
END
$$;
