# SPDX-License-Identifier: Apache-2.0
"""What pictures with little detail match wrongly by PDQ, by the quality of what is asked: whether asking needs the limit of storing.

    little_detail.py SET [SET ...]

Photographs as they are and blurred, darkened and pale, and made-up pictures that have little in them, are asked about in eight turns; those
of quality 50 and more are stored. Pictures in one folder below a SET are related, as are originals that PDQ takes for one picture.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from copies_kept import upright
from measuring import machine, versions
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter
from region_false import pictures

from stillmine.fingerprint.picture.image import fingerprint_pixels
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, MINIMUM_QUALITY

SIDE = 320
"""Pixels: no hash needs more."""
MADE_SIDE = 256
STEPS = (10, 20, 30, 40, 50, 60, 101)
ROWS_AT_ONCE = 128
Tones = NDArray[np.float64]
Signs = NDArray[np.float32]


class Hashed(NamedTuple):
    """One picture: the number of what it is related to, whether it is a photograph as it is, its quality, and its eight hashes."""

    related: int
    is_original: bool
    quality: int
    hashes: bytes


def changes(picture: Image.Image) -> Iterator[Image.Image]:
    """Return what a photograph becomes with less and less detail."""
    for share in (0.02, 0.03, 0.05):
        yield picture.filter(ImageFilter.GaussianBlur(share * picture.width))
    for share in (0.25, 0.1):
        yield ImageEnhance.Contrast(picture).enhance(share)
    for share in (0.1, 0.05):
        yield as_jpeg(ImageEnhance.Brightness(picture).enhance(share), 80)


def as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """Return what is left of a picture that was saved."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def hashed(picture: Image.Image, related: int, *, is_original: bool = False) -> Hashed:
    """Return what is asked with for a picture."""
    pixels = np.asarray(picture)
    made = fingerprint_pixels(np.ascontiguousarray(pixels), pixels.shape[1], pixels.shape[0], 3)
    return Hashed(related, is_original, made.quality, b"".join(made.variants))


def _grain(rng: np.random.Generator, steepness: float) -> Tones:
    """Noise whose spectrum falls with frequency, of deviation 1, (MADE_SIDE, MADE_SIDE)."""
    frequencies = np.fft.fftfreq(MADE_SIDE)
    radius = np.hypot(*np.meshgrid(frequencies, frequencies))
    radius[0, 0] = 1
    spectrum = rng.normal(size=radius.shape) + 1j * rng.normal(size=radius.shape)
    made = np.fft.ifft2(spectrum / radius**steepness).real
    return np.asarray((made - made.mean()) / made.std())


def _gradient(rng: np.random.Generator, x: Tones, y: Tones) -> Tones:
    angle = rng.uniform(0, 2 * np.pi)
    return np.asarray((x * np.cos(angle) + y * np.sin(angle) + 1) / 2 + rng.uniform(0, 0.01) * _grain(rng, 0))


def _round(rng: np.random.Generator, x: Tones, y: Tones) -> Tones:
    far = np.hypot(x - rng.uniform(-0.2, 1.2), y - rng.uniform(-0.2, 1.2))
    return np.asarray((far / far.max()) ** rng.uniform(0.5, 3) + rng.uniform(0, 0.01) * _grain(rng, 0))


def _sky(rng: np.random.Generator, _x: Tones, y: Tones) -> Tones:
    return np.asarray(y ** rng.uniform(0.5, 2) + rng.uniform(0, 0.35) * _grain(rng, rng.uniform(1.3, 2.2)))


def _wall(rng: np.random.Generator, x: Tones, y: Tones) -> Tones:
    return np.asarray(0.5 + 0.15 * (x * rng.normal() + y * rng.normal()) + rng.uniform(0, 0.08) * _grain(rng, rng.uniform(0, 1.6)))


def _texture(rng: np.random.Generator, x: Tones, y: Tones) -> Tones:
    across, down = 2 * np.pi * rng.uniform(3, 60, 2)
    return np.asarray(
        0.5 + 0.1 * np.sin(across * (x + rng.uniform(-1, 1) * y)) * np.sin(down * y) + rng.uniform(0, 0.04) * _grain(rng, 0.8)
    )


def _soft_spots(rng: np.random.Generator, x: Tones, y: Tones) -> Tones:
    spots = [(rng.normal(), rng.uniform(), rng.uniform(), rng.uniform(0.01, 0.3)) for _ in range(int(rng.integers(1, 5)))]
    made = sum((height * np.exp(-((x - left) ** 2 + (y - top) ** 2) / width) for height, left, top, width in spots), np.zeros_like(x))
    return np.asarray((made - made.min()) / (np.ptp(made) + 1e-9))


FAMILIES: Sequence[Callable[[np.random.Generator, Tones, Tones], Tones]] = (_gradient, _round, _sky, _wall, _texture, _soft_spots)


def made_up(number: int) -> Image.Image:
    """Return a made-up picture between two colours, saved as JPEG."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0:MADE_SIDE, 0:MADE_SIDE] / MADE_SIDE
    tones = np.clip(FAMILIES[number % len(FAMILIES)](rng, x, y), 0, 1)[..., None]
    first, second = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
    return as_jpeg(Image.fromarray((first + (second - first) * tones).astype(np.uint8)), int(rng.integers(50, 95)))


def make(sets: Sequence[Path], changed: int, made: int) -> list[Hashed]:
    """Return all pictures: every photograph, the changes of some, and so many made-up ones."""
    listed = list(pictures(sets))
    random.Random(7).shuffle(listed)
    names = {name: number for number, name in enumerate(dict.fromkeys(picture.related for picture in listed))}
    rows = []
    for place, listing in enumerate(listed):
        picture = upright(listing.path)
        picture.thumbnail((SIDE, SIDE))
        rows.append(hashed(picture, names[listing.related], is_original=True))
        rows += [hashed(change, names[listing.related]) for change in changes(picture)] if place < changed else []
    return rows + [hashed(made_up(number), len(names) + number) for number in range(made)]


def signs(rows: Sequence[Hashed], turns: int) -> Signs:
    """Return the bits of the first `turns` hashes of each as signs, (n, turns, 256): their products say how many differ."""
    values = np.frombuffer(b"".join(row.hashes for row in rows), np.uint8).reshape(len(rows), 8, 32)[:, :turns]
    return np.unpackbits(values, axis=-1).astype(np.float32) * 2 - 1


def nearest(asked: Sequence[Hashed], stored: Signs) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Return for groups of what is asked the distance to each of what is stored (n, 256), in the nearest turn."""
    for start in range(0, len(asked), ROWS_AT_ONCE):
        group = slice(start, start + ROWS_AT_ONCE)
        turned = signs(asked[group], 8)
        yield group, ((256 - turned.reshape(-1, 256) @ stored.T) / 2).reshape(len(turned), 8, -1).min(axis=1)


def together(rows: Sequence[Hashed]) -> NDArray[np.int64]:
    """Return what each is related to, where originals that PDQ takes for one picture are related as well."""
    parents = list(range(max(row.related for row in rows) + 1))

    def first(number: int) -> int:
        while parents[number] != number:
            number = parents[number]
        return number

    originals = [row for row in rows if row.is_original]
    for group, distances in nearest(originals, signs(originals, 1)[:, 0]):
        for one, other in np.argwhere(distances <= MAXIMUM_DISTANCE_BITS):
            parents[first(originals[group.start + one].related)] = first(originals[other].related)
    return np.array([first(row.related) for row in rows])


def main() -> int:
    """Make, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--changed", type=int, default=2_000, help="how many photographs are changed as well")
    parser.add_argument("--made", type=int, default=15_000, help="how many pictures are made up")
    wanted = parser.parse_args()
    rows = make(wanted.sets, wanted.changed, wanted.made)
    related = together(rows)
    kept = [number for number, row in enumerate(rows) if row.quality >= MINIMUM_QUALITY]
    stored = signs([rows[number] for number in kept], 1)[:, 0]
    sys.stdout.write(f"{len(rows):,} pictures, {len(kept):,} of them stored\n\n| quality | asked | pairs | matches | nearest |\n")
    sys.stdout.write("|---|---:|---:|---:|---:|\n")
    for low, high in pairwise(STEPS):
        numbers = [number for number, row in enumerate(rows) if low <= row.quality < high]
        pairs = matches = 0
        least = 256
        for group, distances in nearest([rows[number] for number in numbers], stored):
            is_other = related[numbers[group]][:, None] != related[kept][None]
            pairs, matches = pairs + int(is_other.sum()), matches + int(((distances <= MAXIMUM_DISTANCE_BITS) & is_other).sum())
            least = min(least, int(distances[is_other].min(initial=256)))
        sys.stdout.write(f"| {low} to {min(high - 1, 100)} | {len(numbers):,} | {pairs:,} | {matches} | {least} |\n")
    sys.stdout.write(f"\n{machine()}, {versions('stillmine', 'pillow', 'numpy')}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
