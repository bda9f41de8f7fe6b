# SPDX-License-Identifier: Apache-2.0
"""A ScreenResult in HMA's shape: matches under the names of banks, and an error where not everything was compared.

Must never put a match that only a reviewer may judge where a rule looks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from stillmine.partner.ground.errors import HmaBankNotFoundError
from stillmine.partner.hma.banks import Bank, Matches
from stillmine.partner.screening.screening import error_of
from stillmine.partner.service.status_form import is_for_review
from stillmine.partner.sources.bank_contents import HeldContent
from stillmine.wire.errors import StillmineError
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS
from stillmine.wire.screen import DistanceBucket, MatchClass, ScreenMatch, ScreenOutcome, ScreenResult

NUMBER_DIGITS = 13
"""Hexadecimal digits of a match id that make a number which JavaScript holds exactly."""

Held = Mapping[str, Sequence[HeldContent]]
"""By match id what of the banks of the platform's own holds the fingerprint that matched."""

_FURTHEST = {bucket: 8 * place + 7 for place, bucket in enumerate(DistanceBucket)}


class BankMatch(msgspec.Struct, frozen=True):
    """One match as HMA tells it, and our id of it."""

    bank_content_id: int
    distance: str
    match_id: str


def require_screened(result: ScreenResult) -> ScreenResult:
    """Return it; raises the StillmineError of why it says nothing."""
    if result.outcome is not ScreenOutcome.NOT_SCREENED:
        return result
    error: StillmineError = error_of(result.reason or StillmineError.code)()
    error.retry_after_seconds = result.retry_after_seconds
    raise error


def matches_by_bank(
    result: ScreenResult, matches: Iterable[ScreenMatch], banks: Mapping[str, Bank], held: Held
) -> dict[str, list[BankMatch]]:
    """Return matches under each bank that answers them; a bank without any is left out."""
    told: dict[str, list[BankMatch]] = {}
    for match in matches:
        for name, one in told_under(result, match, banks, held):
            told.setdefault(name, []).append(one)
    return told


def told_under(result: ScreenResult, match: ScreenMatch, banks: Mapping[str, Bank], held: Held) -> Iterator[tuple[str, BankMatch]]:
    """Return under which of these banks a match is told, and how: what a bank of the platform's own holds under that bank alone.

    What only a reviewer may judge is told under the banks for that, whatever holds it.
    """
    contents = () if is_for_review(match, result) else held.get(match.match_id, ())
    if contents:
        names = {bank.holder: name for name, bank in banks.items()}
        yield from ((names[one.holder], _bank_match(match, one.number)) for one in contents if one.holder in names)
        return
    sort = Matches.REVIEW if is_for_review(match, result) else Matches.RULES
    number = int(match.match_id[:NUMBER_DIGITS], 16)
    yield from ((name, _bank_match(match, number)) for name, bank in banks.items() if bank.matches is sort)


def _bank_match(match: ScreenMatch, number: int) -> BankMatch:
    """Return one match in HMA's shape; the distance is the most that it can be."""
    if match.match_class is MatchClass.EXACT:
        distance = 0
    else:
        distance = MAXIMUM_DISTANCE_BITS if match.distance_bucket is None else _FURTHEST[match.distance_bucket]
    return BankMatch(number, str(distance), match.match_id)


def taking_part(banks: dict[str, Bank], named: AbstractSet[str] | None, coin: float | None) -> dict[str, Bank]:
    """Return the banks that take part in a lookup: those named, or all, whose share is above `coin`, 0 to below 1; None: any share.

    Raises HmaBankNotFoundError for a name that there is not: nothing would be looked up, and it would be told as nothing found.
    """
    if named is not None and not named <= banks.keys():
        raise HmaBankNotFoundError
    return {name: bank for name, bank in banks.items() if (named is None or name in named) and (coin is None or bank.enabled_ratio > coin)}
