-- Callers: what supervisors say of them, who saw their numbers, and the rotation of the master key.

-- A caller may have several subjects in an area: what was told before the number was known lies under one of its own.
CREATE TABLE caller_subject (
    area        TEXT NOT NULL REFERENCES area (code),
    number_hash BYTEA NOT NULL CHECK (length(number_hash) = 32),
    subject     TEXT NOT NULL,
    PRIMARY KEY (area, subject)
);
INSERT INTO caller_subject (area, number_hash, subject) SELECT area, number_hash, subject FROM caller;
DROP TABLE caller;
ALTER TABLE caller_subject RENAME TO caller;
CREATE INDEX caller_number ON caller (number_hash, area);

-- A flag hangs on a subject of the caller; its reasons are sealed there, in the contexts `flag/ID` and `lift/ID`. The
-- grade lasts until `until_ms` and then goes down by itself. Nothing here lasts for ever.
CREATE TABLE caller_flag (
    area      TEXT NOT NULL REFERENCES area (code),
    id        TEXT NOT NULL,
    subject   TEXT NOT NULL,
    grade     TEXT NOT NULL,
    actor     TEXT NOT NULL,
    from_ms   BIGINT NOT NULL,
    until_ms  BIGINT NOT NULL,
    lifted_ms BIGINT,
    PRIMARY KEY (area, id),
    UNIQUE (id)
);
CREATE INDEX caller_flag_subject ON caller_flag (area, subject);
CREATE INDEX caller_flag_until ON caller_flag (until_ms);

-- The reports that a flag rests on.
CREATE TABLE caller_evidence (
    area        TEXT NOT NULL,
    flag        TEXT NOT NULL,
    report_area TEXT NOT NULL,
    report_no   BIGINT NOT NULL,
    PRIMARY KEY (area, flag, report_area, report_no),
    FOREIGN KEY (area, flag) REFERENCES caller_flag (area, id)
);

-- Who saw a whole number lately, so that nobody reads many; the journal keeps it for good. A note is sealed under the
-- caller, in the context `unmask/ID`.
CREATE TABLE unmasking (
    area      TEXT NOT NULL REFERENCES area (code),
    id        TEXT NOT NULL,
    report_no BIGINT NOT NULL,
    account   TEXT NOT NULL,
    at_ms     BIGINT NOT NULL,
    PRIMARY KEY (area, id)
);
CREATE INDEX unmasking_account ON unmasking (account, at_ms);

-- What is past keeping is found by when it was closed.
CREATE INDEX report_kept ON report (closed_ms) WHERE subject IS NOT NULL;

-- Nodes that serve, by when each was last heard of: the master key is not rotated under them.
CREATE TABLE node (
    id      TEXT PRIMARY KEY,
    seen_ms BIGINT NOT NULL
);

-- A rotation under way: to which key, and how many rows it has changed. While it is, nobody makes a subject.
ALTER TABLE installation ADD COLUMN next_fingerprint BYTEA;
ALTER TABLE installation ADD COLUMN rekeyed BIGINT NOT NULL DEFAULT 0;

-- Public keys that signed checkpoints before, each vouched for by the present one.
CREATE TABLE former_key (
    public    BYTEA PRIMARY KEY CHECK (length(public) = 32),
    until_ms  BIGINT NOT NULL,
    signature BYTEA NOT NULL
);
