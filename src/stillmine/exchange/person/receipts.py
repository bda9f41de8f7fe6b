# SPDX-License-Identifier: Apache-2.0
"""Receipts as they are asked for: made from what the case shows, signed, and kept nowhere."""

from stillmine.exchange.erasure.copies import unreadable_before
from stillmine.exchange.person.case_page import case_view
from stillmine.exchange.person.receipt_note import signing_key
from stillmine.exchange.rows.cases import Case
from stillmine.exchange.rows.feed import PendingTombstone
from stillmine.exchange.transaction.context import Context, to_minute
from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import NothingErasedError
from stillmine.wire.receipt import ReceiptKey, SignedReceipt, receipt_of, receipt_text


def signed_receipt(exchange: Context, case: Case) -> SignedReceipt:
    """Return the receipt of a case as it stands now; raises NothingErasedError."""
    view = case_view(exchange, case)
    erased = [fingerprint.id for fingerprint in view.fingerprints if fingerprint.state is FingerprintState.WITHDRAWN]
    kept_to_tell = PendingTombstone.objects.filter(fingerprint_id__in=erased).values("fingerprint_id").distinct().count()
    receipt = receipt_of(bytes.fromhex(case.case_id), view, to_minute(exchange.clock()), unreadable_before(exchange), kept_to_tell)
    if not (receipt.erased or receipt.ended or receipt.asked):
        raise NothingErasedError
    return SignedReceipt(version=1, receipt=receipt, note=signing_key(exchange.secret).note(receipt_text(receipt)))


def receipt_key(exchange: Context) -> ReceiptKey:
    """Return the key that checks receipts of this exchange."""
    return ReceiptKey(version=1, key=signing_key(exchange.secret).public.text())
