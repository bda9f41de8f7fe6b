# SPDX-License-Identifier: Apache-2.0
"""What a refusal of the exchange means to whoever called it.

The exchange's own words are never repeated, because a broken or hostile one could put anything into them: of a refusal the code is used
where it is known, a detail where it has the form of a place or a scope, and a bounded time to wait.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec

from stillmine.client.errors import ExchangeAnswerError, ExchangeFailedError
from stillmine.wire.ask_errors import IndexLoadingError, LookExpiredError, QuotaUsedUpError
from stillmine.wire.door_errors import BusyError, HeadTooLargeError, TooManyAtOnceError, TooSlowError
from stillmine.wire.errors import (
    ConflictError,
    ErrorMessage,
    ExchangeUnreachableError,
    FeedCursorForeignError,
    FeedCursorInvalidError,
    FingerprintMalformedError,
    FlatFingerprintError,
    KeysMissingError,
    KindNotAcceptedError,
    MalformedMessageError,
    MessageTooLargeError,
    PartnerKeyMissingError,
    PartnerKeyRevokedError,
    PartnerKeyUnknownError,
    QualityTooLowError,
    StillmineError,
    TooManyAttemptsError,
)
from stillmine.wire.partner_errors import (
    ListNotGivenError,
    ListStillGivenError,
    NotDecidedError,
    PartnerKeyEndedError,
    ScopeMissingError,
    TooManySubmissionsError,
)
from stillmine.wire.storage_errors import DatabaseBusyError, DatabaseUnavailableError, StorageFullError

MAXIMUM_RETRY_AFTER_SECONDS = 86_400
"""A day: the longest that an exchange has reason to ask for, since a quota is new at midnight."""

_ERROR = msgspec.json.Decoder(ErrorMessage)

_REFUSALS: dict[str, type[StillmineError]] = {
    error.code: error
    for error in (
        BusyError,
        ConflictError,
        DatabaseBusyError,
        DatabaseUnavailableError,
        FeedCursorForeignError,
        FeedCursorInvalidError,
        FingerprintMalformedError,
        FlatFingerprintError,
        HeadTooLargeError,
        IndexLoadingError,
        KeysMissingError,
        KindNotAcceptedError,
        ListNotGivenError,
        ListStillGivenError,
        LookExpiredError,
        MalformedMessageError,
        MessageTooLargeError,
        NotDecidedError,
        PartnerKeyEndedError,
        PartnerKeyMissingError,
        PartnerKeyRevokedError,
        PartnerKeyUnknownError,
        QualityTooLowError,
        QuotaUsedUpError,
        ScopeMissingError,
        StorageFullError,
        TooManyAtOnceError,
        TooManyAttemptsError,
        TooManySubmissionsError,
        TooSlowError,
    )
}

_DETAIL = re.compile(
    r"queries\[(?P<query>[0-9]{1,4})\]|(?:fingerprints|feedback|votes)\[[0-9]{1,4}\]|scope: (?:ask|list|submit|feedback)", re.ASCII
)
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


def refusal(status: int, headers: Mapping[str, str], data: bytes, places: Sequence[int] | None = None) -> StillmineError:
    """Turn an error answer into the error of its code, with the time to wait that its header names.

    `places` says of each query of the request where it stood among those that were asked about, if elsewhere.
    """
    error = _error_of(status, data, places)
    waiting = retry_after_seconds(headers)
    if waiting is not None:
        error.retry_after_seconds = waiting
    return error


def retry_after_seconds(headers: Mapping[str, str]) -> int | None:
    """Read `Retry-After`: seconds, or a date, which counts from the answer's own `Date`; None if there is none or it makes no sense."""
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return min(int(text), MAXIMUM_RETRY_AFTER_SECONDS)
    until, now = http_date(text), http_date(headers.get("Date", ""))
    if until is None or now is None or until < now:
        return None
    return min(int((until - now).total_seconds()), MAXIMUM_RETRY_AFTER_SECONDS)


def http_date(text: str) -> datetime | None:
    """Read a date as HTTP writes it; None for anything else."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return None if date.tzinfo is None else date


def _error_of(status: int, data: bytes, places: Sequence[int] | None) -> StillmineError:
    try:
        message = _ERROR.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = ErrorMessage("", "")
    known = _REFUSALS.get(message.code)
    if known is not None:
        return known(_detail(message.detail, places))
    if status == MessageTooLargeError.status:  # said by what stands before the exchange
        return MessageTooLargeError()
    if status == 500:
        return ExchangeFailedError("HTTP status 500")
    if status >= 500:
        return ExchangeUnreachableError(f"HTTP status {status}")
    return ExchangeAnswerError(f"HTTP status {status}")


def _detail(text: str, places: Sequence[int] | None) -> str:
    found = _DETAIL.match(text)
    if found is None:
        return ""
    number = found.group("query")
    if places is None or number is None:
        return found.group()
    return f"queries[{places[int(number)]}]" if int(number) < len(places) else ""
