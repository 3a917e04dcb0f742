-- Desks with people on shift, the ladders that reports climb, and what a desk knows of a report.

CREATE TABLE desk (
    area     TEXT NOT NULL REFERENCES area (code),
    name     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    title    TEXT NOT NULL,
    district TEXT,
    PRIMARY KEY (area, name)
);
-- A district has one desk.
CREATE UNIQUE INDEX desk_district ON desk (area, district) WHERE district IS NOT NULL;
INSERT INTO desk (area, name, kind, title)
    SELECT code, 'SPKT', CASE level WHEN 'nation' THEN 'mabes' WHEN 'region' THEN 'polda' ELSE 'polres' END, name FROM area;

-- Somebody sits at one desk at a time.
CREATE TABLE shift (
    area    TEXT NOT NULL,
    desk    TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES account (id),
    from_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL,
    to_ms   BIGINT,
    PRIMARY KEY (area, desk, account, from_ms),
    FOREIGN KEY (area, desk) REFERENCES desk (area, name)
);
CREATE UNIQUE INDEX shift_account ON shift (account) WHERE to_ms IS NULL;
CREATE INDEX shift_desk ON shift (area, desk, seen_ms) WHERE to_ms IS NULL;

-- An area's own flow, as JSON; without a row it is the usual one.
CREATE TABLE flow (
    area TEXT PRIMARY KEY REFERENCES area (code),
    body TEXT NOT NULL
);

ALTER TABLE report ADD COLUMN priority TEXT NOT NULL DEFAULT 'P2';
ALTER TABLE report ADD COLUMN accuracy_m DOUBLE PRECISION;
ALTER TABLE report ADD COLUMN district TEXT;
ALTER TABLE report ADD COLUMN desk_area TEXT;
ALTER TABLE report ADD COLUMN desk TEXT;
ALTER TABLE report ADD COLUMN flow TEXT;
ALTER TABLE report ADD COLUMN attention TEXT NOT NULL DEFAULT 'followed';
ALTER TABLE report ADD COLUMN stage TEXT NOT NULL DEFAULT 'answering';
ALTER TABLE report ADD COLUMN rung_no BIGINT NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN lap BIGINT NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN holder TEXT;
ALTER TABLE report ADD COLUMN passed_by TEXT;
ALTER TABLE report ADD COLUMN since_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN call TEXT;
ALTER TABLE report ADD COLUMN callback_ms BIGINT;
ALTER TABLE report ADD COLUMN callbacks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN invalid TEXT;
ALTER TABLE report ADD COLUMN closing TEXT;
ALTER TABLE report ADD COLUMN reopened BIGINT NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN recording TEXT;
ALTER TABLE report ADD COLUMN exchange_id TEXT;
-- Where a repeat looks for it: the area by what the sender said, whoever is on shift and whatever became known.
ALTER TABLE report ADD COLUMN home TEXT;
UPDATE report SET desk_area = area, desk = 'SPKT', flow = area, home = area, since_ms = received_ms,
    attention = CASE WHEN closed_ms IS NULL THEN 'followed' ELSE 'done' END;
INSERT INTO deadline (area, kind, no, due_ms)
    SELECT area, 'report', no, received_ms + 60000 FROM report WHERE closed_ms IS NULL ON CONFLICT (area, kind, no) DO NOTHING;
-- The exchange may tell of a call twice.
CREATE UNIQUE INDEX report_exchange ON report (home, exchange_id) WHERE exchange_id IS NOT NULL;
-- What a desk has in hand, and the newest of a caller.
CREATE INDEX report_desk ON report (desk_area, desk) WHERE closed_ms IS NULL;
-- What people told in a time.
CREATE INDEX report_flow ON report (flow, rung_ms);
CREATE INDEX report_holder ON report (holder) WHERE holder IS NOT NULL;
CREATE INDEX report_subject ON report (area, subject, rung_ms);
