# SPDX-License-Identifier: Apache-2.0
"""Copies that no value finds: regions are asked about in rounds, in every way of partners, and held against what `pdq` matched."""

import io
from pathlib import Path

import httpx
import pytest
from PIL import Image, ImageOps

from stillmine.partner.commands.in_words import kept_in_words
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.store.matches import Wanted
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Judges, MatchClass, RegionsChoice, ScreenOutcome
from tests.partner.fake_exchange import REGIONS, FakeExchange
from tests.partner.partner_parts import Clock
from tests.partner.partner_region_parts import OTHER, Open, middle_of, pdq_of, protect, saved

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
    assert [len(ask.views) for ask in regions.asks[1:]] == [2, 6]


@pytest.mark.parametrize("factor", [0.66, 0.8, 1.25, 1.5])
def test_a_squeezed_crop_is_found_with_stretched_views_alone(
    open_asking: Open, exchange: FakeExchange, picture: Image.Image, factor: float
) -> None:
    protect(exchange, picture)
    crop = middle_of(picture, 0.8)
    partner = open_asking(regions=RegionsChoice.ALL)
    assert partner.screen(saved(crop.resize((round(crop.width * factor), crop.height)))).outcome is ScreenOutcome.MATCH
    assert exchange.regions is not None
    assert [len(ask.views) for ask in exchange.regions.asks] == [2, 6]


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
