-- Times are microseconds since 1970, UTC. Sizes are bytes. Ids, names and keys are text and compare by bytes (BINARY),
-- because listings do. Every index is there for a query; a test asks the planner.

CREATE TABLE assets (
    id           TEXT    NOT NULL PRIMARY KEY,
    owner        TEXT    NOT NULL,
    collection   TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    metadata     TEXT    NOT NULL,
    fingerprint  TEXT,
    status       TEXT    NOT NULL CHECK (status IN ('UPLOADING', 'CREATED', 'GONE')),
    gone_reason  TEXT,
    created_at   INTEGER NOT NULL,
    published_at INTEGER,
    revision     INTEGER NOT NULL,
    CHECK ((status = 'GONE') = (gone_reason IS NOT NULL))
) STRICT;

-- An owner's assets, newest first; of one status; how many are open; by fingerprint.
CREATE INDEX assets_by_age ON assets (owner, collection, id);
CREATE INDEX assets_by_status ON assets (owner, status, collection, id);
CREATE INDEX assets_by_fingerprint ON assets (owner, collection, fingerprint, id);

CREATE TABLE files (
    id                 TEXT    NOT NULL PRIMARY KEY,
    asset              TEXT    NOT NULL REFERENCES assets (id),
    owner              TEXT    NOT NULL,
    role               TEXT    NOT NULL,
    visibility         TEXT    NOT NULL,
    object_key         TEXT    NOT NULL UNIQUE COLLATE BINARY,
    file_name          TEXT    NOT NULL,
    size_bytes         INTEGER NOT NULL CHECK (size_bytes > 0),
    part_size_bytes    INTEGER NOT NULL CHECK (part_size_bytes > 0),
    checksum_algorithm TEXT,
    checksum_value     TEXT,
    created_at         INTEGER NOT NULL,
    deadline           INTEGER NOT NULL,
    url_not_after      INTEGER,
    upload_id          TEXT,
    fence              INTEGER NOT NULL,
    -- The state's name, for scans and conditions; all of the state, as JSON; and when a closed file is looked at next.
    state              TEXT    NOT NULL CHECK (state IN
                           ('RESERVED', 'UPLOADING', 'COMMITTING', 'VERIFIED', 'CREATED', 'DELETING', 'CLOSED')),
    state_data         TEXT    NOT NULL,
    recheck_at         INTEGER,
    CHECK ((state = 'CLOSED') = (recheck_at IS NOT NULL)),
    CHECK (checksum_algorithm IS NOT NULL OR checksum_value IS NULL)
) STRICT;

-- The files of an asset; those a job owes something, in id order; those past their deadline; what an owner has reserved.
CREATE INDEX files_by_asset ON files (asset);
CREATE INDEX files_by_state ON files (state, recheck_at, id);
CREATE INDEX files_by_deadline ON files (state, deadline);
CREATE INDEX files_by_owner ON files (owner, state, size_bytes);

-- What an asset's roles point at.
CREATE TABLE places (
    asset          TEXT NOT NULL REFERENCES assets (id),
    role           TEXT NOT NULL,
    published_file TEXT REFERENCES files (id),
    pending_file   TEXT REFERENCES files (id),
    PRIMARY KEY (asset, role)
) STRICT, WITHOUT ROWID;

-- Who points at a file.
CREATE INDEX places_by_published ON places (published_file);
CREATE INDEX places_by_pending ON places (pending_file);

-- Idempotency-Keys. `leased_at` is when somebody last took the request on, `settled_at` when it was finished.
CREATE TABLE idempotency (
    owner       TEXT    NOT NULL,
    route       TEXT    NOT NULL,
    request_key TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    asset       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    leased_at   INTEGER NOT NULL,
    settled_at  INTEGER,
    PRIMARY KEY (owner, route, request_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_asset ON idempotency (asset);

-- Events in the order they were committed: positions only rise, also after the last row is removed.
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL,
    asset    TEXT    NOT NULL,
    owner    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL
) STRICT;

CREATE INDEX outbox_by_asset ON outbox (asset);

CREATE TABLE leases (
    name      TEXT    NOT NULL PRIMARY KEY,
    holder    TEXT    NOT NULL,
    lapses_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
