-- Deadlines are read kind by kind: a flood of reminders must not stand before a promise that breaks now.
DROP INDEX deadline_due;
CREATE INDEX deadline_due ON deadline (kind, due_ms);

-- Times that a report rang on because no desk took it, or came back from one; until now as far as its laps tell.
ALTER TABLE report ADD COLUMN returned BIGINT NOT NULL DEFAULT 0;
UPDATE report SET returned = lap WHERE lap > 0;
