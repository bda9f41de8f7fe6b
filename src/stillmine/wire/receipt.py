# SPDX-License-Identifier: Apache-2.0
"""What of a case is erased, who had it and who confirmed: as a message for a page, and as the text that is signed.

The text is plain, in fixed words and in English, because a signature covers bytes. Neither form may ever hold a value,
a case id, a key or the id of a fingerprint. Contract: spec/case.md.
"""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import msgspec

from stillmine.wire.case import CaseState, CaseView, FingerprintState, PartnerStatus
from stillmine.wire.errors import StillmineError
from stillmine.wire.fingerprint import FileNumber
from stillmine.wire.kinds import Kind

TITLE = "Stillmine deletion receipt"
"""The first line of the signed text. What begins otherwise is no receipt, and no log has such an origin."""

UNREADABLE_AFTER = timedelta(hours=48)
"""So long after it was erased at the latest nothing opens copies of it: logs, replicas and backups of the exchange's database."""

_REFERENCE_LABEL = b"stillmine/receipt-reference/v1"
_NEWEST = datetime.max.replace(tzinfo=UTC)


class ReceiptInvalidError(StillmineError):
    code = "receipt_invalid"
    status = 422
    sentence = (
        "This is not a receipt signed with this key, or it was changed since. "
        "Ask the exchange for its key, and the person for the whole file."
    )


class ReceiptPartner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A partner that had some of it; `confirmed_at` is null until it has confirmed all that it had."""

    partner: str
    given_on: date
    confirmed_at: datetime | None


class ErasedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was erased of one file in one minute: its kinds, and the partners that had any of it.

    `asked_at` is there where the case delayed its withdrawal. `unreadable_by` is by when logs, replicas, copies and backups of the
    exchange's database can't be opened any more either, and `is_unreadable` whether they can't already.
    """

    file_number: FileNumber
    kinds: list[Kind]
    erased_at: datetime
    unreadable_by: datetime
    is_unreadable: bool
    partners: list[ReceiptPartner]
    asked_at: datetime | None = None


class AskedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the person asked in one minute to have erased of one file, and when that takes effect unless it is cancelled."""

    file_number: FileNumber
    kinds: list[Kind]
    asked_at: datetime
    due_at: datetime


class EndedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is not looked for any more because the case's term ended, and is kept until `erased_by` so that a mistake can be undone."""

    file_number: FileNumber
    kinds: list[Kind]
    ended_at: datetime
    erased_by: datetime
    partners: list[ReceiptPartner]


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that was erased of a case so far, what is asked for and has not taken effect, and what is kept after its term ended:
    `kept_after_end` fingerprints, not looked for.

    `kept_to_tell` counts erased fingerprints whose value the exchange still has for one purpose: to tell partners that know
    fingerprints by value only. Such a partner has the value already; it is kept until told, and never longer than 30 days.
    """

    reference: str
    made_at: datetime
    state: CaseState
    kept: int
    kept_to_tell: int
    erased: list[ErasedPart]
    ended: list[EndedPart] = []
    kept_after_end: int = 0
    asked: list[AskedPart] = []


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


def receipt_of(case_id: bytes, view: CaseView, now: datetime, unreadable_before: datetime, kept_to_tell: int = 0) -> Receipt:
    """Return the receipt of what is erased in this view of a case; what was erased before `unreadable_before` opens nowhere any more."""
    parts: dict[tuple[int, datetime, datetime], list[int]] = {}
    ended: dict[tuple[int, datetime, datetime], list[int]] = {}
    for place, fingerprint in enumerate(view.fingerprints):
        withdrawn_at, erased_by = fingerprint.withdrawn_at, fingerprint.erased_by
        if fingerprint.state is not FingerprintState.WITHDRAWN or withdrawn_at is None:
            continue
        if erased_by is not None:
            ended.setdefault((fingerprint.file_number, withdrawn_at, erased_by), []).append(place)
        else:
            erased_at, asked_at = fingerprint.erased_at or withdrawn_at, fingerprint.withdrawal_asked_at or _NEWEST
            parts.setdefault((fingerprint.file_number, erased_at, asked_at), []).append(place)
    return Receipt(
        reference=reference_of(case_id),
        made_at=now,
        state=view.state,
        kept=len(view.fingerprints) - sum(map(len, (*parts.values(), *ended.values()))),
        kept_to_tell=kept_to_tell,
        erased=[_part(view, number, at, places, at < unreadable_before) for (number, at, _), places in sorted(parts.items())],
        kept_after_end=sum(map(len, ended.values())),
        ended=[_ended(view, number, at, by, places) for (number, at, by), places in sorted(ended.items())],
        asked=_asked(view),
    )


def receipt_text(receipt: Receipt) -> str:
    """Return the text that is signed; equal receipts give equal texts."""
    lines = [
        TITLE,
        "",
        f"Case reference: {receipt.reference}",
        f"Made: {_minute(receipt.made_at)}",
        f"State of the case: {receipt.state.value}",
        f"Fingerprints still kept: {receipt.kept + receipt.kept_after_end}",
    ]
    for part in receipt.erased:
        lines += ["", f"File {part.file_number}: {', '.join(part.kinds)}"]
        lines += [f"Asked to be erased: {_minute(part.asked_at)}"] if part.asked_at else []
        lines += [f"Erased at the exchange: {_minute(part.erased_at)}", _copies_line(part, receipt.made_at)]
        lines += [_partner_line(partner) for partner in part.partners] or ["No partner had it."]
    for ended in receipt.ended:
        lines += ["", f"File {ended.file_number}: {', '.join(ended.kinds)}", f"Its term ended: {_minute(ended.ended_at)}."]
        lines += [f"Kept sealed and unused, so that an end by mistake can be undone. To be erased: {_minute(ended.erased_by)}."]
        lines += [_partner_line(partner) for partner in ended.partners] or ["No partner had it."]
    for asked in receipt.asked:
        lines += ["", f"File {asked.file_number}: {', '.join(asked.kinds)}", f"Asked to be erased: {_minute(asked.asked_at)}"]
        lines += [f"Not erased yet. To be erased: {_minute(asked.due_at)}, unless that is cancelled before."]
    if receipt.kept_to_tell:
        lines += [
            "",
            f"Kept only to tell partners to stop, for at most 30 days, and in copies for 48 hours more: the values of "
            f"{receipt.kept_to_tell} of these fingerprints.",
        ]
    lines += ["", "The exchange says this of its own records. That a partner deleted what it had is the partner's word."]
    return "\n".join(lines) + "\n"


def _asked(view: CaseView) -> list[AskedPart]:
    asked: dict[tuple[int, datetime, datetime], list[Kind]] = {}
    for fingerprint in view.fingerprints:
        asked_at, due_at = fingerprint.withdrawal_asked_at, fingerprint.withdrawal_due_at
        if asked_at is not None and due_at is not None:
            asked.setdefault((fingerprint.file_number, asked_at, due_at), []).append(fingerprint.kind)
    return [AskedPart(number, list(dict.fromkeys(kinds)), at, due) for (number, at, due), kinds in sorted(asked.items())]


def _part(view: CaseView, number: int, erased_at: datetime, places: list[int], is_unreadable: bool) -> ErasedPart:
    kinds, partners = _kinds_and_partners(view, places)
    asked_at = view.fingerprints[places[0]].withdrawal_asked_at
    return ErasedPart(
        file_number=number,
        kinds=kinds,
        erased_at=erased_at,
        unreadable_by=erased_at + UNREADABLE_AFTER,
        is_unreadable=is_unreadable,
        partners=partners,
        asked_at=asked_at,
    )


def _ended(view: CaseView, number: int, ended_at: datetime, erased_by: datetime, places: list[int]) -> EndedPart:
    kinds, partners = _kinds_and_partners(view, places)
    return EndedPart(file_number=number, kinds=kinds, ended_at=ended_at, erased_by=erased_by, partners=partners)


def _kinds_and_partners(view: CaseView, places: list[int]) -> tuple[list[Kind], list[ReceiptPartner]]:
    fingerprints = [view.fingerprints[place] for place in places]
    statuses = [status for fingerprint in fingerprints for status in fingerprint.partners if status.given_on is not None]
    names = list(dict.fromkeys(status.partner for status in statuses))
    kinds = list(dict.fromkeys(fingerprint.kind for fingerprint in fingerprints))
    return kinds, [_partner(name, [status for status in statuses if status.partner == name]) for name in names]


def _partner(name: str, statuses: list[PartnerStatus]) -> ReceiptPartner:
    confirmed = [status.withdrawal_confirmed_at for status in statuses]
    return ReceiptPartner(
        partner=name,
        given_on=min(status.given_on or date.max for status in statuses),
        confirmed_at=None if None in confirmed else max(at for at in confirmed if at is not None),
    )


def _copies_line(part: ErasedPart, now: datetime) -> str:
    what = "In logs, copies and backups of the exchange's database"
    if part.is_unreadable:
        return f"{what}: can't be read any more."
    if now < part.unreadable_by:
        return f"{what}: can't be read any more from {_minute(part.unreadable_by)} at the latest."
    return f"{what}: can still be read. The exchange is late: it was to end by {_minute(part.unreadable_by)}."


def _partner_line(partner: ReceiptPartner) -> str:
    given = f"Given to {partner.partner}: {partner.given_on.isoformat()}. "
    if partner.confirmed_at is None:
        return given + "Not confirmed yet that it no longer looks for it."
    return given + f"Confirmed that it no longer looks for it: {_minute(partner.confirmed_at)}."


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
