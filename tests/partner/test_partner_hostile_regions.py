# SPDX-License-Identifier: Apache-2.0
"""An exchange that lies about regions, is slow or goes away between rounds: what was not looked at is never clear, and no match is lost."""

import struct

import httpx
import pytest
from PIL import Image

from stillmine.partner.asking import regions as asking_regions
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.wire.ask_errors import LookExpiredError, QuotaUsedUpError
from stillmine.wire.ask_regions import (
    MAXIMUM_ROUNDS,
    NO_LOOK,
    REGIONS_ANSWER_BYTES,
    RegionsAnswer,
    RegionsAsk,
    RegionsMap,
    RegionsOutcome,
    RegionsRow,
    Verdict,
    encode_regions_answer,
    map_text,
    regions_answer,
)
from stillmine.wire.base64url import base64url_text
from stillmine.wire.codec import encode
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import NotFoundError, StillmineError
from stillmine.wire.kinds import Kind
from stillmine.wire.partner_errors import ScopeMissingError
from stillmine.wire.screen import Judges, MatchClass, RegionsChoice, ScreenOutcome
from tests.partner.fake_exchange import LOOK, REGIONS, FakeExchange
from tests.partner.partner_parts import Clock
from tests.partner.partner_region_parts import ANY_LOOK, Answers, Open, middle_of, places_of, protect, saved

ONE_PLACE = (4096, 4096, 1200, 0, 0, 1200)
NO_AREA = base64url_text(struct.pack("<6i2H", 0, 0, 30_000, 0, 0, 30_000, 256, 256))
"""A map that brings all of a picture to one place."""
WHOLE = map_text(RegionsMap((1.0, 0.0, 0.0, 0.0, 1.0, 0.0), 256, 256))
OF_NO_AREA = encode_regions_answer(regions_answer(found=[RegionsRow(RegionsOutcome.MATCH, "ab" * 16, map=WHOLE)])).replace(
    WHOLE.encode(), NO_AREA.encode()
)


def refused(error: StillmineError) -> httpx.Response:
    return httpx.Response(error.status, content=encode(error.message()))


@pytest.mark.parametrize(
    "frame",
    [
        (32767, 32767, 500, 0, 0, 500),
        (-32768, -32768, -32768, -32768, -32768, -32768),
        (4096, 4096, 32767, 0, 0, 32767),
        (4096, 4096, 1, 0, 0, 1),
        (4096, 4096, 32767, 32767, 32767, 32767),
        (0, 0, 0, 0, 0, 0),
    ],
    ids=["outside", "all least", "huge", "tiny", "flat", "none"],
)
def test_a_place_that_lies_not_in_the_picture_is_not_hashed(
    open_asking: Open, exchange: FakeExchange, picture: Image.Image, frame: tuple[int, ...]
) -> None:
    partner = open_asking()
    places = places_of(frame, (4096, 4096, 1200, 0, 0, 1200))
    exchange.regions = regions = Answers(regions_answer(look=ANY_LOOK, places=places), regions_answer())
    assert partner.screen(saved(picture)).outcome is ScreenOutcome.NO_MATCH
    (hashes,) = (look.data for look in regions.looks)
    assert [any(hashes[start : start + 32]) for start in (0, 32)] == [False, True]
    assert not any(hashes[64:])


def test_an_exchange_that_never_ends_its_rounds_is_left(open_asking: Open, exchange: FakeExchange, picture: Image.Image) -> None:
    partner = open_asking()
    exchange.regions = regions = Answers(regions_answer(look=ANY_LOOK, places=places_of((4096, 4096, 1200, 0, 0, 1200))))
    result = partner.screen(saved(picture))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["exchange_answer_unreadable"])
    assert len(regions.looks) == MAXIMUM_ROUNDS


@pytest.mark.parametrize(
    "rows",
    [
        regions_answer(found=[RegionsRow(RegionsOutcome.MATCH)]),
        regions_answer(found=[RegionsRow(RegionsOutcome.MATCH, "ab" * 16)]),
        regions_answer(matched=[RegionsRow(RegionsOutcome.CLEAR, "ab" * 16, verdict=Verdict.DISPUTED)]),
    ],
    ids=["a match of nothing", "a match without a place", "a verdict that nobody asked for"],
)
def test_an_answer_that_makes_no_sense_is_never_clear(
    open_asking: Open, exchange: FakeExchange, picture: Image.Image, rows: RegionsAnswer
) -> None:
    partner = open_asking()
    exchange.regions = Answers(rows)
    result = partner.screen(saved(picture))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["exchange_answer_unreadable"])


@pytest.mark.parametrize(
    "content",
    [
        bytes(REGIONS_ANSWER_BYTES),
        b" " * REGIONS_ANSWER_BYTES,
        b"{}",
        b"[]",
        b" " * 200_000,
        encode(regions_answer()).replace(NO_LOOK.encode(), b"AAAA"),
        b"\xff" * 100,
        OF_NO_AREA,
    ],
    ids=["16 KiB of zeros", "16 KiB of spaces", "empty", "a list", "long", "a short look", "no text", "of no area"],
)
def test_an_answer_of_another_size_is_never_clear(open_asking: Open, exchange: FakeExchange, picture: Image.Image, content: bytes) -> None:
    partner = open_asking()
    exchange.answers[REGIONS] = httpx.Response(200, content=content)
    result = partner.screen(saved(picture))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["exchange_answer_unreadable"])


REFUSALS = [
    (httpx.Response(503, content=b"no JSON"), "exchange_unreachable"),
    (httpx.Response(500, content=b""), "exchange_unreachable"),
    (httpx.ConnectError("gone"), "exchange_unreachable"),
    (refused(BusyError()), "busy"),
    (refused(NotFoundError()), "exchange_answer_unreadable"),
    (refused(ScopeMissingError("scope: ask")), "scope_missing"),
    (refused(LookExpiredError()), "look_expired"),
    (refused(QuotaUsedUpError()), "quota_used_up"),
    (httpx.Response(200, content=bytes(REGIONS_ANSWER_BYTES)), "exchange_answer_unreadable"),
]


@pytest.mark.parametrize(("answer", "code"), REFUSALS, ids=[code + str(number) for number, (_, code) in enumerate(REFUSALS)])
@pytest.mark.parametrize("way", [WayChoice.ASK, WayChoice.LIST])
def test_a_second_round_that_is_refused_is_never_clear(
    open_asking: Open, exchange: FakeExchange, picture: Image.Image, way: WayChoice, answer: httpx.Response | Exception, code: str
) -> None:
    protect(exchange, picture)
    exchange.answers[LOOK] = answer
    partner, crop = open_asking(way), saved(middle_of(picture))
    result = partner.screen(crop)
    if way is WayChoice.ASK:
        assert (result.outcome, result.left_out, result.regions_left_out) == (ScreenOutcome.NOT_SCREENED, [code], None)
    else:
        assert (result.outcome, result.left_out, result.regions_left_out) == (ScreenOutcome.NO_MATCH, [], code)
    exchange.answers.clear()
    partner.parts.regions.try_soon()
    assert partner.screen(crop).outcome is ScreenOutcome.MATCH, "it is asked about again"


@pytest.mark.parametrize("way", [WayChoice.ASK, WayChoice.LIST, WayChoice.BOTH])
@pytest.mark.parametrize(
    ("path", "content"), [(REGIONS, OF_NO_AREA), (LOOK, OF_NO_AREA), (LOOK, b"")], ids=["of no area", "of no area, later", "empty, later"]
)
def test_no_answer_about_regions_loses_what_pdq_found(
    open_asking: Open, exchange: FakeExchange, picture: Image.Image, way: WayChoice, path: str, content: bytes
) -> None:
    protect(exchange, picture)
    exchange.answers[path] = httpx.Response(200, content=content)
    result = open_asking(way).screen(saved(picture))
    assert [(match.kind, match.judges) for match in result.matches] == [(Kind.PDQ, Judges.ONE_JUDGE)]
    assert [*result.left_out, result.regions_left_out].count("exchange_answer_unreadable") == 1


def test_an_error_of_ours_loses_nothing_either(
    open_asking: Open, exchange: FakeExchange, picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    protect(exchange, picture)
    monkeypatch.setattr(asking_regions, "transform_of", breaks)
    partner = open_asking()
    result = partner.screen(saved(picture))
    assert ([match.kind for match in result.matches], result.left_out) == ([Kind.PDQ], [StillmineError.code])
    crop = partner.screen(saved(middle_of(picture)))
    assert (crop.outcome, crop.left_out) == (ScreenOutcome.NOT_SCREENED, [StillmineError.code])


class Slow(Answers):
    """Takes six seconds for each answer."""

    def __init__(self, clock: Clock, to_asks: RegionsAnswer) -> None:
        super().__init__(to_asks, regions_answer())
        self._clock = clock

    def ask(self, message: RegionsAsk) -> RegionsAnswer:
        self._clock.move(6)
        return super().ask(message)


def test_views_that_there_was_no_time_to_ask_about_are_never_clear(
    open_asking: Open, exchange: FakeExchange, picture: Image.Image, clock: Clock
) -> None:
    partner = open_asking(regions=RegionsChoice.ALL)
    exchange.regions = regions = Slow(clock, regions_answer())
    result = partner.screen(saved(picture))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["deadline"])
    assert [len(ask.views) for ask in regions.asks] == [2]


def test_a_row_of_a_match_that_was_not_named_is_never_believed(open_asking: Open, exchange: FakeExchange, picture: Image.Image) -> None:
    protect(exchange, picture)
    partner = open_asking()
    exchange.regions = Answers(regions_answer(matched=[RegionsRow(id="ab" * 16, verdict=Verdict.AGREED)]))
    result = partner.screen(saved(picture))
    (match,) = result.matches
    assert (match.kind, match.match_class, match.judges) == (Kind.PDQ, MatchClass.NEAR, Judges.ONE_JUDGE)
    assert result.left_out == ["exchange_answer_unreadable"]
