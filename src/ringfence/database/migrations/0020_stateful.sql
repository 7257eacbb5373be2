-- Whether a group admits replies to what it lets out (Neutron's `stateful`), as a cloud says it.

SET lock_timeout = '5s';

-- As last observed; NULL where the cloud does not say it.
ALTER TABLE security_group_observations ADD COLUMN stateful boolean;

-- As desired: what the cloud said first, or what was adopted since. A group that is made anew in
-- the cloud is made so.
ALTER TABLE security_groups ADD COLUMN stateful boolean;
