# SPDX-License-Identifier: Apache-2.0
"""Small videos and animated pictures for tests, made of the project's photographs and encoded when needed."""

import io
from collections.abc import Sequence
from fractions import Fraction

import av
from PIL import Image

SIZE = (320, 240)


def video_file(pictures: Sequence[Image.Image], seconds_each: float = 2.0, codec: str = "mpeg4", size: tuple[int, int] = SIZE) -> bytes:
    """Return an MP4 that shows one picture after the other, slowly moving, at ten frames a second."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        place = 0
        for picture in pictures:
            for step in range(round(seconds_each * 10)):
                frame = av.VideoFrame.from_image(zoomed(picture, step).resize(size))
                frame.pts, frame.time_base = place, Fraction(1, 10)
                place += 1
                for packet in stream.encode(frame):
                    container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
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
