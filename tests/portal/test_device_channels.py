# SPDX-License-Identifier: Apache-2.0
"""Sound with one side inverted is heard in the browser as on the server: by one channel, in the worker and on the page."""

from pathlib import Path

import av
import numpy as np
import pytest

from tests.portal.device_engine import Engine, with_worker_prefix
from tests.portal.test_device_browsers import ELEMENT_SOUND_BITS
from tests.portal.test_device_files import SOUND_BITS, bit_error_rate, server_values
from tests.streams import sound_track

RATE = 44_100


def inverted(file: Path, codec: str, form: str, root: Path) -> Path:
    """Twelve seconds of the project's music whose right side is the left one upside down."""
    resampler = av.AudioResampler("flt", "mono", RATE)
    with av.open(str(root / "media/audio/strings.mp3")) as source:
        frames = [made for frame in source.decode(audio=0) for made in resampler.resample(frame)]
    left = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])[: 12 * RATE]
    with av.open(str(file), "w", format=form) as container:
        track = sound_track(container, codec, RATE, "stereo", 96_000)
        track.codec_context.open()
        out = av.AudioResampler(track.format.name, "stereo", RATE, frame_size=track.frame_size or 1024)
        frame = av.AudioFrame.from_ndarray(np.stack([left, -left]), format="fltp", layout="stereo")
        frame.rate = RATE
        for made in [*out.resample(frame), *out.resample(None)]:
            container.mux(track.encode(made))
        container.mux(track.encode(None))
    return file


@pytest.mark.parametrize(("codec", "form"), [("pcm_s16le", "wav"), ("flac", "flac"), ("libmp3lame", "mp3"), ("aac", "mp4")])
def test_an_inverted_side_comes_out_as_on_the_server(engine: Engine, tmp_path: Path, root: Path, codec: str, form: str) -> None:
    file = inverted(tmp_path / f"inverted.{form}", codec, form, root)
    [made] = engine.make(file)
    assert (made.file_type, made.notes) == ("sound", [])
    assert bit_error_rate(made.values["chromaprint"], server_values(file)["chromaprint"]) <= SOUND_BITS


@pytest.mark.parametrize(("codec", "form"), [("flac", "flac"), ("libmp3lame", "mp3")])
def test_the_page_hears_one_channel_too(engine: Engine, tmp_path: Path, root: Path, codec: str, form: str) -> None:
    with_worker_prefix(engine.page, "self.AudioDecoder = undefined;")
    file = inverted(tmp_path / f"inverted.{form}", codec, form, root)
    [made] = engine.make(file)
    assert (made.file_type, made.notes) == ("sound", [])
    assert bit_error_rate(made.values["chromaprint"], server_values(file)["chromaprint"]) <= ELEMENT_SOUND_BITS
