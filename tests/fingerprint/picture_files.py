# SPDX-License-Identifier: Apache-2.0
"""Pictures made for tests, as files in memory; and the project's own media."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
MEDIA = ROOT / "media"


def photographs(folder: Path) -> list[Path]:
    """Every JPEG, PNG and GIF below a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".gif"})


def scene(width: int = 320, height: int = 240) -> Image.Image:
    """A picture with plenty of detail and no symmetry, the same every time."""
    random = np.random.Generator(np.random.PCG64(7))
    cells = random.integers(0, 256, (13, 17, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize((width, height), Image.Resampling.BICUBIC)


def save(image: Image.Image, name: str, **options: Any) -> bytes:
    """The bytes of a picture in a format."""
    stream = io.BytesIO()
    image.save(stream, name, **options)
    return stream.getvalue()


def heic_of(image: Image.Image, **options: Any) -> bytes:
    """The bytes of a picture as HEIC, with `exif` and `bit_depth` 8 or 10 as wanted."""
    stream = io.BytesIO()
    pillow_heif.from_pillow(image).save(stream, **options)
    return stream.getvalue()
