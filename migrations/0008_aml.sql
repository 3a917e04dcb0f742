-- Places that phones sent by themselves before their call was known: sealed, the best of each number, for five minutes.
CREATE TABLE aml (
    number_hash BYTEA PRIMARY KEY CHECK (length(number_hash) = 32),
    radius_m    DOUBLE PRECISION NOT NULL,
    box         BYTEA NOT NULL,
    at_ms       BIGINT NOT NULL
);
CREATE INDEX aml_age ON aml (at_ms);
-- The call of a number is looked for in all areas.
CREATE INDEX caller_number ON caller (number_hash);
