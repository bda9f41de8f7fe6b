# SPDX-License-Identifier: Apache-2.0
"""What a partner reports back: found, removed, or not removed and why.

The reasons are a short fixed list, so that a person can be told in plain words and in their language; there
is no free text, because free text would end up holding names and links. Contract: spec/feed.md.
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from stillmine.wire.errors import MalformedMessageError

MAXIMUM_FEEDBACK_PER_MESSAGE = 1000

MAXIMUM_NEAR = 1000
"""Fingerprints that one upload matched, in one report."""

MAXIMUM_NEAR_PER_MESSAGE = 5000
"""Fingerprints of all reports of a message together."""

MAXIMUM_FEEDBACK_BYTES = 512 * 1024
"""Largest SubmitFeedback."""

OpaqueId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$", max_length=32)]

UploadToken = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
"""16 bytes, the same for the same upload of one uploader on one day. Only its partner can make it, and it tells nobody else anything."""


class Outcome(StrEnum):
    """What happened to a copy at a partner."""

    FOUND = "found"
    REMOVED = "removed"
    NOT_REMOVED = "not_removed"


class NotRemovedReason(StrEnum):
    """Why a copy stays up."""

    NOT_THE_SAME = "not_the_same"
    NOT_INTIMATE = "not_intimate"
    NOT_AGAINST_RULES = "not_against_rules"
    ALREADY_GONE = "already_gone"


class Feedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One report about one upload; sending the same `feedback_id` again changes nothing.

    `near` are the other fingerprints that the upload matched, nearest first: a partner can't know which are of one case.
    """

    feedback_id: OpaqueId
    fingerprint_id: OpaqueId
    outcome: Outcome
    reason: NotRemovedReason | None = None
    upload_token: UploadToken | None = None
    near: Annotated[list[OpaqueId], msgspec.Meta(max_length=MAXIMUM_NEAR - 1)] = []
    is_older: bool = False
    """Found in what was uploaded before it could be looked up: the person is told, and it counts for nothing."""

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.NOT_REMOVED) != (self.reason is not None):
            raise MalformedMessageError("a reason goes with not_removed, and only with it")


class SubmitFeedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 1,000 reports at once."""

    version: Literal[1]
    feedback: Annotated[list[Feedback], msgspec.Meta(min_length=1, max_length=MAXIMUM_FEEDBACK_PER_MESSAGE)]

    def __post_init__(self) -> None:
        if sum(1 + len(row.near) for row in self.feedback) > MAXIMUM_NEAR_PER_MESSAGE:
            raise MalformedMessageError(f"feedback: at most {MAXIMUM_NEAR_PER_MESSAGE} fingerprints in all")


class FeedbackReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many were new, how many were known already, and the ids of those that name no fingerprint."""

    accepted: int
    repeated: int
    unknown: list[OpaqueId]
