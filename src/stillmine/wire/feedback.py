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

OpaqueId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


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


class Feedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One report; sending the same `feedback_id` again changes nothing."""

    feedback_id: OpaqueId
    fingerprint_id: OpaqueId
    outcome: Outcome
    reason: NotRemovedReason | None = None

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.NOT_REMOVED) != (self.reason is not None):
            raise MalformedMessageError("a reason goes with not_removed, and only with it")


class SubmitFeedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 1,000 reports at once."""

    version: Literal[1]
    feedback: Annotated[list[Feedback], msgspec.Meta(min_length=1, max_length=MAXIMUM_FEEDBACK_PER_MESSAGE)]


class FeedbackReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many were new, how many were known already, and the ids of those that name no fingerprint."""

    accepted: int
    repeated: int
    unknown: list[OpaqueId]
