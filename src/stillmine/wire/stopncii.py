# SPDX-License-Identifier: Apache-2.0
"""The list in StopNCII's v1 shape, so that existing clients connect without code.

Field names are that interface's own and stay as they are. `caseNumbers` holds one pseudonym per fingerprint
and partner, never a case, so that records cannot be linked. Nothing here talks to StopNCII.org. Contract: spec/feed.md.
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from stillmine.wire.errors import KindNotAcceptedError, MalformedMessageError
from stillmine.wire.kinds import Kind

DEFAULT_PAGE_RECORDS = 800
MAXIMUM_PAGE_RECORDS = 1000
MAXIMUM_SUBMITTED_RECORDS = 1000
MAXIMUM_SUBMIT_MESSAGE_BYTES = 1024 * 1024


class SignalType(StrEnum):
    """Only the types we serve; the open client names more."""

    IMAGE_PDQ = "ImagePDQ"
    VIDEO_MD5 = "VideoMD5"


class HashStatus(StrEnum):
    """Only the states we serve; the open client names more."""

    ACTIVE = "Active"
    WITHDRAWN = "Withdrawn"


SIGNAL_TYPES = {Kind.PDQ: SignalType.IMAGE_PDQ, Kind.MD5: SignalType.VIDEO_MD5}
"""Kinds that are served in this shape; others stay out of it."""


_QUALIFIED_PREFIX = "StopNCIISignalType."

HashText = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Tags = Annotated[list[Annotated[str, msgspec.Meta(max_length=200)]], msgspec.Meta(max_length=100)]


class FeedbackValue(StrEnum):
    """All that the open client can send."""

    UNKNOWN = "Unknown"
    NONE = "None"
    QUALITY_UNKNOWN = "QualityUnknown"
    PENDING_REVIEW = "PendingReview"
    BLOCKED = "Blocked"
    NOT_BLOCKED = "NotBlocked"
    WITHDRAWN = "Withdrawn"
    DELETED = "Deleted"


TAKEN_BACK = frozenset({FeedbackValue.WITHDRAWN, FeedbackValue.DELETED})


def signal_kind(text: str) -> Kind:
    """Return the kind of a signal type in either spelling; raises KindNotAcceptedError for those this shape does not take.

    `threatexchange` 1.2.17 sends `StopNCIISignalType.ImagePDQ` where the interface says `ImagePDQ`.
    """
    name = text.removeprefix(_QUALIFIED_PREFIX)
    for kind, signal_type in SIGNAL_TYPES.items():
        if signal_type == name:
            return kind
    raise KindNotAcceptedError(f"signalType: {', '.join(SIGNAL_TYPES.values())}")


class PartnerFeedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another company's feedback; always left out of what we serve."""

    source: str
    feedbackValue: str
    tags: list[str]


class HashRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole snapshot of one hash that replaces any earlier record of the same hash; the time is Unix seconds."""

    lastModtimestamp: int
    signalType: SignalType
    hashValue: str
    hashStatus: HashStatus
    caseNumbers: dict[str, HashStatus]
    CSPFeedbacks: list[PartnerFeedback]


class FetchHashesPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One page; `nextSetTimestamp` is the next `startTimestamp` and never skips a record."""

    count: int
    nextPageToken: str | None
    nextSetTimestamp: int
    hasMoreRecords: bool
    hashRecords: list[HashRecord]


class SubmittedFeedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a partner says of a hash beside handing it in. Tags are free text: they are read, bounded and dropped."""

    feedbackValue: FeedbackValue
    tags: Tags = []
    source: Annotated[str, msgspec.Meta(max_length=200)] = ""


class SubmittedHash(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One hash that a partner hands in or takes back; its time and status are the partner's own and are not kept."""

    signalType: Annotated[str, msgspec.Meta(max_length=64)]
    hashValue: HashText
    CSPFeedbacks: Annotated[list[SubmittedFeedback], msgspec.Meta(max_length=20)] = []
    lastModtimestamp: int = 0
    hashStatus: Annotated[str, msgspec.Meta(max_length=32)] = ""

    @property
    def is_taken_back(self) -> bool:
        """True where the partner withdraws it, by its status or by its feedback."""
        return self.hashStatus in TAKEN_BACK or any(feedback.feedbackValue in TAKEN_BACK for feedback in self.CSPFeedbacks)

    @property
    def is_decided(self) -> bool:
        """True where the partner says that it stops this itself, and nothing else."""
        return bool(self.CSPFeedbacks) and all(feedback.feedbackValue is FeedbackValue.BLOCKED for feedback in self.CSPFeedbacks)


class SubmitHashes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of SubmitHashes."""

    count: int
    hashRecords: Annotated[list[SubmittedHash], msgspec.Meta(min_length=1, max_length=MAXIMUM_SUBMITTED_RECORDS)]

    def __post_init__(self) -> None:
        _require_count(self.count, self.hashRecords)


class SubmitHashesReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many were new, known already, and taken back."""

    count: int
    accepted: int
    repeated: int
    withdrawn: int


class HashFeedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Feedback on one hash; this interface does not say of which type it is."""

    hashValue: HashText
    feedbackValue: FeedbackValue
    tags: Tags = []


class SubmitHashFeedbacks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of SubmitFeedback."""

    count: int
    hashFeedbacks: Annotated[list[HashFeedback], msgspec.Meta(min_length=1, max_length=MAXIMUM_SUBMITTED_RECORDS)]

    def __post_init__(self) -> None:
        _require_count(self.count, self.hashFeedbacks)


class HashFeedbackReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many reports were stored and how many were known; how many hashes name nothing this partner was given, or say nothing."""

    count: int
    accepted: int
    repeated: int
    withdrawn: int
    unknown: int
    ignored: int


def _require_count(count: int, rows: list[SubmittedHash] | list[HashFeedback]) -> None:
    if count != len(rows):
        raise MalformedMessageError("count: the number of records in this message")
