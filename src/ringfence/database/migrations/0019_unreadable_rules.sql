-- Rules that a cloud has and that cannot be read, with the observation of their group.

SET lock_timeout = '5s';

-- A list of objects: the rule's id in the cloud, and the reason.
ALTER TABLE security_group_observations
ADD COLUMN unreadable jsonb NOT NULL DEFAULT '[]';
