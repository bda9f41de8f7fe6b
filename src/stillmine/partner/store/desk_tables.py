# SPDX-License-Identifier: Apache-2.0
"""The tables of the reviewers' desk, a step of the schema: schema.py. Must never hold a key or a token themselves."""

REVIEWERS = """
-- Who decides on the review page. Nothing of them is kept with a match.
CREATE TABLE reviewers (
    name           TEXT PRIMARY KEY,
    key_hash       BLOB NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    decided        INTEGER NOT NULL DEFAULT 0,              -- since the last break
    decided_minute INTEGER NOT NULL DEFAULT 0,              -- of the last decision
    rest_until     INTEGER                                  -- Unix seconds; null: no break
);
CREATE TABLE review_sessions (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    name       TEXT NOT NULL,
    until      INTEGER NOT NULL                             -- Unix seconds
) WITHOUT ROWID;
-- What a reviewer looks at, until then; with a `review`, what they decided, which is recorded then and can be undone before.
CREATE TABLE review_holds (
    upload_id BLOB PRIMARY KEY,                             -- of a match without an upload its own id
    match_id  BLOB NOT NULL,
    name      TEXT NOT NULL,
    until     INTEGER NOT NULL,                             -- Unix seconds
    review    TEXT,                                         -- Review as JSON
    report_id BLOB NOT NULL DEFAULT (randomblob(16))
);
"""
"""Version 13 had no pages for reviewers."""
