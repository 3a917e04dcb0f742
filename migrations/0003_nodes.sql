-- Several nodes: which session of a device is the newest, wherever its socket is; and whose master key this is.

-- Each ticket that is taken begins the device's next session. The greatest number is the one that counts.
ALTER TABLE device ADD COLUMN seat BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN seated_ms BIGINT;
CREATE INDEX device_seated ON device (seated_ms);

-- One row: a fingerprint of the master key. A node with another key would seal what the others cannot read.
CREATE TABLE installation (
    id          BIGINT PRIMARY KEY CHECK (id = 1),
    fingerprint BYTEA NOT NULL CHECK (length(fingerprint) = 32)
);
