# SPDX-License-Identifier: Apache-2.0
"""Which fingerprints a partner's message names, and what it is told of it: the same for reports and for votes."""

from collections.abc import Collection, Mapping, Sequence

from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from stillmine.wire.feedback import FeedbackReceipt


def hold_named(exchange: Context, transaction: Transaction, partner: Partner, entry_ids: Sequence[str]) -> dict[str, str]:
    """Return entry id -> fingerprint id, for those that name one, and hold the partner until the transaction ends.

    The same message sent twice at once waits for itself; a page handed out refers to the partner and must not wait.
    """
    transaction.require_open()
    Partner.objects.select_for_update(no_key=True).get(id=partner.id)
    distinct = sorted(set(entry_ids))
    ids = partner_ids(exchange.secret, partner.random_id).fingerprint_ids(distinct)
    existing = set(Fingerprint.objects.filter(id__in=ids).values_list("id", flat=True))
    return {entry_id: fingerprint_id for entry_id, fingerprint_id in zip(distinct, ids, strict=True) if fingerprint_id in existing}


def cases_of(fingerprint_ids: Collection[str]) -> dict[str, int]:
    """Return which case each fingerprint is of."""
    return dict(Fingerprint.objects.filter(id__in=list(fingerprint_ids)).values_list("id", "case_id"))


def receipt_for(entry_ids: Sequence[str], named: Mapping[str, str], accepted: int) -> FeedbackReceipt:
    """Return the receipt of a message that named these, of which so many were new."""
    taken = sum(entry_id in named for entry_id in entry_ids)
    return FeedbackReceipt(accepted=accepted, repeated=taken - accepted, unknown=sorted(set(entry_ids) - named.keys()))
