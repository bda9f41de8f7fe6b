# SPDX-License-Identifier: Apache-2.0
"""Fuzzes everything that a stranger's picture passes through, with atheris: reading, decoding, trimming, hashing.

Whatever the bytes, there must be a fingerprint or a MediaError that repeats nothing; anything else is a finding. Coverage is that of
our Python and of Pillow's; decoders written in C are fed, not seen into. `--seeds FOLDER` writes small files of every format to start from.
"""

from __future__ import annotations

import io
import sys
import warnings
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

with atheris.instrument_imports():
    from stillmine.fingerprint import Limits, MediaError
    from stillmine.fingerprint.picture.query import query_image

import numpy as np
import pillow_heif
from PIL import Image

LIMITS = Limits(max_file_bytes=1 << 20, max_pixels=1_000_000, max_shrunk_pixels=4_000_000)
SAVED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("jpg", "JPEG", {"quality": 60}),
    ("progressive.jpg", "JPEG", {"progressive": True}),
    ("exif.jpg", "JPEG", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"}),
    ("png", "PNG", {}),
    ("webp", "WEBP", {"quality": 50}),
    ("lossless.webp", "WEBP", {"lossless": True}),
    ("gif", "GIF", {}),
    ("bmp", "BMP", {}),
    ("tif", "TIFF", {"compression": "tiff_lzw"}),
    ("deflate.tif", "TIFF", {"compression": "tiff_adobe_deflate"}),
    ("avif", "AVIF", {"quality": 40}),
)


def test_one_input(data: bytes) -> None:
    """Fail on anything but an answer or one of our errors."""
    try:
        query = query_image(data, LIMITS)
    except MediaError as error:
        if error.__cause__ is not None or len(str(error)) > 300:
            raise AssertionError("an error must not carry what a decoder said") from None
        return
    if len(query.fingerprint.variants) != 8 or any(len(variant.pdq) != 32 for variant in query.variants):
        raise AssertionError("a fingerprint has eight hashes of 32 bytes")


def write_seeds(folder: Path) -> None:
    """Write one small picture in every format, mode and frame count."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = np.random.Generator(np.random.PCG64(7)).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    picture = Image.fromarray(cells).resize((48, 40), Image.Resampling.BICUBIC)
    for suffix, name, options in SAVED:
        picture.save(folder / f"rgb.{suffix}", name, **options)
    for mode, suffix, name in (
        ("CMYK", "jpg", "JPEG"),
        ("L", "jpg", "JPEG"),
        ("P", "png", "PNG"),
        ("RGBA", "png", "PNG"),
        ("1", "tif", "TIFF"),
    ):
        picture.convert(mode).save(folder / f"{mode}.{suffix}", name)
    for suffix, name in (("gif", "GIF"), ("webp", "WEBP"), ("png", "PNG"), ("avif", "AVIF")):
        picture.save(folder / f"moving.{suffix}", name, save_all=True, append_images=[picture.rotate(90)], duration=50)
    framed = Image.new("RGB", (48, 90), "black")
    framed.paste(picture, (0, 25))
    framed.save(folder / "framed.png")
    stream = io.BytesIO()
    pillow_heif.from_pillow(picture).save(stream, quality=40)
    (folder / "rgb.heic").write_bytes(stream.getvalue())


def main() -> None:
    """Write seeds, or fuzz with libFuzzer's own arguments."""
    if len(sys.argv) == 3 and sys.argv[1] == "--seeds":
        write_seeds(Path(sys.argv[2]))
        return
    warnings.simplefilter("ignore")
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
