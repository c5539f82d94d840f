-- Background jobs and the minutes in which crons were run.

CREATE TABLE IF NOT EXISTS _jobs (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    `key` LONGTEXT NOT NULL,
    payload LONGTEXT NOT NULL,
    state VARCHAR(16) NOT NULL,     -- waiting, running, done (kept for its key), dead
    due_at DOUBLE NOT NULL,         -- waiting: when to run; running: end of the lease; else: end
    attempt BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    claim VARCHAR(64) NOT NULL,
    error LONGTEXT NOT NULL,
    key_hash BINARY(32) GENERATED ALWAYS AS
        (CASE WHEN `key` <> '' THEN UNHEX(SHA2(CONCAT(SHA2(name, 256), SHA2(`key`, 256)), 256)) END)
        STORED,
    UNIQUE KEY _jobs_key (key_hash),
    KEY _jobs_due (name, state, due_at),
    KEY _jobs_ended (state, due_at)
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE {collation};

CREATE TABLE IF NOT EXISTS _cron_runs (
    cron_id VARCHAR(255) NOT NULL,
    minute BIGINT NOT NULL,
    PRIMARY KEY (cron_id, minute)
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE {collation};
