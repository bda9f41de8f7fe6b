# SPDX-License-Identifier: Apache-2.0
"""PDQ from pixels against PyPI `pdqhash`, and from file bytes against `threatexchange`; and how far smaller decoding moves hashes.

A part of `bench/fingerprint.py`. Must never leave out a format because it looks bad.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pdqhash
import pillow_heif
from measuring import Timing, measure
from numpy.typing import NDArray
from PIL import Image
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from stillmine.fingerprint import distance_bits, fingerprint_image, query_image
from stillmine.fingerprint.ground import _kernel
from stillmine.fingerprint.picture.jpeg import choose_shrink

PHOTOGRAPH = Path(__file__).resolve().parent.parent / "media" / "exif_orientation" / "Landscape_1.jpg"
SIZES = ((4000, 3000), (1366, 1200), (512, 512))
GOALS = {4000: 40, 1366: 15, 512: 8}
JPEG_GOALS = {4000: 10, 1366: 4}
FORMATS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("JPEG", "JPEG", {"quality": 85}),
    ("JPEG, progressive", "JPEG", {"quality": 85, "progressive": True}),
    ("JPEG, greyscale", "JPEG", {"quality": 85}),
    ("PNG", "PNG", {}),
    ("WebP", "WEBP", {"quality": 80}),
    ("AVIF", "AVIF", {"quality": 65, "speed": 8}),
    ("HEIC", "HEIF", {"quality": 65}),
    ("TIFF, LZW", "TIFF", {"compression": "tiff_lzw"}),
    ("GIF", "GIF", {}),
    ("BMP", "BMP", {}),
)
MINIMUM_QUALITY = 50
Picture = NDArray[np.uint8]


def pixels_of(width: int, height: int) -> Picture:
    """Return the photograph at a size, as contiguous RGB."""
    with Image.open(PHOTOGRAPH) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)))


def print_row(size: tuple[int, int], name: str, timing: Timing, distance: int | None, goal: int | None) -> None:
    """Print one line of a table."""
    wanted = f"{goal}x" if goal else ""
    apart = "–" if distance is None else distance
    sys.stdout.write(
        f"| {size[0]} x {size[1]} | {name} | {timing.ours:.2f} | {timing.theirs:.2f} | {timing.ratio:.1f}x | {wanted} | {apart} |\n"
    )


def print_head(peer: str, what: str) -> None:
    """Print the head of a table."""
    sys.stdout.write(f"\n| size | {what} | ours, ms | {peer}, ms | faster | goal | distance |\n|---|---|---:|---:|---:|---:|---:|\n")


def compare_pixels(size: tuple[int, int], repeats: int) -> None:
    """Print our line for the original, and for all eight variants, beside `pdqhash`."""
    width, height = size
    picture = pixels_of(width, height)
    (original,), _ = _kernel.pdq(picture, width, height, _kernel.RGB8, 1)
    distance = distance_bits(np.packbits(pdqhash.compute(picture)[0]).tobytes(), original)
    one = measure(lambda: _kernel.pdq(picture, width, height, _kernel.RGB8, 1), lambda: pdqhash.compute(picture), repeats)
    print_row(size, "original", one, distance, GOALS[width])
    eight = measure(lambda: _kernel.pdq(picture, width, height, _kernel.RGB8), lambda: pdqhash.compute_dihedral(picture), repeats)
    print_row(size, "eight variants", eight, distance, None)


def compare_files(size: tuple[int, int], repeats: int) -> None:
    """Print a line for each format: ours gives all eight variants, `threatexchange` the original."""
    image = Image.fromarray(pixels_of(*size))
    for name, format_name, options in FORMATS:
        stream = io.BytesIO()
        (image.convert("L") if "greyscale" in name else image).save(stream, format_name, **options)
        data = stream.getvalue()
        distance = distance_bits(bytes.fromhex(pdq_from_bytes(data)[0]), fingerprint_image(data).pdq)
        # Of a GIF `threatexchange` hashes the numbers of the palette's entries, not the colours.
        apart = None if name == "GIF" else distance
        timing = measure(lambda data=data: fingerprint_image(data), lambda data=data: pdq_from_bytes(data), repeats)  # type: ignore[misc]
        print_row(size, name, timing, apart, JPEG_GOALS.get(size[0]) if name == "JPEG" else None)
        if name == "JPEG":
            timing = measure(lambda data=data: query_image(data), lambda data=data: pdq_from_bytes(data), repeats)  # type: ignore[misc]
            print_row(size, "JPEG, with looking for bars", timing, distance, None)


def as_jpeg(path: Path) -> bytes | None:
    """Return the file of a colour photograph, of a PNG what a good JPEG of it would be; None for anything else."""
    with Image.open(path) as image:
        if image.mode != "RGB" or min(image.size) < _kernel.MIN_DIMENSION:
            return None
        if image.format == "JPEG":
            return path.read_bytes()
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=92)
        return stream.getvalue()


def draft_distance(data: bytes, shrink: int, whole: bytes) -> int | None:
    """Return how many bits luma alone at a fraction of the size moves; None where the decoder doesn't go as small."""
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
        image.draft("L", (width // shrink, height // shrink))
        if image.size != (-(-width // shrink), -(-height // shrink)):
            return None
        (smaller,), _ = _kernel.pdq(np.asarray(image), width, height, _kernel.LUMA8, 1, shrink)
    return distance_bits(whole, smaller)


def count_distances(folders: list[Path]) -> dict[str, Counter[int]]:
    """Return how many photographs with detail move by how many bits, against all pixels in RGB, by what was left out."""
    counts: dict[str, Counter[int]] = {}
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"}):
        data = as_jpeg(path)
        if data is None:
            continue
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            (whole,), quality = _kernel.pdq(np.asarray(image), width, height, _kernel.RGB8, 1)
        for shrink in (1, 2, 4, 8):
            distance = draft_distance(data, shrink, whole)
            if quality >= MINIMUM_QUALITY and distance is not None:
                counts.setdefault(kind_of(shrink, choose_shrink(width, height)), Counter())[distance] += 1
    return counts


def kind_of(shrink: int, chosen: int) -> str:
    """Return which line of the table a decoding belongs to."""
    if shrink == 1:
        return "luma alone, whole size"
    return "luma alone, as small as is chosen" if shrink == chosen else "smaller than is chosen" if shrink > chosen else "less small"


def print_distances(folders: list[Path]) -> None:
    """Print the distribution."""
    steps = ((0, 1), (2, 3), (4, 5), (6, 9), (10, 15), (16, 31), (32, 256))
    heads = [f"{low}" if high == low + 1 else f"{low} to {high}" for low, high in steps]
    sys.stdout.write(f"| bits moved, quality {MINIMUM_QUALITY} or more | {' | '.join(heads)} |\n|---|{'---:|' * len(steps)}\n")
    for kind, counter in sorted(count_distances(folders).items()):
        shown = [str(sum(count for distance, count in counter.items() if low <= distance <= high)) for low, high in steps]
        sys.stdout.write(f"| {kind} | {' | '.join(shown)} |\n")


def print_pictures(repeats: int) -> None:
    """Print both tables."""
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    pillow_heif.register_heif_opener()
    print_head("pdqhash", "from pixels")
    for size in SIZES:
        compare_pixels(size, repeats)
    sys.stdout.write("\nFrom file bytes ours always gives all eight variants, `threatexchange` the original.\n")
    print_head("threatexchange", "from file bytes")
    for size in SIZES:
        compare_files(size, repeats)
