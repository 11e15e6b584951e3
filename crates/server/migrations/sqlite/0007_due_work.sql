-- What is owed to a row, in which lane, when, and how often it has failed. The index of each page is in the order of its
-- time, so that a page costs what it shows. Rows of before are all in slot 0; new ones are spread by their owner.

ALTER TABLE files ADD COLUMN slot INTEGER NOT NULL DEFAULT 0 CHECK (slot BETWEEN 0 AND 15);
ALTER TABLE files ADD COLUMN lane TEXT CHECK (lane IN ('drive', 'destroy', 'recheck'));
-- Invariant I9. The default is for the rows that are there; each gets its own time below.
ALTER TABLE files ADD COLUMN due_at INTEGER DEFAULT 0
    CHECK (due_at IS NOT NULL OR state NOT IN ('COMMITTING', 'DELETING', 'CLOSED'));
ALTER TABLE files ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0);

-- A time may be early, never late: what was under way is due at once.
UPDATE files SET
    lane = CASE
        WHEN state IN ('RESERVED', 'UPLOADING', 'COMMITTING', 'VERIFIED') THEN 'drive'
        WHEN state = 'DELETING' THEN 'destroy'
        WHEN state = 'CLOSED' THEN 'recheck'
    END,
    due_at = CASE
        WHEN state = 'CREATED' THEN NULL
        WHEN state = 'CLOSED' THEN recheck_at
        WHEN state = 'UPLOADING' AND auto_look_at IS NOT NULL THEN auto_look_at
        ELSE created_at
    END;

CREATE INDEX files_by_due ON files (lane, slot, due_at, id) WHERE lane IS NOT NULL;

-- When an asset's last pending file counts as abandoned, as of the last write of the asset's own row.
ALTER TABLE assets ADD COLUMN slot INTEGER NOT NULL DEFAULT 0 CHECK (slot BETWEEN 0 AND 15);
ALTER TABLE assets ADD COLUMN due_at INTEGER;
ALTER TABLE assets ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0);

UPDATE assets SET due_at =
    (SELECT MAX(f.deadline) FROM places p JOIN files f ON f.id = p.pending_file WHERE p.asset = assets.id)
    WHERE status <> 'GONE';

CREATE INDEX assets_by_due ON assets (slot, due_at, id) WHERE due_at IS NOT NULL;

-- Servers that are alive, who share the slots.
CREATE TABLE members (
    name      TEXT    NOT NULL PRIMARY KEY,
    lapses_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is done by the clock, and the run that was opened last where others go by it.
CREATE TABLE schedules (
    name     TEXT    NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    due_at   INTEGER NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    as_of    INTEGER,
    verdict  TEXT CHECK (verdict IN ('go', 'refused')),
    CHECK ((as_of IS NULL) = (verdict IS NULL))
) STRICT, WITHOUT ROWID;
