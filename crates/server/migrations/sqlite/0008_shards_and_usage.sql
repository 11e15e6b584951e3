-- Every row of an owner carries the owner's shard, the first byte of the owner id's SHA-256, as the first column of its
-- key: a catalog that is spread over several databases finds a row by it. And what each owner has is kept as numbers,
-- moved by every write, so that a limit costs one row and not a count.
--
-- `owner_shards` (owner, orphan, shard) is filled before this runs: SQLite has no SHA-256. An orphan's owner is what stood
-- in its key, which may be a hash already.

ALTER TABLE assets RENAME TO old_assets;
ALTER TABLE files RENAME TO old_files;
ALTER TABLE places RENAME TO old_places;
ALTER TABLE idempotency RENAME TO old_idempotency;

CREATE TABLE assets (
    shard        INTEGER NOT NULL CHECK (shard BETWEEN 0 AND 255),
    id           TEXT    NOT NULL,
    owner        TEXT    NOT NULL,
    collection   TEXT    NOT NULL,
    -- Empty, like the other texts, once the asset is gone.
    title        TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    metadata     TEXT    NOT NULL,
    fingerprint  TEXT,
    status       TEXT    NOT NULL CHECK (status IN ('UPLOADING', 'CREATED', 'GONE')),
    gone_reason  TEXT,
    created_at   INTEGER NOT NULL,
    published_at INTEGER,
    revision     INTEGER NOT NULL,
    slot         INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 15),
    -- When its last pending file counts as abandoned, as of the last write of this row.
    due_at       INTEGER,
    attempts     INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    PRIMARY KEY (shard, id),
    CHECK ((status = 'GONE') = (gone_reason IS NOT NULL))
) STRICT;

CREATE TABLE files (
    shard              INTEGER NOT NULL CHECK (shard BETWEEN 0 AND 255),
    id                 TEXT    NOT NULL,
    asset              TEXT    NOT NULL,
    owner              TEXT    NOT NULL,
    role               TEXT    NOT NULL,
    visibility         TEXT    NOT NULL,
    object_key         TEXT    NOT NULL COLLATE BINARY,
    file_name          TEXT    NOT NULL,
    -- What the client declared, the limit where it declared nothing, or what then arrived.
    size_bytes         INTEGER NOT NULL CHECK (size_bytes > 0),
    part_size_bytes    INTEGER NOT NULL CHECK (part_size_bytes > 0),
    sizing             TEXT    NOT NULL CHECK (sizing IN ('declared', 'undeclared', 'settled')),
    unweighed_grants   INTEGER NOT NULL CHECK (unweighed_grants >= 0),
    checksum_algorithm TEXT,
    checksum_value     TEXT,
    -- Uploads that nobody completes: since when their one part may arrive, and when somebody looks for it next.
    auto_since         INTEGER,
    auto_look_at       INTEGER CHECK (auto_look_at IS NULL OR auto_since IS NOT NULL),
    -- Whether it was announced for an asset that was CREATED already: then it is an open upload of its own.
    addition           INTEGER NOT NULL CHECK (addition IN (0, 1)),
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
    -- What is owed to it, in which lane, when, and how often it has failed.
    slot               INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 15),
    lane               TEXT    CHECK (lane IN ('drive', 'destroy', 'recheck')),
    due_at             INTEGER,
    attempts           INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    PRIMARY KEY (shard, id),
    FOREIGN KEY (shard, asset) REFERENCES assets (shard, id),
    CHECK ((state = 'CLOSED') = (recheck_at IS NOT NULL)),
    CHECK (checksum_algorithm IS NOT NULL OR checksum_value IS NULL),
    -- Invariant I9.
    CHECK (due_at IS NOT NULL OR state NOT IN ('COMMITTING', 'DELETING', 'CLOSED'))
) STRICT;

-- What an asset's roles point at.
CREATE TABLE places (
    shard          INTEGER NOT NULL,
    asset          TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    published_file TEXT,
    pending_file   TEXT,
    PRIMARY KEY (shard, asset, role),
    FOREIGN KEY (shard, asset) REFERENCES assets (shard, id),
    FOREIGN KEY (shard, published_file) REFERENCES files (shard, id),
    FOREIGN KEY (shard, pending_file) REFERENCES files (shard, id)
) STRICT, WITHOUT ROWID;

-- Idempotency-Keys. `leased_at` is when somebody last took the request on, `settled_at` when it was finished.
CREATE TABLE idempotency (
    shard       INTEGER NOT NULL CHECK (shard BETWEEN 0 AND 255),
    owner       TEXT    NOT NULL,
    route       TEXT    NOT NULL,
    request_key TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    asset       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    leased_at   INTEGER NOT NULL,
    settled_at  INTEGER,
    PRIMARY KEY (shard, owner, route, request_key)
) STRICT, WITHOUT ROWID;

-- What each owner has; never less than nothing. `landfall audit` holds it against a count.
CREATE TABLE owners (
    shard          INTEGER NOT NULL CHECK (shard BETWEEN 0 AND 255),
    owner          TEXT    NOT NULL,
    open_uploads   INTEGER NOT NULL CHECK (open_uploads >= 0),
    reserved_bytes INTEGER NOT NULL CHECK (reserved_bytes >= 0),
    stored_bytes   INTEGER NOT NULL CHECK (stored_bytes >= 0),
    PRIMARY KEY (shard, owner)
) STRICT, WITHOUT ROWID;

-- What an owner wrote about an asset that is gone is not kept any longer.
INSERT INTO assets
    SELECT shard, id, owner, collection,
        CASE status WHEN 'GONE' THEN '' ELSE title END,
        CASE status WHEN 'GONE' THEN '' ELSE description END,
        CASE status WHEN 'GONE' THEN '{}' ELSE metadata END,
        CASE status WHEN 'GONE' THEN NULL ELSE fingerprint END,
        status, gone_reason, created_at, published_at, revision, slot, due_at, attempts
    FROM old_assets a JOIN owner_shards s USING (owner) WHERE s.orphan = (a.gone_reason IS 'orphan');

INSERT INTO files
    SELECT a.shard, f.id, f.asset, f.owner, f.role, f.visibility, f.object_key, f.file_name, f.size_bytes,
        f.part_size_bytes, f.sizing, f.unweighed_grants, f.checksum_algorithm, f.checksum_value, f.auto_since,
        f.auto_look_at,
        a.status = 'CREATED' AND f.state IN ('RESERVED', 'UPLOADING', 'COMMITTING', 'VERIFIED'),
        f.created_at, f.deadline, f.url_not_after, f.upload_id, f.fence, f.state, f.state_data, f.recheck_at,
        f.slot, f.lane, f.due_at, f.attempts
    FROM old_files f JOIN assets a ON a.id = f.asset;

INSERT INTO places
    SELECT a.shard, p.asset, p.role, p.published_file, p.pending_file
    FROM old_places p JOIN assets a ON a.id = p.asset;

INSERT INTO idempotency
    SELECT shard, owner, route, request_key, body, asset, created_at, leased_at, settled_at
    FROM old_idempotency JOIN owner_shards s USING (owner) WHERE NOT s.orphan;

DROP TABLE old_places;
DROP TABLE old_files;
DROP TABLE old_assets;
DROP TABLE old_idempotency;

-- An owner's assets, newest first; of one status; by fingerprint. And those of everybody.
CREATE INDEX assets_by_age ON assets (shard, owner, collection, id);
CREATE INDEX assets_by_status ON assets (shard, owner, status, collection, id);
CREATE INDEX assets_by_fingerprint ON assets (shard, owner, collection, fingerprint, id);
CREATE INDEX assets_by_id ON assets (id);
CREATE INDEX assets_by_due ON assets (slot, due_at, id) WHERE due_at IS NOT NULL;

-- The files of an asset; those in a state, in id order; those past their deadline; those that are due, and one of them
-- by its id alone; those to look for; and the files of a bucket in the order of their keys, as its listing shows them.
CREATE INDEX files_by_asset ON files (shard, asset);
CREATE INDEX files_by_state ON files (state, recheck_at, id);
CREATE INDEX files_by_deadline ON files (state, deadline);
CREATE INDEX files_by_due ON files (lane, slot, due_at, id) WHERE lane IS NOT NULL;
CREATE INDEX files_by_look ON files (state, auto_look_at) WHERE auto_look_at IS NOT NULL;
CREATE UNIQUE INDEX files_by_id ON files (id);
CREATE UNIQUE INDEX files_by_key ON files (visibility, object_key);

-- Who points at a file.
CREATE INDEX places_by_published ON places (shard, published_file);
CREATE INDEX places_by_pending ON places (shard, pending_file);

CREATE INDEX idempotency_by_age ON idempotency (created_at);

ALTER TABLE outbox ADD COLUMN shard INTEGER NOT NULL DEFAULT 0 CHECK (shard BETWEEN 0 AND 255);
UPDATE outbox SET shard = (SELECT s.shard FROM owner_shards s WHERE s.owner = outbox.owner AND NOT s.orphan);
DROP INDEX outbox_by_asset;
DROP INDEX outbox_by_owner;
CREATE INDEX outbox_by_asset ON outbox (shard, asset);
CREATE INDEX outbox_by_owner ON outbox (shard, owner, position);

INSERT INTO owners
    SELECT shard, owner, SUM(open_uploads), SUM(reserved_bytes), SUM(stored_bytes) FROM (
        SELECT shard, owner, status = 'UPLOADING' AS open_uploads, 0 AS reserved_bytes, 0 AS stored_bytes FROM assets
        UNION ALL
        SELECT shard, owner,
            CASE WHEN state IN ('RESERVED', 'UPLOADING', 'COMMITTING', 'VERIFIED') THEN addition ELSE 0 END,
            CASE WHEN state IN ('RESERVED', 'UPLOADING', 'COMMITTING', 'VERIFIED') THEN size_bytes ELSE 0 END,
            CASE WHEN state = 'CREATED' THEN size_bytes ELSE 0 END
        FROM files
    ) GROUP BY shard, owner;
