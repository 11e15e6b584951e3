-- What doctor saw of the store, as JSON: one row or none.

CREATE TABLE store_profile (
    only    INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    profile TEXT    NOT NULL
) STRICT;
