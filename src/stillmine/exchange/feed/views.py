# SPDX-License-Identifier: Apache-2.0
"""The native feed over HTTP. A tombstone leaves here without value or quality."""

from functools import partial

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.feed import actions
from stillmine.exchange.feed.entries import Entries, Entry, read_entries
from stillmine.exchange.ground.edge import answer, query_number, read_message
from stillmine.exchange.partners.authentication import bearer_key, bearer_partner, require_scope
from stillmine.exchange.partners.opaque import PartnerIds, partner_ids
from stillmine.exchange.partners.queries import read_cursor
from stillmine.exchange.rows.feed import Shape
from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.transaction.context import context
from stillmine.wire.case import FingerprintState
from stillmine.wire.feed import DEFAULT_PAGE_ENTRIES, MAXIMUM_PAGE_ENTRIES, AcknowledgeFeed, FeedEntry, FeedPage


def fetch(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/feed."""
    exchange, partner = context(), bearer_partner(request, Scope.LIST)
    limit = query_number(request, "limit", DEFAULT_PAGE_ENTRIES, 1, MAXIMUM_PAGE_ENTRIES)
    cursor = request.GET.get("cursor")
    after = read_cursor(exchange, partner, cursor) if cursor else 0
    read = partial(read_entries, exchange)
    content = actions.hand_out(exchange, partner, after=after, limit=limit, shape=Shape.NATIVE, read=read)
    return answer(feed_page(partner_ids(exchange.secret, partner.random_id), content))


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


def feed_page(ids: PartnerIds, content: Entries) -> FeedPage:
    """Return a page as it leaves, with this partner's ids."""
    entry_ids = ids.entry_ids([entry.fingerprint_id for entry in content.entries])
    entries = [_feed_entry(entry_id, entry) for entry_id, entry in zip(entry_ids, content.entries, strict=True)]
    return FeedPage(version=1, entries=entries, cursor=ids.cursor(content.page.to_sequence), has_more=content.page.has_more)


def _feed_entry(entry_id: str, entry: Entry) -> FeedEntry:
    if entry.state is not FingerprintState.ACTIVE:
        return FeedEntry(id=entry_id, kind=entry.kind, state=entry.state)
    return FeedEntry(entry_id, entry.kind, entry.state, entry.value, entry.quality, is_flagged=entry.is_flagged)
