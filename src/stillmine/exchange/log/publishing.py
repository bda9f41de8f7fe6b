# SPDX-License-Identifier: Apache-2.0
"""Publish what was recorded, at fixed times and among padding, so that the log's size says nothing of what happened.

Contract: spec/ledger.md. A publication is never made by a request or because of an entry: its time must not depend on what happened.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection

from stillmine.exchange.ground.database_errors import refusal_of
from stillmine.exchange.ground.storage_log import say_storage
from stillmine.exchange.log.key import signing_key
from stillmine.exchange.log.nodes import READ_AT_ONCE, joined_hashes, node_id, stored_range
from stillmine.exchange.rows.log import HEAD_ID, GivenCheckpoint, Leaf, LedgerHead, Node
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.ledger.entry import SALT_BYTES, Entry, EventName, entry_hash
from stillmine.ledger.tree import CompactRange, Place
from stillmine.wire.errors import StillmineError

STEP = 64
"""The published size is a multiple of this."""

GRACE = timedelta(hours=1)
"""How much later than its time a publication may come before a promise is broken: an update, a restart."""

LONGEST_WAIT_SECONDS = 60.0
RETRY_SECONDS = 5.0

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_ORDER_BYTES = 16

_log = logging.getLogger(__name__)


def time_after(now: datetime, every: timedelta) -> datetime:
    """Return the first time of publication after `now`."""
    return _BEGINNING + ((now - _BEGINNING) // every + 1) * every


def is_due(head: LedgerHead, now: datetime, every: timedelta) -> bool:
    """True at and after the time that the last publication set, before the first, and where that time is too far ahead to be meant.

    It is too far ahead where the clock was set back or the periods became shorter. Two periods, not one, because the clocks of two
    machines with one database are never the same.
    """
    return head.next_at is None or now >= head.next_at or head.next_at - now > 2 * every


def promised_time(head: LedgerHead, now: datetime, every: timedelta) -> datetime:
    """Return by when an entry that is recorded now is published."""
    return (time_after(now, every) if head.next_at is None or is_due(head, now, every) else head.next_at) + GRACE


def is_overdue(exchange: Context, by: timedelta) -> bool:
    """Return whether the publication that is due is late by more than `by`; an hour after its time promises are broken."""
    head = LedgerHead.objects.get(id=HEAD_ID)
    return head.next_at is not None and exchange.clock() - head.next_at > by


def publish_due(exchange: Context) -> int:
    """Publish what waits if its time has come, padded; returns by how many leaves the log grew, 0 where it is not time.

    Of several processes one publishes: the others find that the time is already the next.
    """
    if not is_due(LedgerHead.objects.get(id=HEAD_ID), exchange.clock(), exchange.publish_every):
        return 0
    with tx("ledger.publish", exchange.clock) as transaction:
        head = LedgerHead.objects.select_for_update().get(id=HEAD_ID)
        now = exchange.clock()
        return _publish(exchange, transaction, head, now) if is_due(head, now, exchange.publish_every) else 0


def keep_published(exchange: Context, stopped: threading.Event) -> None:
    """Publish at each time until `stopped` is set."""
    while True:
        wait = _publish_and_wait(exchange)
        connection.close()
        if stopped.wait(wait):
            return


def _publish_and_wait(exchange: Context) -> float:
    """Return the seconds until it is worth looking again: at most a minute, for somebody may set the clock."""
    try:
        publish_due(exchange)
        head = LedgerHead.objects.get(id=HEAD_ID)
    except Exception as error:
        refusal = error if isinstance(error, StillmineError) else refusal_of(error)
        if refusal is None or not say_storage(refusal):
            _log.error("the ledger was not published (%s); trying again", type(error).__name__)
        return RETRY_SECONDS
    left = (head.next_at - exchange.clock()).total_seconds() if head.next_at else 0.0
    return min(max(left, 0.0), LONGEST_WAIT_SECONDS)


def _publish(exchange: Context, transaction: Transaction, head: LedgerHead, now: datetime) -> int:
    """Publish what waits; the transaction must hold the head's lock."""
    transaction.require_open()
    waiting = list(Leaf.objects.filter(place=None).values_list("id", "text"))
    padding = _padding(exchange, now, head.recorded, _missing(head.size + len(waiting), head.size))
    Leaf.objects.bulk_create(padding, READ_AT_ONCE)
    # Each gets a random key to be sorted by: a place must not tell how many entries came before it.
    leaves = sorted([*waiting, *((leaf.id, leaf.text) for leaf in padding)], key=lambda _: exchange.random_bytes(_ORDER_BYTES))
    tree = grow(stored_range(head.size, head.hashes), leaves)
    note = signing_key(exchange.secret).sign(tree.size, tree.root())
    GivenCheckpoint.objects.create(size=tree.size, note=note)
    LedgerHead.objects.filter(id=HEAD_ID).update(
        size=tree.size,
        hashes=joined_hashes(tree.hashes),
        recorded=head.recorded + len(padding),
        next_at=time_after(now, exchange.publish_every),
    )
    return len(leaves)


def _missing(reached: int, before: int) -> int:
    """Return how much padding fills up to the next multiple; at least one leaf is new."""
    return -max(reached, before + 1) % STEP + (reached == before)


def _padding(exchange: Context, now: datetime, first_id: int, count: int) -> list[Leaf]:
    return [
        Leaf(id=first_id + number, text=Entry(EventName.PADDING, now.date(), exchange.random_bytes(SALT_BYTES)).text())
        for number in range(count)
    ]


def grow(tree: CompactRange, leaves: Sequence[tuple[int, str]]) -> CompactRange:
    """Give the leaves their places in this order."""
    for batch in _batches(leaves):
        placed, completed = list[tuple[int, int]](), list[tuple[Place, bytes]]()
        for leaf_id, text in batch:
            placed.append((tree.size, leaf_id))
            tree, new = tree.with_leaf(entry_hash(text))
            completed += new
        with connection.cursor() as cursor:  # `bulk_update` took four fifths of the time for which everybody else waits
            cursor.executemany("UPDATE ledger_leaf SET place = %s WHERE id = %s", placed)
        Node.objects.bulk_create([Node(id=node_id(place), hash=stored) for place, stored in completed])
    return tree


def _batches(leaves: Sequence[tuple[int, str]]) -> Iterator[Sequence[tuple[int, str]]]:
    for start in range(0, len(leaves), READ_AT_ONCE):
        yield leaves[start : start + READ_AT_ONCE]
