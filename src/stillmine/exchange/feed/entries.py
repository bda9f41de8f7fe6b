# SPDX-License-Identifier: Apache-2.0
"""What a page of the native feed says of each fingerprint, read in full while the page is made.

A tombstone has neither value nor quality.
"""

from dataclasses import dataclass

from stillmine.exchange.feed.actions import Told
from stillmine.exchange.feed.pages import Page
from stillmine.exchange.protection.flags import flagged_among
from stillmine.exchange.protection.values import values_of
from stillmine.exchange.rows.feed import Change
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import Kind


@dataclass(frozen=True)
class Entry:
    """One fingerprint; `value` is None for a tombstone."""

    fingerprint_id: str
    kind: Kind
    state: FingerprintState
    value: str | None = None
    quality: int | None = None
    is_flagged: bool = False


@dataclass(frozen=True)
class Entries:
    """A page and what it says."""

    page: Page
    entries: list[Entry]

    @property
    def told(self) -> Told:
        """What is written down of the page."""
        return Told(self.page.active, self.page.tombstones)


def read_entries(exchange: Context, page: Page) -> Entries:
    """Open the values of a page; raises SealedValueError, and NotConfiguredError where a key is missing."""
    values = values_of(exchange, [change.fingerprint for change in page.changes if change.state == FingerprintState.ACTIVE])
    flagged = flagged_among(page.active)
    return Entries(page, [_entry(change, values, flagged) for change in page.changes])


def _entry(change: Change, values: dict[str, str], flagged: set[str]) -> Entry:
    fingerprint, state = change.fingerprint, FingerprintState(change.state)
    if state is not FingerprintState.ACTIVE:
        return Entry(fingerprint.id, Kind(fingerprint.kind), state)
    is_flagged = fingerprint.id in flagged
    return Entry(fingerprint.id, Kind(fingerprint.kind), state, values[fingerprint.id], fingerprint.quality, is_flagged)
