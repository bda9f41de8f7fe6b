# SPDX-License-Identifier: Apache-2.0
"""The tables of what is remembered of uploads."""

REMEMBERED = """
ALTER TABLE matches ADD COLUMN is_older INTEGER NOT NULL DEFAULT 0;  -- found when its upload was there already
-- Whether uploads are remembered, and the day on which those that were deleted last left the files, as its number.
CREATE TABLE older (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), is_wanted INTEGER NOT NULL DEFAULT 0, swept_day INTEGER);
INSERT INTO older (only_row) VALUES (1);
-- Fingerprints that are still to be looked for among the uploads that are remembered.
CREATE TABLE older_newcomers (place INTEGER PRIMARY KEY AUTOINCREMENT, fingerprint_id BLOB NOT NULL);
-- Uploads that the platform deleted, by a keyed mark of its word for them, and the Unix second until which that holds.
CREATE TABLE older_deleted (mark BLOB PRIMARY KEY CHECK (length(mark) = 16), second INTEGER NOT NULL) WITHOUT ROWID;
-- Of each hour that is remembered: when asking about it began last, and how many of its uploads that has reached; null: all.
CREATE TABLE older_asked (hour INTEGER PRIMARY KEY, began_at INTEGER NOT NULL, reached INTEGER);
-- Triggers, because it must be noted in the transaction that makes a fingerprint active, whichever that is.
CREATE TRIGGER older_added AFTER INSERT ON fingerprints WHEN NEW.state = 'active' AND (SELECT is_wanted FROM older) BEGIN
    INSERT INTO older_newcomers (fingerprint_id) VALUES (NEW.id);
END;
CREATE TRIGGER older_active AFTER UPDATE OF state ON fingerprints
    WHEN NEW.state = 'active' AND OLD.state <> 'active' AND (SELECT is_wanted FROM older) BEGIN
    INSERT INTO older_newcomers (fingerprint_id) VALUES (NEW.id);
END;
"""
"""Version 14 remembered no upload that it did not match."""
