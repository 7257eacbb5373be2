-- Whether each cloud answers, as the calls of jobs tell: what monitoring shows.

SET lock_timeout = '5s';

-- By entry of clouds.yaml; a cloud has one, and a tenant may have another.
CREATE TABLE cloud_contacts (
    entry text PRIMARY KEY,
    answered_at timestamptz,
    -- Since when no call was answered; null after an answer.
    failed_at timestamptz,
    failure text
);
