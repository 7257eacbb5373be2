-- What the response to a request with a key was shown on the strength of.

SET lock_timeout = '5s';

ALTER TABLE idempotency_keys
-- Permissions that were required, each with where: `access.permissions.Demand`
ADD COLUMN demands jsonb NOT NULL DEFAULT '[]';
