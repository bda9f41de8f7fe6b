# SPDX-License-Identifier: Apache-2.0
"""Which entries name a fingerprint: notes of this database alone, that never leave with an entry and are found from the fingerprint."""

from collections.abc import Sequence

from stillmine.exchange.log.nodes import READ_AT_ONCE
from stillmine.exchange.rows.log import Mention
from stillmine.exchange.transaction.tx import Transaction
from stillmine.ledger.entry import EventName

PAGE_EVENTS = frozenset({EventName.DISCLOSED, EventName.RETRACTED})
"""Found through the record of the page, which keeps their numbers."""

STATE_EVENTS = frozenset({EventName.WITHDRAWN, EventName.EXPIRED, EventName.SUSPENDED, EventName.RESTORED})


def note_mentions(
    transaction: Transaction, number: int, event: EventName, fingerprint_ids: Sequence[str], partner_id: int | None = None
) -> None:
    """Note that entry `number` names these; what the same partner was told before of a fingerprint in the same state is not noted again."""
    transaction.require_open()
    new = list(dict.fromkeys(fingerprint_ids))
    if event not in STATE_EVENTS:
        known = mentioned_in_this_state(event, new, partner_id)
        new = [fingerprint_id for fingerprint_id in new if fingerprint_id not in known]
    Mention.objects.bulk_create(
        [Mention(leaf_id=number, fingerprint_id=fingerprint_id, event=event.value, partner_id=partner_id) for fingerprint_id in new]
    )


def mentioned_in_this_state(event: EventName, fingerprint_ids: Sequence[str], partner_id: int | None) -> set[str]:
    """Return which of these have a mention of this event and partner since their state last changed."""
    events = [event.value, *(state.value for state in STATE_EVENTS)]
    mentioned: set[str] = set()
    for start in range(0, len(fingerprint_ids), READ_AT_ONCE):
        rows = Mention.objects.filter(fingerprint_id__in=fingerprint_ids[start : start + READ_AT_ONCE], event__in=events)
        for fingerprint_id, known, known_partner_id in rows.order_by("leaf_id").values_list("fingerprint_id", "event", "partner_id"):
            if known != event.value:
                mentioned.discard(fingerprint_id)
            elif partner_id is not None and known_partner_id == partner_id:
                mentioned.add(fingerprint_id)
    return mentioned
