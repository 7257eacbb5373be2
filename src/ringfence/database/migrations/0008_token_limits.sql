-- What a token is for, how far it reaches, and when it was last used.
-- Tokens are few: writing the table anew and looking through it takes no time.
-- squawk-ignore-file adding-field-with-default, adding-foreign-key-constraint
-- squawk-ignore-file require-concurrent-index-creation

SET lock_timeout = '5s';

ALTER TABLE tokens
ADD COLUMN uuid uuid NOT NULL DEFAULT gen_random_uuid(),
ADD COLUMN name text NOT NULL DEFAULT '',
-- Such a token changes nothing.
ADD COLUMN is_read_only boolean NOT NULL DEFAULT false,
-- Where it is set, the token reaches this project and no other, whatever its user may.
ADD COLUMN project_id bigint REFERENCES projects ON DELETE CASCADE,
-- Written in batches, never by the request that uses the token: they lag by up to a minute.
ADD COLUMN last_used timestamptz,
ADD COLUMN last_used_address inet,
ADD COLUMN use_count bigint NOT NULL DEFAULT 0;

CREATE UNIQUE INDEX tokens_uuid ON tokens (uuid);
CREATE INDEX tokens_project ON tokens (project_id) WHERE project_id IS NOT NULL;
