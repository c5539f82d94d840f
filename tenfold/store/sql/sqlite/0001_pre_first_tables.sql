-- What every Tenfold database holds beside the collections' own tables.

CREATE TABLE _collections (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    type TEXT NOT NULL,
    stored JSON NOT NULL
);

CREATE TABLE _params (
    id TEXT PRIMARY KEY NOT NULL,
    value JSON NOT NULL
);

-- The change log: one row per committed write, in commit order (SQLite has one writer).
CREATE TABLE _changes (
    seq INTEGER PRIMARY KEY NOT NULL,
    collection_id TEXT NOT NULL,
    record_id TEXT NOT NULL,
    action TEXT NOT NULL,
    image TEXT NOT NULL
);
