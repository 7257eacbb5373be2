-- When the last try ended of a creation whose outcome is not known. `creation_started` and this
-- bound the time in which a group in the cloud may have come of it: what another tool makes later
-- under the same name is not ours.

SET lock_timeout = '5s';

ALTER TABLE security_groups ADD COLUMN creation_ended timestamptz;
