-- Parts of a text found by what few texts hold: three characters of a numbered name stand in a
-- tenth of all names, five in few of them.
-- A transaction cannot make an index that writers need not wait for:
-- squawk-ignore-file require-concurrent-index-creation

SET lock_timeout = '5s';

-- All parts of five characters. A shorter text has none: an empty array, since null would never be
-- found.
CREATE FUNCTION substrings_of_five(whole text) RETURNS text []
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found text[] := '{}';
    piece text;
BEGIN
    -- To find a character, all before it are counted: in pieces, that stays cheap in long texts.
    FOR begins IN 1 .. length(whole) - 4 BY 32 LOOP
        piece := substr(whole, begins, 36);
        FOR place IN 1 .. length(piece) - 4 LOOP
            found := found || substr(piece, place, 5);
        END LOOP;
    END LOOP;
    RETURN found;
END
$$;

-- ILIKE compares in lower case, so lower case is what is kept; five characters compare as bytes.
-- Beside the groups rather than beside their answers, which are written more often: with each new
-- name of a customer, all of its groups'.
-- As with the trigrams, what is not merged yet is read in whole by each search: little of it.
CREATE INDEX security_groups_name_substrings
ON security_groups USING gin (substrings_of_five(lower(name)) COLLATE "C")
WITH (gin_pending_list_limit = 256);
CREATE INDEX security_groups_description_substrings
ON security_groups USING gin (substrings_of_five(lower(description)) COLLATE "C")
WITH (gin_pending_list_limit = 256);

-- What is searched for is not known when a search is planned: to look at these would be in vain.
ALTER INDEX security_groups_name_substrings ALTER COLUMN 1 SET STATISTICS 0;
ALTER INDEX security_groups_description_substrings ALTER COLUMN 1 SET STATISTICS 0;
