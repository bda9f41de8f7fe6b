# SPDX-License-Identifier: Apache-2.0
"""Small videos and animated pictures for tests, made of the project's photographs and encoded when needed."""

import io
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av1_encoder import open_encoder
from PIL import Image

from tests.streams import sound_track, video_frame, video_track

SIZE = (320, 240)


SOUND_OF = {"vob": "mp2", "asf": "wmav2", "flv": "libmp3lame"}
"""Codecs of the sound in videos of a family."""

Samples = np.ndarray[tuple[int], np.dtype[np.float32]]
"""Mono, 44,100 a second, from -1 to 1."""


def video_file(
    pictures: Sequence[Image.Image],
    seconds_each: float = 2.0,
    codec: str = "mpeg4",
    size: tuple[int, int] = SIZE,
    samples: Samples | None = None,
    turn: Image.Transpose | None = None,
    form: str = "mp4",
) -> bytes:
    """Return a video that shows one picture after the other, slowly moving, perhaps with sound."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as container:
        rate = 30 if codec.startswith("mpeg2") else 10  # it knows some rates only
        stream = video_track(container, codec, rate, size)
        stream.bit_rate = 2_000_000
        stream.codec_context.time_base = Fraction(1, rate)
        open_encoder(stream.codec_context)
        sound = None if samples is None else sound_track(container, SOUND_OF.get(form, "aac"), 44_100)
        if sound is not None and form == "asf":  # its codec has no rate of its own
            sound.bit_rate = 96_000
        shown = (zoomed(picture, step) for picture in pictures for step in range(round(seconds_each * rate)))
        for place, picture in enumerate(shown if turn is None else (picture.transpose(turn) for picture in shown)):
            frame = video_frame(picture.resize(size))
            frame.pts, frame.time_base = place, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None and samples is not None:
            encode(container, sound, samples)
    return buffer.getvalue()


def zoomed(picture: Image.Image, step: int) -> Image.Image:
    """Come nearer by four pixels a frame, so that no second looks like another."""
    cut = min(4 * step, min(picture.size) // 3)
    return picture.convert("RGB").crop((cut, cut, picture.width - cut, picture.height - cut))


def animated_gif(pictures: Sequence[Image.Image]) -> bytes:
    """Return a GIF that shows each picture for a second."""
    buffer = io.BytesIO()
    frames = [picture.convert("RGB").resize(SIZE) for picture in pictures]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=1000, loop=0)
    return buffer.getvalue()


def melody(seed: int, seconds: float) -> Samples:
    """Chords that change twice a second, at 44,100 samples a second."""
    source = np.random.default_rng(seed)
    parts = []
    at = np.arange(22_050) / 44_100
    for _ in range(round(seconds * 2)):
        tones = source.choice(220 * 2 ** (np.arange(36) / 12), 3)
        parts.append(sum(np.sin(2 * np.pi * tone * at) for tone in tones) / 4 * np.exp(-2 * at))
    return np.concatenate(parts).astype(np.float32)


def sound_file(samples: Samples, codec: str = "pcm_s16le", form: str = "wav", bit_rate: int = 0) -> bytes:
    """Return a sound file of samples at 44,100 a second; the codec of ASF has no bit rate of its own."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as container:
        stream = sound_track(
            container, codec, 44_100, bit_rate=bit_rate or (96_000 if form == "asf" else 0)
        )  # that codec has no rate of its own
        encode(container, stream, samples)
    return buffer.getvalue()


def encode(container: OutputContainer, stream: AudioStream, samples: Samples) -> None:
    """Put samples into a stream of a file."""
    stream.codec_context.open(strict=False)
    resampler = av.AudioResampler(format=stream.format.name, layout="mono", rate=44_100, frame_size=stream.frame_size or 1024)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
    frame.rate = 44_100
    for ready in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(ready))
    container.mux(stream.encode(None))
