# SPDX-License-Identifier: Apache-2.0
"""Transparent pictures and videos of them, and what is seen of them on a ground."""

import io
from collections.abc import Sequence

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from tests.streams import video_track

Pixels = npt.NDArray[np.uint8]

FRAMES_PER_SECOND = 4


def picture(seed: int) -> Image.Image:
    """Large soft shapes."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC)


def transparent(seed: int) -> Image.Image:
    """A picture in colour under soft transparency that is another picture."""
    image = picture(seed).convert("RGBA")
    image.putalpha(picture(seed + 50).convert("L"))
    return image


def on(ground: str, seed: int) -> Pixels:
    """What is seen of it."""
    image = transparent(seed)
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, ground), image).convert("RGB"))


def encode_transparent(frames: Sequence[Pixels], form: str, codec: str, pixel_format: str) -> bytes:
    """The bytes of a video of RGBA frames, FRAMES_PER_SECOND a second."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as container:
        height, width = frames[0].shape[:2]
        video = video_track(container, codec, FRAMES_PER_SECOND, (width, height), pixel_format)
        video.options = (
            {"auto-alt-ref": "0", "crf": "10", "b": "4M", "deadline": "realtime", "cpu-used": "8"} if codec.startswith("libvpx") else {}
        )
        if codec.startswith("libvpx"):
            video.metadata["alpha_mode"] = "1"
        for rgba in frames:
            container.mux(video.encode(av.VideoFrame.from_ndarray(rgba, format="rgba")))
        container.mux(video.encode(None))
    return stream.getvalue()
