# SPDX-License-Identifier: Apache-2.0
"""Record which files the portal consists of, by the hash of their list (spec/portal-list.md): at each change, not at each start."""

from stillmine.exchange.log.actions import record
from stillmine.exchange.rows.log import HEAD_ID, LedgerHead, PortalEntry
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.ledger.entry import EventName

LIST = "list"
"""The name of the hash in an entry's details."""


def record_portal(exchange: Context, list_hash: str) -> bool:
    """Record the list that is served from now on, unless it is the one recorded last; returns whether it was.

    Several processes that start at once record it once: they look under the log's lock.
    """
    if newest_list() == list_hash:
        return False
    with tx("ledger.portal", exchange.clock) as transaction:
        LedgerHead.objects.select_for_update().get(id=HEAD_ID)
        if newest_list() == list_hash:
            return False
        number = record(exchange, transaction, EventName.PORTAL_CHANGED, details={LIST: list_hash})
        PortalEntry.objects.create(leaf_id=number, list_hash=list_hash)
    return True


def newest_list() -> str | None:
    """Return the hash of the list that was recorded last."""
    return PortalEntry.objects.order_by("-leaf_id").values_list("list_hash", flat=True).first()
