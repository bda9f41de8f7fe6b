# SPDX-License-Identifier: Apache-2.0
"""Matches in the store: one upload has one match with one fingerprint, however often it is screened, and each can be found again.

What a way found is recorded as it is; what the list found only while it is active there, so that nothing withdrawn is answered. Each
function needs the store's lock, and those that write its transaction. Must never hold a byte of an upload or the value of a fingerprint.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from stillmine.partner.store.listed import active_among, in_parts
from stillmine.partner.store.reports import Said, Together, queue_reports, split_ids
from stillmine.wire.errors import MalformedMessageError, MatchNotFoundError
from stillmine.wire.feedback import NotRemovedReason, Outcome
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import (
    FIRST_SOURCE,
    FOR_A_REVIEWER,
    Action,
    Decision,
    DistanceBucket,
    Judges,
    KeptMatch,
    MatchClass,
    MatchedSpan,
    MatchPage,
    MatchState,
    Review,
    Transform,
    Undone,
    Variant,
)

ID_BYTES = 16
_FORGOTTEN_AT_ONCE = 500
_FOUND_LABEL = b"stillmine/found-id/v1"
_MAXIMUM_CURSOR_SIGNS = 18
_SPANS = msgspec.json.Decoder(list[MatchedSpan])
_TRANSFORM = msgspec.json.Decoder(Transform)


@dataclass(frozen=True, slots=True)
class FoundMatch:
    """A match about to be recorded, with the id made for it.

    `is_listed`: found in the list, so it counts only while its fingerprint is active there. `decision`: what was decided earlier.
    """

    match_id: bytes
    fingerprint_id: bytes
    kind: Kind
    match_class: MatchClass
    bucket: DistanceBucket | None
    variant: Variant | None
    is_flagged: bool = False
    is_listed: bool = True
    is_synthetic: bool | None = None
    undone: tuple[Undone, ...] = ()
    spans: tuple[MatchedSpan, ...] = ()
    decision: Decision | None = None
    found_by: tuple[Kind, ...] = ()
    judges: Judges | None = None
    transform: Transform | None = None
    source: str = FIRST_SOURCE
    action: Action = Action.MATCH
    is_in_own_negative_bank: bool = False

    @property
    def is_for_a_reviewer(self) -> bool:
        """Whether no rule may act on it."""
        return self.action is Action.REVIEW or self.match_class in FOR_A_REVIEWER or self.is_flagged


def rules_first(matches: Iterable[FoundMatch]) -> list[FoundMatch]:
    """Return first those that a rule may act on: where only some are kept, nearer ones for a reviewer must not hide them."""
    return sorted(matches, key=lambda match: match.is_for_a_reviewer)


@dataclass(frozen=True, slots=True)
class FoundUpload:
    """An upload that matched: its own id, its token, the platform's word for it, and everything that it matched, nearest first.

    `tokens`: those under which sources are told of it, where they are others.
    """

    upload_id: bytes
    token: bytes
    matches: Sequence[FoundMatch]
    content_id: str | None = None
    tokens: Mapping[str, bytes] = field(default_factory=dict)
    is_older: bool = False
    """Uploaded before it could be looked up: it is reported so, and counts for nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which matches are listed, and how many; `after` is the cursor of the page before."""

    state: MatchState = MatchState.OPEN
    content_id: str | None = None
    limit: int = 100
    after: str | None = None


def still_matching(db: sqlite3.Connection, upload: FoundUpload) -> list[FoundMatch]:
    """Return what of the upload's matches counts now, with the flags of now and what was decided earlier.

    Of further sources, whose lists are kept elsewhere, whoever calls has looked.
    """
    found = among_active(upload.matches, FIRST_SOURCE, lambda ids: active_among(db, ids))
    decided = _decisions(db, [match.match_id for match in found])
    return rules_first(replace(match, decision=decided.get(match.match_id)) for match in found)


def among_active(
    matches: Sequence[FoundMatch], source: str, active_of: Callable[[Sequence[bytes]], Mapping[bytes, bool]]
) -> list[FoundMatch]:
    """Return the matches without those that the list of a source held and holds no more, with the flags of now."""
    active = active_of([match.fingerprint_id for match in matches if match.is_listed and match.source == source])
    found = []
    for match in matches:
        if not match.is_listed or match.source != source:
            found.append(match)
        elif match.fingerprint_id in active:
            found.append(replace(match, is_flagged=active[match.fingerprint_id]))
    return found


def record(db: sqlite3.Connection, upload: FoundUpload, found: Sequence[FoundMatch], shown: int, minute: int) -> None:
    """Keep the first `shown` as matches, and queue `found` for what this upload did not match before, with the tokens of today."""
    db.execute(
        "INSERT INTO uploads (upload_id, content_id) VALUES (?, ?) ON CONFLICT (upload_id) DO NOTHING",
        (upload.upload_id, upload.content_id),
    )
    for source in dict.fromkeys(match.source for match in found):
        _record_at(db, upload, source, [match.fingerprint_id for match in found if match.source == source])
    _keep(db, upload, found[:shown], minute)


def _record_at(db: sqlite3.Connection, upload: FoundUpload, source: str, near: Sequence[bytes]) -> None:
    """The report's id is made of what it says, so that an upload whose record was lost is not counted again."""
    row = db.execute("SELECT near FROM upload_sources WHERE upload_id = ? AND source = ?", (upload.upload_id, source)).fetchone()
    before = b"" if row is None else row[0]
    known = set(split_ids(before))
    new = [fingerprint_id for fingerprint_id in near if fingerprint_id not in known]
    if new:
        token = upload.tokens.get(source, upload.token)
        db.execute(
            "INSERT INTO upload_sources (upload_id, source, token, near) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (upload_id, source) DO UPDATE SET near = excluded.near, token = excluded.token",
            (upload.upload_id, source, token, before + b"".join(new)),
        )
        label = _FOUND_LABEL if source == FIRST_SOURCE else _FOUND_LABEL + b"/" + source.encode()
        found_id = hashlib.sha256(b"\0".join((label, upload.upload_id + b"".join(new)))).digest()[:ID_BYTES]
        queue_reports(db, found_id, Said(Outcome.FOUND, None, token, upload.is_older), new, source)


def decide(db: sqlite3.Connection, match_id: bytes, review: Review, near: Iterable[Together], minute: int) -> None:
    """Keep a decision about a match, and about those of its upload that it is said of too, `near`; else they would stay open for ever."""
    said = (review.decision, review.reason, minute)
    db.execute("UPDATE matches SET decision = ?, reason = ?, decided_minute = ?, is_own = 1 WHERE match_id = ?", (*said, match_id))
    query = """SELECT match_id, source, fingerprint_id FROM matches
        WHERE NOT is_own AND upload_id = (SELECT upload_id FROM matches WHERE match_id = ?)"""
    together = {(one.source, fingerprint_id) for one in near for fingerprint_id in one.near}
    others = [own for own, *named in db.execute(query, (match_id,)).fetchall() if tuple(named) in together]
    statement = "UPDATE matches SET decision = ?, reason = ?, decided_minute = ? WHERE match_id = ?"
    db.executemany(statement, [(*said, own) for own in others])


def note_gone(db: sqlite3.Connection, upload_id: bytes) -> None:
    """Note that this upload matches nothing any more."""
    db.execute("UPDATE matches SET is_gone = 1 WHERE upload_id = ?", (upload_id,))


def note_not_listed(db: sqlite3.Connection, source: str, is_active: Callable[[Sequence[bytes]], Container[bytes]]) -> int:
    """Note which matches in the list of a further source are in it no more; return how many are noted anew."""
    query = "SELECT match_id, fingerprint_id FROM matches WHERE source = ? AND is_listed AND NOT is_gone"
    rows = db.execute(query, (source,)).fetchall()
    active = is_active([fingerprint_id for _, fingerprint_id in rows]) if rows else ()
    gone = [(match_id,) for match_id, fingerprint_id in rows if fingerprint_id not in active]
    db.executemany("UPDATE matches SET is_gone = 1 WHERE match_id = ?", gone)
    return len(gone)


def is_kept(db: sqlite3.Connection, upload_id: bytes) -> bool:
    """Return whether this upload has matches that are not noted as gone."""
    (found,) = db.execute("SELECT EXISTS (SELECT 1 FROM matches WHERE upload_id = ? AND NOT is_gone)", (upload_id,)).fetchone()
    return bool(found)


def fingerprints_of(db: sqlite3.Connection, match_ids: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return the fingerprint ids of matches that are kept, by match id."""
    found: dict[bytes, bytes] = {}
    for part, marks in in_parts(match_ids):
        query = f"SELECT match_id, fingerprint_id FROM matches WHERE match_id IN ({marks})"  # noqa: S608 (only marks)
        found |= dict(db.execute(query, part).fetchall())
    return found


def listed(db: sqlite3.Connection, wanted: Wanted) -> MatchPage:
    """Return a page of matches, oldest first; raises MalformedMessageError for what is not a cursor."""
    where, values = ["matches.place > ?"], [_place(wanted.after)]
    if wanted.state is not MatchState.ALL:
        where.append(f"matches.decision IS {'' if wanted.state is MatchState.OPEN else 'NOT '}NULL")
    if wanted.content_id is not None:
        where.append("matches.upload_id IN (SELECT upload_id FROM uploads WHERE content_id = ?)")
    words = () if wanted.content_id is None else (wanted.content_id,)
    rows = db.execute(f"{_ROWS} WHERE {' AND '.join(where)} ORDER BY matches.place LIMIT ?", (*values, *words, wanted.limit + 1)).fetchall()
    page = rows[: wanted.limit]
    return MatchPage([_kept(row) for row in page], str(page[-1][0]) if len(rows) > wanted.limit else None)


def one_listed(db: sqlite3.Connection, match_id: bytes) -> KeptMatch:
    """Return one match; raises MatchNotFoundError."""
    row = db.execute(f"{_ROWS} WHERE matches.match_id = ?", (match_id,)).fetchone()
    if row is None:
        raise MatchNotFoundError
    return _kept(row)


_IS_OF_FIRST = f"matches.source = '{FIRST_SOURCE}'"
_IS_ACTIVE = f"""(SELECT fingerprints.state = 'active' FROM fingerprints
    WHERE fingerprints.id = matches.fingerprint_id AND {_IS_OF_FIRST})"""  # noqa: S608 (no value)
_HAS_LIST = "(SELECT synced_at IS NOT NULL FROM place)"
IS_WITHDRAWN = f"""CASE WHEN {_IS_ACTIVE} IS NOT NULL THEN NOT {_IS_ACTIVE}
    WHEN matches.is_gone THEN 1 WHEN matches.is_listed AND {_IS_OF_FIRST} THEN CASE WHEN {_HAS_LIST} THEN 1 END
    WHEN matches.is_listed THEN 0 END"""
"""What the list says, also by not having a fingerprint of its own any more; else what looking the upload up again has told, if anything.

Of further sources what their lists have told: `note_not_listed`.
"""

_IS_FLAGGED = f"""CASE WHEN {_IS_ACTIVE} THEN EXISTS (SELECT 1 FROM flagged WHERE flagged.id = matches.fingerprint_id)
    ELSE matches.is_flagged END"""  # noqa: S608 (no value)

_ROWS = f"""SELECT matches.place, match_id, kind, class, bucket, variant, undone, spans, {_IS_FLAGGED}, is_synthetic, decision,
    found_by, judges, transform, matches.source, action, is_in_own_negative_bank, matched_minute, uploads.content_id, reason,
    {IS_WITHDRAWN}, is_older
    FROM matches LEFT JOIN uploads ON uploads.upload_id = matches.upload_id"""  # noqa: S608 (no value)


_IS_OLD = f"(coalesce(decided_minute, CASE WHEN {IS_WITHDRAWN} THEN matched_minute END) < ?)"
"""Decided before that minute, or known to be withdrawn and matched before it. What is open is never old: NULL is not true."""

_PERHAPS_OLD = """SELECT upload_id FROM matches WHERE decided_minute < ?
    UNION SELECT upload_id FROM matches WHERE decision IS NULL AND matched_minute < ?"""
"""Found by indexes, so that nothing waits while most are not old."""


def forget_old(db: sqlite3.Connection, before_minute: int) -> int:
    """Forget uploads of which every match is old, some at a time; return how many went."""
    every = f"NOT EXISTS (SELECT 1 FROM matches WHERE matches.upload_id = uploads.upload_id AND {_IS_OLD} IS NOT TRUE)"  # noqa: S608 (no value)
    query = f"SELECT upload_id FROM ({_PERHAPS_OLD}) AS uploads WHERE upload_id IS NOT NULL AND {every} LIMIT ?"  # noqa: S608 (no value)
    old = db.execute(query, (before_minute, before_minute, before_minute, _FORGOTTEN_AT_ONCE)).fetchall()
    db.executemany("DELETE FROM matches WHERE upload_id = ?", old)
    db.executemany("DELETE FROM uploads WHERE upload_id = ?", old)
    db.executemany("DELETE FROM upload_sources WHERE upload_id = ?", old)
    alone = db.execute(f"DELETE FROM matches WHERE upload_id IS NULL AND {_IS_OLD}", (before_minute,)).rowcount  # noqa: S608 (no value)
    return len(old) + alone


_IS_UNHEARD = "coalesce(judges, 'one_judge') = 'one_judge' AND excluded.judges IN ('agreed', 'disputed')"
"""Regions were not heard when it matched first, and are now."""

_KEEP = f"""INSERT INTO matches (match_id, fingerprint_id, kind, variant, bucket, class, matched_minute, upload_id, undone, spans,
    is_flagged, is_synthetic, is_listed, found_by, judges, transform, source, action, is_in_own_negative_bank, is_older)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (match_id) DO UPDATE SET is_flagged = excluded.is_flagged, is_gone = 0, action = excluded.action,
    is_in_own_negative_bank = excluded.is_in_own_negative_bank, bucket = coalesce(bucket, excluded.bucket),
    is_synthetic = coalesce(is_synthetic, excluded.is_synthetic), is_listed = is_listed OR excluded.is_listed,
    class = CASE WHEN {_IS_UNHEARD} OR class = 'part' THEN excluded.class ELSE class END,
    found_by = CASE WHEN {_IS_UNHEARD} THEN excluded.found_by ELSE found_by END,
    transform = CASE WHEN class = 'part' THEN excluded.transform ELSE transform END,
    judges = CASE WHEN {_IS_UNHEARD} THEN excluded.judges ELSE judges END"""  # noqa: S608 (no value)


def _keep(db: sqlite3.Connection, upload: FoundUpload, found: Sequence[FoundMatch], minute: int) -> None:
    """Add what is new. Of what is kept already the flag is renewed, and filled in what one way can't tell and the other can."""
    db.executemany(_KEEP, [_row(match, upload, minute) for match in _that_say_more(db, found)])


def _row(match: FoundMatch, upload: FoundUpload, minute: int) -> tuple[Any, ...]:
    transform = None if match.transform is None else msgspec.json.encode(match.transform).decode()
    return (
        *(match.match_id, match.fingerprint_id, match.kind, match.variant, match.bucket, match.match_class, minute, upload.upload_id),
        *(",".join(match.undone), msgspec.json.encode(match.spans).decode(), match.is_flagged, match.is_synthetic, match.is_listed),
        *(",".join(match.found_by), match.judges, transform, match.source, match.action, match.is_in_own_negative_bank, upload.is_older),
    )


def _that_say_more(db: sqlite3.Connection, found: Sequence[FoundMatch]) -> list[FoundMatch]:
    """Return those that are not kept yet as they are now: an upload that comes again and again must not write each time."""
    marks = ", ".join("?" * len(found))
    columns = "match_id, is_flagged, is_gone, is_listed, bucket IS NOT NULL, is_synthetic IS NOT NULL, class, judges, action"
    rows = db.execute(f"SELECT {columns} FROM matches WHERE match_id IN ({marks})", [match.match_id for match in found])  # noqa: S608 (only marks)
    kept = {match_id: said for match_id, *said in rows}
    return [match for match in found if match.match_id not in kept or _says_more(match, kept[match.match_id])]


def _says_more(match: FoundMatch, kept: Sequence[Any]) -> bool:
    is_flagged, is_gone, is_listed, has_bucket, is_said, match_class, judges, action = kept
    is_new_of_it = (match.bucket is not None and not has_bucket) or (match.is_synthetic is not None and not is_said)
    is_heard = judges in (None, Judges.ONE_JUDGE) and match.judges in (Judges.AGREED, Judges.DISPUTED)
    is_more = match_class == MatchClass.PART and match.match_class is not MatchClass.PART
    is_other = match.is_flagged != bool(is_flagged) or (match.is_listed and not is_listed) or match.action != action
    return bool(is_gone or is_other or is_new_of_it or is_heard or is_more)


def _kept(row: tuple[Any, ...]) -> KeptMatch:
    (_, match_id, kind, match_class, bucket, variant, undone, spans, is_flagged, is_synthetic, decision, *others) = row
    (found_by, judges, transform, source, action, is_in_bank, minute, content_id, reason, is_withdrawn, is_older) = others
    return KeptMatch(
        match_id=match_id.hex(),
        kind=Kind(kind),
        match_class=MatchClass(match_class),
        distance_bucket=None if bucket is None else DistanceBucket(bucket),
        variant=None if variant is None else Variant(variant),
        undone=[Undone(word) for word in undone.split(",") if word],
        matched_spans=_SPANS.decode(spans),
        is_flagged=bool(is_flagged),
        is_synthetic=None if is_synthetic is None else bool(is_synthetic),
        decision=None if decision is None else Decision(decision),
        found_by=[Kind(word) for word in found_by.split(",") if word] or [Kind(kind)],
        judges=None if judges is None else Judges(judges),
        transform=None if transform is None else _TRANSFORM.decode(transform),
        source=source,
        action=Action(action),
        is_in_own_negative_bank=bool(is_in_bank),
        matched_at=datetime.fromtimestamp(minute * 60, UTC),
        content_id=content_id,
        reason=None if reason is None else NotRemovedReason(reason),
        is_withdrawn=None if is_withdrawn is None else bool(is_withdrawn),
        is_older=bool(is_older),
    )


def _decisions(db: sqlite3.Connection, match_ids: Sequence[bytes]) -> dict[bytes, Decision]:
    found: dict[bytes, Decision] = {}
    for part, marks in in_parts(match_ids):
        query = f"SELECT match_id, decision FROM matches WHERE decision IS NOT NULL AND match_id IN ({marks})"  # noqa: S608 (only marks)
        found |= {match_id: Decision(decision) for match_id, decision in db.execute(query, part)}
    return found


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _MAXIMUM_CURSOR_SIGNS):
        raise MalformedMessageError("after: the cursor of the page before")
    return int(cursor)
