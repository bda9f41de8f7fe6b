# SPDX-License-Identifier: Apache-2.0
"""Which stretched views find copies in which a picture as it is finds none: sets of views, over squeezed copies and pictures of pictures.

    python bench/region_views.py FOLDER [--photographs 40] [--every 8]

FOLDER is what `bench/robustness.py --keep FOLDER` left there; of its photographs every eighth is taken. Each set of views is asked about by
itself, as a partner asks about its stretched views.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from copies_kept import NAME, STORED, read
from photo_copies import COPIES, FROM_THE_SIDE, on_another
from photo_edits import Picture, saved
from PIL import Image
from region_asking import DISTANCE, Upload, consider, enrol

from stillmine.fingerprint.picture.region_views import AS_IT_IS, STRETCHED, ViewOf
from stillmine.fingerprint.picture.regions import AREA, LARGE_AREA
from stillmine.matching.region_look import Verdict
from stillmine.matching.region_values import QueryRegions, StoredRegions, View, distances_between, query_regions

FACTORS = (0.62, 0.67, 0.71, 0.75, 0.8, 0.85, 0.9, 1.12, 1.18, 1.25, 1.33, 1.4, 1.5, 1.6)
PLACED = ((0.7, 0.2), (0.8, 0.5), (1.22, 0.5), (1.42, 0.2))
"""Squeezed by a factor, and laid on another picture of whose area it covers a share."""
SIX = (0.67, 0.8, 0.9, 1.11, 1.25, 1.5)
SETS = {
    "twelve": tuple(ViewOf(area, stretch) for stretch in SIX for area in (AREA, LARGE_AREA)),
    "six small": tuple(ViewOf(AREA, stretch) for stretch in SIX),
    "six large": tuple(ViewOf(LARGE_AREA, stretch) for stretch in SIX),
    "as a partner asks": STRETCHED,
}


class Copy(NamedTuple):
    """A copy of a kind, as pixels (height, width, 3)."""

    kind: str
    picture: Picture


class OfViews(Upload):
    """An upload that is asked about in one set of views; each view is made once."""

    wanted: tuple[ViewOf, ...] = AS_IT_IS

    def __init__(self, picture: Picture) -> None:
        super().__init__(np.asarray(picture))
        self._made: dict[ViewOf, View] = {}

    def regions(self, *, is_stretched: bool) -> QueryRegions:  # noqa: ARG002 (the views that are wanted say it)
        """Return the regions of the wanted views, whichever they are."""
        for view in self.wanted:
            if view not in self._made:
                self._made[view] = self._view(*view)
        return query_regions(self.width, self.height, [self._made[view] for view in self.wanted])


def verdict_of(stored: StoredRegions, upload: OfViews, wanted: tuple[ViewOf, ...]) -> Verdict:
    """Return what asking in these views alone gives."""
    upload.wanted = wanted
    query = upload.regions(is_stretched=True)
    distances = distances_between(stored.hashes, query.hashes) if len(query) else np.zeros((len(stored), 0), np.int64)
    pairs = np.argwhere(distances <= DISTANCE)
    found = consider(stored, upload, pairs, distances[pairs[:, 0], pairs[:, 1]], is_stretched=True)
    return Verdict.CLEAR if found is None else found.verdict


def opened(data: bytes) -> Picture:
    """Return a file as a picture."""
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def copies(folder: Path, picture: Picture, other: Picture) -> Iterator[Copy]:
    """Yield squeezed copies, those that lie on another picture, and the bench's pictures of pictures."""

    def squeezed(factor: float) -> Picture:
        return picture.resize((max(16, round(picture.width * factor)), picture.height), Image.Resampling.LANCZOS)

    yield from (Copy("squeezed", opened(saved(squeezed(factor), 80))) for factor in FACTORS)
    yield from (Copy("squeezed, on another picture", opened(on_another(squeezed(factor), other, share))) for factor, share in PLACED)
    kept = read(folder)
    for number, copy in enumerate(COPIES):
        if copy.group == FROM_THE_SIDE:
            yield Copy(copy.name, opened(kept.copy(number)))


def count(folders: list[Path], say: Callable[[str], None]) -> None:
    """Ask about all copies of each photograph and say a table."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for number, folder in enumerate(folders):
        picture = opened((folder / STORED).read_bytes())
        stored = enrol(np.asarray(picture))
        if stored is None:
            continue
        other = opened((folders[(number + 7) % len(folders)] / STORED).read_bytes())
        for kind, image in copies(folder, picture, other):
            upload = OfViews(image)
            found[kind]["copies"] += 1
            if verdict_of(stored, upload, AS_IT_IS) is Verdict.MATCH:
                found[kind]["as it is"] += 1
            else:
                found[kind].update(name for name, views in SETS.items() if verdict_of(stored, upload, views) is Verdict.MATCH)
    heads = ("copies", "as it is", *SETS)
    say(f"| copy | {' | '.join(heads)} |\n|---|{'---:|' * len(heads)}")
    for kind, counts in [*found.items(), ("all", sum(found.values(), Counter[str]()))]:
        say(f"| {kind} | {' | '.join(str(counts[head]) for head in heads)} |")


def main() -> None:
    """Measure and print a table: matches as it is, and of the other copies those that each set of views finds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photographs", type=int, default=40)
    parser.add_argument("--every", type=int, default=8)
    options = parser.parse_args()
    kept = sorted(folder for folder in options.folder.iterdir() if (folder / NAME).exists())
    count(kept[:: options.every][: options.photographs], lambda text: print(text, flush=True))


if __name__ == "__main__":
    main()
