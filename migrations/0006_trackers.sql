-- Trackers: stock apps that tell a unit's place over plain HTTP. Only a hash of the secret is kept, and a number is never
-- given twice, so that a name in the journal means one tracker for ever.
CREATE TABLE tracker (
    area            TEXT NOT NULL,
    sign            TEXT NOT NULL,
    no              BIGINT NOT NULL,
    secret          BYTEA NOT NULL CHECK (length(secret) = 32),
    position_source BIGINT NOT NULL,
    created_ms      BIGINT NOT NULL,
    revoked_ms      BIGINT,
    seen_ms         BIGINT,
    PRIMARY KEY (area, sign, no),
    FOREIGN KEY (area, sign) REFERENCES unit (area, sign)
);
