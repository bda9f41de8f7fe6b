# SPDX-License-Identifier: Apache-2.0
"""A partner that works out a fingerprint by asking is seen, matching goes on, and no query is kept."""

import io
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.fingerprint.picture.query import query_variants
from stillmine.wire.ask import AskQuery
from stillmine.wire.kinds import Kind
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, value


@pytest.fixture
def asking(exchange: Context, web: httpx.Client) -> PartnerClient:
    return PartnerClient.add(exchange, web, "Example Asker", Way.ASK)


def flipped(hexadecimal: str, *bits: int) -> str:
    number = int(hexadecimal, 16)
    for bit in bits:
        number ^= 1 << bit
    return f"{number:064x}"


def at_distance(bits: int, number: int) -> str:
    """Return one of many values so far from the first."""
    return flipped(value(1), *range(bits - 1), 40 + number)


def ask_with_token(partner: PartnerClient, token: str, *values: str, kind: str = "pdq", as_it_is: bool = False) -> list[str]:
    queries = [{"kind": kind, "value": text, "upload_token": token, "as_it_is": as_it_is} for text in values]
    answer = partner.web.post("/api/v1/ask", json={"version": 1, "queries": queries}, headers=partner.headers)
    assert answer.status_code == 200, answer.text
    return [row["outcome"] for row in answer.json()["answers"]]


def video(frames: Iterable[str]) -> str:
    return "[" + ",".join(f'"{pdq},90,{second}.0"' for second, pdq in enumerate(frames)) + "]"


def saved(picture: Image.Image, quality: int = 90) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def bars_and_captions(picture: Image.Image, number: int) -> Image.Image:
    """A caption above, a bar below, of ever other heights."""
    above, below = 20 + 2 * number, 10 + number
    whole = Image.new("RGB", (picture.width, picture.height + above + below), "white")
    whole.paste(picture, (0, above))
    ImageDraw.Draw(whole).text((12, 5), f"look at this {number}", fill="black")
    return whole


def thin_frames(picture: Image.Image, number: int) -> Image.Image:
    """So thin that with and without it match."""
    return ImageOps.expand(picture, border=5 + number % 5, fill=(8 * (number // 5), 0, 0))


def alarms() -> list[tuple[str, int]]:
    from stillmine.exchange.rows.asks import ProbingAlarm

    return list(ProbingAlarm.objects.values_list("partner__name", "fingerprints"))


def recovered(partner: PartnerClient, copy: str) -> tuple[str, int]:
    """Work out the fingerprint near a copy: to the edge of matching, then each bit alone; returns it and how many queries that took."""
    asked = 0

    def matches(*values: str) -> list[bool]:
        nonlocal asked
        asked += len(values)
        return [outcome == "match" for outcome, _ in answers(partner, *values)]

    order = list(range(256))
    Random(5).shuffle(order)
    steps = [flipped(copy, *order[:count]) for count in range(1, 201)]
    first_clear = matches(*steps).index(False)
    edge = flipped(copy, *order[:first_clear])  # matches; one more wrong bit does not
    last = order[first_clear]
    outside = flipped(edge, last)
    is_nearer = matches(*[flipped(outside, bit) for bit in range(256)])
    return flipped(outside, *[bit for bit in range(256) if is_nearer[bit]]), asked


def test_456_queries_work_out_a_fingerprint_and_are_seen(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    phone.open(1)
    follower()
    copy = flipped(value(1), *range(0, 240, 10))
    with caplog.at_level(logging.WARNING):
        assert recovered(asking, copy) == (value(1), 456)
    assert alarms() == [("Example Asker", 1)]
    (line,) = [record.getMessage() for record in caplog.records if "different queries" in record.getMessage()]
    assert "Example Asker" in line
    assert value(1) not in line
    assert answers(asking, flipped(value(1), 3))[0][0] == "match", "an alarm must not end a protection"


def test_fewer_than_the_limit_and_the_same_again_call_nobody(phone: Phone, asking: PartnerClient, follower: Callable[[], None]) -> None:
    phone.open(1)
    follower()
    copies = [at_distance(28, number) for number in range(19)]
    for _ in range(3):
        answers(asking, *copies)
    assert alarms() == []
    answers(asking, *[at_distance(28, number) for number in range(19, 40)])
    assert alarms() == [("Example Asker", 1)]


def test_copies_well_inside_call_nobody_however_many(phone: Phone, asking: PartnerClient, follower: Callable[[], None]) -> None:
    """Who has such a copy learns nothing from the answer."""
    phone.open(1)
    follower()
    assert {outcome for outcome, _ in answers(asking, *[at_distance(27, number) for number in range(200)])} == {"match"}
    assert alarms() == []


def test_of_the_sounds_and_videos_of_one_token_each_eighth_counts() -> None:
    from stillmine.exchange.ask.probing import telling

    songs = [(AskQuery(Kind.CHROMAPRINT, f"song {number}", "ab" * 16), None) for number in range(24)]
    assert [len(list(telling(songs[:count]))) for count in (1, 8, 9, 16, 17)] == [1, 1, 2, 2, 3]
    without_token = [(AskQuery(Kind.CHROMAPRINT, query.value), None) for query, _ in songs]
    assert len(list(telling(without_token))) == 24


def test_probing_under_a_few_upload_tokens_is_seen(phone: Phone, asking: PartnerClient, follower: Callable[[], None]) -> None:
    """A partner makes its tokens itself: they say nothing about how many uploads there were."""
    phone.open(1)
    follower()
    for start in (0, 8, 16):
        ask_with_token(asking, "f" * 32, *[at_distance(31, number) for number in range(start, start + 8)])
    assert alarms() == [("Example Asker", 1)]


def test_who_asks_which_of_two_is_nearer_is_seen(
    phone: Phone, other_phone: Phone, asking: PartnerClient, follower: Callable[[], None]
) -> None:
    """With a fingerprint of one's own beside another's, the name in the answer tells which is nearer, at any distance."""
    own = flipped(value(1), *range(100, 120))
    phone.open(1)
    other_phone.open(fingerprints=[{"kind": "pdq", "value": own, "quality": 90}])
    follower()
    for number in range(64):  # ten bits from each: one more decides
        answers(asking, flipped(value(1), *range(100, 110), 120 + number))
    assert alarms() == [("Example Asker", 2)]


@pytest.mark.parametrize("edit", [bars_and_captions, thin_frames])
def test_copies_of_a_picture_with_bars_and_captions_call_nobody(
    root: Path, phone: Phone, asking: PartnerClient, follower: Callable[[], None], edit: Callable[[Image.Image, int], Image.Image]
) -> None:
    """One user's picture, sixty times altered and with other things around it, asked about as the kit does: all hashes, as they are."""
    picture = Image.open(root / "media/clothing/coat.jpg").convert("RGB")
    picture.thumbnail((320, 320))
    phone.open(1, fingerprints=[{"kind": "pdq", "value": query_variants(saved(picture))[0].pdq.hex(), "quality": 90}])
    follower()
    matched = set()
    for number in range(60):
        hashes = [
            variant.pdq.hex()
            for variant in query_variants(saved(edit(ImageEnhance.Contrast(picture).enhance(0.2 + number / 20), number), 30 + number))
        ]
        found = ask_with_token(asking, f"{number:032x}", *hashes, as_it_is=True)
        matched |= {text for text, outcome in zip(hashes, found, strict=True) if outcome == "match"}
    assert len(matched) > 24
    assert alarms() == []


def test_of_a_video_what_has_one_token_counts_once_for_each_eight(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None]
) -> None:
    """No distance is known of videos, so orientations of one upload can't be told from probing."""
    frames = [value(100 + number) for number in range(12)]
    phone.open(1, fingerprints=[{"kind": "vpdq", "value": video(frames), "quality": 90}])
    follower()
    for upload in range(19):
        copies = [video(flipped(pdq, 8 * upload + turn) for pdq in frames) for turn in range(8)]
        ask_with_token(asking, f"{upload:032x}", *copies, kind="vpdq")
    assert alarms() == []
    ask_with_token(asking, "f" * 32, *[video(flipped(pdq, 3, number) for pdq in frames) for number in range(10, 60)], kind="vpdq")
    assert alarms() == [("Example Asker", 1)]


def test_the_marks_hold_no_query_and_go_with_the_day_and_never_into_a_backup(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None], exchange: Context, clock: Clock
) -> None:
    from stillmine.exchange.ask.probing import forget_old_variety
    from stillmine.exchange.backup.rows import data_models
    from stillmine.exchange.rows.asks import AskVariety

    phone.open(1)
    follower()
    answers(asking, flipped(value(1), 1), at_distance(31, 1))
    seen = bytes(AskVariety.objects.get().seen)
    assert (len(seen), int.from_bytes(seen).bit_count()) == (32, 1)
    assert AskVariety not in data_models()
    clock.forward(days=1)
    assert forget_old_variety(exchange) == 1
    assert AskVariety.objects.count() == 0


def test_no_table_and_no_line_of_the_log_holds_what_was_asked(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    from django.apps import apps

    caplog.set_level(logging.DEBUG)
    phone.open(1)
    follower()
    near, far = at_distance(30, 7), value(99)
    assert [outcome for outcome, _ in answers(asking, near, far)] == ["match", "clear"]
    kept = [repr(cell) for model in apps.get_models() for row in model._default_manager.values_list() for cell in row]
    assert len(kept) > 50
    for asked in (near, far):
        for form in (asked, repr(bytes.fromhex(asked))[2:-1]):
            assert not [text for text in (*kept, caplog.text) if form in text]


def test_an_alarm_stands_where_operators_look_for_a_week(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None], exchange: Context, clock: Clock
) -> None:
    from stillmine.exchange.console.partner_rows import partner_rows

    phone.open(1)
    follower()
    assert not partner_rows(exchange, exchange.clock())[0].needs_attention
    answers(asking, *[at_distance(31, number) for number in range(64)])
    (row,) = partner_rows(exchange, exchange.clock())
    assert (row.needs_attention, row.probed) == (True, 1)
    assert not partner_rows(exchange, exchange.clock() + timedelta(days=7))[0].needs_attention
