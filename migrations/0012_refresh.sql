-- A refresh whose answer was lost is asked for again under the same command id: what it was used for, and the token that took its place.
ALTER TABLE refresh_token ADD COLUMN used_for TEXT;
ALTER TABLE refresh_token ADD COLUMN next BYTEA;
