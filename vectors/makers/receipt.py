# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/receipt.json: one signed receipt, its key, and receipts that must not be believed."""

import json
from datetime import UTC, datetime

from stillmine.exchange.person.receipt_note import signing_key
from stillmine.ledger.checkpoint import Checkpoint
from stillmine.ledger.signed_note import NoteKey
from stillmine.wire.case import CaseState
from stillmine.wire.case_key import Secret
from stillmine.wire.kinds import Kind
from stillmine.wire.receipt import UNREADABLE_AFTER, ErasedPart, Receipt, ReceiptPartner, receipt_text, reference_of

SECRET = bytes(range(32))
CASE_ID = bytes(range(16))


def example() -> Receipt:
    """Return a receipt that belongs to nobody."""
    at = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    partners = [ReceiptPartner("Example Forum", at, None), ReceiptPartner("Example Social", at, at.replace(hour=15))]
    first, second = at.replace(day=20), at.replace(minute=31)
    erased = [
        ErasedPart(1, [Kind.PDQ], first, first + UNREADABLE_AFTER, is_unreadable=True, partners=partners),
        ErasedPart(2, [Kind.VPDQ, Kind.MD5], second, second + UNREADABLE_AFTER, is_unreadable=False, partners=[]),
    ]
    return Receipt(reference_of(CASE_ID), at.replace(hour=16), CaseState.WITHDRAWN, 0, 1, erased)


def texts() -> dict[str, str]:
    """Return receipt.json."""
    return {"receipt.json": _document()}


def _document() -> str:
    """Return the whole file."""
    key, other = signing_key(Secret(SECRET)), signing_key(Secret(SECRET[::-1]))
    text = receipt_text(example())
    note, name = key.note(text), key.public.name
    half = signing_key(Secret(SECRET))
    half.public = NoteKey(name[:-16], key.public.public_key)
    vectors = {
        "secret": SECRET.hex(),
        "case_id": CASE_ID.hex(),
        "reference": reference_of(CASE_ID),
        "key": key.public.text(),
        "text": text,
        "note": note,
        "older_notes": {"before_it_named_copies": key.note("\n".join(line for line in text.split("\n") if not line.startswith("In logs")))},
        "must_fail": {
            "changed_text": {"note": note.replace("2026-11-20 14:05", "2026-11-19 14:05")},
            "line_added": {"note": note.replace("\nFile 2", "\nNo partner had it.\nFile 2")},
            "signed_by_another": {"note": other.note(text)},
            "signed_by_another_under_this_name": {"note": other.note(text).replace(other.public.name, name)},
            "no_signature": {"note": text},
            "two_signatures_glued": {"note": note + note.splitlines()[-1] + "\n"},
            "text_after_the_signature": {"note": note + "The case was never open.\n"},
            "signature_cut": {"note": note[:-9] + "\n"},
            "empty": {"note": ""},
            "a_checkpoint_signed_by_this_key": {"note": key.note(Checkpoint(name, 8, bytes(32)).body())},
            "another_text_signed_by_this_key": {"note": key.note(text.replace("deletion receipt", "deletion receipts", 1))},
            "a_line_before_the_first": {"note": key.note(f"\n{text}")},
            "key_of_another": {"key": other.public.text()},
            "key_of_half_its_name": {"key": half.public.text(), "note": half.note(text)},
            "key_cut": {"key": key.public.text()[:-2]},
            "key_of_another_kind": {"key": key.public.text().replace("+A", "+B")},
        },
    }
    return json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"
