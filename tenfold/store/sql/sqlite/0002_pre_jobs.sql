-- Background jobs and the minutes in which crons were run.

CREATE TABLE _jobs (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,          -- JSON (a JSON column would turn the text 1 into a number)
    state TEXT NOT NULL,            -- waiting, running, done (kept for its key), dead
    due_at REAL NOT NULL,           -- waiting: when to run; running: end of the lease; else: end
    attempt INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    claim TEXT NOT NULL,
    error TEXT NOT NULL
);

CREATE INDEX _jobs_due ON _jobs (name, due_at) WHERE state IN ('waiting', 'running');
CREATE INDEX _jobs_ended ON _jobs (due_at) WHERE state IN ('done', 'dead');
CREATE UNIQUE INDEX _jobs_key ON _jobs (name, key) WHERE key != '';

CREATE TABLE _cron_runs (
    cron_id TEXT NOT NULL,
    minute INTEGER NOT NULL,
    PRIMARY KEY (cron_id, minute)
) WITHOUT ROWID;
