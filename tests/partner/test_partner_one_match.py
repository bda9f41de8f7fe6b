# SPDX-License-Identifier: Apache-2.0
"""One upload is one match and one report, whatever way found it and whichever of a partner's services was asked."""

from pathlib import Path

import pytest

from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.store.matches import Wanted
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import MatchState, ScreenMatch
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock

VALUE = bytes(range(100, 132))


def screened(partner: AskingPartner) -> ScreenMatch:
    (match,) = partner.screening.screen_fingerprints([Fingerprint(Kind.PDQ, VALUE.hex(), 90)], None, "post ü").matches
    return match


@pytest.mark.parametrize("is_listed_first", [False, True])
def test_found_by_asking_and_in_the_list_is_one(home: Path, exchange: FakeExchange, clock: Clock, is_listed_first: bool) -> None:
    """In the way `both`, the list being behind; or by a service that is set back to asking."""
    partner = AskingPartner(home, exchange, clock, WayChoice.AUTO if is_listed_first else WayChoice.BOTH)
    partner.round()
    exchange.add("f", VALUE)
    if is_listed_first:
        clock.move(15)
        partner.round()
    first, asked = screened(partner), len(exchange.asks)
    if is_listed_first:
        exchange.scopes = ["ask", "feedback"]
    clock.move(15)
    partner.round()
    second = screened(partner)
    assert (asked, len(exchange.asks)) == ((0, 1) if is_listed_first else (1, 1)), "each way found it once"
    clock.move(15)
    partner.round()
    assert first.match_id == second.match_id
    assert [match.match_id for match in partner.store.matches(Wanted(MatchState.ALL)).matches] == [first.match_id]
    assert len(exchange.feedback) == 1
    partner.close()


def test_two_services_with_one_key_give_the_same_ids_and_are_counted_once(tmp_path: Path, exchange: FakeExchange, clock: Clock) -> None:
    exchange.scopes = ["ask", "feedback"]
    exchange.add("f", VALUE)
    ids = set()
    for name in ("one", "other"):
        home = tmp_path / name
        home.mkdir(mode=0o700)
        partner = AskingPartner(home, exchange, clock)
        partner.round()
        ids.add(screened(partner).match_id)
        partner.round()
        partner.close()
    assert len(ids) == 1
    assert len(exchange.feedback) == 1
    assert exchange.requests.count("POST /api/v1/feedback") == 2, "both reported it, with one id"
