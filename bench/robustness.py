# SPDX-License-Identifier: Apache-2.0
"""Which altered copies are found, per edit, and what matches wrongly: pictures, videos (`--kind video`) or sounds (`--kind sound`).

What is asked how is said by picture_robustness.py, video_robustness.py and sound_robustness.py. Without folders, the photographs of
STILLMINE_MEDIA are taken, or this repository's, which are fewer.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from pathlib import Path

import picture_robustness
import sound_robustness
import video_robustness
from measuring import LARGER_MEDIA

ROOT = Path(__file__).resolve().parents[1]
PHOTOGRAPHS = LARGER_MEDIA / "photos" if LARGER_MEDIA else ROOT / "tests" / "media" / "photos"
WHOLE_SETS = ("kodak", "clic")
"""Folders of which every photograph is taken, as they have more pixels; of the others a sample."""
SAMPLED = ("clothing", "grocery")


def photographs(folders: list[Path]) -> list[Path]:
    """Return all photographs of folders, in an order that is the same every time; the first ones make a sample."""
    whole = [] if folders else _pictures([PHOTOGRAPHS / name for name in WHOLE_SETS])
    rest = _pictures(folders or [PHOTOGRAPHS / name for name in SAMPLED])
    random.Random(7).shuffle(rest)
    return whole + rest


def _pictures(folders: list[Path]) -> list[Path]:
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix.lower() in {".jpg", ".jpeg", ".png"}]


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="*", help="where the originals are; videos and sounds need one")
    parser.add_argument("--kind", choices=("picture", "video", "sound"), default="picture")
    parser.add_argument("--sample", "--photos", type=int, help="how many originals, the same ones every time; 300 photographs, else 24")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, help="folder for copies and hashes, so that the next run only asks")
    parser.add_argument("--chart", type=Path, help="write the table of pictures as a chart, in this SVG file")
    wanted = parser.parse_args()
    if wanted.kind != "picture":
        paths = sorted(path for folder in wanted.folder for path in folder.rglob("*") if path.is_file())
        module = video_robustness if wanted.kind == "video" else sound_robustness
        module.run(paths, wanted.sample or 24, wanted.processes)
        return 0
    with tempfile.TemporaryDirectory() as passing:
        folder = wanted.keep or Path(passing)
        picture_robustness.run(photographs(wanted.folder), folder, wanted.sample or 300, wanted.processes, wanted.chart)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
