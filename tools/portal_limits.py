# SPDX-License-Identifier: Apache-2.0
"""Writes portal/src/fingerprint/limits.ts from the fingerprint package, so that a browser reads as much of a file as the server.

Limits and thresholds that both sides have; those that only the browser has stand where they are used.

    python tools/portal_limits.py [--check]
"""

import argparse
import sys
from pathlib import Path

from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS, DEFAULT_MEDIA_LIMITS
from stillmine.fingerprint.moving.video import MERGED_DISTANCE_BITS
from stillmine.fingerprint.picture.jpeg import MIN_PIXELS_PER_WINDOW, SHRINKS, WINDOWS
from stillmine.fingerprint.sound.audio import MINIMUM_CHANGE, MINIMUM_LEVEL, MINIMUM_VALUES
from stillmine.fingerprint.sound.channels import SILENCED
from stillmine.fingerprint.structure.film_behind import MAX_FILMS
from stillmine.fingerprint.structure.signatures import START_BYTES

TARGET = Path(__file__).resolve().parent.parent / "portal/src/fingerprint/limits.ts"

LIMITS: dict[str, tuple[str, float]] = {
    "START_BYTES": ("Of a file: they tell what it is.", START_BYTES),
    "MAXIMUM_FILE_BYTES": ("", DEFAULT_MEDIA_LIMITS.max_file_bytes),
    "MAXIMUM_PICTURE_BYTES": ("Of a picture's file: it is read into memory whole.", DEFAULT_LIMITS.max_file_bytes),
    "MAXIMUM_PIXELS": ("", DEFAULT_LIMITS.max_pixels),
    "MAXIMUM_SHRUNK_PIXELS": ("Of a JPEG whose rows come out as it is read: it is decoded smaller.", DEFAULT_LIMITS.max_shrunk_pixels),
    "MAXIMUM_DIMENSION": ("", DEFAULT_LIMITS.max_dimension),
    "MINIMUM_DIMENSION": ("", DEFAULT_LIMITS.min_dimension),
    "PDQ_WINDOWS": ("Along a side: a picture is decoded smaller only as far as each keeps so many pixels.", WINDOWS),
    "MINIMUM_PIXELS_PER_WINDOW": ("", MIN_PIXELS_PER_WINDOW),
    "MAXIMUM_FILMS": ("Behind one picture.", MAX_FILMS),
    "MAXIMUM_FRAME_PIXELS": ("", DEFAULT_MEDIA_LIMITS.max_pixels),
    "MAXIMUM_VIDEO_SECONDS": ("", DEFAULT_MEDIA_LIMITS.max_video_seconds),
    "MAXIMUM_PACKETS": ("", DEFAULT_MEDIA_LIMITS.max_packets),
    "MAXIMUM_DAMAGED_PACKETS": ("", DEFAULT_MEDIA_LIMITS.max_damaged_packets),
    "MAXIMUM_ANIMATION_FRAMES": ("", DEFAULT_MEDIA_LIMITS.max_animation_frames),
    "MERGED_DISTANCE_BITS": ("Frames this near to the first of a run are one with it.", MERGED_DISTANCE_BITS),
    "MAXIMUM_SOUND_SECONDS": ("", DEFAULT_MEDIA_LIMITS.max_sound_seconds),
    "MINIMUM_SOUND_VALUES": ("Shorter sound matches by chance.", MINIMUM_VALUES),
    "MINIMUM_SOUND_CHANGE": ("Share of bits that differ between neighbouring values.", MINIMUM_CHANGE),
    "MINIMUM_SOUND_LEVEL": ("Of 32767, root mean square.", MINIMUM_LEVEL),
    "SILENCED": ("Energy of the channels' sum, as a share of the sum of their energies.", SILENCED),
}


def document() -> str:
    """Return the whole file."""
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "/*",
        " * How much of a file is looked at, and where its fingerprint ends: the server's own numbers.",
        " * Made by tools/portal_limits.py from stillmine.fingerprint; change it there and run the tool.",
        " */",
        "",
    ]
    for name, (comment, value) in LIMITS.items():
        lines += [f"/** {comment} */"] if comment else []
        lines.append(f"export const {name} = {value:_};")
    shrinks = ", ".join(map(str, SHRINKS))
    return "\n".join(
        [
            *lines,
            "/** By how much a picture may be decoded smaller, the most first. */",
            f"export const SHRINKS = [{shrinks}] as const;",
            "",
        ]
    )


def main() -> None:
    """Write the file, or with --check exit 1 where it differs from what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 on a difference")
    if not parser.parse_args().check:
        TARGET.write_text(document(), encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != document():
        sys.exit("portal/src/fingerprint/limits.ts differs: run python tools/portal_limits.py")


if __name__ == "__main__":
    main()
