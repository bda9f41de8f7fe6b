# SPDX-License-Identifier: Apache-2.0
"""The token between two rounds: what it carries comes back, and a look says the same in every round."""

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.exchange.transaction.context import Context
from stillmine.matching.region_look import MATCH_EVIDENCE, PART_SHARE, Look, verdict
from stillmine.wire.ask_errors import LookExpiredError
from stillmine.wire.ask_regions import ANSWER_ROWS, MAXIMUM_MATCHED, NO_LOOK, RegionsOutcome
from stillmine.wire.base64url import base64url_bytes, base64url_text
from tests.exchange.exchange_parts import PartnerClient

if TYPE_CHECKING:
    from stillmine.exchange.ask.look_token import Asked

shares = st.integers(1, 36).flatmap(lambda visible: st.integers(0, 56 * visible).map(lambda there: there / (56 * visible)))


def asked(*seen: Look | None) -> "Asked":
    from stillmine.exchange.ask.look_token import Asked, Candidate

    candidates = [Candidate(f"{number:032x}", np.eye(3), seen=one) for number, one in enumerate(seen, 1)]
    return Asked(300, 218, "ab" * 16, [f"{number:032x}" for number in range(MAXIMUM_MATCHED)], candidates)


def through_token(exchange: Context, before: "Asked") -> "Asked":
    from stillmine.exchange.ask.look_token import open_look, seal_look
    from stillmine.exchange.rows.partners import Partner

    partner = Partner.objects.get()
    return open_look(exchange, partner, seal_look(exchange, partner, before))


@pytest.mark.usefixtures("configured")
@given(shares, shares)
def test_a_look_is_carried_as_it_is_judged(share: float, spread: float) -> None:
    """Limits are reached by whoever reached them, and carrying twice changes nothing."""
    from stillmine.exchange.ask.look_token import carried

    seen = Look(36, 36, share, spread)
    once = carried(seen)
    assert carried(once) == once
    assert 0 <= once.share - share < 2e-5
    assert 0 <= once.spread - spread < 2e-5
    assert once.share <= 1
    assert once.spread <= 1


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Look(25, 8, 8 / 25, 0.1), RegionsOutcome.PART),
        (Look(25, 8, 8 / 25 - 0.001, 0.1), RegionsOutcome.CLEAR),
        (Look(20, 9, 9 / 20, 1.0), RegionsOutcome.MATCH),
        (Look(5, 4, 4 / 5, 0.1), RegionsOutcome.PART),
        (Look(36, 36, 1.0, 1.0), RegionsOutcome.MATCH),
        (Look(0, 0, 0.0, 0.0), RegionsOutcome.CLEAR),
    ],
)
def test_an_outcome_is_the_same_in_the_next_round(exchange: Context, partner: PartnerClient, seen: Look, expected: RegionsOutcome) -> None:
    """8 of 25 are the least share of a part exactly, 9 of 20 the least evidence of a match."""
    from stillmine.exchange.ask.look_token import carried
    from stillmine.exchange.ask.region_outcomes import outcome_of

    assert (PART_SHARE, MATCH_EVIDENCE) == (8 / 25, 9 / 20)
    before = asked(carried(seen))
    after = through_token(exchange, before)
    assert outcome_of(before.candidates[0]) is outcome_of(after.candidates[0]) is expected
    assert verdict(seen).value == expected.value
    assert after.candidates[0].seen == before.candidates[0].seen


def test_the_fullest_token_comes_back_whole(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.ask.look_token import carried

    before = asked(*[carried(Look(36, number, number / 36, 0.5)) if number % 2 else None for number in range(ANSWER_ROWS)])
    after = through_token(exchange, before)
    assert (after.width, after.height, after.upload_token, after.matched) == (300, 218, "ab" * 16, before.matched)
    assert [one.seen for one in after.candidates] == [one.seen for one in before.candidates]


@pytest.mark.parametrize("change", [0, 1, 11, 12, 500, 2047])
def test_a_token_that_was_changed_opens_nothing(exchange: Context, partner: PartnerClient, change: int) -> None:
    from stillmine.exchange.ask.look_token import open_look, seal_look
    from stillmine.exchange.rows.partners import Partner

    own = Partner.objects.get()
    sealed = bytearray(base64url_bytes(seal_look(exchange, own, asked(None))) or b"")
    sealed[change] ^= 1
    for text in (base64url_text(bytes(sealed)), NO_LOOK):
        with pytest.raises(LookExpiredError):
            open_look(exchange, own, text)
