# SPDX-License-Identifier: Apache-2.0
"""Copies of photographs and what PDQ, MD5, pHash and SSCD ask with for each, made once and kept in a folder.

Making some 30,000 files costs far more than asking about them, so a run with other numbers for regions begins here. A folder is kept by the
photographs' place in the sample: it must be emptied when the edits, the sample or the decoders change.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
import pdqhash
from numpy.typing import NDArray
from photo_copies import COPIES
from photo_edits import as_png, fitted
from PIL import Image, ImageOps

from stillmine.fingerprint import MediaError, fingerprint_image, query_image
from stillmine.wire.kinds import MINIMUM_ASKED_QUALITY, MINIMUM_QUALITY

LONGEST = 1200
"""Photographs are reduced to it first: what a phone shows of them, and what messengers pass on."""
LEAST_SIDE = 200
"""Smaller ones are thumbnails already, of which no edit leaves anything."""
OTHERS = 3
STORED = "original.png"
NAME = "hashes.npz"


@dataclass(frozen=True)
class Hashes:
    """What each method asks with for one file."""

    variants: NDArray[np.uint8]
    """PDQ of all variants, (n, 32), and the quality of each, (n,)."""
    qualities: NDArray[np.int64]
    pdq: bytes
    quality: int
    md5: bytes
    perceptual: int

    @property
    def ours(self) -> NDArray[np.uint8]:
        """Those that a partner asks with, (n, 32)."""
        return self.variants[self.qualities >= MINIMUM_ASKED_QUALITY]


@dataclass(frozen=True)
class Kept:
    """One photograph: its folder, its stored hashes, and those of all its copies in the order of COPIES."""

    folder: Path
    stored: bytes
    original: Hashes
    asked: list[Hashes]

    def copy(self, number: int) -> bytes:
        """Return a copy's file."""
        return next(self.folder.glob(f"{number:03d}.*")).read_bytes()


def upright(path: Path) -> Image.Image:
    """Return a photograph as it is shown, reduced to LONGEST."""
    with Image.open(path) as opened:
        return fitted(ImageOps.exif_transpose(opened).convert("RGB"), LONGEST)


def pixels(data: bytes) -> NDArray[np.uint8]:
    """Return a file's pixels (height, width, 3)."""
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened.convert("RGB"))


def keep(folder: Path, path: Path, others: Sequence[Path]) -> bool:
    """Make all copies of a photograph in `folder`, unless they are there; return whether a case would take it at all."""
    if (folder / NAME).exists():
        return True
    picture = upright(path)
    data = as_png(picture)
    if min(picture.size) < LEAST_SIDE or not _is_taken(data):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STORED).write_bytes(data)
    beside = [upright(other) for other in others]
    hashes = [hash_file(data)]
    for number, copy in enumerate(COPIES):
        made = copy.make(picture, beside)
        ending = "png" if made.startswith(b"\x89PNG") else "jpg"
        (folder / f"{number:03d}.{ending}").write_bytes(made)
        hashes.append(hash_file(made))
    _write(folder / NAME, hashes)
    return True


def read(folder: Path) -> Kept:
    """Return what `keep` left in a folder."""
    with np.load(folder / NAME) as arrays:
        ends = np.cumsum(arrays["counts"])[:-1]
        ours = zip(np.split(arrays["variants"], ends), np.split(arrays["qualities"], ends), strict=True)
        rows = zip(ours, arrays["pdq"], arrays["quality"], arrays["md5"], arrays["perceptual"], strict=True)
        hashes = [Hashes(*asked, pdq.tobytes(), int(quality), md5.tobytes(), int(seen)) for asked, pdq, quality, md5, seen in rows]
    return Kept(folder, hashes[0].variants[0].tobytes(), hashes[0], hashes[1:])


def hash_file(data: bytes) -> Hashes:
    """Return what each method asks with for a file."""
    variants = query_image(data).variants
    with Image.open(io.BytesIO(data)) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    bits, quality = pdqhash.compute(np.asarray(image))
    perceptual = int(str(imagehash.phash(image)), 16)
    values = np.frombuffer(b"".join(variant.pdq for variant in variants), np.uint8).reshape(-1, 32)
    qualities = np.array([variant.quality for variant in variants], np.int64)
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    return Hashes(values, qualities, np.packbits(bits).tobytes(), int(quality), md5, perceptual)


def _is_taken(data: bytes) -> bool:
    try:
        return fingerprint_image(data).quality >= MINIMUM_QUALITY
    except MediaError:
        return False


def _write(path: Path, hashes: list[Hashes]) -> None:
    np.savez(
        path,
        variants=np.concatenate([each.variants for each in hashes]),
        qualities=np.concatenate([each.qualities for each in hashes]),
        counts=np.array([len(each.qualities) for each in hashes]),
        pdq=np.array([list(each.pdq) for each in hashes], np.uint8),
        quality=np.array([each.quality for each in hashes]),
        md5=np.array([list(each.md5) for each in hashes], np.uint8),
        perceptual=np.array([each.perceptual for each in hashes], np.uint64),
    )
