# SPDX-License-Identifier: Apache-2.0
"""The feed in StopNCII's v1 shape, for clients that exist already.

This shape knows fingerprints by value only. So a tombstone names the value, and only to a partner that was given
it; and a value that two cases share stays `Active` until both have withdrawn it, or one person's withdrawal would
end the other's protection.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.feed.actions import HandedOut, Page, forget_told_values, hand_out
from stillmine.exchange.ground.edge import answer, query_number
from stillmine.exchange.partners.authentication import stopncii_partner
from stillmine.exchange.partners.opaque import PartnerIds, partner_ids
from stillmine.exchange.partners.queries import read_cursor
from stillmine.exchange.protection.given import last_sequence_before, shown_among
from stillmine.exchange.protection.kept_values import pending_values
from stillmine.exchange.protection.queries import active_fingerprints_with
from stillmine.exchange.protection.values import values_of
from stillmine.exchange.rows.feed import Change, Shape
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.transaction.context import Context, context
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import Kind
from stillmine.wire.stopncii import (
    DEFAULT_PAGE_RECORDS,
    MAXIMUM_PAGE_RECORDS,
    SIGNAL_TYPES,
    FetchHashesPage,
    HashRecord,
    HashStatus,
)

LATEST_TIMESTAMP = 253402300799
"""The last second of the year 9999."""


def fetch_hashes(request: HttpRequest) -> HttpResponse:
    """GET /stopncii/v1/FetchHashes."""
    exchange, partner = context(), stopncii_partner(request, Scope.LIST)
    start = query_number(request, "startTimestamp", 0, 0, LATEST_TIMESTAMP)
    page_size = query_number(request, "pageSize", DEFAULT_PAGE_RECORDS, 1, MAXIMUM_PAGE_RECORDS)
    token = request.GET.get("nextPageToken")
    start_at = datetime.fromtimestamp(start, UTC)
    after = read_cursor(exchange, partner, token) if token else last_sequence_before(start_at)
    forget_told_values(exchange, partner, start_at)
    encode = partial(_hashes_page, exchange, partner, start)
    return answer(hand_out(exchange, partner, after=after, limit=page_size, shape=Shape.STOPNCII, encode=encode))


@dataclass(frozen=True)
class _Known:
    """What is needed to write records: the partner's ids, values, values to withdraw, values still active elsewhere."""

    ids: PartnerIds
    values: dict[str, str]
    pending: dict[str, str]
    still_active: dict[tuple[str, str], list[str]]


def _hashes_page(exchange: Context, partner: Partner, start: int, page: Page) -> HandedOut[FetchHashesPage]:
    pending = pending_values(exchange, partner, page.tombstones)
    known = _Known(
        ids=partner_ids(exchange.secret, partner.random_id),
        values=values_of(exchange, [change.fingerprint for change in page.changes if change.state == FingerprintState.ACTIVE]),
        pending=pending,
        still_active=_shown_with(exchange, pending),
    )
    records = [record for change in page.changes if (record := _record(change, known))]
    message = FetchHashesPage(
        count=len(records),
        nextPageToken=known.ids.cursor(page.to_sequence) if page.has_more else None,
        nextSetTimestamp=int(page.changes[-1].changed_at.timestamp()) if page.changes else start,
        hasMoreRecords=page.has_more,
        hashRecords=records,
    )
    beside = {fingerprint_id for others in known.still_active.values() for fingerprint_id in others}
    return HandedOut(message, page.active, sorted(pending), sorted(beside - set(page.active)))


def _shown_with(exchange: Context, pending: dict[str, str]) -> dict[tuple[str, str], list[str]]:
    """Return what else is active with these values; what waits for a tick must not be told before it."""
    active = active_fingerprints_with(exchange, SIGNAL_TYPES, pending.values())
    shown = shown_among(own for ids in active.values() for own in ids)
    return {known: [own for own in ids if own in shown] for known, ids in active.items()}


def _record(change: Change, known: _Known) -> HashRecord | None:
    """Return a change as a record, or None where this partner was never given what was withdrawn."""
    kind = change.fingerprint.kind
    if change.state == FingerprintState.ACTIVE:
        value, others, own = known.values.get(change.fingerprint_id), [], HashStatus.ACTIVE
    else:
        value, own = known.pending.get(change.fingerprint_id), HashStatus.WITHDRAWN
        others = known.still_active.get((kind, value), []) if value else []
    if value is None:
        return None
    cases = {_pseudonym(entry_id): HashStatus.ACTIVE for entry_id in known.ids.entry_ids(others)}
    cases[_pseudonym(known.ids.entry_ids([change.fingerprint_id])[0])] = own
    return HashRecord(
        lastModtimestamp=int(change.changed_at.timestamp()),
        signalType=SIGNAL_TYPES[Kind(kind)],
        hashValue=value,
        hashStatus=HashStatus.ACTIVE if others else own,
        caseNumbers=cases,
        CSPFeedbacks=[],
    )


def _pseudonym(entry_id: str) -> str:
    return str(uuid.UUID(hex=entry_id))
