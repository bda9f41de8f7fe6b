# SPDX-License-Identifier: Apache-2.0
"""Clips with moving content in the containers and codecs that phones and platforms make, so that each has a line in the bench.

Photographs of the project, over which a window wanders; another one every four seconds. Must never hold anything but those.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream
from av1_encoder import open_encoder
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
CLIPS = ROOT / ".build" / "bench-clips"
SIZES = ((1280, 720), (1920, 1080))
RATE = 25
SCENE_SECONDS = 4
FORMATS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("mp4", "libx264", {"preset": "veryfast", "g": "25"}),
    ("mov", "libx264", {"preset": "veryfast", "g": "25", "bf": "0"}),
    ("mkv", "libx264", {"preset": "veryfast"}),
    ("3gp", "libx264", {"preset": "veryfast", "profile": "baseline", "g": "50"}),
    ("mp4", "libx265", {"preset": "ultrafast", "x265-params": "log-level=none:keyint=25:open-gop=0"}),
    ("mkv", "libx265", {"preset": "ultrafast", "x265-params": "log-level=none"}),
    ("webm", "libvpx-vp9", {"cpu-used": "8", "deadline": "realtime", "row-mt": "1"}),
    ("mp4", "libsvtav1", {"preset": "12"}),
    ("avi", "mpeg4", {"q": "5"}),
    ("3gp", "mpeg4", {"q": "5"}),
    ("avi", "mjpeg", {}),
    ("mov", "mjpeg", {}),
)
"""Container, encoder, options. Key pictures every second as phones make them, or as far apart as the encoder likes (10 s)."""


os.environ.setdefault("SVT_LOG", "1")
"""Of the AV1 encoder: errors only."""


def made_clips(seconds: int) -> list[Path]:
    """Return the clips, made where they are not there from an earlier run."""
    CLIPS.mkdir(parents=True, exist_ok=True)
    return [_made(seconds, size, number) for number in range(len(FORMATS)) for size in SIZES]


def _made(seconds: int, size: tuple[int, int], number: int) -> Path:
    container, codec, options = FORMATS[number]
    path = CLIPS / f"{number:02}-{codec}-{size[0]}x{size[1]}-{seconds}s.{container}"
    if not path.exists():
        unready = path.with_suffix(".part")
        form = "matroska" if container == "mkv" else container
        with av.open(str(unready), "w", format=form) as file:
            stream = cast("VideoStream", file.add_stream(codec, rate=RATE, options=options))
            stream.width, stream.height = size
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            if codec in {"mpeg4", "mjpeg"}:
                stream.bit_rate = 8_000_000 if codec == "mpeg4" else 40_000_000
            open_encoder(stream.codec_context)
            for index, picture in enumerate(_pictures(seconds, *size)):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, RATE)
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        unready.rename(path)
    return path


def _pictures(seconds: int, width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    photographs = sorted((ROOT / "media" / "clothing").glob("*.jpg"))
    ground: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
    for index in range(seconds * RATE):
        scene, place = divmod(index, SCENE_SECONDS * RATE)
        if place == 0:
            with Image.open(photographs[scene % len(photographs)]) as image:
                ground = np.asarray(image.convert("RGB").resize((width * 3 // 2, height * 3 // 2), Image.Resampling.BICUBIC))
        angle = 2 * np.pi * place / (SCENE_SECONDS * RATE)
        left, top = round((1 + np.sin(angle)) * width / 4), round((1 + np.cos(3 * angle)) * height / 4)
        yield np.ascontiguousarray(ground[top : top + height, left : left + width])
