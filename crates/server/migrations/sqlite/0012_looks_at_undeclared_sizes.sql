-- Somebody looks at what has arrived of uploads that nobody completes, and of those whose size nobody declared. So when they do
-- stands apart from who says that a file is sent. A file of undeclared size has its first look after its next part URLs.

ALTER TABLE files RENAME COLUMN auto_since TO looked_since;
ALTER TABLE files RENAME COLUMN auto_look_at TO look_at;
ALTER TABLE files ADD COLUMN auto INTEGER NOT NULL DEFAULT 0 CHECK (auto IN (0, 1));
UPDATE files SET auto = 1 WHERE looked_since IS NOT NULL;
