# SPDX-License-Identifier: Apache-2.0
"""SubmitHashes in StopNCII's v1 shape. All of a message is taken or nothing: the open client reads no more of an answer than its status.

This shape says no quality: a `pdq` value is taken as of the lowest quality that a case accepts.
"""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.ground.edge import answer, read_message
from stillmine.exchange.partners.authentication import stopncii_partner
from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.submissions.actions import submit_and_withdraw_values
from stillmine.exchange.transaction.context import context
from stillmine.matching.flat import require_not_flat
from stillmine.wire.errors import StillmineError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import FULL_QUALITY, MINIMUM_QUALITY, Kind
from stillmine.wire.partner_errors import NotDecidedError
from stillmine.wire.stopncii import (
    MAXIMUM_SUBMIT_MESSAGE_BYTES,
    SIGNAL_TYPES,
    SubmitHashes,
    SubmitHashesReceipt,
    SubmittedHash,
    signal_kind,
)


def submit_hashes(request: HttpRequest) -> HttpResponse:
    """POST /stopncii/v1/SubmitHashes."""
    exchange, partner = context(), stopncii_partner(request, Scope.SUBMIT)
    message = read_message(request, SubmitHashes, MAXIMUM_SUBMIT_MESSAGE_BYTES)
    kept = [_fingerprint(place, record) for place, record in enumerate(message.hashRecords) if not record.is_taken_back]
    taken_back = {record.hashValue.lower() for record in message.hashRecords if record.is_taken_back}
    done, withdrawn = submit_and_withdraw_values(exchange, partner, kept, taken_back, SIGNAL_TYPES)
    return answer(SubmitHashesReceipt(count=message.count, accepted=done.accepted, repeated=done.repeated, withdrawn=len(withdrawn)))


def _fingerprint(place: int, record: SubmittedHash) -> Fingerprint:
    try:
        return _read(record)
    except StillmineError as error:
        raise type(error)(f"hashRecords[{place}]: {error.detail}".removesuffix(": ")) from None


def _read(record: SubmittedHash) -> Fingerprint:
    kind, value = signal_kind(record.signalType), record.hashValue.lower()
    fingerprint = Fingerprint(kind=kind, value=value, quality=MINIMUM_QUALITY if kind is Kind.PDQ else FULL_QUALITY)
    if not record.is_decided:
        raise NotDecidedError
    require_not_flat([fingerprint])
    return fingerprint
