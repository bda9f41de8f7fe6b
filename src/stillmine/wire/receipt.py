# SPDX-License-Identifier: Apache-2.0
"""What of a case is erased, who had it and who confirmed: as a message for a page, and as the text that is signed.

The text is plain, in fixed words and in English, because a signature covers bytes. Neither form may ever hold a value,
a case id, a key or the id of a fingerprint. Contract: spec/case.md.
"""

import hashlib
from datetime import UTC, datetime
from typing import Literal

import msgspec

from stillmine.wire.case import CaseState, CaseView, FingerprintState, PartnerStatus
from stillmine.wire.errors import StillmineError
from stillmine.wire.fingerprint import FileNumber, Kind

TITLE = "Stillmine deletion receipt"
"""The first line of the signed text. What begins otherwise is no receipt, and no log has such an origin."""

_REFERENCE_LABEL = b"stillmine/receipt-reference/v1"
_NEWEST = datetime.max.replace(tzinfo=UTC)


class ReceiptInvalidError(StillmineError):
    code = "receipt_invalid"
    status = 422
    sentence = (
        "This is no receipt signed with this key, or it was changed since. Ask the exchange for its key, and the person for the whole file."
    )


class ReceiptPartner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A partner that had some of it; `confirmed_at` is null until it has confirmed all that it had."""

    partner: str
    given_at: datetime
    confirmed_at: datetime | None


class ErasedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was erased of one file in one minute: its kinds, and the partners that had any of it."""

    file_number: FileNumber
    kinds: list[Kind]
    erased_at: datetime
    partners: list[ReceiptPartner]


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that was erased of a case so far.

    `kept_to_tell` counts erased fingerprints whose value the exchange still has for one purpose: to tell partners that know
    fingerprints by value only. Such a partner has the value already; it is kept until told, and never longer than 30 days.
    """

    reference: str
    made_at: datetime
    state: CaseState
    kept: int
    kept_to_tell: int
    erased: list[ErasedPart]


class SignedReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A receipt for the page, and `note`: its signed text, which is what the person keeps."""

    version: Literal[1]
    receipt: Receipt
    note: str


class ReceiptKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key that checks receipts of this exchange, in the form that `receipt verify --key` takes."""

    version: Literal[1]
    key: str


def reference_of(case_id: bytes) -> str:
    """Return what a receipt names its case by: it can be made from the case key and does not open anything."""
    return hashlib.sha256(_REFERENCE_LABEL + case_id).hexdigest()[:16]


def receipt_of(case_id: bytes, view: CaseView, now: datetime, kept_to_tell: int = 0) -> Receipt:
    """Return the receipt of what is erased in this view of a case."""
    parts: dict[tuple[int, datetime], list[int]] = {}
    for place, fingerprint in enumerate(view.fingerprints):
        if fingerprint.state is FingerprintState.WITHDRAWN and fingerprint.withdrawn_at is not None:
            parts.setdefault((fingerprint.file_number, fingerprint.withdrawn_at), []).append(place)
    return Receipt(
        reference=reference_of(case_id),
        made_at=now,
        state=view.state,
        kept=len(view.fingerprints) - sum(map(len, parts.values())),
        kept_to_tell=kept_to_tell,
        erased=[_part(view, number, at, places) for (number, at), places in sorted(parts.items())],
    )


def receipt_text(receipt: Receipt) -> str:
    """Return the text that is signed; equal receipts give equal texts."""
    lines = [
        TITLE,
        "",
        f"Case reference: {receipt.reference}",
        f"Made: {_minute(receipt.made_at)}",
        f"State of the case: {receipt.state.value}",
        f"Fingerprints still kept: {receipt.kept}",
    ]
    for part in receipt.erased:
        lines += ["", f"File {part.file_number}: {', '.join(part.kinds)}", f"Erased at the exchange: {_minute(part.erased_at)}"]
        lines += [_partner_line(partner) for partner in part.partners] or ["No partner had it."]
    if receipt.kept_to_tell:
        lines += [
            "",
            f"Kept only to tell partners to stop, for at most 30 days: the values of {receipt.kept_to_tell} of these fingerprints.",
        ]
    lines += ["", "The exchange says this of its own records. That a partner deleted what it had is the partner's word."]
    return "\n".join(lines) + "\n"


def _part(view: CaseView, number: int, erased_at: datetime, places: list[int]) -> ErasedPart:
    fingerprints = [view.fingerprints[place] for place in places]
    statuses = [status for fingerprint in fingerprints for status in fingerprint.partners if status.given_at is not None]
    names = list(dict.fromkeys(status.partner for status in statuses))
    return ErasedPart(
        file_number=number,
        kinds=list(dict.fromkeys(fingerprint.kind for fingerprint in fingerprints)),
        erased_at=erased_at,
        partners=[_partner(name, [status for status in statuses if status.partner == name]) for name in names],
    )


def _partner(name: str, statuses: list[PartnerStatus]) -> ReceiptPartner:
    confirmed = [status.withdrawal_confirmed_at for status in statuses]
    return ReceiptPartner(
        partner=name,
        given_at=min(status.given_at or _NEWEST for status in statuses),
        confirmed_at=None if None in confirmed else max(at for at in confirmed if at is not None),
    )


def _partner_line(partner: ReceiptPartner) -> str:
    given = f"Given to {partner.partner}: {_minute(partner.given_at)}. "
    if partner.confirmed_at is None:
        return given + "Not confirmed yet that it no longer looks for it."
    return given + f"Confirmed that it no longer looks for it: {_minute(partner.confirmed_at)}."


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
