# SPDX-License-Identifier: Apache-2.0
"""Record in the log, inside the transaction of what is recorded, and give out checkpoints.

Either the thing and its entry are both written, or neither is. An entry is never changed, and none may be written after
what it records has left. Nothing here publishes an entry: that is `publishing.py`'s, at fixed times.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from types import MappingProxyType

from stillmine.exchange.log.items import padded_count, padded_items
from stillmine.exchange.log.key import signing_key
from stillmine.exchange.log.nodes import READ_AT_ONCE, joined_hashes, stored_range
from stillmine.exchange.log.publishing import promised_time
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.log import HEAD_ID, GivenCheckpoint, Leaf, LedgerHead, Mention
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.ledger.entry import SALT_BYTES, Entry, EventName, items_root

NO_DETAILS: Mapping[str, str] = MappingProxyType({})

PAGE_EVENTS = frozenset({EventName.DISCLOSED, EventName.RETRACTED})
"""Found through the record of the page, which keeps their numbers."""

STATE_EVENTS = frozenset({EventName.WITHDRAWN, EventName.EXPIRED, EventName.SUSPENDED, EventName.RESTORED})


def _record(
    exchange: Context,
    event: EventName,
    now: datetime,
    *,
    partner: Partner | None = None,
    fingerprint_ids: Sequence[str] = (),
    commitments: AbstractSet[bytes] = frozenset(),
    details: Mapping[str, str] = NO_DETAILS,
) -> int:
    """Record one entry and return its number; `fingerprint_ids` are those it names, in any order, or `commitments` theirs.

    Needs an open transaction, which holds the log's head from here until it ends: call it last, after the feed's head is locked.
    """
    named = sorted(commitments or _commitments(fingerprint_ids))
    salt = exchange.random_bytes(SALT_BYTES)
    items = padded_items(exchange.secret, salt, named, padded_count(len(named)))
    entry = Entry(
        event=event,
        day=now.date(),
        salt=salt,
        partner=partner.name if partner else None,
        items=len(items) or None,
        root=items_root(items) if items else None,
        details=details,
    )
    number = _append(exchange, entry.text(), joined_hashes(named))
    if event not in PAGE_EVENTS:
        _mention(number, event, partner, fingerprint_ids)
    return number


MAXIMUM_ENTRIES_EACH = 32
"""So many are written one by one; what is beyond shares one entry, so that no event can fill the log."""


def _record_each(exchange: Context, event: EventName, now: datetime, partner: Partner, fingerprint_ids: Sequence[str]) -> None:
    """Record one entry for each fingerprint: they are of different cases, and each is told by itself."""
    groups = [[one] for one in fingerprint_ids[:MAXIMUM_ENTRIES_EACH]]
    if beyond := fingerprint_ids[MAXIMUM_ENTRIES_EACH:]:
        groups.append(list(beyond))
    for group in groups:
        _record(exchange, event, now, partner=partner, fingerprint_ids=group)


def _mention(number: int, event: EventName, partner: Partner | None, fingerprint_ids: Sequence[str]) -> None:
    """Note that entry `number` names these; what the same partner was told before of a fingerprint in the same state is not noted again."""
    new = list(dict.fromkeys(fingerprint_ids))
    if event not in STATE_EVENTS:
        told = _told(event, partner, new)
        new = [fingerprint_id for fingerprint_id in new if fingerprint_id not in told]
    Mention.objects.bulk_create(
        [Mention(leaf_id=number, fingerprint_id=fingerprint_id, event=event.value, partner=partner) for fingerprint_id in new]
    )


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


def _commitments(fingerprint_ids: Sequence[str]) -> set[bytes]:
    """Return the commitments of those that have one: fingerprints of before the log have none."""
    found: set[bytes] = set()
    for start in range(0, len(fingerprint_ids), READ_AT_ONCE):
        rows = Fingerprint.objects.filter(id__in=fingerprint_ids[start : start + READ_AT_ONCE], ledger_commitment__isnull=False)
        found.update(bytes(stored) for stored in rows.values_list("ledger_commitment", flat=True) if stored is not None)
    return found


def _told(event: EventName, partner: Partner | None, fingerprint_ids: Sequence[str]) -> set[str]:
    """Return which of these have a mention of this event and partner since their state last changed."""
    events = [event.value, *(state.value for state in STATE_EVENTS)]
    told: set[str] = set()
    for start in range(0, len(fingerprint_ids), READ_AT_ONCE):
        rows = Mention.objects.filter(fingerprint_id__in=fingerprint_ids[start : start + READ_AT_ONCE], event__in=events)
        for fingerprint_id, known, partner_id in rows.order_by("leaf_id").values_list("fingerprint_id", "event", "partner_id"):
            if known != event.value:
                told.discard(fingerprint_id)
            elif partner is not None and partner_id == partner.id:
                told.add(fingerprint_id)
    return told
