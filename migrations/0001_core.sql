-- The core's tables, for SQLite and PostgreSQL alike.
--
-- Every key begins with the area, so that PostgreSQL can be partitioned or distributed by it.
-- Times are milliseconds since 1970 in UTC. Flags are 0 or 1. Hashes and keys are 32 bytes.

-- The tree nation > region > city. Settings that every city has are columns; policies come in tables of their own.
CREATE TABLE area (
    code          TEXT PRIMARY KEY,
    parent        TEXT REFERENCES area (code),
    level         TEXT NOT NULL,
    name          TEXT NOT NULL,
    official_code TEXT UNIQUE,
    zone          TEXT NOT NULL,
    lat           DOUBLE PRECISION NOT NULL,
    lng           DOUBLE PRECISION NOT NULL,
    offers        TEXT NOT NULL,
    boundary      TEXT,
    created_ms    BIGINT NOT NULL
);

-- The promise, versioned: the row with the latest start that is not in the future counts.
CREATE TABLE area_target (
    area      TEXT NOT NULL REFERENCES area (code),
    priority  TEXT NOT NULL,
    from_ms   BIGINT NOT NULL,
    target_ms BIGINT NOT NULL CHECK (target_ms > 0),
    PRIMARY KEY (area, priority, from_ms)
);

CREATE TABLE district (
    area     TEXT NOT NULL REFERENCES area (code),
    code     TEXT NOT NULL,
    name     TEXT NOT NULL,
    lat      DOUBLE PRECISION NOT NULL,
    lng      DOUBLE PRECISION NOT NULL,
    boundary TEXT,
    PRIMARY KEY (area, code)
);

CREATE TABLE station (
    area     TEXT NOT NULL REFERENCES area (code),
    code     TEXT NOT NULL,
    name     TEXT NOT NULL,
    district TEXT,
    lat      DOUBLE PRECISION NOT NULL,
    lng      DOUBLE PRECISION NOT NULL,
    demo     BIGINT NOT NULL,
    PRIMARY KEY (area, code)
);

-- The journal. Its head is the lock of the area: every write takes it first. Human numbers are drawn from it too.
CREATE TABLE journal_head (
    area     TEXT PRIMARY KEY REFERENCES area (code),
    seq      BIGINT NOT NULL,
    hash     BYTEA NOT NULL CHECK (length(hash) = 32),
    reports  BIGINT NOT NULL,
    incidents BIGINT NOT NULL,
    dispatches BIGINT NOT NULL
);

-- `text` is the event as it was hashed, byte for byte. `audience` is copied from it for the readers' filter.
CREATE TABLE event (
    area     TEXT NOT NULL REFERENCES area (code),
    seq      BIGINT NOT NULL,
    audience TEXT NOT NULL,
    subject  TEXT NOT NULL,
    text     TEXT NOT NULL,
    hash     BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (area, seq)
);
CREATE INDEX event_audience ON event (area, audience, seq);
CREATE INDEX event_subject ON event (area, subject, seq);

-- What a command was and what it was answered, so that a repeat gets the same answer.
CREATE TABLE command (
    area   TEXT NOT NULL REFERENCES area (code),
    id     TEXT NOT NULL,
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    reply  TEXT NOT NULL,
    at_ms  BIGINT NOT NULL,
    PRIMARY KEY (area, id)
);
CREATE INDEX command_age ON command (at_ms);

-- Personal text: one key per subject, wrapped by the master key; each text bound to its place by its context.
CREATE TABLE subject_key (
    area    TEXT NOT NULL REFERENCES area (code),
    subject TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (area, subject)
);

CREATE TABLE sealed (
    area    TEXT NOT NULL REFERENCES area (code),
    subject TEXT NOT NULL,
    context TEXT NOT NULL,
    box     BYTEA NOT NULL,
    PRIMARY KEY (area, subject, context)
);

-- A caller is found by a keyed hash of the number; the number itself is sealed.
CREATE TABLE caller (
    area        TEXT NOT NULL REFERENCES area (code),
    number_hash BYTEA NOT NULL CHECK (length(number_hash) = 32),
    subject     TEXT NOT NULL,
    PRIMARY KEY (area, number_hash)
);

-- People who can log in, each at home in an area.
CREATE TABLE account (
    area       TEXT NOT NULL REFERENCES area (code),
    id         TEXT NOT NULL,
    login      TEXT NOT NULL UNIQUE,
    password   TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    closed_ms  BIGINT,
    PRIMARY KEY (area, id),
    UNIQUE (id)
);

CREATE TABLE account_grant (
    account TEXT NOT NULL REFERENCES account (id),
    area    TEXT NOT NULL REFERENCES area (code),
    role    TEXT NOT NULL,
    PRIMARY KEY (account, area, role)
);

-- A family is one login; a token used twice ends its family.
CREATE TABLE refresh_token (
    hash       BYTEA PRIMARY KEY CHECK (length(hash) = 32),
    family     TEXT NOT NULL,
    account    TEXT NOT NULL REFERENCES account (id),
    expires_ms BIGINT NOT NULL,
    used_ms    BIGINT
);
CREATE INDEX refresh_token_family ON refresh_token (family);

CREATE TABLE ws_ticket (
    hash       BYTEA PRIMARY KEY CHECK (length(hash) = 32),
    account    TEXT NOT NULL REFERENCES account (id),
    device     TEXT NOT NULL,
    expires_ms BIGINT NOT NULL
);

CREATE TABLE device (
    id        TEXT PRIMARY KEY,
    account   TEXT NOT NULL REFERENCES account (id),
    seen_ms   BIGINT NOT NULL,
    revoked_ms BIGINT
);

-- Units. The claim of a dispatch lives on the unit's row; `dispatch_area` differs from `area` under mutual aid.
CREATE TABLE unit (
    area          TEXT NOT NULL REFERENCES area (code),
    sign          TEXT NOT NULL,
    kind          TEXT NOT NULL,
    duty          TEXT NOT NULL,
    since_ms      BIGINT NOT NULL,
    dispatch_area TEXT,
    dispatch_no   BIGINT,
    last_lat      DOUBLE PRECISION,
    last_lng      DOUBLE PRECISION,
    last_fix_ms   BIGINT,
    PRIMARY KEY (area, sign)
);

CREATE TABLE crew (
    area            TEXT NOT NULL,
    sign            TEXT NOT NULL,
    device          TEXT NOT NULL,
    account         TEXT NOT NULL REFERENCES account (id),
    position_source BIGINT NOT NULL,
    from_ms         BIGINT NOT NULL,
    to_ms           BIGINT,
    PRIMARY KEY (area, sign, device, from_ms),
    FOREIGN KEY (area, sign) REFERENCES unit (area, sign)
);
-- A phone rides with one unit at a time, and a unit has one source of its position.
CREATE UNIQUE INDEX crew_device ON crew (device) WHERE to_ms IS NULL;
CREATE UNIQUE INDEX crew_source ON crew (area, sign) WHERE to_ms IS NULL AND position_source = 1;

CREATE TABLE report (
    area         TEXT NOT NULL REFERENCES area (code),
    no           BIGINT NOT NULL,
    channel      TEXT NOT NULL,
    status       TEXT NOT NULL,
    kind         TEXT NOT NULL,
    subject      TEXT,
    outside_area BIGINT NOT NULL,
    incident_area TEXT,
    incident_no  BIGINT,
    received_ms  BIGINT NOT NULL,
    rung_ms      BIGINT NOT NULL,
    answered_ms  BIGINT,
    validated_ms BIGINT,
    closed_ms    BIGINT,
    PRIMARY KEY (area, no)
);
CREATE INDEX report_incident ON report (incident_area, incident_no);
CREATE INDEX report_status ON report (area, status);

CREATE TABLE incident (
    area          TEXT NOT NULL REFERENCES area (code),
    no            BIGINT NOT NULL,
    kind          TEXT NOT NULL,
    priority      TEXT NOT NULL,
    origin        TEXT NOT NULL,
    status        TEXT NOT NULL,
    lat           DOUBLE PRECISION NOT NULL,
    lng           DOUBLE PRECISION NOT NULL,
    place_version BIGINT NOT NULL,
    district      TEXT,
    by_sign       TEXT,
    notes         BIGINT NOT NULL,
    opened_ms     BIGINT NOT NULL,
    closed_ms     BIGINT,
    disposition   TEXT,
    unassigned_ms BIGINT,
    start_ms      BIGINT NOT NULL,
    target_ms     BIGINT NOT NULL,
    answered_ms   BIGINT,
    validated_ms  BIGINT,
    accepted_ms   BIGINT,
    en_route_ms   BIGINT,
    on_scene_ms   BIGINT,
    verified      BIGINT,
    at_risk_ms    BIGINT,
    breached_ms   BIGINT,
    PRIMARY KEY (area, no)
);
CREATE INDEX incident_open ON incident (area, priority, start_ms) WHERE closed_ms IS NULL;
CREATE INDEX incident_unassigned ON incident (area, unassigned_ms) WHERE unassigned_ms IS NOT NULL AND closed_ms IS NULL;
CREATE INDEX incident_on_scene ON incident (area, on_scene_ms);
CREATE INDEX incident_breached ON incident (area, breached_ms);

CREATE TABLE incident_place (
    area     TEXT NOT NULL,
    incident BIGINT NOT NULL,
    version  BIGINT NOT NULL,
    lat      DOUBLE PRECISION NOT NULL,
    lng      DOUBLE PRECISION NOT NULL,
    district TEXT,
    source   TEXT NOT NULL,
    at_ms    BIGINT NOT NULL,
    PRIMARY KEY (area, incident, version),
    FOREIGN KEY (area, incident) REFERENCES incident (area, no)
);

-- Append-only; the text is sealed under a subject of its own, or under the caller's where a report brought it.
CREATE TABLE note (
    area     TEXT NOT NULL,
    incident BIGINT NOT NULL,
    no       BIGINT NOT NULL,
    at_ms    BIGINT NOT NULL,
    author   TEXT NOT NULL,
    subject_area TEXT NOT NULL,
    subject  TEXT NOT NULL,
    PRIMARY KEY (area, incident, no),
    FOREIGN KEY (area, incident) REFERENCES incident (area, no)
);

CREATE TABLE dispatch (
    area        TEXT NOT NULL,
    no          BIGINT NOT NULL,
    incident    BIGINT NOT NULL,
    unit_area   TEXT NOT NULL,
    unit_sign   TEXT NOT NULL,
    status      TEXT NOT NULL,
    mode        TEXT NOT NULL,
    created_ms  BIGINT NOT NULL,
    offered_ms  BIGINT,
    delivered_ms BIGINT,
    accepted_ms BIGINT,
    en_route_ms BIGINT,
    on_scene_ms BIGINT,
    ended_ms    BIGINT,
    verified    BIGINT,
    distance_m  DOUBLE PRECISION,
    reason      TEXT,
    pick        TEXT,
    PRIMARY KEY (area, no),
    FOREIGN KEY (area, incident) REFERENCES incident (area, no),
    FOREIGN KEY (unit_area, unit_sign) REFERENCES unit (area, sign)
);
-- The second lock: a unit holds one dispatch, queued ones aside, and never the same incident twice.
CREATE UNIQUE INDEX dispatch_holds ON dispatch (unit_area, unit_sign)
    WHERE status IN ('offered', 'accepted', 'en_route', 'on_scene');
CREATE UNIQUE INDEX dispatch_once ON dispatch (area, incident, unit_area, unit_sign)
    WHERE status IN ('queued', 'offered', 'accepted', 'en_route', 'on_scene');
CREATE INDEX dispatch_incident ON dispatch (area, incident);
CREATE INDEX dispatch_queue ON dispatch (unit_area, unit_sign, created_ms) WHERE status = 'queued';

-- What has to happen by when. A row is deleted in the transaction that acts on it, so that each fires once.
CREATE TABLE deadline (
    area   TEXT NOT NULL REFERENCES area (code),
    kind   TEXT NOT NULL,
    no     BIGINT NOT NULL,
    due_ms BIGINT NOT NULL,
    PRIMARY KEY (area, kind, no)
);
CREATE INDEX deadline_due ON deadline (due_ms);

-- Positions of five minutes, packed.
CREATE TABLE track (
    area     TEXT NOT NULL,
    sign     TEXT NOT NULL,
    start_ms BIGINT NOT NULL,
    part     TEXT NOT NULL,
    points   BYTEA NOT NULL,
    PRIMARY KEY (area, sign, start_ms, part),
    FOREIGN KEY (area, sign) REFERENCES unit (area, sign)
);
CREATE INDEX track_age ON track (start_ms);
