# SPDX-License-Identifier: Apache-2.0
"""Fingerprints that a partner hands in: pictures that it found itself and has decided to stop. Contract: spec/feed.md."""

from typing import Annotated, Literal

import msgspec

from stillmine.wire.feedback import OpaqueId
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import require_listed

MAXIMUM_SUBMISSIONS_PER_MESSAGE = 1000
MAXIMUM_SUBMISSION_MESSAGE_BYTES = 4 * 1024 * 1024

_Ids = Annotated[list[OpaqueId], msgspec.Meta(min_length=1, max_length=MAXIMUM_SUBMISSIONS_PER_MESSAGE)]


class SubmitFingerprints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All are stored or none is; of kinds that lists have."""

    version: Literal[1]
    fingerprints: Annotated[list[Fingerprint], msgspec.Meta(min_length=1, max_length=MAXIMUM_SUBMISSIONS_PER_MESSAGE)]

    def __post_init__(self) -> None:
        for fingerprint in self.fingerprints:
            require_listed(fingerprint.kind)
            fingerprint.require_quality()


class SubmissionReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many were new, how many this partner had handed in already, and the partner's id of each in the order they were sent."""

    accepted: int
    repeated: int
    fingerprint_ids: list[OpaqueId]


class WithdrawSubmissions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take back what the same partner handed in."""

    version: Literal[1]
    fingerprint_ids: _Ids


class WithdrawalReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many were withdrawn now, how many before, and the ids that name nothing this partner handed in."""

    withdrawn: int
    repeated: int
    unknown: list[OpaqueId]
