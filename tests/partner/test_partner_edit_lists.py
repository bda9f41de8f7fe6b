# SPDX-License-Identifier: Apache-2.0
"""What an edit list shows of an upload is compared; where nobody knows what that is, all of it is, and the answer says so."""

import io
from pathlib import Path

import pytest
from PIL import Image

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.sound.audio import fingerprint_sound
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import ScreenOutcome
from tests.edited_clips import Edit, with_edits
from tests.partner.fake_exchange import FakeExchange
from tests.partner.moving_media import melody, sound_file, video_file
from tests.partner.partner_parts import Partner

CUT_AWAY = [Edit(2, 4), Edit(1, None), Edit(2, 6)]
"""Of a film whose first picture is the protected one; FFmpeg's own reading shows the film's beginning in the empty edit."""

UNKNOWN = {"stays": [Edit(2, 4), Edit(2, 6, rate=0)], "only empty": [Edit(5, None)], "half as fast": [Edit(4, 4, rate=0.5)]}


@pytest.fixture(scope="module")
def pictures(root: Path) -> list[Image.Image]:
    opened = [Image.open(io.BytesIO(path.read_bytes())) for path in sorted((root / "media/clothing").glob("*.jpg"))[:5]]
    return [image.convert("RGB").resize((320, 240)) for image in opened]


@pytest.fixture(scope="module")
def film(pictures: list[Image.Image]) -> bytes:
    """Ten seconds, two of each picture."""
    return video_file(pictures)


def protect(exchange: FakeExchange, partner: Partner, picture: Image.Image) -> None:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    exchange.add("still", fingerprint_image(buffer.getvalue()).pdq)
    partner.sync.run()


@pytest.mark.parametrize(("place", "outcome"), [(0, "no_match"), (1, "no_match"), (2, "match"), (3, "match"), (4, "no_match")])
def test_only_what_a_list_shows_is_compared(
    partner: Partner, exchange: FakeExchange, pictures: list[Image.Image], film: bytes, place: int, outcome: str
) -> None:
    protect(exchange, partner, pictures[place])
    result = partner.screen(with_edits(film, CUT_AWAY))
    assert (result.outcome.value, result.left_out) == (outcome, [])


@pytest.mark.parametrize("name", UNKNOWN)
@pytest.mark.parametrize("place", [0, 4])
def test_of_a_list_that_can_not_be_followed_all_is_compared(
    partner: Partner, exchange: FakeExchange, pictures: list[Image.Image], film: bytes, place: int, name: str
) -> None:
    protect(exchange, partner, pictures[place])
    result = partner.screen(with_edits(film, UNKNOWN[name]))
    assert (result.outcome, result.left_out) == (ScreenOutcome.MATCH, ["video_edits_unsupported"])


def test_nothing_found_in_such_a_file_is_not_no_match(partner: Partner, film: bytes) -> None:
    partner.sync.run()
    result = partner.screen(with_edits(film, UNKNOWN["stays"]))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["video_edits_unsupported"])


def test_a_sound_whose_list_can_not_be_followed_is_compared_and_named(partner: Partner, exchange: FakeExchange) -> None:
    data = with_edits(sound_file(melody(3, 20), "aac", "mp4", 128_000), [Edit(9, 4, rate=2)])
    partner.sync.run()
    result = partner.screen(data)
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["sound_edits_unsupported"])
    exchange.add_text("song", Kind.CHROMAPRINT, fingerprint_sound(sound_file(melody(3, 20))).text)
    partner.sync.run()
    assert partner.screen(data).outcome is ScreenOutcome.MATCH
