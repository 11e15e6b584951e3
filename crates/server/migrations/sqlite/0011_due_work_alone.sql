-- Jobs go by what is due: nothing is listed by its state, deadline or look any more, and servers share the work as members.

DROP INDEX files_by_state;
DROP INDEX files_by_deadline;
DROP INDEX files_by_look;
DROP TABLE leases;

-- The rows of before are all in one slot. They are spread as new ones are.
UPDATE assets SET slot = shard / 16;
UPDATE files SET slot = shard / 16;

-- How many files there are in each state.
CREATE INDEX files_by_state ON files (state);

-- Assets whose expiry has failed, and when it is tried again.
CREATE INDEX assets_retrying ON assets (slot, due_at, id) WHERE attempts > 0;
