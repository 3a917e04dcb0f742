-- The promise as a policy of bands, versioned; what each decided incident came to; and the sums that reports read.

-- The version whose start is the latest that is not in the future counts; of several with one start, the newest.
CREATE TABLE sla_policy (
    area    TEXT NOT NULL REFERENCES area (code),
    version BIGINT NOT NULL,
    from_ms BIGINT NOT NULL,
    set_ms  BIGINT NOT NULL,
    author  TEXT NOT NULL,
    PRIMARY KEY (area, version)
);
CREATE INDEX sla_policy_from ON sla_policy (area, from_ms, version);

-- `priority` is a priority's word, or '*' for those that have no bands of their own. No `to_m`: without end.
CREATE TABLE sla_band (
    area          TEXT NOT NULL,
    version       BIGINT NOT NULL,
    priority      TEXT NOT NULL,
    from_m        BIGINT NOT NULL,
    to_m          BIGINT,
    share         DOUBLE PRECISION NOT NULL,
    target_ms     BIGINT NOT NULL CHECK (target_ms > 0),
    answer_ms     BIGINT NOT NULL,
    processing_ms BIGINT NOT NULL,
    queue_ms      BIGINT NOT NULL,
    turnout_ms    BIGINT NOT NULL,
    travel_ms     BIGINT NOT NULL,
    PRIMARY KEY (area, version, priority, from_m),
    FOREIGN KEY (area, version) REFERENCES sla_policy (area, version)
);

-- Targets until now: one band each, split in the usual way (see `Budgets::usual`).
INSERT INTO sla_policy (area, version, from_ms, set_ms, author)
    SELECT t.area, (SELECT COUNT(DISTINCT o.from_ms) FROM area_target o WHERE o.area = t.area AND o.from_ms <= t.from_ms),
        t.from_ms, t.from_ms, 'system'
    FROM (SELECT DISTINCT area, from_ms FROM area_target) t;
INSERT INTO sla_band (area, version, priority, from_m, share, target_ms,
        answer_ms, processing_ms, queue_ms, turnout_ms, travel_ms)
    SELECT t.area, p.version, k.priority, 0, 0.9, t.target_ms,
        t.target_ms / 60, t.target_ms / 10, t.target_ms / 20, t.target_ms / 10,
        t.target_ms - t.target_ms / 60 - t.target_ms / 10 - t.target_ms / 20 - t.target_ms / 10
    FROM area_target t JOIN sla_policy p ON p.area = t.area AND p.from_ms = t.from_ms
    JOIN (SELECT 'P1' AS priority, 'P1' AS source UNION ALL SELECT 'P2', 'P2' UNION ALL SELECT 'P3', 'P3'
        UNION ALL SELECT 'P4', 'P4' UNION ALL SELECT '*', 'P2') k ON k.source = t.priority;
DROP TABLE area_target;

-- The version that an incident began under, and how far its scene is from the nearest station where that matters.
ALTER TABLE incident ADD COLUMN policy BIGINT NOT NULL DEFAULT 1;
ALTER TABLE incident ADD COLUMN station_m DOUBLE PRECISION;
-- When no unit was to be found for the first time; `unassigned_ms` is cleared when one takes it.
ALTER TABLE incident ADD COLUMN no_unit_ms BIGINT;
UPDATE incident SET policy = COALESCE((SELECT p.version FROM sla_policy p WHERE p.area = incident.area
    AND p.from_ms <= incident.start_ms ORDER BY p.from_ms DESC, p.version DESC LIMIT 1), 1), no_unit_ms = unassigned_ms;

-- What a decided incident came to, as the newest `incident.counted` of the journal tells it. `over_ms`: by how much it
-- was late; NULL where it was not, or nobody knows yet.
CREATE TABLE sla_fact (
    area     TEXT NOT NULL REFERENCES area (code),
    incident BIGINT NOT NULL,
    day      BIGINT NOT NULL,
    excluded TEXT,
    over_ms  BIGINT,
    body     TEXT NOT NULL,
    PRIMARY KEY (area, incident)
);
CREATE INDEX sla_fact_late ON sla_fact (area, day, over_ms) WHERE over_ms IS NOT NULL AND excluded IS NULL;
CREATE INDEX sla_fact_excluded ON sla_fact (area, day) WHERE excluded IS NOT NULL;

-- Sums of the facts of a city's own day (days since 1970, local), whole and by each dimension. `tally` holds counts and
-- histograms exact to the second, as JSON.
CREATE TABLE sla_sum (
    area  TEXT NOT NULL REFERENCES area (code),
    day   BIGINT NOT NULL,
    dim   TEXT NOT NULL,
    key   TEXT NOT NULL,
    tally TEXT NOT NULL,
    PRIMARY KEY (area, dim, day, key)
);
