# SPDX-License-Identifier: Apache-2.0
"""The feed in StopNCII's v1 shape over HTTP, for clients that exist already: what it says is `records.py`'s, here it is encoded."""

import uuid
from datetime import UTC, datetime
from functools import partial

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.feed.actions import forget_told_values, hand_out
from stillmine.exchange.ground.edge import answer, query_number
from stillmine.exchange.partners.authentication import stopncii_partner
from stillmine.exchange.partners.opaque import PartnerIds, partner_ids
from stillmine.exchange.partners.queries import read_cursor
from stillmine.exchange.protection.given import last_sequence_before
from stillmine.exchange.rows.feed import Shape
from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.stopncii.records import Record, Records, read_records
from stillmine.exchange.transaction.context import context
from stillmine.wire.stopncii import DEFAULT_PAGE_RECORDS, MAXIMUM_PAGE_RECORDS, FetchHashesPage, HashRecord, HashStatus

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
    read = partial(read_records, exchange, partner)
    content = hand_out(exchange, partner, after=after, limit=page_size, shape=Shape.STOPNCII, read=read)
    return answer(_hashes_page(partner_ids(exchange.secret, partner.random_id), start, content))


def _hashes_page(ids: PartnerIds, start: int, content: Records) -> FetchHashesPage:
    page = content.page
    return FetchHashesPage(
        count=len(content.records),
        nextPageToken=ids.cursor(page.to_sequence) if page.has_more else None,
        nextSetTimestamp=int(page.changes[-1].changed_at.timestamp()) if page.changes else start,
        hasMoreRecords=page.has_more,
        hashRecords=[_hash_record(ids, record) for record in content.records],
    )


def _hash_record(ids: PartnerIds, record: Record) -> HashRecord:
    cases = {_pseudonym(entry_id): HashStatus.ACTIVE for entry_id in ids.entry_ids(record.others)}
    cases[_pseudonym(ids.entry_ids([record.fingerprint_id])[0])] = record.status
    return HashRecord(
        lastModtimestamp=int(record.changed_at.timestamp()),
        signalType=record.signal_type,
        hashValue=record.value,
        hashStatus=HashStatus.ACTIVE if record.others else record.status,
        caseNumbers=cases,
        CSPFeedbacks=[],
    )


def _pseudonym(entry_id: str) -> str:
    return str(uuid.UUID(hex=entry_id))
