-- Whether the drift of each group opens or closes anything.

SET lock_timeout = '5s';

ALTER TABLE security_group_observations
-- When both were last compared: opens, closes or none. NULL until then, in rows of release 0.1.0
ADD COLUMN drift_grade text;
