-- Sessions of the console as they are listed, and tokens that a password was enough for.
-- Both tables are small: writing them anew and looking through them takes no time.
-- squawk-ignore-file adding-field-with-default, require-concurrent-index-creation

SET lock_timeout = '5s';

ALTER TABLE console_sessions
ADD COLUMN uuid uuid NOT NULL DEFAULT gen_random_uuid(),
-- Where it was begun from
ADD COLUMN address inet;

CREATE UNIQUE INDEX console_sessions_uuid ON console_sessions (uuid);

ALTER TABLE tokens
-- It ends when the password is changed.
ADD COLUMN is_by_password boolean NOT NULL DEFAULT false;
