-- What every Tenfold database holds beside the collections' own tables. Each statement may run
-- again: MariaDB commits at every CREATE.

CREATE TABLE IF NOT EXISTS _collections (
    _row BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    id VARCHAR(255) NOT NULL UNIQUE,
    name VARCHAR(255) NOT NULL,
    type VARCHAR(16) NOT NULL,
    stored LONGTEXT NOT NULL,
    table_name VARCHAR(64) NOT NULL        -- where its records are; see mariadb_tables.py
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE {collation};

CREATE TABLE IF NOT EXISTS _params (
    id VARCHAR(255) NOT NULL PRIMARY KEY,
    value LONGTEXT NOT NULL
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE {collation};

-- The change log: one row per committed write, numbered in commit order; see mariadb_writer.py.
CREATE TABLE IF NOT EXISTS _changes (
    seq BIGINT NOT NULL PRIMARY KEY,
    collection_id VARCHAR(255) NOT NULL,
    record_id VARCHAR(255) NOT NULL,
    action VARCHAR(16) NOT NULL,
    image LONGTEXT NOT NULL
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE {collation};

-- One row, locked by whoever writes: the last number given out, the group that took it, and the
-- box that may write until a moment (seconds since 1970).
CREATE TABLE IF NOT EXISTS _turn (
    id TINYINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    taken_by VARCHAR(64) NOT NULL,
    database_id VARCHAR(64) NOT NULL,
    box VARCHAR(64) NOT NULL,
    until DOUBLE NOT NULL
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE {collation};

INSERT IGNORE INTO _turn (id, seq, taken_by, database_id, box, until)
VALUES (1, 0, '', UUID(), '', 0);
