# SPDX-License-Identifier: Apache-2.0
"""Copies that no value finds: regions are asked about in rounds, in every way of partners, and held against what `pdq` matched."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest
from PIL import Image, ImageOps

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.picture.regions import base_of, regions_value
from stillmine.partner.commands.in_words import kept_in_words
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.store.matches import Wanted
from stillmine.wire.ask_regions import (
    LOOK_BYTES,
    MAXIMUM_ROUNDS,
    NO_LOOK,
    PLACES_BYTES,
    RegionsAnswer,
    RegionsAsk,
    RegionsLook,
    RegionsOutcome,
    RegionsRow,
    Verdict,
    regions_answer,
)
from stillmine.wire.base64url import base64url_text
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Judges, MatchClass, RegionsChoice, ScreenOutcome
from stillmine.wire.storage_errors import StorageFullError
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import REGIONS, FakeExchange
from tests.partner.fake_regions import FakeRegions
from tests.partner.partner_parts import Clock

OWN, OTHER = "skimage/chelsea.png", "skimage/rocket.jpg"

Open = Callable[..., AskingPartner]


def saved(image: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def middle_of(image: Image.Image, share: float = 0.6) -> Image.Image:
    side = share**0.5
    left, top = ((1 - side) * length / 2 for length in image.size)
    return image.crop((round(left), round(top), round(left + side * image.width), round(top + side * image.height)))


def pdq_of(data: bytes) -> bytes:
    return fingerprint_image(data).pdq


@pytest.fixture
def media(root: Path) -> Path:
    return root / "media"


@pytest.fixture
def picture(media: Path) -> Image.Image:
    with Image.open(media / OWN) as image:
        return image.convert("RGB")


@pytest.fixture
def open_asking(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[Open]:
    """Open a partner in some way, with an exchange that knows regions."""
    opened: list[AskingPartner] = []

    def open_it(choice: WayChoice = WayChoice.ASK, regions: RegionsChoice = RegionsChoice.SMALL) -> AskingPartner:
        opened.append(AskingPartner(home, exchange, clock, choice, regions))
        assert opened[-1].round() is not None
        return opened[-1]

    exchange.regions = FakeRegions()
    yield open_it
    for partner in opened:
        partner.close()


def protect(exchange: FakeExchange, image: Image.Image, *, value: bytes | None = None, name: str = "own") -> str:
    """Protect a picture by its regions and a `pdq` of the same name, its own unless `value` says another; return the regions' id."""
    assert exchange.regions is not None
    pdq = value or pdq_of(saved(image, 95))
    regions = regions_value(base_of(np.asarray(image)), pdq)
    assert regions is not None
    own = exchange.id_of(f"{name} regions")
    exchange.regions.add(own, regions, exchange.add(name, pdq))
    return own


both_ways = pytest.mark.parametrize("way", [WayChoice.ASK, WayChoice.LIST, WayChoice.BOTH])


@both_ways
def test_a_crop_is_found_by_its_regions_and_said_in_words(
    open_asking: Open, exchange: FakeExchange, picture: Image.Image, way: WayChoice
) -> None:
    own = protect(exchange, picture)
    partner = open_asking(way)
    result = partner.screen(saved(middle_of(picture)))
    assert (result.outcome, result.regions_left_out) == (ScreenOutcome.MATCH, None)
    (match,) = result.matches
    assert (match.kind, match.match_class, match.found_by) == (Kind.REGIONS, MatchClass.NEAR, [Kind.REGIONS])
    assert match.transform is not None
    assert match.transform.words.startswith("about the middle 6")
    assert 0.5 <= match.transform.share <= 0.7
    assert not match.transform.is_mirrored
    partner.round()
    assert {report.fingerprint_id for report in exchange.feedback.values()} == {own}


def test_a_mirrored_crop_is_found_and_said(open_asking: Open, exchange: FakeExchange, picture: Image.Image) -> None:
    protect(exchange, picture)
    (match,) = open_asking().screen(saved(ImageOps.mirror(middle_of(picture)))).matches
    assert match.transform is not None
    assert match.transform.is_mirrored
    assert match.transform.words.endswith("mirrored")


@both_ways
def test_pdq_and_regions_of_one_picture_agree(open_asking: Open, exchange: FakeExchange, picture: Image.Image, way: WayChoice) -> None:
    protect(exchange, picture)
    result = open_asking(way).screen(saved(picture.resize((400, 266))))
    by_kind = {match.kind: match for match in result.matches}
    assert by_kind.keys() == {Kind.PDQ, Kind.REGIONS}
    assert (by_kind[Kind.PDQ].judges, by_kind[Kind.PDQ].found_by) == (Judges.AGREED, [Kind.PDQ, Kind.REGIONS])
    assert by_kind[Kind.PDQ].match_class in (MatchClass.EXACT, MatchClass.NEAR)


@both_ways
def test_a_forged_pdq_is_disputed_and_never_exact(
    open_asking: Open, exchange: FakeExchange, picture: Image.Image, media: Path, way: WayChoice
) -> None:
    upload = (media / OTHER).read_bytes()
    protect(exchange, picture, value=pdq_of(upload))
    result = open_asking(way).screen(upload)
    (match,) = result.matches
    assert (match.kind, match.match_class, match.judges) == (Kind.PDQ, MatchClass.DISPUTED, Judges.DISPUTED)
    assert match.found_by == [Kind.PDQ]


def test_where_the_picture_has_no_regions_one_judge_is_said(open_asking: Open, exchange: FakeExchange, media: Path) -> None:
    upload = (media / OTHER).read_bytes()
    exchange.add("alone", pdq_of(upload))
    (match,) = open_asking().screen(upload).matches
    assert (match.match_class, match.judges, match.found_by) == (MatchClass.NEAR, Judges.ONE_JUDGE, [Kind.PDQ])


def test_a_match_that_was_heard_later_is_kept_as_it_is_heard(
    open_asking: Open, exchange: FakeExchange, picture: Image.Image, media: Path
) -> None:
    upload = (media / OTHER).read_bytes()
    protect(exchange, picture, value=pdq_of(upload))
    exchange.answers[REGIONS] = httpx.Response(503, json={"code": "index_loading", "sentence": ""}, headers={"Retry-After": "1"})
    partner = open_asking(WayChoice.LIST)
    (unheard,) = partner.screen(upload).matches
    assert (unheard.match_class, unheard.judges) == (MatchClass.EXACT, Judges.ONE_JUDGE)
    exchange.answers.clear()
    partner.round()
    assert partner.screen(upload).matches[0].match_id == unheard.match_id
    (kept,) = partner.store.matches(Wanted()).matches
    assert (kept.match_class, kept.judges) == (MatchClass.DISPUTED, Judges.DISPUTED)


def test_a_listed_match_says_its_transform(open_asking: Open, exchange: FakeExchange, picture: Image.Image) -> None:
    protect(exchange, picture)
    partner = open_asking()
    (match,) = partner.screen(saved(middle_of(picture))).matches
    (kept,) = partner.store.matches(Wanted()).matches
    assert (kept.transform, kept.found_by, kept.match_class) == (match.transform, match.found_by, match.match_class)
    assert "a copy by its regions: about the middle" in kept_in_words(kept)


def test_what_is_clear_is_asked_about_once_a_minute(open_asking: Open, exchange: FakeExchange, picture: Image.Image, clock: Clock) -> None:
    partner = open_asking()
    regions = exchange.regions
    assert regions is not None
    for _ in range(3):
        assert partner.screen(saved(picture)).outcome is ScreenOutcome.NO_MATCH
    assert len(regions.asks) == 1
    clock.move(61)
    partner.screen(saved(picture))
    assert len(regions.asks) == 2


def test_stretched_views_are_asked_about_only_where_the_first_find_nothing(
    open_asking: Open, exchange: FakeExchange, picture: Image.Image, media: Path
) -> None:
    protect(exchange, picture)
    partner = open_asking(regions=RegionsChoice.ALL)
    regions = exchange.regions
    assert regions is not None
    assert partner.screen(saved(middle_of(picture))).outcome is ScreenOutcome.MATCH
    assert [len(ask.views) for ask in regions.asks] == [2]
    assert partner.screen((media / OTHER).read_bytes()).outcome is ScreenOutcome.NO_MATCH
    assert [len(ask.views) for ask in regions.asks[1:]] == [2, 12]


def test_a_squeezed_crop_is_found_with_stretched_views_alone(open_asking: Open, exchange: FakeExchange, picture: Image.Image) -> None:
    protect(exchange, picture)
    crop = middle_of(picture, 0.8)
    squeezed = saved(crop.resize((round(crop.width * 0.66), crop.height)))
    assert open_asking(regions=RegionsChoice.ALL).screen(squeezed).outcome is ScreenOutcome.MATCH


def test_a_key_for_the_list_alone_says_so_and_the_list_goes_on(open_asking: Open, exchange: FakeExchange, picture: Image.Image) -> None:
    protect(exchange, picture)
    exchange.scopes = ["feedback", "list"]
    partner = open_asking(WayChoice.AUTO)
    result = partner.screen(saved(middle_of(picture)))
    assert (result.outcome, result.left_out, result.regions_left_out) == (ScreenOutcome.NO_MATCH, [], "regions_not_asked")
    matched = partner.screen(saved(picture))
    assert (matched.outcome, matched.regions_left_out) == (ScreenOutcome.MATCH, "regions_not_asked")
    assert exchange.regions is not None
    assert not exchange.regions.asks


def test_an_exchange_of_before_regions_is_as_good_as_ever(open_asking: Open, exchange: FakeExchange, picture: Image.Image) -> None:
    partner = open_asking()
    exchange.regions = None
    for _ in range(3):
        result = partner.screen(saved(picture))
        assert (result.outcome, result.regions_left_out) == (ScreenOutcome.NO_MATCH, "regions_not_asked")
    assert exchange.requests.count(f"POST {REGIONS}") == 1


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (WayChoice.ASK, (ScreenOutcome.NOT_SCREENED, ["exchange_unreachable"], None)),
        (WayChoice.LIST, (ScreenOutcome.NO_MATCH, [], "exchange_unreachable")),
    ],
)
def test_an_exchange_that_goes_away_inside_the_rounds(
    open_asking: Open,
    exchange: FakeExchange,
    picture: Image.Image,
    way: WayChoice,
    expected: tuple[ScreenOutcome, list[str], str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    protect(exchange, picture)
    regions = exchange.regions
    assert regions is not None

    def gone(_message: RegionsLook) -> RegionsAnswer:
        exchange.answers[REGIONS] = httpx.ConnectError("gone")
        raise StorageFullError

    monkeypatch.setattr(regions, "look", gone)
    partner = open_asking(way)
    first = partner.screen(saved(middle_of(picture)))
    assert first.outcome is expected[0]
    result = partner.screen(saved(middle_of(picture, 0.7)))
    assert (result.outcome, result.left_out, result.regions_left_out) in (
        expected,
        (expected[0], ["storage_full"], None),
        (expected[0], [], "storage_full"),
    )


class Answers(FakeRegions):
    """Gives one answer to every ask, and one to every look."""

    def __init__(self, to_asks: RegionsAnswer, to_looks: RegionsAnswer | None = None) -> None:
        super().__init__()
        self._to_asks = to_asks
        self._to_looks = to_looks or to_asks

    def ask(self, message: RegionsAsk) -> RegionsAnswer:
        self.asks.append(message)
        return self._to_asks

    def look(self, message: RegionsLook) -> RegionsAnswer:
        self.looks.append(message)
        return self._to_looks


ANY_LOOK = base64url_text(b"\1" * LOOK_BYTES)


def places_of(*frames: tuple[int, ...]) -> str:
    return base64url_text(np.array(frames, "<i2").tobytes().ljust(PLACES_BYTES, b"\0"))


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
    [b"{}", b"[]", b" " * 200_000, msgspec.json.encode(regions_answer()).replace(NO_LOOK.encode(), b"AAAA"), b"\xff" * 100],
    ids=["empty", "a list", "too long", "a short look", "no text"],
)
def test_an_answer_of_another_size_is_never_clear(open_asking: Open, exchange: FakeExchange, picture: Image.Image, content: bytes) -> None:
    partner = open_asking()
    exchange.answers[REGIONS] = httpx.Response(200, content=content)
    result = partner.screen(saved(picture))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["exchange_answer_unreadable"])


def test_regions_of_the_picture_that_an_animation_shows_first(open_asking: Open, exchange: FakeExchange, picture: Image.Image) -> None:
    protect(exchange, picture)
    out = io.BytesIO()
    crop = middle_of(picture)
    crop.save(out, "WEBP", save_all=True, append_images=[Image.new("RGB", crop.size)], duration=200, quality=90)
    result = open_asking().screen(out.getvalue())
    assert [match.kind for match in result.matches] == [Kind.REGIONS]


def test_platform_fingerprints_have_no_picture_to_hash(open_asking: Open, exchange: FakeExchange, picture: Image.Image) -> None:
    partner = open_asking()
    result = partner.screen_values(pdq_of(saved(picture)))
    assert (result.outcome, result.regions_left_out) == (ScreenOutcome.NO_MATCH, "regions_not_asked")
