-- What size_bytes is: what the client declared, the limit where it declared nothing, or what then arrived. And how many
-- part URLs were granted since the parts of such a file were last weighed.

ALTER TABLE files ADD COLUMN sizing TEXT NOT NULL DEFAULT 'declared'
    CHECK (sizing IN ('declared', 'undeclared', 'settled'));
ALTER TABLE files ADD COLUMN unweighed_grants INTEGER NOT NULL DEFAULT 0 CHECK (unweighed_grants >= 0);

-- Uploads that nobody completes: since when their one part may arrive, and when somebody looks for it next.
ALTER TABLE files ADD COLUMN auto_since INTEGER;
ALTER TABLE files ADD COLUMN auto_look_at INTEGER CHECK (auto_look_at IS NULL OR auto_since IS NOT NULL);

-- Those to look at. Few files ever are in it.
CREATE INDEX files_by_look ON files (state, auto_look_at) WHERE auto_look_at IS NOT NULL;
