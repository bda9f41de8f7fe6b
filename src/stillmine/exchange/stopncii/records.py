# SPDX-License-Identifier: Apache-2.0
"""What a page in StopNCII's shape says of each value, read in full while the page is made.

This shape knows fingerprints by value only. So a tombstone names the value, and only to a partner that was given
it; and a value that two cases share stays `Active` until both have withdrawn it, or one person's withdrawal would
end the other's protection.
"""

from dataclasses import dataclass
from datetime import datetime

from stillmine.exchange.feed.actions import Told
from stillmine.exchange.feed.pages import Page
from stillmine.exchange.protection.given import shown_among
from stillmine.exchange.protection.kept_values import pending_values
from stillmine.exchange.protection.queries import active_fingerprints_with
from stillmine.exchange.protection.values import values_of
from stillmine.exchange.rows.feed import Change
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import Kind
from stillmine.wire.stopncii import SIGNAL_TYPES, HashStatus, SignalType


@dataclass(frozen=True)
class Record:
    """One value: of which fingerprint it is, its state, and what else is active with it, whose cases keep it `Active`."""

    fingerprint_id: str
    signal_type: SignalType
    value: str
    status: HashStatus
    others: list[str]
    changed_at: datetime


@dataclass(frozen=True)
class Records:
    """A page and what it says."""

    page: Page
    records: list[Record]
    told: Told


@dataclass(frozen=True)
class _Known:
    """What is needed to write records: values, values to withdraw, values still active elsewhere."""

    values: dict[str, str]
    pending: dict[str, str]
    still_active: dict[tuple[str, str], list[str]]


def read_records(exchange: Context, partner: Partner, page: Page) -> Records:
    """Open the values of a page; raises SealedValueError, and NotConfiguredError where a key is missing."""
    pending = pending_values(exchange, partner, page.tombstones)
    values = values_of(exchange, [change.fingerprint for change in page.changes if change.state == FingerprintState.ACTIVE])
    known = _Known(values, pending, _shown_with(exchange, pending))
    records = [record for change in page.changes if (record := _record(change, known))]
    beside = {fingerprint_id for others in known.still_active.values() for fingerprint_id in others}
    return Records(page, records, Told(page.active, sorted(pending), sorted(beside - set(page.active))))


def _shown_with(exchange: Context, pending: dict[str, str]) -> dict[tuple[str, str], list[str]]:
    """Return what else is active with these values; what waits for a tick must not be told before it."""
    active = active_fingerprints_with(exchange, SIGNAL_TYPES, pending.values())
    shown = shown_among(fingerprint_id for ids in active.values() for fingerprint_id in ids)
    return {known: [fingerprint_id for fingerprint_id in ids if fingerprint_id in shown] for known, ids in active.items()}


def _record(change: Change, known: _Known) -> Record | None:
    """Return a change as a record, or None where this partner was never given what was withdrawn."""
    kind = change.fingerprint.kind
    if change.state == FingerprintState.ACTIVE:
        value, others, status = known.values.get(change.fingerprint_id), [], HashStatus.ACTIVE
    else:
        value, status = known.pending.get(change.fingerprint_id), HashStatus.WITHDRAWN
        others = known.still_active.get((kind, value), []) if value else []
    if value is None:
        return None
    return Record(change.fingerprint_id, SIGNAL_TYPES[Kind(kind)], value, status, others, change.changed_at)
