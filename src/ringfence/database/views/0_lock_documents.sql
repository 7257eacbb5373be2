SET lock_timeout = '5s';

-- No other transaction refreshes documents until the views are replaced: the lock class of
-- `security_groups.read_model.documents`, and 0 for all tenants.
SELECT pg_advisory_xact_lock(1380533830, 0);
