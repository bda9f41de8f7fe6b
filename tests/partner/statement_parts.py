# SPDX-License-Identifier: Apache-2.0
"""Uploads that matched, kept and decided, for the tests of statements and reports; and words of a platform."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from typer.testing import CliRunner, Result

from stillmine.partner.commands.service_commands import app
from stillmine.partner.store.matches import FoundMatch, FoundUpload
from stillmine.partner.store.store import Store
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, MatchClass, MatchedSpan, Review

WORDS = """
decision_ground = "DECISION_GROUND_INCOMPATIBLE_CONTENT"
incompatible_content_ground = "Community rules, section 4"
incompatible_content_explanation = "Intimate pictures must not be shared without the consent of everybody in them."
decision_ground_reference_url = "https://social.example/rules#4"
decision_facts = "The upload resembles a file that somebody asked to have stopped. A reviewer confirmed it."
territorial_scope = ["AT", "FI"]
content_date = "day_of_match"
"""
DAY = datetime(2030, 5, 17, tzinfo=UTC)
SPANS = (MatchedSpan(1.0, 2.0, 0.0, 0.0),)


def id_of(*words: object) -> bytes:
    return sha256(repr(words).encode()).digest()[:16]


def found(name: str, fingerprint: str, kind: Kind = Kind.PDQ, *, synthetic: bool | None = None, moves: bool = False) -> FoundMatch:
    """A match by asking, of class `near`; its id is `id_of(name, fingerprint, kind)`."""
    return FoundMatch(
        id_of(name, fingerprint, kind),
        id_of(fingerprint, kind),
        kind,
        MatchClass.NEAR,
        bucket=None,
        variant=None,
        is_listed=False,
        is_synthetic=synthetic,
        spans=SPANS if moves else (),
    )


def keep(store: Store, name: str, matches: Sequence[FoundMatch], at: datetime = DAY, *, has_content_id: bool = True) -> None:
    """Keep an upload as screening does; its content id is its name."""
    upload = FoundUpload(id_of(name), id_of("token", name), matches, name if has_content_id else None)
    store.record_upload(upload, len(matches), minute(at))


def decide(store: Store, match: FoundMatch, reason: NotRemovedReason | None = None, at: datetime = DAY) -> None:
    """Decide about everything that the upload matched: removed, unless a reason says why not."""
    decision = Decision.REMOVED if reason is None else Decision.NOT_REMOVED
    store.record_review(match.match_id, Review(1, decision, reason), id_of("report", match.match_id, at, reason), minute(at))


def removed(store: Store, name: str, *matches: FoundMatch, at: datetime = DAY) -> None:
    keep(store, name, matches, at)
    decide(store, matches[0], at=at)


def minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"STILLMINE_PARTNER_HOME": str(home)})
