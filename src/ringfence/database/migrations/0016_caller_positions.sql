-- Up to where in the write-ahead log each user has written: what a replica must show to them.

SET lock_timeout = '5s';

-- Written after each change where reads go to a replica, and nowhere else. A crash empties it,
-- which costs no more than what it tells of: for a moment, a caller may see less than it wrote.
CREATE UNLOGGED TABLE caller_positions (
    user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- In bytes from the beginning of the log.
    position bigint NOT NULL
);
