# SPDX-License-Identifier: Apache-2.0
"""Entries of the log that name fingerprints: looks up the commitments by which alone the log may know them, and notes whose entry it is."""

from collections.abc import Mapping, Sequence

from stillmine.exchange.log.actions import NO_DETAILS, record
from stillmine.exchange.log.mentions import PAGE_EVENTS, note_mentions
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from stillmine.ledger.entry import EventName

MAXIMUM_ENTRIES_EACH = 32
"""So many are written one by one; what is beyond shares one entry, so that no event can fill the log."""

_AT_ONCE = 500


def record_of(
    exchange: Context,
    transaction: Transaction,
    event: EventName,
    fingerprint_ids: Sequence[str],
    *,
    partner: Partner | None = None,
    details: Mapping[str, str] = NO_DETAILS,
) -> int:
    """Record one entry that names these fingerprints, in any order; returns its number. As `record`, call it last."""
    name, partner_id = (partner.name, partner.id) if partner else (None, None)
    number = record(exchange, transaction, event, partner=name, commitments=commitments_of(fingerprint_ids), details=details)
    if event not in PAGE_EVENTS:
        note_mentions(transaction, number, event, fingerprint_ids, partner_id)
    return number


def record_each_of(exchange: Context, transaction: Transaction, event: EventName, fingerprint_ids: Sequence[str], partner: Partner) -> None:
    """Record one entry for each fingerprint: they are of different cases, and each is told by itself."""
    groups = [[one] for one in fingerprint_ids[:MAXIMUM_ENTRIES_EACH]]
    if beyond := fingerprint_ids[MAXIMUM_ENTRIES_EACH:]:
        groups.append(list(beyond))
    for group in groups:
        record_of(exchange, transaction, event, group, partner=partner)


def commitments_of(fingerprint_ids: Sequence[str]) -> set[bytes]:
    """Return the commitments of those that have one: fingerprints of before the log have none."""
    found: set[bytes] = set()
    for start in range(0, len(fingerprint_ids), _AT_ONCE):
        rows = Fingerprint.objects.filter(id__in=fingerprint_ids[start : start + _AT_ONCE], ledger_commitment__isnull=False)
        found.update(bytes(stored) for stored in rows.values_list("ledger_commitment", flat=True) if stored is not None)
    return found
