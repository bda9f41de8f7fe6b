# SPDX-License-Identifier: Apache-2.0
"""Pictures with less detail than a case stores: down to a limit they are looked up, and finding nothing is no answer."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.fingerprinting.worker_messages import JobResult, Media, Picture
from stillmine.partner.screening.made import made_of_file
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import MINIMUM_ASKED_QUALITY, MINIMUM_QUALITY, Kind
from stillmine.wire.screen import MatchClass, ScreenOutcome
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Partner

VALUE = bytes(range(100, 132))
BLUR = 0.03
"""Of the width."""


def blurred(path: Path) -> bytes:
    buffer = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").filter(ImageFilter.GaussianBlur(BLUR * picture.width)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize("quality", [MINIMUM_ASKED_QUALITY, MINIMUM_QUALITY - 1])
def test_fingerprint_of_low_quality_may_match_and_is_no_answer_where_it_does_not(
    partner: Partner, exchange: FakeExchange, quality: int
) -> None:
    exchange.add("f", VALUE)
    partner.sync.run()
    copy, other = Fingerprint(Kind.PDQ, VALUE.hex(), quality), Fingerprint(Kind.PDQ, "0f" * 32, quality)
    assert partner.screening.screen_fingerprints([copy]).outcome is ScreenOutcome.MATCH
    result = partner.screening.screen_fingerprints([other])
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["quality_too_low"])


def test_fingerprint_of_lowest_quality_is_not_compared(partner: Partner, exchange: FakeExchange) -> None:
    exchange.add("f", VALUE)
    partner.sync.run()
    low, good = Fingerprint(Kind.PDQ, VALUE.hex(), MINIMUM_ASKED_QUALITY - 1), Fingerprint(Kind.PDQ, "0f" * 32, MINIMUM_QUALITY)
    result = partner.screening.screen_fingerprints([low, good])
    assert (result.outcome, result.reason) == (ScreenOutcome.NOT_SCREENED, "quality_too_low")
    match = Fingerprint(Kind.PDQ, VALUE.hex(), MINIMUM_QUALITY)
    assert partner.screening.screen_fingerprints([low, match]).outcome is ScreenOutcome.MATCH


@pytest.mark.parametrize(("quality", "asked"), [(MINIMUM_ASKED_QUALITY - 1, 0), (MINIMUM_ASKED_QUALITY, 1)])
def test_a_file_is_asked_about_down_to_the_same_limit(quality: int, asked: int) -> None:
    made = made_of_file(JobResult(Media.IMAGE, is_final=True, fingerprints=[Picture([VALUE] * 8, quality, [])]))
    assert (len(made.of(Picture)), made.left_out) == (asked, ["quality_too_low"])


def test_blurred_copy_is_found_though_it_has_less_detail_than_a_case_stores(partner: Partner, exchange: FakeExchange, root: Path) -> None:
    photographs = [root / "tests/media/photos/clothing" / name for name in ("018.jpg", "083.jpg")]
    copy, other = (blurred(path) for path in photographs)
    assert all(MINIMUM_ASKED_QUALITY <= fingerprint_image(data).quality < MINIMUM_QUALITY for data in (copy, other))
    exchange.add("f", fingerprint_image(photographs[0].read_bytes()).pdq)
    partner.sync.run()
    assert [(match.kind, match.match_class) for match in partner.screen(copy).matches] == [(Kind.PDQ, MatchClass.NEAR)]
    result = partner.screen(other)
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["quality_too_low"])
