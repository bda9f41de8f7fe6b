# SPDX-License-Identifier: Apache-2.0
"""The partner's SQLite file: its tables, its version and the settings that every connection needs.

Erasing is a promise here, so `secure_delete` overwrites what is deleted, `journal_mode=WAL` is paired with checkpoints that
empty the log, and what SQLite leaves where it moves rows is looked for (see Store.forget_erased). The file must never be readable by
anyone but its owner.
"""

import contextlib
import os
import sqlite3
from pathlib import Path

from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.store.damage import SUM, know_checks
from stillmine.partner.store.desk_tables import REVIEWERS
from stillmine.partner.store.older_tables import REMEMBERED

FILE_NAME = "partner.sqlite3"
BUSY_TIMEOUT_MILLISECONDS = 5000

_TABLES = """
-- The newest state of each fingerprint in this partner's feed. The check holds whatever the code does:
-- no tombstone keeps a value.
CREATE TABLE fingerprints (
    id          BLOB PRIMARY KEY CHECK (length(id) = 16),   -- immutable: opaque, made for this partner
    kind        TEXT NOT NULL,                              -- immutable
    state       TEXT NOT NULL,                              -- active, suspended, withdrawn
    value       BLOB,                                       -- only while active: bytes of pdq, sha256, md5; text of others
    quality     INTEGER,
    generation  INTEGER NOT NULL,                           -- the fetch that last saw it; an older one is swept
    CHECK ((state = 'active') = (value IS NOT NULL))
) WITHOUT ROWID;

-- One row. `synced_at` is Unix seconds of the last sync that reached the feed's end.
CREATE TABLE place (
    only_row            INTEGER PRIMARY KEY CHECK (only_row = 1),
    exchange_url        TEXT,
    cursor              TEXT,
    acknowledged_cursor TEXT,
    synced_at           INTEGER,
    generation          INTEGER NOT NULL DEFAULT 0,
    is_refetching       INTEGER NOT NULL DEFAULT 0,         -- fetching from the start; sweep at the end
    kinds               TEXT                                -- kinds that were matched when this list was fetched
);
INSERT INTO place (only_row) VALUES (1);

-- What is kept of a match. Nothing of the upload, and no exact distance.
CREATE TABLE matches (
    match_id       BLOB PRIMARY KEY CHECK (length(match_id) = 16),
    fingerprint_id BLOB NOT NULL,
    kind           TEXT NOT NULL,
    variant        TEXT,                                    -- of pdq and vpdq
    bucket         TEXT,                                    -- of pdq and vpdq
    class          TEXT NOT NULL,
    matched_minute INTEGER NOT NULL,                        -- Unix minutes; finer times are not kept
    decision       TEXT,                                    -- mutable: the last review counts
    reason         TEXT
) WITHOUT ROWID;

-- Feedback that the exchange has not taken yet, in the order it arose.
CREATE TABLE outbox (
    place          INTEGER PRIMARY KEY AUTOINCREMENT,
    feedback_id    BLOB NOT NULL UNIQUE CHECK (length(feedback_id) = 16),
    fingerprint_id BLOB NOT NULL,
    outcome        TEXT NOT NULL,
    reason         TEXT
);
"""

_VOTES = """
-- Votes on fingerprints that the exchange has not taken yet, in the order in which reviewers gave them.
CREATE TABLE vote_outbox (
    place          INTEGER PRIMARY KEY AUTOINCREMENT,
    vote_id        BLOB NOT NULL UNIQUE CHECK (length(vote_id) = 16),
    fingerprint_id BLOB NOT NULL,
    vote           TEXT NOT NULL,
    reason         TEXT
);
"""
"""Version 2 knew no votes."""

_UPLOADS = """
-- Of an upload that matched: the token under which it is reported, and all fingerprints that it matched, nearest first, 16 bytes each.
CREATE TABLE uploads (
    upload_id BLOB PRIMARY KEY CHECK (length(upload_id) = 16),
    token     BLOB NOT NULL CHECK (length(token) = 16),
    near      BLOB NOT NULL
);
ALTER TABLE matches ADD COLUMN upload_id BLOB;               -- null for matches of before version 4
ALTER TABLE outbox ADD COLUMN token BLOB;
ALTER TABLE outbox ADD COLUMN near BLOB NOT NULL DEFAULT x'';
-- Active fingerprints that an operator of the exchange was asked to look at.
CREATE TABLE flagged (id BLOB PRIMARY KEY CHECK (length(id) = 16)) WITHOUT ROWID;
"""
"""Version 3 knew single fingerprints, not what else an upload matched."""

_LEFTOVERS = """
ALTER TABLE place ADD COLUMN has_leftovers INTEGER NOT NULL DEFAULT 1;   -- erased values may still stand in the file
"""
"""Version 4 did not look whether SQLite had left any."""

_ONE_UPLOAD = """
ALTER TABLE uploads ADD COLUMN content_id TEXT;              -- the platform's own word, where it said one
CREATE INDEX uploads_of_content ON uploads (content_id) WHERE content_id IS NOT NULL;
CREATE TABLE matches_in_order (
    place          INTEGER PRIMARY KEY AUTOINCREMENT,       -- the order in which they are listed; never used again
    match_id       BLOB NOT NULL UNIQUE CHECK (length(match_id) = 16),
    fingerprint_id BLOB NOT NULL,
    kind           TEXT NOT NULL,
    variant        TEXT,                                    -- of pdq and vpdq
    bucket         TEXT,                                    -- of pdq that the list found
    class          TEXT NOT NULL,
    matched_minute INTEGER NOT NULL,                        -- Unix minutes; finer times are not kept
    upload_id      BLOB,                                    -- null for matches of before version 4
    undone         TEXT NOT NULL DEFAULT '',                -- words with commas between
    spans          TEXT NOT NULL DEFAULT '[]',              -- MatchedSpans as JSON
    is_flagged     INTEGER NOT NULL DEFAULT 0,
    is_synthetic   INTEGER,                                 -- null: nobody said
    is_listed      INTEGER NOT NULL DEFAULT 1,              -- found in the list, not by asking alone
    is_gone        INTEGER NOT NULL DEFAULT 0,              -- its upload was looked up again, whole, and matched nothing
    decision       TEXT,                                    -- mutable: the last review counts
    reason         TEXT,
    decided_minute INTEGER,                                 -- of the last review; of one of before version 6 that of the match
    is_own         INTEGER NOT NULL DEFAULT 0               -- decided by itself, not with another match of its upload
);
INSERT INTO matches_in_order (match_id, fingerprint_id, kind, variant, bucket, class, matched_minute, upload_id, decision, reason,
                              decided_minute, is_own)
    SELECT match_id, fingerprint_id, kind, variant, bucket, class, matched_minute, upload_id, decision, reason,
           CASE WHEN decision IS NOT NULL THEN matched_minute END, decision IS NOT NULL FROM matches
    ORDER BY matched_minute, match_id;
DROP TABLE matches;
ALTER TABLE matches_in_order RENAME TO matches;
CREATE INDEX matches_of_upload ON matches (upload_id);
UPDATE matches SET (decision, reason, decided_minute) =
    (SELECT decision, reason, decided_minute FROM matches AS other WHERE other.upload_id = matches.upload_id AND other.is_own
     ORDER BY other.place LIMIT 1)
    WHERE NOT is_own AND upload_id IS NOT NULL;
CREATE INDEX matches_decided ON matches (decided_minute) WHERE decided_minute IS NOT NULL;
CREATE INDEX matches_open ON matches (place) WHERE decision IS NULL;
"""
"""Version 5 could not list matches, and made new ones each time that an upload was screened."""

_WAY = """
ALTER TABLE place ADD COLUMN way TEXT;                       -- in which uploads were looked up last: ask, list, both
UPDATE place SET way = 'list' WHERE cursor IS NOT NULL OR EXISTS (SELECT 1 FROM fingerprints);
"""
"""Version 6 knew the list alone."""

_REGIONS = """
ALTER TABLE matches ADD COLUMN found_by TEXT NOT NULL DEFAULT '';   -- kinds with commas between; none: its own
ALTER TABLE matches ADD COLUMN judges TEXT;                         -- of pdq: agreed, disputed, one_judge
ALTER TABLE matches ADD COLUMN transform TEXT;                      -- of regions: Transform as JSON
-- How often regions recur in uploads, in counters that many share.
CREATE TABLE recurring (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), counters BLOB NOT NULL);
"""
"""Version 7 knew values alone."""

_CHECKS = """
ALTER TABLE fingerprints ADD COLUMN check_sum INTEGER;              -- of the row, so that a damaged one is known: store/damage.py
UPDATE fingerprints SET check_sum = row_check(id, kind, state, value, quality);
"""
"""Version 8 took whatever the disk gave back."""

_WEBHOOKS = """
-- Where webhooks are sent, and how that goes. `held` counts the rows of webhook_events, `not_queued` what found no room there.
CREATE TABLE webhook (
    only_row        INTEGER PRIMARY KEY CHECK (only_row = 1),
    url             TEXT,
    is_wanted       INTEGER NOT NULL DEFAULT 0,
    is_switched_off INTEGER NOT NULL DEFAULT 0,             -- the target answered 410
    held            INTEGER NOT NULL DEFAULT 0,
    not_queued      INTEGER NOT NULL DEFAULT 0,
    problem         TEXT                                    -- of the last try
);
INSERT INTO webhook (only_row) VALUES (1);
-- What the platform was not told yet. What it says is read from the match when it is sent.
CREATE TABLE webhook_events (
    place      INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id BLOB NOT NULL DEFAULT (randomblob(16)),      -- immutable: the same on each try
    type       TEXT NOT NULL,
    match_id   BLOB NOT NULL,
    minute     INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER) / 60),
    tries      INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER DEFAULT 0                            -- Unix seconds of the next try; null: failed
);
CREATE INDEX webhook_events_due ON webhook_events (due_at, place);
CREATE INDEX webhook_events_of_match ON webhook_events (match_id);
CREATE INDEX matches_of_fingerprint ON matches (fingerprint_id);
CREATE TRIGGER webhook_events_room BEFORE INSERT ON webhook_events
    WHEN (SELECT NOT is_wanted OR held >= 100000 FROM webhook) BEGIN
    UPDATE webhook SET not_queued = not_queued + is_wanted;
    SELECT RAISE(IGNORE);
END;
CREATE TRIGGER webhook_events_more AFTER INSERT ON webhook_events BEGIN UPDATE webhook SET held = held + 1; END;
CREATE TRIGGER webhook_events_less AFTER DELETE ON webhook_events BEGIN UPDATE webhook SET held = held - 1; END;
-- Triggers, because whoever writes a match must queue it in the same transaction: the service, and commands beside it.
CREATE TRIGGER match_found AFTER INSERT ON matches BEGIN
    INSERT INTO webhook_events (type, match_id) VALUES ('match.found', NEW.match_id);
END;
CREATE TRIGGER match_decided AFTER UPDATE OF decision, reason ON matches
    WHEN NEW.decision IS NOT OLD.decision OR NEW.reason IS NOT OLD.reason BEGIN
    INSERT INTO webhook_events (type, match_id) VALUES ('match.decided', NEW.match_id);
END;
CREATE TRIGGER match_gone AFTER UPDATE OF is_gone ON matches WHEN NEW.is_gone AND NOT OLD.is_gone BEGIN
    INSERT INTO webhook_events (type, match_id) VALUES ('match.withdrawn', NEW.match_id);
END;
CREATE TRIGGER match_forgotten AFTER DELETE ON matches BEGIN
    DELETE FROM webhook_events WHERE match_id = OLD.match_id;
END;
"""
"""Version 9 told nobody."""

_SOURCES = """
ALTER TABLE matches ADD COLUMN source TEXT NOT NULL DEFAULT 'exchange';      -- where the fingerprint is from
ALTER TABLE matches ADD COLUMN action TEXT NOT NULL DEFAULT 'match';         -- match or review, as when it was screened last
ALTER TABLE matches ADD COLUMN is_in_own_negative_bank INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN source TEXT NOT NULL DEFAULT 'exchange';       -- which is told
ALTER TABLE vote_outbox ADD COLUMN source TEXT NOT NULL DEFAULT 'exchange';
-- What an upload matched in each source: the token under which that is reported there, and all fingerprints, nearest first, 16 bytes each.
CREATE TABLE upload_sources (
    upload_id BLOB NOT NULL CHECK (length(upload_id) = 16),
    source    TEXT NOT NULL,
    token     BLOB NOT NULL CHECK (length(token) = 16),
    near      BLOB NOT NULL,
    PRIMARY KEY (upload_id, source)
) WITHOUT ROWID;
INSERT INTO upload_sources SELECT upload_id, 'exchange', token, near FROM uploads;
ALTER TABLE uploads DROP COLUMN near;
ALTER TABLE uploads DROP COLUMN token;
"""
"""Version 10 had one source."""

_OLDER = """
ALTER TABLE outbox ADD COLUMN is_older INTEGER NOT NULL DEFAULT 0;   -- found in what was uploaded before: spec/backfill.md
"""
"""Version 11 knew nothing of what was uploaded before it."""

_SCREENINGS = """
ALTER TABLE webhook_events RENAME COLUMN match_id TO about;         -- the id of a match, or of a screening
-- Uploads that are answered later.
CREATE TABLE screenings (
    place           INTEGER PRIMARY KEY AUTOINCREMENT,
    screening_id    BLOB NOT NULL UNIQUE CHECK (length(screening_id) = 16),
    content_id      TEXT,                                   -- the platform's own word, where it said one
    accepted_minute INTEGER NOT NULL,
    finished_minute INTEGER,
    result          TEXT                                    -- ScreenResult as JSON; null while the answer is owed
);
CREATE INDEX screenings_finished ON screenings (finished_minute) WHERE finished_minute IS NOT NULL;
CREATE INDEX screenings_owed ON screenings (place) WHERE result IS NULL;
CREATE TRIGGER screening_finished AFTER UPDATE OF result ON screenings WHEN OLD.result IS NULL AND NEW.result IS NOT NULL BEGIN
    INSERT INTO webhook_events (type, about) VALUES ('screen.finished', NEW.screening_id);
END;
CREATE TRIGGER screening_forgotten AFTER DELETE ON screenings BEGIN
    DELETE FROM webhook_events WHERE about = OLD.screening_id;
END;
"""
"""Version 12 answered at once or not at all."""

_MARK = """
ALTER TABLE place ADD COLUMN list_mark BLOB;                        -- of the list as it is: store/list_mark.py
UPDATE place SET list_mark = randomblob(16);
"""
"""Version 15 could not tell a copy of its list from another."""

_NOTHING_LEFT = "UPDATE place SET has_leftovers = 0;"

_FROM_VERSION_1 = """
ALTER TABLE place ADD COLUMN kinds TEXT;
UPDATE place SET kinds = 'pdq';
CREATE TABLE new_matches (
    match_id       BLOB PRIMARY KEY CHECK (length(match_id) = 16),
    fingerprint_id BLOB NOT NULL,
    kind           TEXT NOT NULL,
    variant        TEXT,
    bucket         TEXT,
    class          TEXT NOT NULL,
    matched_minute INTEGER NOT NULL,
    decision       TEXT,
    reason         TEXT
) WITHOUT ROWID;
INSERT INTO new_matches SELECT match_id, fingerprint_id, 'pdq', variant, bucket, class, matched_minute, decision, reason FROM matches;
DROP TABLE matches;
ALTER TABLE new_matches RENAME TO matches;
"""
"""Version 1 knew pictures only."""

_FIRST = (_VOTES, _UPLOADS, _LEFTOVERS, _ONE_UPLOAD, _WAY, _REGIONS)
_SINCE_VERSION_2 = (*_FIRST, _CHECKS, _WEBHOOKS, _SOURCES, _OLDER, _SCREENINGS, REVIEWERS, REMEMBERED, _MARK, SUM)
"""What each version brought, from 3 on."""

VERSION = 2 + len(_SINCE_VERSION_2)


def _since(version: int) -> str:
    return "".join(_SINCE_VERSION_2[version - 2 :])


_CHANGES = {
    0: _TABLES + _since(2) + _NOTHING_LEFT,
    1: _FROM_VERSION_1 + _since(2),
    **{version: _since(version) for version in range(2, VERSION)},
}
"""What brings a file of this version to the newest one."""


def open_database(folder: Path) -> sqlite3.Connection:
    """Open the store in `folder` and make it at first use; raises StoreUnreadableError.

    The connection may be used from several threads if a lock guards it.
    """
    path = folder / FILE_NAME
    # Made here with its mode: SQLite would use the umask, and gives its log files the mode of this one.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _configure(connection)
        _require_version(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreUnreadableError(FILE_NAME) from error
    except StoreUnreadableError:
        connection.close()
        raise
    return connection


def holds_anything(connection: sqlite3.Connection) -> bool:
    """Whether there is anything of an exchange: a place in its feed, a fingerprint, a match, something that waits to be sent."""
    (holds,) = connection.execute(
        "SELECT cursor IS NOT NULL OR EXISTS (SELECT 1 FROM fingerprints) OR EXISTS (SELECT 1 FROM matches) "
        "OR EXISTS (SELECT 1 FROM outbox) OR EXISTS (SELECT 1 FROM vote_outbox) FROM place"
    ).fetchone()
    return bool(holds)


def _configure(connection: sqlite3.Connection) -> None:
    know_checks(connection)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: after a power cut a fingerprint that was acknowledged as withdrawn must not be back.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    # 64 MiB: a first sync writes everywhere in the table of fingerprints.
    connection.execute("PRAGMA cache_size = -65536")


def _require_version(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version in _CHANGES:
            for statement in _statements(_CHANGES[version]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise StoreUnreadableError(f"{FILE_NAME} has version {version}, this program knows {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> list[str]:
    """The statements one by one: `executescript` would commit in between. One that makes a trigger holds others."""
    lines = [line.split("--")[0] for line in script.splitlines()]
    statements, begun = [], ""
    for part in "\n".join(lines).split(";"):
        begun += part + ";"
        if sqlite3.complete_statement(begun):
            statements.append(begun)
            begun = ""
    return [statement for statement in statements if statement.strip("; \n")]
