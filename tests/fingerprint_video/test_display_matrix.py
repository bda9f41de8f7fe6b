# SPDX-License-Identifier: Apache-2.0
"""What lies beside a picture never keeps it from being read, and a turn is obeyed whatever else lies there."""

import io
from fractions import Fraction

import av
import pytest
from PIL import Image

from stillmine.fingerprint.moving.video import fingerprint_video
from stillmine.fingerprint.picture.image import distance_bits, fingerprint_image
from tests.fingerprint_video.video_clips import ROOT


def jpegs_with_exif(orientation: int, count: int = 6) -> list[bytes]:
    """Photographs as cameras write them."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "a camera"
    files = []
    for path in sorted((ROOT / "media/clothing").glob("*.jpg"))[:count]:
        stream = io.BytesIO()
        Image.open(path).convert("RGB").resize((240, 360)).save(stream, "JPEG", quality=92, exif=exif)
        files.append(stream.getvalue())
    return files


def motion_jpeg(files: list[bytes], form: str) -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format=form) as container:
        track = container.add_stream("mjpeg", rate=1)
        track.width, track.height, track.pix_fmt = 240, 360, "yuvj420p"
        for number, data in enumerate(files):
            packet = av.Packet(data)
            packet.stream, packet.is_keyframe, packet.time_base = track, True, Fraction(1)
            packet.pts = packet.dts = number
            packet.duration = 1
            container.mux(packet)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["avi", "mov"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_motion_jpeg_with_exif_gives_all_frames_upright(form: str, orientation: int) -> None:
    files = jpegs_with_exif(orientation)
    made = fingerprint_video(motion_jpeg(files, form))
    assert len(made.frames) == 6
    for frame, data in zip(made.frames, files, strict=True):
        assert distance_bits(frame.pdq, fingerprint_image(data).pdq) <= 10
    assert (made.width < made.height) == (orientation < 5)
