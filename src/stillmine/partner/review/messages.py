# SPDX-License-Identifier: Apache-2.0
"""What the review page and its service say to each other. Contract: spec/review-page.md."""

from enum import StrEnum

import msgspec

from stillmine.wire.feedback import OpaqueId
from stillmine.wire.screen import KeptMatch, Review


class View(StrEnum):
    """What the page shows."""

    MATCH = "match"
    EMPTY = "empty"
    BREAK = "break"


class ShownMatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A match as a reviewer sees it. `media_url` is null where nothing may be shown, or nobody said where it is."""

    match: KeptMatch
    together: int
    is_by_sound_alone: bool
    media_url: str | None
    media_kinds: list[str]


class DeskView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it stands for one reviewer. `was_done`: whether what was asked for happened, where it can fail quietly."""

    view: View
    waiting: int
    decided: int
    break_after: int
    undo_seconds: int
    rest_seconds: int
    is_exchange_away: bool
    shown: ShownMatch | None = None
    was_done: bool = True


class Decide(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision about what is shown."""

    match_id: OpaqueId
    review: Review
