# SPDX-License-Identifier: Apache-2.0
"""Different photographs of a wished size, as JPEG files, cut out of those that there are: no two have one fingerprint.

Sources are the larger photographs of the folder STILLMINE_MEDIA, where it is set, else this repository's, which are smaller than the
largest size wished for: a file enlarged from them has less detail than a phone's.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from measuring import LARGER_MEDIA
from PIL import Image

from stillmine.fingerprint import fingerprint_image
from stillmine.wire.kinds import MINIMUM_QUALITY

ROOT = Path(__file__).resolve().parents[1]
OWN = ROOT / "media" / "exif_orientation"
PHOTOGRAPHS = LARGER_MEDIA / "photos" if LARGER_MEDIA else ROOT / "tests" / "media" / "photos"
LARGER = ("clic", "exif_orientation", "pdq/reg-test-input/exif-rotn")
"""Its folders with photographs of two megapixels or more."""
LEAST_PIXELS = 2_000_000
SIZES = {0.3: (640, 480), 1.6: (1366, 1200), 12.0: (4000, 3000)}
"""By megapixels."""
QUALITY = 85
SEED = 20261201
SMALLEST_SHARE = 0.5
"""Of a source's sides, that a photograph shows."""


@dataclass(frozen=True)
class Sources:
    """What photographs are cut out of, and where it is from."""

    images: list[Image.Image]
    folder: str


def sources(folder: Path = PHOTOGRAPHS) -> Sources:
    """Return the larger photographs of a folder, or this repository's where it has none."""
    images = list(_read([path for name in LARGER for path in sorted((folder / name).rglob("*"))]))
    if images:
        return Sources(images, "the folder STILLMINE_MEDIA")
    return Sources(list(_read(sorted(OWN.iterdir()))), "media/exif_orientation")


def size_of(megapixels: float) -> tuple[int, int]:
    """Return a width and height of about so many megapixels."""
    side = (megapixels * 1e6 / 12) ** 0.5
    return SIZES.get(megapixels, (round(4 * side), round(3 * side)))


def make_photographs(folder: Path, found: Sources, megapixels: float, count: int) -> list[Path]:
    """Write `count` different photographs of a size into `folder`; the same ones each time."""
    folder.mkdir()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(lambda number: _written(folder / f"{number}.jpg", found, size_of(megapixels), number), range(count)))


def _read(paths: list[Path]) -> Iterator[Image.Image]:
    for path in paths:
        if path.suffix.lower() not in {".jpg", ".jpeg", ".png"}:
            continue
        with Image.open(path) as image:
            if image.mode == "RGB" and image.width * image.height >= LEAST_PIXELS:
                yield image.copy()


def _written(path: Path, found: Sources, size: tuple[int, int], number: int) -> Path:
    """A part with too little in it, such as sky, would not be screened: another is cut."""
    rng = np.random.default_rng([SEED, *size, number])
    while fingerprint_image(data := _cut(rng, found.images[number % len(found.images)], size)).quality < MINIMUM_QUALITY:
        pass
    path.write_bytes(data)
    return path


def _cut(rng: np.random.Generator, image: Image.Image, size: tuple[int, int]) -> bytes:
    scale = rng.uniform(SMALLEST_SHARE, 1) * min(image.width / size[0], image.height / size[1])
    width, height = size[0] * scale, size[1] * scale
    left, top = rng.uniform(0, image.width - width), rng.uniform(0, image.height - height)
    stream = io.BytesIO()
    image.resize(size, Image.Resampling.BICUBIC, (left, top, left + width, top + height)).save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()
