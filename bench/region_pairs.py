# SPDX-License-Identifier: Apache-2.0
"""Can a value's PDQ and regions be checked to be of one picture? Scores of true pairs, and of values with another picture's PDQ.

True ones are photographs and parts of them: cut, turned, mirrored, with another curve, so that there are enough of them.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from inversion_figures import PHOTOGRAPHS
from measuring import machine, versions
from pair_score import pair_score
from photo_edits import with_curve
from PIL import Image, ImageOps

from stillmine.fingerprint import MediaError, fingerprint_pixels
from stillmine.fingerprint.picture.regions import base_of, regions_value

LONGEST = 800
SMALLEST_SHARE = 0.35
"""Of each side, that is cut out."""
PDQ = slice(6, 38)
LIMITS = (-1.0, 0.0, 1.5, 2.0, 3.0)
TUNED_BITS = (4, 8, 16)
TUNED = 12
"""Values whose PDQ somebody turns who knows the score."""
MISMATCHED = 3
"""Other pictures' PDQs tried with each value."""


def read(path: Path) -> Image.Image | None:
    """Return an upright photograph, at most LONGEST pixels long; None where it is no picture or too small."""
    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (LONGEST, LONGEST))
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except OSError:
        return None
    picture.thumbnail((LONGEST, LONGEST))
    return picture if min(picture.size) >= 120 else None


def altered(picture: Image.Image, drawn: random.Random) -> Image.Image:
    """Return a part of a picture that nobody has seen before."""
    width, height = (round(side * drawn.uniform(SMALLEST_SHARE, 1)) for side in picture.size)
    left, top = drawn.randint(0, picture.width - width), drawn.randint(0, picture.height - height)
    part = picture.crop((left, top, left + width, top + height)).rotate(90 * drawn.randrange(4), expand=True)
    if drawn.random() < 0.5:
        part = ImageOps.mirror(part)
    return with_curve(part, drawn.uniform(0.6, 1.6))


def value_of(picture: Image.Image) -> bytes | None:
    """Return the value that a case would store; None where there are too few regions."""
    pixels = np.asarray(picture)
    try:
        made = fingerprint_pixels(np.ascontiguousarray(pixels), picture.width, picture.height, 3, variants=1)
    except MediaError:
        return None
    return regions_value(base_of(pixels), made.pdq)


def values(paths: list[Path], wanted: int) -> Iterator[bytes]:
    """Yield values of pictures, as many as wanted: photographs as they are, then parts of them in turn."""
    pictures = [picture for path in paths if (picture := read(path)) is not None]
    drawn = random.Random(16)
    left = wanted
    for number in range(10 * wanted):
        picture = pictures[number % len(pictures)]
        value = value_of(picture if number < len(pictures) else altered(picture, drawn))
        if value is not None:
            yield value
            left -= 1
        if not left:
            return


def nearer(value: bytes, counts: tuple[int, ...]) -> Iterator[bytes]:
    """Yield a value with so many bits of its PDQ turned, those that raise its score most."""
    start = pair_score(value)
    gains = []
    for bit in range(256):
        changed = bytearray(value)
        changed[PDQ.start + bit // 8] ^= 1 << bit % 8
        gains.append(pair_score(bytes(changed)) - start)
    for count in counts:
        changed = bytearray(value)
        for bit in np.argsort(gains)[::-1][:count]:
            changed[PDQ.start + bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--values", type=int, default=10_000)
    wanted = parser.parse_args()
    paths = sorted(path for path in PHOTOGRAPHS.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    made = list(values(paths, wanted.values))
    true = np.sort([pair_score(value) for value in made])
    drawn = random.Random(17)
    false = []
    for value in made:
        for other in drawn.sample(made, MISMATCHED):
            if other[PDQ] != value[PDQ]:
                false.append(pair_score(value[: PDQ.start] + other[PDQ] + value[PDQ.stop :]))
    typed = [pair_score(value[: PDQ.start] + drawn.randbytes(32) + value[PDQ.stop :]) for value in made[:1000]]
    out = sys.stdout.write
    out(f"{len(true):,} true values, of {len(paths)} photographs and parts of them; {len(false):,} with another's PDQ\n\n")
    out(f"true: lowest {', '.join(f'{score:.2f}' for score in true[:6])}; 1 in 1,000 below {np.quantile(true, 0.001):.2f}, ")
    out(f"1 % {np.quantile(true, 0.01):.2f}, median {np.median(true):.2f}\n")
    out(f"mismatched: median {np.median(false):.2f}, 90 % {np.quantile(false, 0.9):.2f}, 99 % {np.quantile(false, 0.99):.2f}\n\n")
    out("| limit | true refused | mismatched refused | typed PDQ refused |\n|---:|---:|---:|---:|\n")
    for limit in LIMITS:
        refused = [int((np.array(true) < limit).sum()), *(f"{np.mean(np.array(some) < limit):.1%}" for some in (false, typed))]
        out(f"| {limit} | {' | '.join(str(each) for each in refused)} |\n")
    mixed = [value[: PDQ.start] + made[-1 - place][PDQ] + value[PDQ.stop :] for place, value in enumerate(made[:TUNED])]
    tuned = np.array([[pair_score(better) for better in nearer(value, TUNED_BITS)] for value in mixed])
    scores = ", ".join(f"{bits}: {np.median(tuned[:, place]):.1f}" for place, bits in enumerate(TUNED_BITS))
    out(f"\nmedian score of {TUNED} with another's PDQ of which so many bits were turned: {scores}\n")
    out(f"\n{machine()}, {versions('stillmine', 'numpy', 'pillow')}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
