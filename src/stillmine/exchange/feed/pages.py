# SPDX-License-Identifier: Apache-2.0
"""A page of the feed: which changes are on it. Whoever reads one for a partner holds the feed's lock, so that the record of it is true."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from stillmine.exchange.protection.drill_secrecy import cases_hidden_from
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.feed import Change
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.tx import Transaction
from stillmine.wire.case import FingerprintState
from stillmine.wire.feed import MAXIMUM_PAGE_VALUE_BYTES
from stillmine.wire.kinds import Kind


@dataclass(frozen=True)
class Page:
    """The shown changes after one number up to `to_sequence`, with their fingerprints; `newest_shown` is the newest number of all."""

    changes: list[Change]
    to_sequence: int
    newest_shown: int

    @property
    def active(self) -> list[str]:
        """The fingerprints that the page shows as active."""
        return [change.fingerprint_id for change in self.changes if change.state == FingerprintState.ACTIVE]

    @property
    def tombstones(self) -> list[str]:
        """The fingerprints that the page tells to stop."""
        return [change.fingerprint_id for change in self.changes if change.state != FingerprintState.ACTIVE]

    @property
    def has_more(self) -> bool:
        """False where the page reaches the newest change."""
        return self.to_sequence < self.newest_shown


def read_page(transaction: Transaction, partner: Partner, *, after: int, limit: int, newest: int, kinds: Collection[Kind]) -> Page:
    """Choose by size first: values may be large, and only those of this page may be read."""
    transaction.require_open()
    rows = shown_of(kinds).filter(sequence__gt=after).order_by("sequence")
    if hidden := cases_hidden_from(partner):
        rows = rows.exclude(fingerprint__case_id__in=hidden)
    waiting = list(rows.values_list("sequence", "fingerprint__value_bytes")[: limit + 1])
    fitting = _fitting([value_bytes for _, value_bytes in waiting[:limit]])
    if not fitting:
        return Page([], newest, newest)
    last = waiting[fitting - 1][0]
    changes = list(rows.filter(sequence__lte=last).select_related("fingerprint"))
    return Page(changes, newest if fitting == len(waiting) else last, newest)


def shown_of(kinds: Collection[Kind]) -> QuerySet[Change]:
    """Return the newest change of each fingerprint of these kinds, where it is shown.

    Kinds are asked about row by row: as a condition of a join they made SQLite read and sort every fingerprint for each page.
    """
    is_listed = Exists(Fingerprint.objects.filter(id=OuterRef("fingerprint_id"), kind__in=list(kinds)))
    return shown().filter(is_listed)


def shown() -> QuerySet[Change]:
    """Return the newest change of each fingerprint, of whatever kind, where it is shown."""
    return Change.objects.filter(superseded_by=None, is_shown=True)


def _fitting(sizes: list[int]) -> int:
    """Return how many of these values go into one page: at least the first."""
    total = 0
    for place, size in enumerate(sizes):
        total += size
        if place and total > MAXIMUM_PAGE_VALUE_BYTES:
            return place
    return len(sizes)
