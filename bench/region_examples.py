# SPDX-License-Identifier: Apache-2.0
"""Examples for docs/performance.md: a photograph of Kodak's test set, a copy of it, what agreed and what that makes, as `compare` draws it.

region_examples.py docs/pictures
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from copies_kept import upright
from photo_copies import COPIES
from photo_edits import as_png
from PIL import Image
from robustness import PHOTOGRAPHS

from stillmine.fingerprint.drawing import draw
from stillmine.fingerprint.explain import find_regions_of, read_asked
from stillmine.fingerprint.file import fingerprint_file

EXAMPLES = {
    "crop-words": ("23", "several", "crop 10, then words"),
    "six-emoji": ("3", "covered", "six emoji"),
    "post": ("7", "several", "three bars, then a post's screenshot"),
    "photo-of-a-screen": ("19", "pictures of pictures", "photo of a screen"),
}
"""Name of the drawing: which photograph, group and name of the edit."""
WIDTH = 900
"""Pixels of a drawing: small enough for a page."""


def main() -> int:
    """Draw and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="where the drawings go")
    folder = parser.parse_args().folder
    for name, (photograph, group, edit) in EXAMPLES.items():
        drawing = example(next((PHOTOGRAPHS / "kodak").glob(f"{photograph}.*")), group, edit)
        height = round(drawing.height * WIDTH / drawing.width)
        small = drawing.resize((WIDTH, height), Image.Resampling.LANCZOS)
        small.save(folder / f"found-{name}.jpg", quality=58, optimize=True, progressive=True)
    return 0


def example(path: Path, group: str, edit: str) -> Image.Image:
    """Return the drawing of a photograph and one copy of it."""
    with tempfile.TemporaryDirectory() as passing:
        first, second = Path(passing) / "a.png", Path(passing) / "b"
        picture = upright(path)
        first.write_bytes(as_png(picture))
        second.write_bytes(next(copy for copy in COPIES if (copy.group, copy.name) == (group, edit)).make(picture, []))
        found = find_regions_of(fingerprint_file(first), read_asked(second))
        assert found is not None
        assert found.best is not None
        seen = found.best
        sys.stdout.write(f"{path.name}, {edit}: {seen.look.agreeing} of {seen.look.visible} agree, share {seen.look.share:.2f}, ")
        sys.stdout.write(f"spread {seen.look.spread:.2f}: {seen.verdict}; {seen.words}\n")
        return draw(first, second, found)


if __name__ == "__main__":
    raise SystemExit(main())
