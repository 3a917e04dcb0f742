-- Messages from and to citizens.

-- What is to be sent, written in the transaction of what causes it. A row is taken by moving `next_ms` to where the taker's
-- time is over, in one guarded statement: no two nodes send it at once, and what a dead node took is due again then.
-- Recipient and text are sealed under the caller, in the context `message/ID`.
CREATE TABLE outbox (
    area         TEXT NOT NULL REFERENCES area (code),
    id           TEXT NOT NULL,
    report_no    BIGINT NOT NULL,
    channel      TEXT NOT NULL,
    -- Which of our own numbers it goes out from.
    sender       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    state        TEXT NOT NULL,
    attempts     BIGINT NOT NULL,
    next_ms      BIGINT NOT NULL,
    created_ms   BIGINT NOT NULL,
    sent_ms      BIGINT,
    -- A keyed hash of the channel's own name for it, which may hold the recipient's number.
    channel_hash BYTEA CHECK (length(channel_hash) = 32),
    -- How far it came, as the channel tells: the word, and its rank, which only grows.
    progress     TEXT,
    rank         BIGINT NOT NULL DEFAULT 0,
    left_ms      BIGINT,
    delivered_ms BIGINT,
    read_ms      BIGINT,
    failed_ms    BIGINT,
    error        TEXT,
    PRIMARY KEY (area, id),
    FOREIGN KEY (area, report_no) REFERENCES report (area, no)
);
CREATE INDEX outbox_due ON outbox (next_ms) WHERE state = 'queued';
CREATE INDEX outbox_report ON outbox (area, report_no, id);
CREATE INDEX outbox_channel_hash ON outbox (area, channel_hash) WHERE channel_hash IS NOT NULL;

-- What came in, by a keyed hash of the channel's name for it: channels deliver twice.
CREATE TABLE inbox (
    area         TEXT NOT NULL REFERENCES area (code),
    channel      TEXT NOT NULL,
    message_hash BYTEA NOT NULL CHECK (length(message_hash) = 32),
    report_no    BIGINT NOT NULL,
    at_ms        BIGINT NOT NULL,
    received_ms  BIGINT NOT NULL,
    PRIMARY KEY (area, channel, message_hash),
    FOREIGN KEY (area, report_no) REFERENCES report (area, no)
);
CREATE INDEX inbox_age ON inbox (received_ms);

-- With whom we speak about which report, by a keyed hash of the number.
CREATE TABLE conversation (
    area        TEXT NOT NULL REFERENCES area (code),
    channel     TEXT NOT NULL,
    number_hash BYTEA NOT NULL CHECK (length(number_hash) = 32),
    report_no   BIGINT NOT NULL,
    -- Which of our own numbers was written to.
    sender      TEXT NOT NULL,
    -- The newest message of the citizen, by the channel's clock, and when one was last received here.
    heard_ms    BIGINT NOT NULL,
    active_ms   BIGINT NOT NULL,
    -- When the newest place was sent, by the channel's clock: an older one that comes later does not count.
    placed_ms   BIGINT,
    PRIMARY KEY (area, channel, number_hash),
    FOREIGN KEY (area, report_no) REFERENCES report (area, no)
);
CREATE INDEX conversation_report ON conversation (area, report_no);

-- What the citizen said of a report by its link; words are sealed under the caller, in the context `rating/REPORT`.
CREATE TABLE citizen_word (
    area         TEXT NOT NULL REFERENCES area (code),
    report_no    BIGINT NOT NULL,
    cancelled_ms BIGINT,
    stars        BIGINT CHECK (stars BETWEEN 1 AND 5),
    rated_ms     BIGINT,
    PRIMARY KEY (area, report_no),
    FOREIGN KEY (area, report_no) REFERENCES report (area, no)
);

-- Complaints about how a report was handled; the words are sealed under the caller, in the context `complaint/ID`.
CREATE TABLE complaint (
    area        TEXT NOT NULL REFERENCES area (code),
    id          TEXT NOT NULL,
    report_no   BIGINT NOT NULL,
    subject     TEXT NOT NULL,
    destination TEXT NOT NULL,
    at_ms       BIGINT NOT NULL,
    PRIMARY KEY (area, id),
    FOREIGN KEY (area, report_no) REFERENCES report (area, no)
);
CREATE INDEX complaint_time ON complaint (area, at_ms);
