# SPDX-License-Identifier: Apache-2.0
"""Which altered copies are found, per edit, and what matches wrongly. Photographs: by us, plain PDQ, MD5 and ImageHash's pHash.

`--kind video` and `--kind sound` are video_robustness.py and sound_robustness.py.

A copy counts as found at the standard threshold. We ask with all that `query_image` gives; the others ask as they are used in the
field, with one hash. False matches are counted over all pairs of a copy and another photograph. Must never leave out an edit because
it looks bad.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import random
import sys
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path

import imagehash
import numpy as np
import pdqhash
import sound_robustness
import video_robustness
from measuring import machine
from photo_edits import EDITS, as_png
from PIL import Image, ImageOps

from stillmine.fingerprint import MediaError, fingerprint_image, query_image
from stillmine.matching.hamming import HammingIndex
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, MINIMUM_QUALITY

PHASH_BITS = 10
"""Of 64: what ImageHash's users take for the same picture."""
METHODS = ("stillmine", "pdqhash", "MD5", "pHash")
Hashes = tuple[list[bytes], bytes, int, bytes, int]
"""Our hashes to ask with; PDQ and its quality; MD5; pHash."""


@dataclass(frozen=True)
class Photograph:
    """What a case would hold of one photograph, by each method."""

    ours: bytes
    others: Hashes


@dataclass(frozen=True)
class Copies:
    """All edits of one photograph, as asked; and without its edits."""

    stored: Photograph
    asked: list[Hashes]


def hash_file(data: bytes) -> Hashes:
    """Return what each method asks with for a file's bytes."""
    query = query_image(data)
    ours = [variant.pdq for variant in query.variants if variant.quality >= MINIMUM_QUALITY]
    with Image.open(io.BytesIO(data)) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    bits, quality = pdqhash.compute(np.asarray(image))
    perceptual = int(str(imagehash.phash(image)), 16)
    return ours, np.packbits(bits).tobytes(), quality, hashlib.md5(data, usedforsecurity=False).digest(), perceptual


def alter(path: Path) -> Copies | None:
    """Return the hashes of a photograph and of all its edits; None where a case would not take it."""
    data = path.read_bytes()
    try:
        made = fingerprint_image(data)
    except MediaError:
        return None
    if made.quality < MINIMUM_QUALITY:
        return None
    with Image.open(path) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    original = data if data.startswith(b"\xff\xd8") else as_png(picture)
    return Copies(Photograph(made.pdq, hash_file(original)), [hash_file(edit.make(picture)) for edit in EDITS])


class Library:
    """All photographs as stored, to be asked by each method."""

    def __init__(self, photographs: list[Photograph]) -> None:
        self._ours = HammingIndex()
        self._pdq = HammingIndex()
        for number, photograph in enumerate(photographs):
            self._ours.add(number.to_bytes(16), photograph.ours)
            self._pdq.add(number.to_bytes(16), photograph.others[1])
        self._md5 = defaultdict(set)
        for number, photograph in enumerate(photographs):
            self._md5[photograph.others[3]].add(number)
        self._perceptual = np.array([photograph.others[4] for photograph in photographs], np.uint64)

    def ask(self, hashes: Hashes) -> tuple[set[int], ...]:
        """Return which photographs match, by each method in the order of METHODS."""
        ours, pdq, quality, md5, perceptual = hashes
        near = np.bitwise_count(self._perceptual ^ np.uint64(perceptual)) <= PHASH_BITS
        return (
            {number for value in ours for number in _numbers(self._ours, value)},
            _numbers(self._pdq, pdq) if quality >= MINIMUM_QUALITY else set(),
            set(self._md5.get(md5, ())),
            set(np.flatnonzero(near).tolist()),
        )


def _numbers(index: HammingIndex, value: bytes) -> set[int]:
    return {int.from_bytes(near.id) for near in index.search_variants([value])}


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--kind", choices=("picture", "video", "sound"), default="picture")
    parser.add_argument("--sample", type=int, help="how many originals, chosen the same way every time; 150 photographs, else 24")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    wanted = parser.parse_args()
    paths = sorted(path for folder in wanted.folder for path in folder.rglob("*") if path.is_file())
    if wanted.kind != "picture":
        module = video_robustness if wanted.kind == "video" else sound_robustness
        module.run(paths, wanted.sample or 24, wanted.processes)
        return 0
    paths = [path for path in paths if path.suffix.lower() in {".jpg", ".jpeg", ".png"}]
    chosen = random.Random(7).sample(paths, min(wanted.sample or 150, len(paths)))
    with ProcessPoolExecutor(wanted.processes, mp_context=get_context("spawn")) as pool:
        copies = [made for made in pool.map(alter, chosen) if made is not None]
    library = Library([made.stored for made in copies])
    found: dict[int, Counter[str]] = {number: Counter() for number in range(len(EDITS))}
    false: dict[str, set[tuple[int, int]]] = {method: set() for method in METHODS}
    false_copies: Counter[str] = Counter()
    for number, made in enumerate(copies):
        for edit, hashes in enumerate([*made.asked, made.stored.others]):
            for method, matches in zip(METHODS, library.ask(hashes), strict=True):
                if edit < len(EDITS):
                    found[edit][method] += number in matches
                false[method] |= {(min(number, other), max(number, other)) for other in matches - {number}}
                false_copies[method] += len(matches - {number})
    report(len(copies), found, false, false_copies)
    return 0


def report(count: int, found: dict[int, Counter[str]], false: dict[str, set[tuple[int, int]]], false_copies: Counter[str]) -> None:
    """Print the table."""
    out = sys.stdout.write
    out(f"Recall of altered copies of {count} photographs, per cent. ")
    out(f"PDQ at {MAXIMUM_DISTANCE_BITS} bits of 256 and quality {MINIMUM_QUALITY}, pHash at {PHASH_BITS} bits of 64\n\n")
    out(f"| edit | | {' | '.join(METHODS)} |\n|---|---|{'---:|' * len(METHODS)}\n")
    group = ""
    for number, edit in enumerate(EDITS):
        shown = [f"{100 * found[number][method] / count:.1f}" for method in METHODS]
        out(f"| {edit.group if edit.group != group else ''} | {edit.name} | {' | '.join(shown)} |\n")
        group = edit.group
    pairs = count * (count - 1) * (len(EDITS) + 1)
    out(f"| false matches | of {pairs:,} pairs of a copy and another photograph | {' | '.join(str(false_copies[m]) for m in METHODS)} |\n")
    out(f"| | of {count * (count - 1) // 2:,} pairs of photographs | {' | '.join(str(len(false[m])) for m in METHODS)} |\n")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("stillmine", "pdqhash", "ImageHash", "pillow", "numpy"))
    out(f"\n{machine()}, {versions}\n")


if __name__ == "__main__":
    raise SystemExit(main())
