# SPDX-License-Identifier: Apache-2.0
"""Record in the log, inside the transaction of what is recorded, and give out checkpoints.

Either the thing and its entry are both written, or neither is. An entry is never changed, and none may be written after
what it records has left. Nothing here publishes an entry: that is `publishing.py`'s, at fixed times. What a fingerprint or a partner
is, the log does not know: callers give a name and commitments.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from stillmine.exchange.log.items import padded_count, padded_items
from stillmine.exchange.log.key import signing_key
from stillmine.exchange.log.nodes import joined_hashes, stored_range
from stillmine.exchange.log.publishing import promised_time
from stillmine.exchange.rows.log import HEAD_ID, GivenCheckpoint, Leaf, LedgerHead
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.ledger.entry import SALT_BYTES, Entry, EventName, items_root

NO_DETAILS: Mapping[str, str] = MappingProxyType({})


def record(
    exchange: Context,
    transaction: Transaction,
    event: EventName,
    *,
    partner: str | None = None,
    commitments: AbstractSet[bytes] = frozenset(),
    details: Mapping[str, str] = NO_DETAILS,
) -> int:
    """Record one entry and return its number; `partner` is a name, `commitments` are of the fingerprints that it names.

    The transaction holds the log's head from here until it ends: call it last, after the feed's head is locked.
    """
    named = sorted(commitments)
    salt = exchange.random_bytes(SALT_BYTES)
    items = padded_items(exchange.secret, salt, named, padded_count(len(named)))
    entry = Entry(
        event=event,
        day=transaction.now.date(),
        salt=salt,
        partner=partner,
        items=len(items) or None,
        root=items_root(items) if items else None,
        details=details,
    )
    return _append(exchange, entry.text(), joined_hashes(named))


def give_checkpoint(exchange: Context) -> tuple[int, str]:
    """Return the size of the published log and its signed checkpoint, which is kept before it leaves."""
    head = LedgerHead.objects.get(id=HEAD_ID)
    given = GivenCheckpoint.objects.filter(size=head.size).first()
    if given is None:
        note = signing_key(exchange.secret).sign(head.size, stored_range(head.size, head.hashes).root())
        with tx("ledger.give_checkpoint", exchange.clock):
            GivenCheckpoint.objects.bulk_create([GivenCheckpoint(size=head.size, note=note)], ignore_conflicts=True)
        given = GivenCheckpoint.objects.get(size=head.size)
    return given.size, given.note


def _append(exchange: Context, text: str, items: bytes) -> int:
    head = LedgerHead.objects.select_for_update().get(id=HEAD_ID)
    publish_by = promised_time(head, exchange.clock(), exchange.publish_every)
    Leaf.objects.bulk_create([Leaf(id=head.recorded, publish_by=publish_by, text=text, items=items)])
    LedgerHead.objects.filter(id=HEAD_ID).update(recorded=head.recorded + 1)
    return head.recorded
