# SPDX-License-Identifier: Apache-2.0
"""How like their pictures drawings from fingerprints are: one PDQ beside a value of kind `regions`, with few and with all of its regions.

The picture's own brightness and contrast are fitted before comparing, as no bit tells them. `--pictures FOLDER` writes drawings.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from inversion import Floats, Inversion, parts, size_of, whole
from measuring import LARGER_MEDIA, machine, versions
from PIL import Image, ImageOps

from stillmine.fingerprint import MediaError, fingerprint_image
from stillmine.fingerprint.picture.regions import base_of, regions_value
from stillmine.matching.region_values import StoredRegions, stored_regions

ROOT = Path(__file__).resolve().parents[1]
PHOTOGRAPHS = LARGER_MEDIA / "photos" if LARGER_MEDIA else ROOT / "tests" / "media" / "photos"
SHAPES = (8, 16, 32, 64, 128)
"""Longer side, in pixels, at which drawing and picture are compared."""
COARSE, FINE = 16, 64
"""What the second shows and the first does not is detail."""
COUNTS = (12, 24)
GALLERY = 700
GALLERY_SIZE = (48, 48)
SSIM_SIDE = 7
SHOWN = ("kodak/23", "skimage/chelsea", "kodak/1")
"""Photographs of which drawings are written, where the folder has them; nobody can be recognised in them."""


@dataclass(frozen=True)
class Known:
    """A photograph and what a case stores of it."""

    path: Path
    luma: Image.Image
    pdq: bytes
    value: bytes


def read(path: Path) -> Known | None:
    """Return a photograph, or None where a case would not hold regions of it."""
    try:
        made = fingerprint_image(path.read_bytes())
    except MediaError:
        return None
    with Image.open(path) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    value = regions_value(base_of(np.asarray(picture)), made.pdq)
    return None if value is None else Known(path, picture.convert("F"), made.pdq, value)


def name_of(path: Path) -> str:
    """Return a photograph's folder and name."""
    return f"{path.parent.name}/{path.stem}"


def drawings(known: Known) -> dict[str, Floats]:
    """Return what is drawn from the PDQ, and from the PDQ with so many regions."""
    stored = stored_regions(known.value)
    size = size_of(stored.width, stored.height)
    base = whole(known.pdq, *size)
    made = {"PDQ": Inversion(*size, [base]).draw()}
    for count in (*COUNTS, len(stored)):
        some = StoredRegions(stored.width, stored.height, stored.hashes[:count], stored.frames[:count])
        made[f"{count} regions" if count < len(stored) else "all regions"] = Inversion(*size, [base, parts(some, *size)]).draw()
    return made


def at_size(picture: Image.Image | Floats, size: tuple[int, int]) -> Floats:
    """Return luma scaled by area."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture.astype(np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BOX), np.float64)


def fitted(drawing: Floats, truth: Floats) -> Floats:
    """Return the drawing with the brightness and contrast that make it most like the truth."""
    slope, level = np.polyfit(drawing.ravel(), truth.ravel(), 1)
    return np.asarray(np.clip(drawing * slope + level, 0, 255))


def likeness(drawing: Floats, luma: Image.Image) -> list[float]:
    """Return PSNR in dB and SSIM at the drawing's size, then correlations at SHAPES and of the detail."""
    height, width = drawing.shape
    truth = at_size(luma, (width, height))
    near = fitted(drawing, truth)
    found = [float(10 * np.log10(255**2 / ((near - truth) ** 2).mean())), similarity(near, truth)]
    seen = {side: [at_size(each, shrunk(width, height, side)) for each in (drawing, luma)] for side in SHAPES}
    details = [fine - at_size(coarse, shrunk(width, height, FINE)) for fine, coarse in zip(seen[FINE], seen[COARSE], strict=True)]
    return found + [float(np.corrcoef(some.ravel(), other.ravel())[0, 1]) for some, other in (*seen.values(), details)]


def shrunk(width: int, height: int, side: int) -> tuple[int, int]:
    """Return width and height when the longer is `side`."""
    return max(2, round(width * side / max(width, height))), max(2, round(height * side / max(width, height)))


def similarity(some: Floats, other: Floats) -> float:
    """Return SSIM with windows of 7 x 7."""
    windows = [np.lib.stride_tricks.sliding_window_view(each, (SSIM_SIDE, SSIM_SIDE)) for each in (some, other)]
    means = [each.mean(axis=(2, 3)) for each in windows]
    squares = [(each**2).mean(axis=(2, 3)) - mean**2 for each, mean in zip(windows, means, strict=True)]
    both = (windows[0] * windows[1]).mean(axis=(2, 3)) - means[0] * means[1]
    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * means[0] * means[1] + first) * (2 * both + second)
    return float((above / ((means[0] ** 2 + means[1] ** 2 + first) * (squares[0] + squares[1] + second))).mean())


def covered(stored: StoredRegions) -> float:
    """Return the share of the picture that lies in a region."""
    y, x = np.mgrid[0 : stored.height, 0 : stored.width] + 0.5
    inside = np.zeros(x.shape, np.bool_)
    for cx, cy, ux, uy, vx, vy in stored.frames:
        area = ux * vy - uy * vx
        along, across = ((x - cx) * vy - (y - cy) * vx) / area, ((y - cy) * ux - (x - cx) * uy) / area
        inside |= (np.abs(along) <= 1) & (np.abs(across) <= 1)
    return float(inside.mean())


def middle_third(picture: Image.Image | Floats) -> Floats:
    """Return the middle ninth of a picture, of mean 0 and length 1: as much of it as a face has in a portrait."""
    small = at_size(picture, GALLERY_SIZE)[16:32, 16:32].ravel()
    small = small - small.mean()
    return np.asarray(small / (np.linalg.norm(small) + 1e-9))


def write_shown(known: Known, made: dict[str, Floats], folder: Path) -> None:
    """Write the picture and what is drawn of it, side by side."""
    drawing = made["all regions"]
    size = (drawing.shape[1], drawing.shape[0])
    truth = at_size(known.luma, size)
    row = [truth, fitted_to_eye(made["PDQ"]), fitted_to_eye(drawing)]
    image = Image.fromarray(np.concatenate(row, axis=1).astype(np.uint8))
    image.resize((image.width * 2, image.height * 2), Image.Resampling.BICUBIC).save(
        folder / f"regions-{name_of(known.path).replace('/', '-')}.jpg", quality=80
    )


def fitted_to_eye(drawing: Floats) -> Floats:
    """Return a drawing from black to white."""
    low, high = np.percentile(drawing, (1, 99))
    return np.asarray(np.clip((drawing - low) / (high - low) * 255, 0, 255))


def report(rows: dict[str, list[list[float]]], ranks: dict[str, list[int]], gallery: int, shares: Sequence[float]) -> None:
    """Print the table."""
    out = sys.stdout.write
    sizes = " | ".join(f"r at {side} px" for side in SHAPES)
    out(f"Drawings of {len(shares)} photographs; regions cover {np.mean(shares):.0%} of a picture\n\n")
    out(f"| drawn from | PSNR, dB | SSIM | {sizes} | r of detail | middle nearest of {gallery} | within 10 |\n")
    out(f"|---|{'---:|' * (len(SHAPES) + 5)}\n")
    for name, found in rows.items():
        means = np.mean(found, axis=0)
        at = np.array(ranks[name])
        shown = " | ".join(f"{value:.2f}" for value in means[2:])
        out(f"| {name} | {means[0]:.1f} | {means[1]:.2f} | {shown} | {(at == 0).mean():.0%} | {(at < 10).mean():.0%} |\n")
    out(f"\n{machine()}, {versions('stillmine', 'numpy', 'pillow')}\n")


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--photos", type=int, default=100, help="how many are drawn")
    parser.add_argument("--pictures", type=Path, help="a folder for drawings")
    wanted = parser.parse_args()
    paths = sorted(path for path in PHOTOGRAPHS.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    random.Random(7).shuffle(paths)
    paths.sort(key=lambda path: name_of(path) not in SHOWN)
    known: list[Known] = []
    for path in paths:
        if len(known) < GALLERY and (made := read(path)) is not None:
            known.append(made)
    rows: dict[str, list[list[float]]] = {}
    ranks: dict[str, list[int]] = {}
    gallery = np.stack([middle_third(each.luma) for each in known])
    for number, each in enumerate(known[: wanted.photos]):
        drawn = drawings(each)
        for name, drawing in drawn.items():
            rows.setdefault(name, []).append(likeness(drawing, each.luma))
            near = gallery @ middle_third(drawing)
            ranks.setdefault(name, []).append(int((near > near[number]).sum()))
        if wanted.pictures and name_of(each.path) in SHOWN:
            write_shown(each, drawn, wanted.pictures)
    report(rows, ranks, len(known), [covered(stored_regions(each.value)) for each in known[: wanted.photos]])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
