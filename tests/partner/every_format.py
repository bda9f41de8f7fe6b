# SPDX-License-Identifier: Apache-2.0
"""One small file of each format that is read, made when needed: what a worker must still be able to decode behind its walls."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

from tests.partner.moving_media import animated_gif, melody, sound_file, video_file
from tests.transparent_clips import encode_transparent, transparent

PICTURES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("PNG", {}),
    ("WEBP", {}),
    ("GIF", {}),
    ("BMP", {}),
    ("AVIF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_deflate"}),
    ("TIFF", {"compression": "jpeg"}),
)
VIDEOS = (
    ("mp4", "mpeg4"),
    ("mp4", "libx264"),
    ("mp4", "libx265"),
    ("mp4", "libvpx-vp9"),
    ("mp4", "libsvtav1"),
    ("mpegts", "libx264"),
    ("vob", "mpeg2video"),
    ("flv", "flv"),
    ("asf", "wmv2"),
)
SOUNDS = (
    ("wav", "pcm_s16le"),
    ("mp3", "libmp3lame"),
    ("flac", "flac"),
    ("adts", "aac"),
    ("ipod", "aac"),
    ("ipod", "alac"),
    ("aiff", "pcm_s16be"),
    ("caf", "pcm_s16be"),
    ("w64", "pcm_s16le"),
    ("mp2", "mp2"),
    ("ac3", "ac3"),
    ("eac3", "eac3"),
    ("asf", "wmav2"),
)
TRANSPARENT_VIDEOS = ("libvpx", "libvpx-vp9")


def every_format(photographs: Sequence[Image.Image]) -> Iterator[tuple[str, bytes]]:
    """Give a name and the bytes of each."""
    first = photographs[0].convert("RGB").resize((320, 240))
    for name, options in PICTURES:
        yield f"{name} {options}", saved(first, name, **options)
    yield "CMYK", saved(first.convert("CMYK"), "JPEG")
    yield "palette", saved(first.convert("P"), "PNG")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x112], exif[0x10E] = 6, "höhe"
    yield "profile and notes", saved(first, "JPEG", icc_profile=profile, exif=exif)
    for bits in (8, 10):
        buffer = io.BytesIO()
        pillow_heif.from_pillow(first).save(buffer, bit_depth=bits)
        yield f"HEIC of {bits} bits", buffer.getvalue()
    frames = [picture.convert("RGB").resize((320, 240)) for picture in photographs]
    yield "moving GIF", animated_gif(photographs)
    for name in ("PNG", "WEBP"):
        yield f"moving {name}", saved(frames[0], name, save_all=True, append_images=frames[1:], duration=1000)
    for form, codec in VIDEOS:
        yield f"{codec} in {form}", video_file(photographs, 1.0, codec, samples=melody(3, 8), form=form)
    sticker = [np.asarray(transparent(number)) for number in range(3) for _ in range(4)]
    for codec in TRANSPARENT_VIDEOS:
        yield f"transparent {codec}", encode_transparent(sticker, "webm", codec, "yuva420p")
    for form, codec in SOUNDS:
        yield f"{form} {codec}", sound_file(melody(5, 9), codec, form)


def saved(picture: Image.Image, name: str, **options: object) -> bytes:
    """Return a picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, name, **options)
    return buffer.getvalue()
