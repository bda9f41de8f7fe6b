# SPDX-License-Identifier: Apache-2.0
"""A transparent video is laid on white, as on the server, in every way in which a browser reads it."""

from pathlib import Path

import numpy as np
import pytest

from tests.portal.device_engine import Engine, besides_regions, distance_bits, seconds_of, with_worker_prefix
from tests.portal.test_device_files import assert_frames_agree, clip_of, server_values
from tests.transparent_clips import FRAMES_PER_SECOND, encode_transparent, on, transparent

SECONDS = 4


@pytest.mark.parametrize("prefix", ["", "self.VideoDecoder = undefined;"], ids=["worker", "page"])
@pytest.mark.parametrize("codec", ["libvpx-vp9", "libvpx"])
def test_a_transparent_video_is_seen_on_white(engine: Engine, tmp_path: Path, codec: str, prefix: str) -> None:
    if prefix:
        with_worker_prefix(engine.page, prefix)
    scenes = [second for second in range(SECONDS) for _ in range(FRAMES_PER_SECOND)]
    file = tmp_path / "sticker.webm"
    file.write_bytes(encode_transparent([np.asarray(transparent(second)) for second in scenes], "webm", codec, "yuva420p"))
    white, black = (
        clip_of([on(ground, second) for second in range(SECONDS) for _ in range(10)], tmp_path / f"{ground}.mp4")
        for ground in ("white", "black")
    )
    [made] = engine.make(file)
    assert besides_regions(made) == (["vpdq", "md5"], ["video_has_no_sound"])
    assert_frames_agree(made.values["vpdq"], server_values(file)["vpdq"])
    assert_frames_agree(made.values["vpdq"], server_values(white)["vpdq"])
    ours, others = seconds_of(made.values["vpdq"]), seconds_of(server_values(black)["vpdq"])
    assert min(distance_bits(ours[second], others[second]) for second in others) > 31


@pytest.mark.parametrize("prefix", ["", "self.VideoDecoder = undefined;"], ids=["worker", "page"])
@pytest.mark.parametrize("part", [0.6, 1])
def test_of_a_file_that_was_cut_off_the_last_picture_does_not_stay(engine: Engine, tmp_path: Path, part: float, prefix: str) -> None:
    """Players show it until the time at which the film once ended."""
    if prefix:
        with_worker_prefix(engine.page, prefix)
    scenes = [second // 4 for second in range(12) for _ in range(FRAMES_PER_SECOND)]
    whole = encode_transparent([np.asarray(transparent(second)) for second in scenes], "webm", "libvpx", "yuva420p")
    file = tmp_path / "sticker.webm"
    file.write_bytes(whole[: round(len(whole) * part)])
    [made] = engine.make(file)
    assert ("ends_early" in made.notes) == (part < 1)
    missing = len(seconds_of(server_values(file)["vpdq"])) - len(seconds_of(made.values["vpdq"]))
    assert missing in ((0, 1) if part < 1 else (0,))  # a last picture without a length may be left out
