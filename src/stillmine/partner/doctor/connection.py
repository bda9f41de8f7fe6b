# SPDX-License-Identifier: Apache-2.0
"""One look whether a partner is connected as it should be: address, certificate, key, what it may do, index, quota, clock.

It asks about nothing and fetches nothing, so nobody is told that they were looked for and no query is used up.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from stillmine.client import DatedStatus, Exchange, ExchangeSettings
from stillmine.partner.asking.queries import PHOTOGRAPH_QUERIES
from stillmine.partner.doctor.findings import Finding, failed
from stillmine.partner.screening.way_in_use import Use, WayChoice, decided
from stillmine.wire.ask import ExchangeStatus, IndexState
from stillmine.wire.ask_errors import IndexLoadingError, QuotaUsedUpError
from stillmine.wire.errors import (
    NotConfiguredError,
    PartnerKeyMissingError,
    PartnerKeyRevokedError,
    PartnerKeyUnknownError,
    StillmineError,
)
from stillmine.wire.partner_errors import ListNotGivenError, PartnerKeyEndedError, ScopeMissingError
from stillmine.wire.screen import WayName

MAXIMUM_CLOCK_DIFFERENCE_SECONDS = 60
"""More than that, and upload tokens of this machine belong to another day than the exchange's for long."""

_DATE_SECONDS = 2

FEEDBACK = "feedback"

_LOOKED_UP = {
    WayName.ASK: "the service asks",
    WayName.LIST: "the service takes the list",
    WayName.BOTH: "the service takes the list, and asks",
}
_MISSING: dict[type[StillmineError], str] = {
    ScopeMissingError: "Uploads can't be looked up by asking. Use another key, or ask the operator for one with the scope ask",
    ListNotGivenError: "You are given no list. Use --way ask, or talk to the operator about the list",
}

_KEY_REFUSED = (PartnerKeyMissingError, PartnerKeyUnknownError, PartnerKeyRevokedError, PartnerKeyEndedError)

CLOCK_DIFFERS = "clock_differs"


class Connection(msgspec.Struct, frozen=True):
    """What was found; what could not be learned is null, and the address is empty where it was wrong."""

    exchange: str
    findings: list[Finding]
    scopes: list[str] | None = None
    index: IndexState | None = None
    queries_today: int | None = None
    queries_a_day: int | None = None
    clock_difference_seconds: float | None = None


def connection_of(
    settings: ExchangeSettings, connect: Callable[[ExchangeSettings], Exchange], choice: WayChoice, clock: Callable[[], datetime]
) -> Connection:
    """Look once. `choice` is what the platform wants, `clock` returns UTC."""
    try:
        with connect(settings) as exchange:
            return _of_exchange(exchange, settings.url, choice, clock)
    except NotConfiguredError as error:
        return not_configured(error)


def not_configured(error: NotConfiguredError) -> Connection:
    """Return what is said where a setting is wrong."""
    return Connection("", [failed("settings", str(error), error.code)])


def _of_exchange(exchange: Exchange, url: str, choice: WayChoice, clock: Callable[[], datetime]) -> Connection:
    before = clock()
    try:
        dated = exchange.dated_status()
    except StillmineError as error:
        return Connection(url, list(_of_refusal(error, url)))
    difference = _clock_difference(dated, before, clock())
    status, use = dated.status, decided(choice, dated.status.scopes)
    findings = [_answers(url), *_of_key(status, use), *_of_asking(status, use), _of_clock(difference)]
    return Connection(
        url,
        findings,
        scopes=status.scopes,
        index=status.index,
        queries_today=status.queries_today,
        queries_a_day=status.queries_a_day,
        clock_difference_seconds=difference,
    )


def _answers(url: str) -> Finding:
    return Finding("exchange", f"{url} answers{', with a trusted certificate' if url.startswith('https:') else ''}")


def _of_refusal(error: StillmineError, url: str) -> Iterator[Finding]:
    """An exchange that refuses the key does answer: whoever reads this should mend the key, not the address."""
    if isinstance(error, _KEY_REFUSED):
        yield _answers(url)
    yield failed("key" if isinstance(error, _KEY_REFUSED) else "exchange", str(error), error.code)


def _of_key(status: ExchangeStatus, use: Use) -> Iterator[Finding]:
    may = f"this key may {', '.join(status.scopes) or 'nothing'}"
    if use.way is not None and not use.refused:
        yield Finding("key", f"{may}: {_LOOKED_UP[use.way]}")
    for refused in use.refused:
        yield failed("key", f"{may}. {_MISSING.get(refused, refused.sentence)}", refused.code)
    if FEEDBACK not in status.scopes:
        yield failed(
            "feedback",
            "this key may send none, so people never learn that you found and removed a copy. Ask the operator for the scope feedback",
            ScopeMissingError.code,
        )


def _of_asking(status: ExchangeStatus, use: Use) -> Iterator[Finding]:
    if not use.asks:
        return
    if status.index is IndexState.READY:
        yield Finding("index", f"ready, {status.behind_seconds or 0} s behind")
    else:
        words = "loading or behind: uploads are not screened by asking. It is ready within minutes; if not, tell the operator"
        yield failed("index", words, IndexLoadingError.code)
    words = f"{status.queries_left:,} of {status.queries_a_day:,} queries are left until midnight UTC"
    if status.queries_left >= PHOTOGRAPH_QUERIES:
        yield Finding("quota", words)
    else:
        yield failed("quota", f"{words}. Until then uploads are not screened; ask the operator for more", QuotaUsedUpError.code)


def _of_clock(difference: float | None) -> Finding:
    if difference is None:
        return Finding("clock", "not compared: the exchange's answer has no date")
    if abs(difference) <= MAXIMUM_CLOCK_DIFFERENCE_SECONDS:
        return Finding("clock", f"within {MAXIMUM_CLOCK_DIFFERENCE_SECONDS} s of the exchange's")
    where = "behind" if difference > 0 else "ahead of"
    return failed(
        "clock", f"this machine's is {abs(difference):.0f} s {where} the exchange's. Let both follow a time server", CLOCK_DIFFERS
    )


def _clock_difference(dated: DatedStatus, before: datetime, after: datetime) -> float | None:
    """How far the exchange's clock is ahead, 0 where it lies between question and answer; its date is up to two seconds old."""
    if dated.answered_at is None:
        return None
    ahead = (dated.answered_at - after).total_seconds()
    behind = (before - dated.answered_at).total_seconds() - _DATE_SECONDS
    return ahead if ahead > 0 else -behind if behind > 0 else 0.0
