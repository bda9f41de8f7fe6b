# SPDX-License-Identifier: Apache-2.0
"""A protected still is found where it is one picture of what moves: any of an animation, of a video what is shown long enough."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageOps

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.moving.video import fingerprint_video
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.partner.fingerprinting import file_fingerprints
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import DistanceBucket, ScreenMatch, ScreenOutcome, ScreenResult, Undone, Variant
from stillmine.wire.vpdq import parse_vpdq, vpdq_quality
from tests.partner.fake_exchange import FakeExchange
from tests.partner.moving_media import animated_gif, video_file
from tests.partner.partner_parts import Partner
from tests.streams import video_frame, video_track

SIZE = (320, 240)
RATE = 25


@pytest.fixture(scope="module")
def pictures(root: Path) -> list[Image.Image]:
    opened = [Image.open(io.BytesIO(path.read_bytes())) for path in sorted((root / "media/clothing").glob("*.jpg"))[:6]]
    return [image.convert("RGB").resize(SIZE) for image in opened]


@pytest.fixture
def protected(partner: Partner, exchange: FakeExchange, pictures: list[Image.Image]) -> Image.Image:
    """The one picture that is on the partner's list."""
    buffer = io.BytesIO()
    pictures[0].save(buffer, "PNG")
    exchange.add("still", fingerprint_image(buffer.getvalue()).pdq)
    partner.sync.run()
    return pictures[0]


def animation(form: str, shown: Sequence[tuple[Image.Image, int]]) -> bytes:
    """Pictures with how many milliseconds each is shown."""
    buffer = io.BytesIO()
    images = [image for image, _ in shown]
    options = {"lossless": True} if form == "WEBP" else {}
    images[0].save(buffer, form, save_all=True, append_images=images[1:], duration=[time for _, time in shown], loop=0, **options)
    return buffer.getvalue()


def slides(shown: Sequence[tuple[Image.Image, float]], codec: str = "libx264", form: str = "mp4", gop: int = 250) -> bytes:
    """An MP4 of pictures that stand still, with how many seconds each is shown; key frames only every `gop` pictures."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as container:
        stream = video_track(container, codec, RATE, shown[0][0].size, "yuvj420p" if codec == "mjpeg" else "yuv420p")
        stream.bit_rate = 3_000_000
        stream.codec_context.gop_size = gop
        stream.codec_context.time_base = Fraction(1, RATE)
        if codec == "libx264":
            stream.options = {"sc_threshold": "0", "crf": "20"}
        frames = [image for image, seconds in shown for _ in range(round(seconds * RATE))]
        for place, image in enumerate(frames):
            frame = video_frame(image)
            frame.pts, frame.time_base = place, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def the_match(result: ScreenResult) -> ScreenMatch:
    assert result.outcome is ScreenOutcome.MATCH, result
    (match,) = result.matches
    return match


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_the_second_picture_of_an_animation_is_found(
    partner: Partner, protected: Image.Image, pictures: list[Image.Image], form: str
) -> None:
    match = the_match(partner.screen(animation(form, [(pictures[1], 20), (protected, 60)])))
    assert (match.kind.value, match.variant) == ("pdq", Variant.ORIGINAL)
    (span,) = match.matched_spans
    assert (span.upload_start_seconds, span.upload_end_seconds) == (0.02, 0.08)
    assert (span.fingerprint_start_seconds, span.fingerprint_end_seconds) == (0, 0)


def test_a_picture_of_an_animation_that_stands_between_two_samples_is_found(
    partner: Partner, protected: Image.Image, pictures: list[Image.Image]
) -> None:
    shown = [(pictures[1], 700), (ImageOps.mirror(protected), 50), (pictures[2], 2000)]
    match = the_match(partner.screen(animation("GIF", shown)))
    assert match.variant is Variant.FLIP_HORIZONTAL
    (span,) = match.matched_spans
    assert (span.upload_start_seconds, span.upload_end_seconds) == (0.7, 0.75)


def test_a_still_picture_names_no_seconds_and_an_animation_of_others_does_not_match(
    partner: Partner, protected: Image.Image, pictures: list[Image.Image]
) -> None:
    buffer = io.BytesIO()
    protected.save(buffer, "PNG")
    assert the_match(partner.screen(buffer.getvalue())).matched_spans == []
    result = partner.screen(animated_gif(pictures[1:]))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NO_MATCH, [])


@pytest.mark.parametrize("form", ["WEBP", "PNG"])
def test_a_picture_of_an_animation_that_shows_on_a_dark_page_only_is_found(
    partner: Partner, protected: Image.Image, pictures: list[Image.Image], form: str
) -> None:
    light, dark = (np.asarray(image.convert("L"), dtype=float) for image in (pictures[1], protected))
    alpha = 127 - light / 2 + dark / 2
    colour = np.clip(255 * (dark / 2) / np.maximum(alpha, 1), 0, 255)
    hidden = Image.fromarray(np.dstack([colour, colour, colour, alpha]).round().astype(np.uint8), "RGBA")
    match = the_match(partner.screen(animation(form, [(pictures[2].convert("RGBA"), 700), (hidden, 100)])))
    assert match.undone == [Undone.DARK_GROUND]
    assert match.matched_spans[0].upload_start_seconds == 0.7


@pytest.mark.parametrize(("codec", "form"), [("libx264", "mp4"), ("mpeg4", "mp4"), ("libvpx", "webm"), ("mjpeg", "avi")])
def test_a_slide_of_a_video_is_found_and_its_second_named(
    partner: Partner, protected: Image.Image, pictures: list[Image.Image], codec: str, form: str
) -> None:
    data = slides([(pictures[1], 2.2), (protected, 0.6), (pictures[2], 2.2)], codec, form)
    match = the_match(partner.screen(data))
    assert (match.kind.value, match.distance_bucket, match.variant) == ("pdq", DistanceBucket.SAME, Variant.ORIGINAL)
    (span,) = match.matched_spans
    assert 2.2 <= span.upload_start_seconds <= span.upload_end_seconds <= 2.8


def test_a_slide_that_was_turned_is_found(partner: Partner, protected: Image.Image, pictures: list[Image.Image]) -> None:
    turned = protected.transpose(Image.Transpose.ROTATE_180)
    assert the_match(partner.screen(slides([(pictures[1], 1), (turned, 1)]))).variant is Variant.ROTATE180


def test_slides_with_bars_of_their_own_are_seen_through(partner: Partner, protected: Image.Image, pictures: list[Image.Image]) -> None:
    """Bars at the sides of the one and above and below the other are bars of no whole video."""
    narrow = ImageOps.pad(protected.resize((240, 180)), SIZE, color="black", centering=(0.5, 0.5))
    barred = Image.new("RGB", (480, 240), "black")
    barred.paste(protected, (80, 0))
    other = Image.new("RGB", (480, 240), "black")
    other.paste(pictures[1].resize((480, 180)), (0, 30))
    match = the_match(partner.screen(slides([(other, 1.5), (barred, 1.5)])))
    assert match.undone == [Undone.TRIM_LETTERBOX]
    assert the_match(partner.screen(slides([(pictures[1], 1), (narrow, 1)]))).distance_bucket is DistanceBucket.SAME


@pytest.mark.parametrize("gop", [20, 250], ids=["at a key frame", "in the middle of a group"])
def test_what_a_video_shows_only_between_two_samples_is_found_at_a_cut(
    partner: Partner, protected: Image.Image, pictures: list[Image.Image], gop: int
) -> None:
    """At 25 a second, samples are pictures 0, 13, 25, 38 …: this one is picture 20 to 23."""
    data = slides([(pictures[1], 0.8), (protected, 0.16), (pictures[2], 2)], gop=gop)
    (span,) = the_match(partner.screen(data)).matched_spans
    assert 0.8 <= span.upload_start_seconds <= 0.96


def test_a_video_made_of_a_short_animation_is_found(partner: Partner, protected: Image.Image, pictures: list[Image.Image]) -> None:
    assert the_match(partner.screen(slides([(pictures[1], 0.04), (protected, 0.12)]))).matched_spans


def test_a_protected_still_is_found_beside_a_protected_video(
    partner: Partner, exchange: FakeExchange, protected: Image.Image, pictures: list[Image.Image]
) -> None:
    result = partner.screen(video_file([*pictures[1:4], protected]))
    assert [match.kind.value for match in result.matches] == ["pdq"]
    assert 6 <= result.matches[0].matched_spans[0].upload_start_seconds <= 8


def test_a_protected_still_is_found_among_the_frames_that_a_platform_made(
    partner: Partner, protected: Image.Image, pictures: list[Image.Image]
) -> None:
    text = write_vpdq(fingerprint_video(slides([(pictures[1], 3), (protected, 2), (pictures[2], 3)])).frames)
    (span,) = the_match(partner.screening.screen_fingerprints([Fingerprint(Kind.VPDQ, text, vpdq_quality(parse_vpdq(text)))])).matched_spans
    assert 3 <= span.upload_start_seconds <= span.upload_end_seconds <= 5


def test_more_pictures_than_are_compared_are_left_out_and_named(
    partner: Partner, protected: Image.Image, pictures: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stillmine.fingerprint.moving.stills.MAXIMUM_STILLS", 3)
    monkeypatch.setattr(file_fingerprints, "UPLOAD_FRAMES_PER_SECOND", 1)
    result = partner.screen(animation("GIF", [(picture, 100) for picture in [*pictures[1:], protected]]))
    assert (result.outcome, result.left_out) == (ScreenOutcome.NOT_SCREENED, ["too_much_to_decode"])
