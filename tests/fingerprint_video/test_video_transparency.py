# SPDX-License-Identifier: Apache-2.0
"""A transparent video is laid on white, whatever codec keeps its transparency: spec/video.md, "transparency"."""

import numpy as np
import pytest

from stillmine.fingerprint.moving.video import fingerprint_video
from stillmine.fingerprint.picture.image import distance_bits, fingerprint_pixels
from tests.fingerprint_video.video_clips import encode
from tests.transparent_clips import FRAMES_PER_SECOND, encode_transparent, on, picture, transparent

SECONDS = 4
FORMS = [
    pytest.param("webm", "libvpx-vp9", "yuva420p", id="VP9"),
    pytest.param("webm", "libvpx", "yuva420p", id="VP8"),
    pytest.param("mov", "prores_ks", "yuva444p10le", id="ProRes 4444"),
    pytest.param("mov", "qtrle", "argb", id="QuickTime animation"),
    pytest.param("mov", "png", "rgba", id="PNG"),
]


@pytest.mark.parametrize(("form", "codec", "pixel_format"), FORMS)
def test_a_transparent_video_is_seen_on_white(form: str, codec: str, pixel_format: str) -> None:
    frames = [np.asarray(transparent(second)) for second in range(SECONDS) for _ in range(FRAMES_PER_SECOND)]
    made = fingerprint_video(encode_transparent(frames, form, codec, pixel_format)).frames
    white, black = (
        fingerprint_video(encode([on(ground, second) for second in range(SECONDS)], times=range(SECONDS))).frames
        for ground in ("white", "black")
    )
    assert len(made) == len(white) == SECONDS
    assert max(distance_bits(one.pdq, other.pdq) for one, other in zip(made, white, strict=True)) <= 12
    assert min(distance_bits(one.pdq, other.pdq) for one, other in zip(made, black, strict=True)) > 31


def test_a_picture_behind_full_transparency_is_not_the_one_that_counts() -> None:
    """Shown is the white page with a black square; the decoder's colours hold another picture."""
    rgba = np.dstack([np.asarray(picture(7)), np.zeros((240, 320), np.uint8)])
    assert fingerprint_video(encode_transparent([rgba] * 20, "webm", "libvpx-vp9", "yuva420p")).frames == ()


def test_who_asks_looks_at_it_on_black_as_well() -> None:
    """A picture that only a dark page shows: white, where it is not transparent."""
    still = np.full((240, 320, 4), 255, np.uint8)
    still[:, :, 3] = np.asarray(picture(7).convert("L"))
    data = encode_transparent([still] * 8, "webm", "libvpx-vp9", "yuva420p")
    on_black = fingerprint_pixels(np.dstack([still[:, :, 3]] * 3).tobytes(), 320, 240, 3).pdq
    asked = fingerprint_video(data, is_asking=True)
    assert asked.frames == ()
    assert min(distance_bits(on_black, hashes) for made in asked.stills for hashes in made.hashes) <= 12
