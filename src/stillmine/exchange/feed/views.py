# SPDX-License-Identifier: Apache-2.0
"""The native feed over HTTP. A tombstone leaves here without value or quality."""

from functools import partial

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.feed import actions
from stillmine.exchange.ground.edge import answer, query_number, read_message
from stillmine.exchange.partners.authentication import bearer_key, bearer_partner, require_scope
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.partners.queries import read_cursor
from stillmine.exchange.protection.flags import flagged_among
from stillmine.exchange.protection.values import values_of
from stillmine.exchange.rows.feed import Change, Shape
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.transaction.context import Context, context
from stillmine.wire.case import FingerprintState
from stillmine.wire.feed import DEFAULT_PAGE_ENTRIES, MAXIMUM_PAGE_ENTRIES, AcknowledgeFeed, FeedEntry, FeedPage
from stillmine.wire.kinds import Kind


def fetch(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/feed."""
    exchange, partner = context(), bearer_partner(request, Scope.LIST)
    limit = query_number(request, "limit", DEFAULT_PAGE_ENTRIES, 1, MAXIMUM_PAGE_ENTRIES)
    cursor = request.GET.get("cursor")
    after = read_cursor(exchange, partner, cursor) if cursor else 0
    encode = partial(_feed_page, exchange, partner)
    return answer(actions.hand_out(exchange, partner, after=after, limit=limit, shape=Shape.NATIVE, encode=encode))


def acknowledge(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/feed/acknowledgements."""
    exchange, key = context(), bearer_key(request, None)
    message = read_message(request, AcknowledgeFeed)
    if message.cursor is None:
        require_scope(key, Scope.ASK)
        actions.acknowledge_erased(exchange, key.partner)
    else:
        require_scope(key, Scope.LIST)
        actions.acknowledge(exchange, key.partner, read_cursor(exchange, key.partner, message.cursor))
    return HttpResponse(status=204)


def _feed_page(exchange: Context, partner: Partner, page: actions.Page) -> actions.HandedOut[FeedPage]:
    ids = partner_ids(exchange.secret, partner.random_id)
    entry_ids = ids.entry_ids([change.fingerprint_id for change in page.changes])
    values = values_of(exchange, [change.fingerprint for change in page.changes if change.state == FingerprintState.ACTIVE])
    flagged = flagged_among(page.active)
    entries = [_entry(entry_id, change, values, flagged) for entry_id, change in zip(entry_ids, page.changes, strict=True)]
    message = FeedPage(version=1, entries=entries, cursor=ids.cursor(page.to_sequence), has_more=page.has_more)
    return actions.HandedOut(message, page.active, page.tombstones)


def _entry(entry_id: str, change: Change, values: dict[str, str], flagged: set[str]) -> FeedEntry:
    kind, state = Kind(change.fingerprint.kind), FingerprintState(change.state)
    if state is not FingerprintState.ACTIVE:
        return FeedEntry(id=entry_id, kind=kind, state=state)
    own = change.fingerprint
    return FeedEntry(entry_id, kind, state, values[own.id], own.quality, is_flagged=own.id in flagged)
