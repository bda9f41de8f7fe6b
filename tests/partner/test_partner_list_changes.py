# SPDX-License-Identifier: Apache-2.0
"""A list that changes while an upload is looked up in it: what was not looked up whole is never called clear."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from stillmine.partner.screening.made import Made
from stillmine.partner.screening.screening import MAXIMUM_LOOKS
from stillmine.partner.screening.way import Candidate, LookedUp
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import MatchClass, ScreenOutcome
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock

VALUE = bytes(range(100, 132))


class Changing:
    """A list in which each look finds the next of these, and none is there any more when it is recorded."""

    def __init__(self, found: Iterable[bytes], moment: datetime) -> None:
        self.found = list(found)
        self.moment = moment

    def require_use(self) -> None: ...

    def as_of(self) -> datetime:
        return self.moment

    def look_up(self, _made: Made, _token: bytes, _withdrawn: Collection[bytes] = ()) -> LookedUp:
        found = [Candidate(self.found.pop(0), Kind.PDQ, MatchClass.NEAR)] if self.found else []
        return LookedUp(found, [], self.moment)

    def close(self) -> None: ...


@pytest.fixture
def both(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[AskingPartner]:
    partner = AskingPartner(home, exchange, clock, WayChoice.BOTH)
    partner.round()
    yield partner
    partner.close()


def test_what_was_withdrawn_again_and_again_while_it_was_looked_up_is_asked_about(
    both: AskingPartner, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.add("new", VALUE)
    monkeypatch.setattr(both.parts.way, "_listing", Changing([b"a" * 16, b"b" * 16], clock.now))
    assert both.screen_values(VALUE).outcome is ScreenOutcome.MATCH


def test_a_list_that_never_rests_leaves_the_upload_unscreened(
    both: AskingPartner, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(both.parts.way, "_listing", Changing((bytes([number]) * 16 for number in range(MAXIMUM_LOOKS)), clock.now))
    result = both.screen_values(VALUE)
    assert (result.outcome, result.reason, result.retry_after_seconds) == (ScreenOutcome.NOT_SCREENED, "deadline", 5)
    assert exchange.asks == []


def test_what_the_search_still_finds_and_the_list_holds_no_more_is_asked_about(
    both: AskingPartner, exchange: FakeExchange, clock: Clock
) -> None:
    exchange.add("f", VALUE)
    clock.move(15)
    both.round()
    assert both.store.counts().fingerprints == 1
    both.store.start_again()
    both.store.apply_page([], "swept", 1)
    assert both.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    assert len(exchange.asks) == 1
