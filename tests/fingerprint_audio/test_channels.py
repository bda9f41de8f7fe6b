# SPDX-License-Identifier: Apache-2.0
"""Sound whose channels cancel when they are mixed is heard by one of them; all other sound is heard as before."""

import io
import json
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import pytest

from stillmine.fingerprint.ground.errors import SoundWithoutDetailError
from stillmine.fingerprint.sound.audio import fingerprint_sound
from stillmine.fingerprint.sound.channels import ChannelMeter
from stillmine.fingerprint.sound.compare import compare_sounds
from tests.fingerprint_audio.sound_clips import RATE, ROOT, Samples, cut, sound
from tests.streams import sound_track

CODECS = {
    "WAV": ("wav", "pcm_s16le", 0, RATE),
    "WAV of 8 bits": ("wav", "pcm_u8", 0, RATE),
    "MP3": ("mp3", "libmp3lame", 64_000, RATE),
    "AAC": ("mp4", "aac", 64_000, RATE),
    "Opus": ("ogg", "libopus", 48_000, 48_000),
    "FLAC": ("flac", "flac", 0, RATE),
}


def encoded(channels: list[Samples], codec: str = "WAV", layout: str = "stereo") -> bytes:
    form, name, bit_rate, rate = CODECS[codec]
    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as container:
        track = sound_track(container, name, rate, layout, bit_rate)
        track.codec_context.open()
        resampler = av.AudioResampler(track.format.name, layout, rate, frame_size=track.frame_size or 1024)
        frame = av.AudioFrame.from_ndarray(np.stack(channels).astype(np.float32), format="fltp", layout=layout)
        frame.rate = RATE
        for made in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(track.encode(made))
        container.mux(track.encode(None))
    return stream.getvalue()


def music() -> Samples:
    return cut(sound("strings"), 0, 12) * 0.8


def talk() -> Samples:
    return cut(sound("reader"), 0, 12) * 0.8


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("share", [1.0, 0.9, 1.1])
def test_an_inverted_side_is_the_same_sound(codec: str, share: float) -> None:
    plain = fingerprint_sound(encoded([music(), music()]))
    inverted = fingerprint_sound(encoded([music(), -share * music()], codec))
    assert compare_sounds(inverted.values, plain.values).is_match


def test_without_a_codec_the_values_are_those_of_the_channel() -> None:
    plain = fingerprint_sound(encoded([music()], layout="mono"))
    inverted = fingerprint_sound(encoded([music(), -music()]))
    differing = np.bitwise_count(np.array(plain.values, dtype=np.uint32) ^ np.array(inverted.values, dtype=np.uint32)).mean() / 32
    assert differing <= 0.001


def test_of_six_channels_that_cancel_one_is_heard() -> None:
    silent = np.zeros_like(music())
    made = fingerprint_sound(encoded([music(), -music(), silent, silent, silent, silent], "WAV", "5.1"))
    assert compare_sounds(made.values, fingerprint_sound(encoded([music()], layout="mono")).values).is_match


def test_six_channels_with_a_voice_in_the_middle_are_mixed_as_before() -> None:
    """What cancels at the sides is music, and the voice is to be heard."""
    silent = np.zeros_like(music())
    made = fingerprint_sound(encoded([0.3 * music(), -0.3 * music(), talk(), silent, silent, silent], "WAV", "5.1"))
    assert compare_sounds(made.values, fingerprint_sound(encoded([talk()], layout="mono")).values).is_match


@pytest.mark.parametrize("right", [music, talk, lambda: 0 * music(), lambda: 0.5 * music() - 0.5 * talk()])
def test_other_stereo_is_heard_as_the_mix(right: Callable[[], Samples], monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded([music(), right()])
    made = fingerprint_sound(data)
    monkeypatch.setattr(ChannelMeter, "needed_channel", None)
    assert made.values == fingerprint_sound(data).values


def test_silence_stays_silence() -> None:
    silent = np.zeros_like(music())
    with pytest.raises(SoundWithoutDetailError):
        fingerprint_sound(encoded([silent, silent]))


@pytest.mark.parametrize("vector", json.loads((ROOT / "vectors/channels.json").read_text())["channels"])
def test_the_vectors_hold(vector: dict[str, Any]) -> None:
    meter = ChannelMeter()
    for block in vector["blocks"]:
        samples = np.array(block, dtype=np.float32)
        layout = {2: "stereo", 3: "2.1", 6: "5.1"}[len(samples)]
        meter.hear(av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout))
    assert meter.needed_channel == vector["channel"]
