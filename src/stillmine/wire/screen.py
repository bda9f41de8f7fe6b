# SPDX-License-Identifier: Apache-2.0
"""Messages between a platform and its own partner service.

The exact distance stays inside: a bucket is enough for a reviewer, and a finer answer would teach an
uploader how far to alter a copy. Contract: spec/screen.md.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from stillmine.wire.ask import IndexState
from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.feedback import NotRemovedReason, OpaqueId
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, Kind
from stillmine.wire.vote import VoteKind, VoteReason, require_reason

MAXIMUM_FINGERPRINTS_PER_SCREEN = 100
MAXIMUM_SCREEN_MESSAGE_BYTES = 4 * 1024 * 1024
"""Largest ScreenFingerprints: it may hold long videos."""

MAXIMUM_CONTENT_ID_SIGNS = 200
MAXIMUM_MATCHES_PER_PAGE = 500
MAXIMUM_URL_SIGNS = 4096

_NO_SIGN_OF_A_WORD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

ContentId = Annotated[str, msgspec.Meta(min_length=1, max_length=MAXIMUM_CONTENT_ID_SIGNS)]
"""The platform's own word for what is uploaded; `require_content_id` says what else holds."""


class ScreenOutcome(StrEnum):
    """What a platform does next: hold, let through, or decide without an answer."""

    MATCH = "match"
    NO_MATCH = "no_match"
    NOT_SCREENED = "not_screened"


class MatchClass(StrEnum):
    """`exact`: the same file, or the same fingerprint; `near`: within the threshold.

    `part`, of `regions`: some of it agrees, or only what many pictures share; `disputed`, of `pdq`: the regions contradict. Both are for a
    reviewer, never for a rule.
    """

    EXACT = "exact"
    NEAR = "near"
    PART = "part"
    DISPUTED = "disputed"


FOR_A_REVIEWER = (MatchClass.PART, MatchClass.DISPUTED)
"""What no rule may act on."""


class Judges(StrEnum):
    """What two ways to look at a picture, its `pdq` and its regions, say together; `one_judge`: the other had nothing to say."""

    AGREED = "agreed"
    DISPUTED = "disputed"
    ONE_JUDGE = "one_judge"


class DistanceBucket(StrEnum):
    """How near, in steps of eight bits."""

    SAME = "0-7"
    CLOSE = "8-15"
    MIDDLE = "16-23"
    FAR = "24-31"


class Variant(StrEnum):
    """What was done to the upload before it matched."""

    ORIGINAL = "original"
    ROTATE90 = "rotate90"
    ROTATE180 = "rotate180"
    ROTATE270 = "rotate270"
    FLIP_HORIZONTAL = "flip_horizontal"
    FLIP_VERTICAL = "flip_vertical"
    TRANSPOSE = "transpose"
    TRANSVERSE = "transverse"


class Undone(StrEnum):
    """What was taken off the upload, before it was turned and matched; `dark_ground`: it is transparent, and was laid on black."""

    DARK_GROUND = "dark_ground"
    TRIM_BORDER = "trim_border"
    TRIM_LETTERBOX = "trim_letterbox"
    TRIM_CAPTION = "trim_caption"
    TRIM_SCREEN = "trim_screen"


class Decision(StrEnum):
    """What a reviewer decides about a match."""

    REMOVED = "removed"
    NOT_REMOVED = "not_removed"


class Action(StrEnum):
    """What a source of fingerprints does: its matches count; a person decides about each; they are only counted, a dry run.

    `never`, of a bank of the platform's own: what is in it lowers what others match to `review`.
    """

    MATCH = "match"
    REVIEW = "review"
    LOG = "log"
    NEVER = "never"


FIRST_SOURCE = "exchange"
"""The name of the one source that there is unless a file names several."""


class MatchedSpan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which seconds of the upload are which seconds of what the person protects."""

    upload_start_seconds: float
    upload_end_seconds: float
    fingerprint_start_seconds: float
    fingerprint_end_seconds: float


class Transform(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How what the person protects lies in the upload.

    `map`: six numbers a to f; the place (x, y) of the protected picture is at (a x + b y + c, d x + e y + f) of the upload, all four in
    parts of width and height. `share` is how much of the protected picture the upload shows, 0 to 1; `turned_degrees` clockwise, -179 to
    180, after it was mirrored, if it was. `words` says the same in English.
    """

    map: tuple[float, float, float, float, float, float]
    share: float
    turned_degrees: int
    is_mirrored: bool
    words: str


class ScreenMatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fingerprint that the upload is near; `match_id` goes into the review.

    `is_flagged`: an operator of the exchange was asked to look at it; decide by eye, not by rule. `is_synthetic`: the person said that a
    computer made or changed the file; null where the list, which does not say it, was looked up. `decision`: what a reviewer decided
    earlier about this fingerprint in this very upload, null while nobody has.
    Bucket and what was undone are there for `pdq` only, the variant for `pdq` and `vpdq`, spans for `vpdq` and `chromaprint`; of a
    `pdq` in a moving upload one span, that of the picture which is nearest: its fingerprint's seconds are 0, as a still has none.
    `found_by`: the kinds that speak for it, its own first. `judges` is there for `pdq` and `regions`, `transform` where regions
    found it.
    `source`: where the fingerprint is from. `action` `review`: no rule may act on it, because its source says so, or because it
    `is_in_own_negative_bank`.
    """

    match_id: OpaqueId
    kind: Kind
    match_class: MatchClass
    distance_bucket: DistanceBucket | None = None
    variant: Variant | None = None
    undone: list[Undone] = []
    matched_spans: list[MatchedSpan] = []
    is_flagged: bool = False
    is_synthetic: bool | None = None
    decision: Decision | None = None
    found_by: list[Kind] = []
    judges: Judges | None = None
    transform: Transform | None = None
    source: str = FIRST_SOURCE
    action: Action = Action.MATCH
    is_in_own_negative_bank: bool = False


class SourceLeftOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a source did not look up all of an upload, with the error code of why."""

    source: str
    code: str


class ScreenResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to a screen request; `reason` is an error code where the upload was not screened.

    `left_out`: codes of all that was not compared, each once, beside a match as well; `reason` is the first. Empty with `no_match`,
    always: that is answered only if everything the upload shows was compared.
    `is_by_sound_alone`: all that matched are sounds, which may be music that both use. For a reviewer, never for a rule that removes.
    `content_id` is what the platform sent. `retry_after_seconds`: when to send it again, where that is known.
    `regions_left_out`: the code of why regions of its pictures were not asked about, where that leaves `no_match` as it is: nobody wants
    them, or the list alone decides. Null where they were asked about, or there is no picture.
    `not_recorded`: the code of why its matches are not kept yet, so that their ids lead nowhere; null where they are.
    `sources_left_out`: of the codes in `left_out` those that are about a source, with its name.
    """

    outcome: ScreenOutcome
    matches: list[ScreenMatch]
    synced_at: datetime | None
    reason: str | None = None
    is_by_sound_alone: bool = False
    left_out: list[str] = []
    content_id: str | None = None
    retry_after_seconds: int | None = None
    regions_left_out: str | None = None
    not_recorded: str | None = None
    sources_left_out: list[SourceLeftOut] = []


class ScreeningStatus(StrEnum):
    """Whether an upload that is answered later has been answered."""

    ACCEPTED = "accepted"
    FINISHED = "finished"


class KeptScreening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An upload that is answered later, as it stands: `result` is null until it is finished. `accepted_at` is the minute."""

    screening_id: OpaqueId
    status: ScreeningStatus
    accepted_at: datetime
    content_id: str | None = None
    result: ScreenResult | None = None


class ScreenFingerprints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Screen fingerprints that the platform made itself, all of one upload; `content_id` is its word for that."""

    version: Literal[1]
    fingerprints: Annotated[list[Fingerprint], msgspec.Meta(min_length=1, max_length=MAXIMUM_FINGERPRINTS_PER_SCREEN)]
    content_id: ContentId | None = None

    def __post_init__(self) -> None:
        if self.content_id is not None:
            require_content_id(self.content_id)


class ScreenUrl(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Screen the file at an address, which the service fetches where its operator allows it; `content_id` is the platform's word for it."""

    version: Literal[1]
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=MAXIMUM_URL_SIGNS)]
    content_id: ContentId | None = None

    def __post_init__(self) -> None:
        if self.content_id is not None:
            require_content_id(self.content_id)


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reviewer's decision about one match; a reason goes with `not_removed` and only with it.

    `vote` is what the reviewer says of the fingerprint itself, if anything; a reason goes with `disagree` and only with it.
    """

    version: Literal[1]
    decision: Decision
    reason: NotRemovedReason | None = None
    vote: VoteKind | None = None
    vote_reason: VoteReason | None = None

    def __post_init__(self) -> None:
        if (self.decision is Decision.NOT_REMOVED) != (self.reason is not None):
            raise MalformedMessageError("a reason goes with not_removed, and only with it")
        require_reason(self.vote, self.vote_reason)


class MatchState(StrEnum):
    """Which matches are listed: `open` ones wait for a decision."""

    OPEN = "open"
    REVIEWED = "reviewed"
    ALL = "all"


class KeptMatch(ScreenMatch, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A match that is kept: what its ScreenMatch said, whose it is, and what became of it.

    `matched_at` is the minute in which it matched first. `is_withdrawn`: the fingerprint is known to be active no more, so it is a match
    no longer; null where only looking the upload up again can tell. `is_older`: its upload was there already, and remembered or looked up
    by a backfill, when the match was found.
    """

    matched_at: datetime
    content_id: str | None = None
    reason: NotRemovedReason | None = None
    is_withdrawn: bool | None = None
    is_older: bool = False


class MatchPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Matches, oldest first; `after` leads to the next page, and is null if there is none yet."""

    matches: list[KeptMatch]
    after: str | None = None


class WayName(StrEnum):
    """Where uploads are looked up: at the exchange, in the list that it gave, or in the list first."""

    ASK = "ask"
    LIST = "list"
    BOTH = "both"


class RegionsChoice(StrEnum):
    """Which regions of pictures are asked about: none, those of a picture as it is small and large, or stretched ones too."""

    OFF = "off"
    SMALL = "small"
    ALL = "all"


class WebhooksHealth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How webhooks are: how many wait, have failed for good, and were not queued for want of room.

    `is_switched_off`: the target answered 410. `problem`: what was wrong with the last try, null if it worked.
    """

    waiting: int
    failed: int
    not_queued: int
    is_switched_off: bool
    problem: str | None


class SourceHealth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one of several sources is, as Health says it. `would_have_matched`: uploads of a dry run since the start, else null."""

    name: str
    action: Action
    is_fresh: bool
    synced_at: datetime | None
    fingerprints: int | None
    waiting_feedback: int
    problem: str | None
    way: WayName | None = None
    would_have_matched: int | None = None


class OlderHealth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How older content is: for how many days how many uploads are remembered, and how many were not since the start.

    `waiting`: fingerprints that are still to be looked for. `delay_hours`: after so many hours at most asking finds what was remembered;
    null where nothing is asked.
    """

    days: int
    uploads: int
    not_remembered: int
    waiting: int
    delay_hours: int | None


class Health(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the partner service is: counts and ages, never a fingerprint. `problem` is the error code of what does not work, if anything.

    `synced_at`: when the list was synced to its end, or when the exchange answered last; with `both` the earlier of the two.
    `fingerprints` is null where no list is kept; `index`, `queries_today` and `queries_a_day`, of the last status, where none is asked.
    `regions`: which are asked about now, `off` also where they can't be. `webhooks`: null where none are sent.
    `sources`: each of several; then `is_fresh` and `problem` are about all that an upload needs, and the rest about the exchange.
    `older`: null where no upload is remembered.
    """

    is_fresh: bool
    synced_at: datetime | None
    age_seconds: int | None
    fingerprints: int | None
    waiting_feedback: int
    problem: str | None
    way: WayName | None = None
    index: IndexState | None = None
    queries_today: int | None = None
    queries_a_day: int | None = None
    regions: RegionsChoice = RegionsChoice.OFF
    webhooks: WebhooksHealth | None = None
    sources: list[SourceHealth] = []
    older: OlderHealth | None = None


def require_content_id(content_id: str) -> str:
    """Return it; raises MalformedMessageError for what no header can carry, so that a header and JSON can say the same words."""
    is_long_enough = 1 <= len(content_id) <= MAXIMUM_CONTENT_ID_SIGNS
    if not is_long_enough or _NO_SIGN_OF_A_WORD.search(content_id) or content_id != content_id.strip():
        raise MalformedMessageError(
            f"content_id: 1 to {MAXIMUM_CONTENT_ID_SIGNS} characters on one line, no control characters, no space at either end"
        )
    return content_id


def distance_bucket(distance_bits: int) -> DistanceBucket:
    """Return the bucket of the distance of a match; raises ValueError for one that is no match."""
    if not 0 <= distance_bits <= MAXIMUM_DISTANCE_BITS:
        raise ValueError(f"distance_bits is 0 to {MAXIMUM_DISTANCE_BITS}")
    return list(DistanceBucket)[distance_bits // 8]
