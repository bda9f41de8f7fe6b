# SPDX-License-Identifier: Apache-2.0
"""A list that is too old, and one whose key is refused: nothing is matched with either, and nothing called clear."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.store.store import Store
from stillmine.wire.screen import ScreenOutcome
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import FEED, STATUS, FakeExchange
from tests.partner.partner_parts import Clock, Run

HOUR = 3600
VALUE, OTHER = bytes(range(32)), bytes(range(100, 132))

Open = Callable[..., AskingPartner]


@pytest.fixture
def opened(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[Open]:
    partners: list[AskingPartner] = []

    def open_it(choice: WayChoice = WayChoice.LIST) -> AskingPartner:
        partners.append(AskingPartner(home, exchange, clock, choice))
        return partners[-1]

    yield open_it
    for partner in partners:
        partner.close()


AWAY: dict[str, httpx.Response | Exception] = dict.fromkeys((STATUS, FEED), httpx.ConnectError("away"))


def refused(code: str, status: int) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": ""})


def test_with_a_list_that_is_too_old_nothing_is_matched_and_nothing_is_clear(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    exchange.add("f", VALUE)
    partner = opened()
    partner.round()
    exchange.answers.update(AWAY)
    clock.move(24 * HOUR)
    partner.round()
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    assert partner.screen_values(OTHER).outcome is ScreenOutcome.NO_MATCH
    clock.move(60)
    for value in (VALUE, OTHER):
        result = partner.screen_values(value)
        assert (result.outcome, result.reason) == (ScreenOutcome.NOT_SCREENED, "list_too_old")
    health = partner.health()
    assert (health.is_fresh, health.problem, health.fingerprints) == (False, "list_too_old", 1)
    assert partner.standing.parts()["sync"] == "too_old"
    exchange.answers.clear()
    partner.round()
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    assert (partner.health().problem, partner.standing.parts()["sync"]) == (None, "ok")


def test_a_restart_makes_no_list_younger(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    exchange.add("f", VALUE)
    opened().round()
    exchange.answers.update(AWAY)
    clock.move(25 * HOUR)
    again = opened()
    again.round()
    assert again.screen_values(VALUE).reason == "list_too_old"


@pytest.mark.parametrize("ahead", [-72 * HOUR, 72 * HOUR])
def test_a_clock_that_is_wrong_changes_nothing_while_the_service_runs(
    opened: Open, exchange: FakeExchange, clock: Clock, ahead: float
) -> None:
    """Set back three days a list would look three days younger, set forward a fresh one too old."""
    exchange.add("f", VALUE)
    partner = opened()
    partner.round()
    exchange.answers.update(AWAY)
    clock.set_back(-ahead)
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    clock.move(25 * HOUR)
    assert partner.screen_values(VALUE).reason == "list_too_old"


def test_a_list_of_the_future_has_no_age(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    exchange.add("f", VALUE)
    opened().round()
    clock.set_back(72 * HOUR)
    again = opened()
    assert again.screen_values(VALUE).reason == "list_too_old"
    again.round()
    assert again.screen_values(VALUE).outcome is ScreenOutcome.MATCH


def test_both_ask_where_the_list_is_too_old_and_need_both_for_a_clear_answer(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    exchange.add("f", VALUE)
    partner = opened(WayChoice.BOTH)
    partner.round()
    exchange.answers[FEED] = AWAY[FEED]
    clock.move(25 * HOUR)
    partner.round()
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    assert partner.screen_values(OTHER).reason == "list_too_old"


@pytest.mark.parametrize(("code", "status"), [("partner_key_revoked", 403), ("partner_key_ended", 403), ("partner_key_unknown", 401)])
def test_a_key_that_is_refused_stops_matching_with_the_next_answer(
    opened: Open, exchange: FakeExchange, clock: Clock, code: str, status: int
) -> None:
    exchange.add("f", VALUE)
    partner = opened()
    partner.round()
    exchange.answers[STATUS] = refused(code, status)
    clock.move(15)
    partner.round()
    result = partner.screen_values(VALUE)
    assert (result.outcome, result.reason, result.retry_after_seconds) == (ScreenOutcome.NOT_SCREENED, code, 15)
    health = partner.health()
    assert (health.is_fresh, health.problem, health.fingerprints) == (False, code, 1)
    assert partner.standing.parts()["way"] == "refused"
    assert partner.store.holds_list()
    exchange.answers.clear()
    clock.move(15)
    partner.round()
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    assert partner.health().problem is None


def test_a_key_that_only_the_feed_refuses_stops_matching_too(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    exchange.add("f", VALUE)
    partner = opened()
    partner.round()
    exchange.answers[FEED] = refused("partner_key_revoked", 403)
    clock.move(15)
    partner.round()
    assert partner.screen_values(VALUE).reason == "partner_key_revoked"


def test_a_refusal_in_words_of_nobody_stops_nothing(opened: Open, exchange: FakeExchange, clock: Clock) -> None:
    """A proxy's 401 says nothing of the key."""
    exchange.add("f", VALUE)
    partner = opened()
    partner.round()
    exchange.answers[STATUS] = httpx.Response(401, text="<html>")
    clock.move(15)
    partner.round()
    assert partner.screen_values(VALUE).outcome is ScreenOutcome.MATCH


def test_files_on_the_command_line_are_not_looked_up_in_a_list_that_is_too_old(run: Run, home: Path, root: Path) -> None:
    """The clock is the machine's: the sync is moved to the past in the store."""
    assert run("sync", "--way", "list").exit_code == 0
    store = Store(home)
    store._db.execute("UPDATE place SET synced_at = synced_at - 7200")
    store.close()
    picture = str(root / "media/clothing/coat.jpg")
    assert run("screen", "--regions", "off", picture).exit_code == 0
    old = run("screen", "--regions", "off", "--max-age", "1", picture)
    assert (old.exit_code, "not screened [list_too_old]" in old.output) == (2, True)
