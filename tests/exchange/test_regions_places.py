# SPDX-License-Identifier: Apache-2.0
"""Places that are told and come to nothing: counted before they are told, for a partner and a day, whatever is done not to be counted."""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from stillmine.exchange.transaction.context import Context
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, value
from tests.exchange.region_parts import WHOLE, Picture, Upload, ask_regions, found, has_look, look, read, rounds, shrunk

if TYPE_CHECKING:
    from stillmine.exchange.transaction.tx import Transaction

Follow = Callable[[], None]

OWN, OTHER, STRANGE = Picture(1), Picture(2), Picture(99)
COPY, NOTHING = Upload([(OWN, WHOLE)]), Upload([])
BOTH = Upload([(OWN, shrunk(0.0, 0.0, 0.48)), (OTHER, shrunk(0.5, 0.5, 0.48))])


@pytest.fixture
def asking(phone: Phone, other_phone: Phone, partner: PartnerClient, follower: Follow) -> PartnerClient:
    """A partner of an exchange in which two people protect a picture each."""
    phone.open(fingerprints=OWN.both)
    other_phone.open(fingerprints=OTHER.both)
    follower()
    return partner


def settled(exchange: Context, clock: Clock) -> Mapping[str, int]:
    """What stands on the partners' numbers of the days once all is settled: day -> pictures."""
    from stillmine.exchange.ask.places import settle_places
    from stillmine.exchange.rows.asks import PlacesTold, Unconfirmed

    clock.forward(minutes=4)
    settle_places(exchange)
    assert not PlacesTold.objects.exists()
    return {str(day): pictures for day, pictures in Unconfirmed.objects.values_list("day", "pictures")}


def today(clock: Clock) -> str:
    return str(clock().date())


def test_who_asks_and_never_looks_is_counted(exchange: Context, asking: PartnerClient, clock: Clock) -> None:
    first = read(ask_regions(asking, BOTH))
    assert has_look(first)
    assert settled(exchange, clock) == {today(clock): 2}
    assert settled(exchange, clock) == {today(clock): 2}  # and once only


def test_who_finds_what_it_was_told_of_is_not_counted(exchange: Context, asking: PartnerClient, clock: Clock) -> None:
    assert len(found(asking, BOTH)) == 2
    assert not has_look(rounds(asking, Upload([(STRANGE, WHOLE)]))[-1])
    assert settled(exchange, clock) == {}


def test_a_look_with_wrong_hashes_is_as_no_look(exchange: Context, asking: PartnerClient, clock: Clock) -> None:
    look(asking, NOTHING, read(ask_regions(asking, COPY)))
    assert settled(exchange, clock) == {today(clock): 1}


def test_finding_ones_own_picture_hides_no_other_in_the_same_upload(exchange: Context, asking: PartnerClient, clock: Clock) -> None:
    """A partner that has a case of its own looks truly at that one, and wrongly at the other."""
    first = read(ask_regions(asking, BOTH))
    half = Upload(BOTH.shown[:1])
    for _ in range(3):
        assert [row.outcome for row in read(look(asking, half, first)).answers[8:] if row.outcome != "clear"] == ["match"]
    assert settled(exchange, clock) == {today(clock): 1}


def test_a_token_that_is_used_again_takes_nothing_back(exchange: Context, asking: PartnerClient, clock: Clock) -> None:
    for upload in (NOTHING, COPY, COPY, NOTHING):
        first = read(ask_regions(asking, COPY))
        for _ in range(2):
            look(asking, upload, first)
    assert settled(exchange, clock) == {today(clock): 2}


def test_a_second_look_at_the_same_token_that_is_right_settles_it(exchange: Context, asking: PartnerClient, clock: Clock) -> None:
    """As after an answer that was lost."""
    first = read(ask_regions(asking, COPY))
    look(asking, NOTHING, first)
    look(asking, COPY, first)
    assert settled(exchange, clock) == {}


def test_each_picture_that_is_named_as_matched_counts(exchange: Context, asking: PartnerClient, clock: Clock) -> None:
    """So a partner that learns the places of everything in its list is seen."""
    matched = [{"id": answers(asking, value(number))[0][1]} for number in (1, 2)]
    ask_regions(asking, Upload([(STRANGE, WHOLE)]), matched=matched)
    assert settled(exchange, clock) == {today(clock): 2}


def test_an_ask_that_is_settled_goes_on_no_more(exchange: Context, asking: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.rows.asks import AskCount, AskMatch, PlacesTold

    first = read(ask_regions(asking, COPY))
    PlacesTold.objects.all().delete()
    refused = look(asking, COPY, first)
    assert (refused.status_code, refused.json()["code"]) == (400, "look_expired")
    assert (AskMatch.objects.count(), AskCount.objects.get().queries) == (0, 1)


def test_an_ask_has_so_many_looks(asking: PartnerClient) -> None:
    """Twice as many as there are rounds, found or not, so that nobody tries hashes until one is right."""
    from stillmine.exchange.rows.asks import AskCount

    first = read(ask_regions(asking, COPY))
    for number in range(8):
        read(look(asking, COPY if number % 2 else NOTHING, first))
    refused = look(asking, COPY, first)
    assert (refused.status_code, refused.json()["code"]) == (400, "look_expired")
    assert AskCount.objects.get().queries == 1 + 8
    assert found(asking, COPY)[0].outcome == "match"


def test_an_answer_without_a_place_leaves_no_row(asking: PartnerClient) -> None:
    from stillmine.exchange.rows.asks import PlacesTold

    rounds(asking, Upload([(STRANGE, WHOLE)]))
    assert not PlacesTold.objects.exists()


def test_places_are_written_down_in_a_transaction_that_reaches_the_disk(asking: PartnerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.exchange.transaction.tx import tx

    seen: list[tuple[str, bool]] = []

    def noted(name: str, clock: Callable[[], datetime], *, may_be_lost: bool = False) -> "AbstractContextManager[Transaction]":
        seen.append((name, may_be_lost))
        return tx(name, clock, may_be_lost=may_be_lost)

    monkeypatch.setattr("stillmine.exchange.ask.regions.tx", noted)
    first = read(ask_regions(asking, COPY))
    look(asking, NOTHING, first)
    rounds(asking, Upload([(STRANGE, WHOLE)]))
    assert seen == [("ask.regions", False), ("ask.look_clear", True), ("ask.regions", True)]


def test_what_was_told_before_a_restart_is_counted_after_it(exchange: Context, asking: PartnerClient, clock: Clock) -> None:
    """Nothing is in memory: another process, with a context of its own, settles it."""
    from django.db import connection

    ask_regions(asking, COPY)
    connection.close()
    assert settled(replace(exchange), clock) == {today(clock): 1}


def test_before_its_minutes_are_over_an_ask_is_not_settled(exchange: Context, asking: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.ask.places import settle_places
    from stillmine.exchange.rows.asks import PlacesTold

    first = read(ask_regions(asking, COPY))
    clock.forward(seconds=60)
    assert settle_places(exchange) == 0
    assert len([row for row in read(look(asking, COPY, first)).answers if row.outcome != "clear"]) == 1
    assert PlacesTold.objects.count() == 1
    assert settled(exchange, clock) == {}


def test_a_clock_that_was_ahead_leaves_nothing_behind(exchange: Context, asking: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.ask.places import settle_places

    ask_regions(asking, COPY)
    clock.forward(hours=-5)
    assert settle_places(exchange) == 1


def test_operators_are_alerted_once_and_for_a_week(
    exchange: Context, asking: PartnerClient, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    from stillmine.exchange.ask.places import forget_old_unconfirmed
    from stillmine.exchange.console.partner_rows import partner_rows

    strict = replace(exchange, ask=replace(exchange.ask, unconfirmed_places_a_day=5))
    caplog.set_level(logging.WARNING)
    for told in range(1, 8):
        ask_regions(asking, COPY)
        assert settled(strict, clock) == {today(clock): told}
        (row,) = partner_rows(strict, clock())
        assert (row.unconfirmed_today, row.unconfirmed, row.needs_attention) == (told, told if told >= 5 else 0, told >= 5)
    assert caplog.text.count("where 5 or more protected pictures may lie") == 1
    clock.forward(days=6)
    assert partner_rows(strict, clock())[0].unconfirmed == 7
    clock.forward(days=1)
    (row,) = partner_rows(strict, clock())
    assert (row.unconfirmed_today, row.unconfirmed) == (0, 0)
    assert forget_old_unconfirmed(strict) == 0
    clock.forward(days=24)
    assert forget_old_unconfirmed(strict) == 1
