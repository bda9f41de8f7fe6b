# SPDX-License-Identifier: Apache-2.0
"""Sounds made for tests from the project's own: cut, louder, noisier, in other codecs."""

import io
from functools import cache
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from tests.streams import sound_track

Samples = npt.NDArray[np.float32]
"""Mono, RATE a second, from -1 to 1."""

ROOT = Path(__file__).resolve().parents[2]
MEDIA = ROOT / "media" / "audio"

RATE = 44_100


def samples_of(path: Path) -> Samples:
    """A whole sound file."""
    resampler = av.AudioResampler("flt", "mono", RATE)
    parts = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            frame.pts = None
            parts += [made.to_ndarray().reshape(-1) for made in resampler.resample(frame)]
        parts += [made.to_ndarray().reshape(-1) for made in resampler.resample(None)]
    return np.concatenate(parts)


@cache
def sound(name: str) -> Samples:
    """A sound of the project."""
    return samples_of(MEDIA / f"{name}.mp3")


def cut(samples: Samples, start: float, seconds: float) -> Samples:
    """A part of a sound."""
    return samples[round(start * RATE) : round((start + seconds) * RATE)]


def noisy(samples: Samples, decibels: float, seed: int = 3) -> Samples:
    """With white noise that many decibels below it."""
    noise = np.random.Generator(np.random.PCG64(seed)).standard_normal(len(samples)).astype(np.float32)
    level = float(np.sqrt(np.mean(samples**2))) * 10 ** (-decibels / 20)
    return np.clip(samples + noise * level, -1, 1)


def encode_sound(samples: Samples, form: str = "wav", codec: str = "pcm_s16le", bit_rate: int = 0, rate: int = RATE) -> bytes:
    """The bytes of a sound file."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as container:
        track = sound_track(container, codec, rate, bit_rate=bit_rate)
        if codec == "vorbis":
            track.options = {"strict": "experimental"}
        track.codec_context.open()
        resampler = av.AudioResampler(track.format.name, "mono", rate, frame_size=track.frame_size or 1024)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
        frame.rate = RATE
        for made in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(track.encode(made))
        container.mux(track.encode(None))
    return stream.getvalue()
