# SPDX-License-Identifier: Apache-2.0
"""The list in StopNCII's v1 shape, so that existing clients connect without code.

Field names are that interface's own and stay as they are. `caseNumbers` holds one pseudonym per fingerprint
and partner, never a case, so that records cannot be linked. Nothing here talks to StopNCII.org. Contract: spec/feed.md.
"""

from enum import StrEnum

import msgspec

from stillmine.wire.fingerprint import Kind

DEFAULT_PAGE_RECORDS = 800
MAXIMUM_PAGE_RECORDS = 1000


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
