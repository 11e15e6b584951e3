-- What this catalog knows about itself: one row. Its buckets carry id and epoch in their markers.

CREATE TABLE installation (
    only_row    INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    id          TEXT    NOT NULL,
    epoch       INTEGER NOT NULL CHECK (epoch > 0),
    marked_at   INTEGER,
    accepted_at INTEGER
) STRICT;

-- The files of a bucket in the order of their keys, as its listing shows them.
CREATE INDEX files_by_key ON files (visibility, object_key);
