# SPDX-License-Identifier: Apache-2.0
"""The native list feed: what list partners fetch, in order, tombstones included.

An entry's id is made for one partner only and tells nothing of the case; there are no times and no case
numbers, so that a partner cannot tell which fingerprints belong together. Contract: spec/feed.md.
"""

from typing import Literal

import msgspec

from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.feedback import OpaqueId
from stillmine.wire.fingerprint import Quality
from stillmine.wire.kinds import Kind, require_listed

DEFAULT_PAGE_ENTRIES = 500
MAXIMUM_PAGE_ENTRIES = 1000
MAXIMUM_PAGE_VALUE_BYTES = 2 * 1024 * 1024
"""A page ends where its values would be more than this; one value alone may not, and is at most 1 MiB."""

MAXIMUM_PAGE_BYTES = 4 * 1024 * 1024
"""No page is larger than this as JSON; a partner reads no more."""


class FeedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The newest state of one fingerprint; `value` and `quality` are there only while it is active.

    `is_flagged`: an operator was asked to look at it, and it is matched meanwhile.
    """

    id: OpaqueId
    kind: Kind
    state: FingerprintState
    value: str | None = None
    quality: Quality | None = None
    is_flagged: bool = False

    def __post_init__(self) -> None:
        require_listed(self.kind)


class FeedPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries in the order of change; `cursor` goes into the next request, also when the page is empty."""

    version: Literal[1]
    entries: list[FeedEntry]
    cursor: str
    has_more: bool


class AcknowledgeFeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The partner says: everything up to this cursor is applied, tombstones no longer match here.

    `is_erased`, instead of a cursor, of a partner that was set back to asking: nothing of the list is left here, so nothing of it matches.
    """

    version: Literal[1]
    cursor: str | None = None
    is_erased: bool = False

    def __post_init__(self) -> None:
        if (self.cursor is None) is not self.is_erased:
            raise MalformedMessageError("either cursor or is_erased")
