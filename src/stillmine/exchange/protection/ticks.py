# SPDX-License-Identifier: Apache-2.0
"""Ticks: what was added appears in the feed together and in random order, so that a partner can't see which openings there were.

Whoever fetches first after a tick is due makes it, or upkeep does; under the feed's lock, so that it is made once. It adds nothing to
the ledger: what was added has its entry since it was added. Must never show what was withdrawn meanwhile, nor keep tombstones waiting.
"""

from datetime import timedelta

from stillmine.exchange.protection.sequence import lock_head, show_waiting, tick_number
from stillmine.exchange.rows.feed import Head
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx


def is_due(exchange: Context, head: Head) -> bool:
    """Return whether something waits since another interval than the present one; before or after, or a clock set back would hold it up."""
    return head.waiting_since is not None and head.waiting_since != tick_number(exchange)


def is_overdue(exchange: Context, by: timedelta) -> bool:
    """Return whether something has waited for more than `by` after its tick was due."""
    since = Head.objects.get().waiting_since
    return since is not None and exchange.clock().timestamp() - (since + 1) * exchange.feed.tick_seconds > by.total_seconds()


def show_if_due(exchange: Context, head: Head) -> bool:
    """Make the tick where it is due by `head`, as it was read; returns whether this call did. Raises what `tx` does."""
    if not is_due(exchange, head):
        return False
    with tx("feed.tick", exchange.clock) as transaction:
        if not is_due(exchange, lock_head(transaction)):  # somebody else was first
            return False
        show_waiting(exchange, transaction)
        return True


def make_due_tick(exchange: Context) -> int:
    """Make the tick that no partner's request has made; returns how many there were."""
    return int(show_if_due(exchange, Head.objects.get()))
