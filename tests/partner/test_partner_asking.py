# SPDX-License-Identifier: Apache-2.0
"""Uploads looked up at the exchange: what is asked, what is answered, what is remembered, and what is said when nothing answers."""

import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image, ImageOps

from stillmine.client.weight import weight_of
from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.sound.audio import fingerprint_sound
from stillmine.partner.asking import look_up
from stillmine.partner.asking.connecting import PICTURE_CONNECTIONS
from stillmine.partner.asking.queries import PHOTOGRAPH_QUERIES
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import Surroundings
from stillmine.wire.ask import MAXIMUM_ASK_FRAMES, MAXIMUM_QUERIES, AskQuery, IndexState
from stillmine.wire.door_errors import BusyError
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import MatchClass, ScreenOutcome, Variant
from stillmine.wire.vpdq import parse_vpdq
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import ASK, FakeExchange
from tests.partner.moving_media import animated_gif, melody, sound_file, video_file
from tests.partner.partner_parts import Clock
from tests.partner.test_partner_screening import saved

COAT, HAT = "media/clothing/coat.jpg", "media/clothing/hat.jpg"
VALUE = bytes(range(100, 132))
OTHER = bytes(range(200, 232))


@pytest.fixture
def asking(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[AskingPartner]:
    """A partner to whom no list is given, and which knows that."""
    exchange.scopes = ["ask", "feedback", "submit"]
    partner = AskingPartner(home, exchange, clock)
    partner.round()
    yield partner
    partner.close()


@pytest.fixture
def coat(root: Path) -> bytes:
    return (root / COAT).read_bytes()


def protect(exchange: FakeExchange, data: bytes) -> str:
    return exchange.add("f", fingerprint_image(data).pdq)


def queries(exchange: FakeExchange) -> list[AskQuery]:
    return [query for asked in exchange.asks for query in asked]


def test_a_photograph_is_asked_about_in_one_request_with_one_token_and_as_it_is(
    asking: AskingPartner, exchange: FakeExchange, coat: bytes
) -> None:
    assert asking.screen(coat).outcome is ScreenOutcome.NO_MATCH
    (asked,) = exchange.asks
    kinds = [query.kind for query in asked]
    assert (kinds.count(Kind.SHA256), kinds.count(Kind.MD5)) == (1, 1)
    assert [query.value for query in asked if query.kind is Kind.PDQ][:8] == [one.hex() for one in fingerprint_image(coat).variants]
    assert len({query.upload_token for query in asked}) == 1
    assert asked[0].upload_token is not None
    assert all(query.as_it_is for query in asked if query.kind is Kind.PDQ)
    assert len(set(asked)) == len(asked), "each different value once"


@pytest.mark.parametrize(
    ("edit", "variant"),
    [(lambda image: image, Variant.ORIGINAL), (ImageOps.mirror, Variant.FLIP_HORIZONTAL), (ImageOps.flip, Variant.FLIP_VERTICAL)],
)
def test_a_copy_matches_in_the_orientation_that_matched(
    asking: AskingPartner, exchange: FakeExchange, coat: bytes, root: Path, edit: Callable[[Image.Image], Image.Image], variant: Variant
) -> None:
    fingerprint_id = protect(exchange, coat)
    with Image.open(root / COAT) as image:
        result = asking.screen(saved(edit(image.convert("RGB")), quality=70))
    assert result.outcome is ScreenOutcome.MATCH
    (match,) = result.matches
    assert (match.variant, match.match_class, match.distance_bucket, match.is_synthetic) == (variant, MatchClass.NEAR, None, False)
    (report,) = asking.store.waiting_feedback(10)
    assert report.fingerprint_id == fingerprint_id


def test_the_very_file_is_exact_and_a_flag_is_passed_on(asking: AskingPartner, exchange: FakeExchange, coat: bytes) -> None:
    exchange.add("digest", hashlib.sha256(coat).digest(), Kind.SHA256)
    exchange.flag("digest")
    (match,) = asking.screen(coat).matches
    assert (match.kind, match.match_class, match.is_flagged) == (Kind.SHA256, MatchClass.EXACT, True)


def test_what_was_clear_is_not_asked_again_for_a_minute(asking: AskingPartner, exchange: FakeExchange, clock: Clock) -> None:
    first = asking.screen_values(VALUE)
    clock.move(59)
    again = asking.screen_values(VALUE)
    assert len(exchange.asks) == 1
    assert (again.outcome, again.synced_at) == (ScreenOutcome.NO_MATCH, first.synced_at), "as of when the exchange said so"
    clock.move(1)
    assert asking.screen_values(VALUE).synced_at == clock.now
    assert len(exchange.asks) == 2


def test_what_was_clear_before_the_machine_slept_is_asked_again(
    home: Path, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = 0.0
    monkeypatch.setattr(time, "clock_gettime", lambda which: slept + 1000.0 if which == time.CLOCK_BOOTTIME else 0.0)
    monkeypatch.setattr(clock, "seconds", Surroundings().monotonic)
    partner = AskingPartner(home, exchange, clock, WayChoice.ASK)
    for slept, asks in ((0.0, 1), (59.0, 1), (60.0, 2)):  # noqa: B007 (the clock reads it)
        assert partner.screen_values(VALUE).outcome is ScreenOutcome.NO_MATCH
        assert len(exchange.asks) == asks
    partner.close()


def test_without_a_clock_that_counts_sleep_the_usual_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME")
    before = time.monotonic()
    assert before <= Surroundings().monotonic() <= time.monotonic()


def test_a_match_is_never_remembered_so_a_withdrawal_holds_for_the_very_next_upload(asking: AskingPartner, exchange: FakeExchange) -> None:
    exchange.add("f", VALUE)
    assert asking.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    assert asking.screen_values(VALUE).outcome is ScreenOutcome.MATCH
    exchange.withdraw("f")
    assert asking.screen_values(VALUE).outcome is ScreenOutcome.NO_MATCH
    assert len(exchange.asks) == 3


def test_what_the_platform_sends_is_asked_in_its_own_orientation(asking: AskingPartner, exchange: FakeExchange, coat: bytes) -> None:
    made = fingerprint_image(coat)
    exchange.add("f", made.pdq)
    assert asking.screen_values(made.variants[4]).outcome is ScreenOutcome.NO_MATCH, "as with a list"
    assert asking.screen_values(made.pdq).outcome is ScreenOutcome.MATCH


@pytest.mark.parametrize(
    ("fault", "code", "least_seconds", "most_seconds"),
    [
        (httpx.ConnectError("no"), "exchange_unreachable", 1, 1),
        (httpx.Response(502, content=b"<html>"), "exchange_unreachable", 1, 1),
        (httpx.Response(429, content=b"<html>", headers={"Retry-After": "20"}), "exchange_answer_unreadable", 20, 20),
        (httpx.Response(503, content=b'{"code":"index_loading","message":""}', headers={"Retry-After": "7"}), "index_loading", 7, 7),
        (httpx.Response(503, content=b'{"code":"index_loading","message":""}', headers={"Retry-After": "700"}), "index_loading", 30, 30),
        (httpx.Response(503, content=b'{"code":"storage_full","message":""}', headers={"Retry-After": "300"}), "storage_full", 30, 30),
        (httpx.Response(503, content=b'{"code":"database_busy","message":""}'), "database_busy", 5, 5),
        (httpx.Response(503, content=b'{"code":"busy","message":""}'), "busy", 5, 5),
        (httpx.Response(429, content=b'{"code":"quota_used_up","message":""}'), "quota_used_up", 41_104, 41_104),
        (httpx.Response(401, content=b'{"code":"partner_key_unknown","message":""}'), "partner_key_unknown", 15, 15),
        (httpx.Response(403, content=b'{"code":"partner_key_ended","message":""}'), "partner_key_ended", 15, 15),
    ],
)
def test_an_exchange_that_does_not_answer_is_said_with_its_code_and_when_to_come_again(
    asking: AskingPartner, exchange: FakeExchange, fault: httpx.Response | Exception, code: str, least_seconds: int, most_seconds: int
) -> None:
    exchange.answers[ASK] = fault
    result = asking.screen_values(VALUE)
    assert (result.outcome, result.reason, result.left_out, result.matches) == (ScreenOutcome.NOT_SCREENED, code, [code], [])
    assert result.retry_after_seconds is not None
    assert least_seconds <= result.retry_after_seconds <= most_seconds
    asked = exchange.requests.count(f"POST {ASK}")
    assert asking.screen_values(VALUE[::-1]).reason == code, "at once, without asking"
    assert exchange.requests.count(f"POST {ASK}") == asked
    assert asking.health().problem == code


@pytest.mark.parametrize(
    "unreadable",
    [
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, content=b"SMR1"),
        httpx.Response(302, headers={"Location": "https://elsewhere.example"}),
        httpx.Response(403, content=b"<html>"),
    ],
)
def test_an_answer_that_can_not_be_read_is_of_its_upload_alone_until_the_third(
    asking: AskingPartner, exchange: FakeExchange, unreadable: httpx.Response
) -> None:
    exchange.answers[ASK] = unreadable
    for number in range(5):
        result = asking.screen_values(bytes([number]) * 32)
        assert (result.reason, result.retry_after_seconds) == ("exchange_answer_unreadable", 1)
    assert exchange.requests.count(f"POST {ASK}") == 3


def test_it_asks_again_when_it_is_time_each_time_later_and_works_by_itself_then(
    asking: AskingPartner, exchange: FakeExchange, clock: Clock
) -> None:
    exchange.answers[ASK] = httpx.ConnectError("no")
    for pause in (0.5, 1, 2, 4, 8, 16, 30, 30):
        before = exchange.requests.count(f"POST {ASK}")
        asking.screen_values(VALUE)
        assert exchange.requests.count(f"POST {ASK}") == before + 1
        clock.move(pause - 0.1)
        asking.screen_values(VALUE)
        assert exchange.requests.count(f"POST {ASK}") == before + 1, pause
        clock.move(0.1)
    del exchange.answers[ASK]
    assert asking.screen_values(VALUE).outcome is ScreenOutcome.NO_MATCH
    assert asking.health().problem is None
    exchange.answers[ASK] = httpx.ConnectError("no")
    asking.screen_values(OTHER)
    clock.move(0.5)
    before = exchange.requests.count(f"POST {ASK}")
    asking.screen_values(OTHER)
    assert exchange.requests.count(f"POST {ASK}") == before + 1, "after an answer the pauses begin again"


def test_an_answer_is_as_old_as_the_oldest_of_what_was_remembered(asking: AskingPartner, exchange: FakeExchange, clock: Clock) -> None:
    first = asking.screen_values(VALUE)
    clock.move(20)
    second = asking.screen_values(OTHER)
    assert second.synced_at != first.synced_at
    clock.move(20)
    assert asking.screen_values(OTHER, VALUE).synced_at == first.synced_at, "both were remembered"
    assert asking.screen_values(VALUE, VALUE[::-1]).synced_at == first.synced_at, "one was asked about now"
    assert len(exchange.asks) == 3


def test_an_upload_too_large_for_what_is_left_of_a_quota_may_come_again_when_the_exchange_says(
    asking: AskingPartner, exchange: FakeExchange
) -> None:
    exchange.answers[ASK] = httpx.Response(429, content=b'{"code":"quota_used_up","message":""}', headers={"Retry-After": "4000"})
    result = asking.screen_values(*(bytes([place]) * 32 for place in range(PHOTOGRAPH_QUERIES + 1)))
    assert (result.reason, result.retry_after_seconds) == ("quota_used_up", 4000)


def test_a_picture_of_more_queries_than_one_request_holds_goes_with_what_moves(asking: AskingPartner, exchange: FakeExchange) -> None:
    many = [place.to_bytes(32) for place in range(2 * MAXIMUM_QUERIES + 1)]
    asking.screen_values(*many[:MAXIMUM_QUERIES])
    assert asking.parts.asking._moving.lane.heard is None
    asking.screen_values(*many[MAXIMUM_QUERIES:])
    assert asking.parts.asking._moving.lane.heard is not None
    assert len(exchange.asks) == 3


def test_what_is_remembered_is_answered_while_the_exchange_is_away(asking: AskingPartner, exchange: FakeExchange) -> None:
    asking.screen_values(VALUE)
    exchange.answers[ASK] = httpx.ConnectError("no")
    assert asking.screen_values(VALUE).outcome is ScreenOutcome.NO_MATCH
    assert asking.screen_values(VALUE, VALUE[::-1]).reason == "exchange_unreachable", "all of an upload, or nothing"


def test_a_quota_that_an_operator_raises_is_found_with_the_next_status(asking: AskingPartner, exchange: FakeExchange, clock: Clock) -> None:
    exchange.queries_a_day = 0
    assert asking.screen_values(VALUE).reason == "quota_used_up"
    clock.move(15)
    asking.round()
    assert asking.health().problem == "quota_used_up"
    exchange.queries_a_day = 100
    assert asking.screen_values(VALUE).reason == "quota_used_up", "nobody knows yet"
    asking.round()
    assert asking.screen_values(VALUE).outcome is ScreenOutcome.NO_MATCH


def test_an_index_that_is_ready_is_found_with_the_next_status(asking: AskingPartner, exchange: FakeExchange) -> None:
    exchange.index = IndexState.LOADING
    assert asking.screen_values(VALUE).reason == "index_loading"
    asking.round()
    assert asking.health().index is IndexState.LOADING
    assert asking.standing.parts()["index"] == "loading"
    exchange.index = IndexState.READY
    asking.round()
    assert asking.screen_values(VALUE).outcome is ScreenOutcome.NO_MATCH


def test_an_upload_whose_answer_comes_too_late_is_said_and_a_late_match_is_not_recorded(
    asking: AskingPartner, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.add("f", VALUE)
    release = threading.Event()
    answered = exchange._answered
    monkeypatch.setattr(exchange, "_answered", lambda asked: answered(asked) if release.wait(60) else [])
    monkeypatch.setattr(asking.parts.asking, "_pictures", look_up.Route(asking.parts.asking._pictures.lane, 0.05))
    result = asking.screen_values(VALUE)
    release.set()
    assert (result.outcome, result.reason, result.retry_after_seconds) == (ScreenOutcome.NOT_SCREENED, "deadline", 5)
    assert asking.store.counts().waiting_feedback == 0


def test_an_upload_that_waited_too_long_costs_no_query(
    asking: AskingPartner, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All connections are held by uploads before it; what was given up meanwhile is not asked about when one is free again."""
    release, answered, lane = threading.Event(), exchange._answered, asking.parts.asking._pictures.lane
    monkeypatch.setattr(exchange, "_answered", lambda asked: answered(asked) if release.wait(60) else [])
    for number in range(PICTURE_CONNECTIONS):
        held = lane.hand_over([AskQuery(Kind.PDQ, f"{number:064x}")], weight_of(Kind.PDQ, VALUE.hex()))
        while not held.running():
            time.sleep(0.001)
    monkeypatch.setattr(asking.parts.asking, "_pictures", look_up.Route(lane, 0.05))
    assert asking.screen_values(VALUE).reason == "deadline"
    release.set()
    monkeypatch.setattr(asking.parts.asking, "_pictures", look_up.Route(lane, 60))
    assert asking.screen_values(OTHER).outcome is ScreenOutcome.NO_MATCH
    assert VALUE.hex() not in {query.value for query in queries(exchange)}


def test_a_film_is_asked_about_in_every_orientation_within_the_limits_of_requests(
    asking: AskingPartner, exchange: FakeExchange, root: Path
) -> None:
    pictures = [Image.open(root / name) for name in (COAT, HAT)]
    assert asking.screen(video_file(pictures)).outcome is ScreenOutcome.NO_MATCH
    films = [query for query in queries(exchange) if query.kind is Kind.VPDQ]
    assert len(films) == 16, "eight orientations of what is seen at whole and at half seconds"
    seconds = [{frame.seconds % 1 for frame in parse_vpdq(query.value)} for query in films]
    assert sorted(map(str, seconds)) == ["{0.0}"] * 8 + ["{0.5}"] * 8
    for asked in exchange.asks:
        assert len(asked) <= MAXIMUM_QUERIES
        assert sum(len(parse_vpdq(query.value)) for query in asked if query.kind is Kind.VPDQ) <= MAXIMUM_ASK_FRAMES


def test_a_protected_still_is_found_in_a_film_and_an_animation(
    asking: AskingPartner, exchange: FakeExchange, coat: bytes, root: Path
) -> None:
    protect(exchange, coat)
    pictures = [Image.open(root / name) for name in (HAT, COAT)]
    with Image.open(root / COAT) as whole:
        exchange.add("small", fingerprint_image(saved(whole.convert("RGB").resize((320, 240)), "PNG")).pdq)
    assert asking.screen(animated_gif(pictures)).outcome is ScreenOutcome.MATCH


def test_a_copy_of_a_sound_matches_by_sound_alone(asking: AskingPartner, exchange: FakeExchange) -> None:
    data = sound_file(melody(7, 20))
    exchange.add_text("song", Kind.CHROMAPRINT, fingerprint_sound(io.BytesIO(data)).text)
    result = asking.screen(sound_file(melody(7, 20), "libmp3lame", "mp3", 96_000))
    assert (result.outcome, result.is_by_sound_alone) == (ScreenOutcome.MATCH, True)


def test_a_broken_connection_is_opened_again_and_the_request_repeated_once(asking: AskingPartner, exchange: FakeExchange) -> None:
    exchange.lost_answers.add(ASK)
    result = asking.screen_values(VALUE)
    assert (result.reason, exchange.requests.count(f"POST {ASK}")) == ("exchange_unreachable", 2)


def test_after_a_stop_no_upload_is_taken(asking: AskingPartner) -> None:
    asking.parts.way.close()
    with pytest.raises(BusyError):
        asking.screen_values(VALUE)
