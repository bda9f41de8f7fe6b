# SPDX-License-Identifier: Apache-2.0
"""What a partner says of a fingerprint itself: it belongs on the list, or it does not and why.

Feedback is about one copy; a vote is about the fingerprint, one per partner, and may change. The reasons are a
closed list without free text, because free text would end up holding names and links. Contract: spec/feed.md.
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.feedback import OpaqueId

MAXIMUM_VOTES_PER_MESSAGE = 1000


class VoteKind(StrEnum):
    """Which way a partner votes."""

    AGREE = "agree"
    DISAGREE = "disagree"


class VoteReason(StrEnum):
    """Why a partner disagrees."""

    NOT_THE_SAME = "not_the_same"
    NOT_INTIMATE = "not_intimate"
    NOT_AGAINST_RULES = "not_against_rules"
    LAWFUL_PUBLICATION = "lawful_publication"


class Vote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One vote; sending the same `vote_id` again changes nothing, a new one replaces the partner's vote before."""

    vote_id: OpaqueId
    fingerprint_id: OpaqueId
    vote: VoteKind
    reason: VoteReason | None = None

    def __post_init__(self) -> None:
        require_reason(self.vote, self.reason)


class SubmitVotes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 1,000 votes at once; the answer is a FeedbackReceipt."""

    version: Literal[1]
    votes: Annotated[list[Vote], msgspec.Meta(min_length=1, max_length=MAXIMUM_VOTES_PER_MESSAGE)]


def require_reason(vote: VoteKind | None, reason: VoteReason | None) -> None:
    """Raise MalformedMessageError unless a reason goes with `disagree`, and only with it."""
    if (vote is VoteKind.DISAGREE) != (reason is not None):
        raise MalformedMessageError("a reason goes with disagree, and only with it")
