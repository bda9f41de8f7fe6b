# SPDX-License-Identifier: Apache-2.0
"""Writes the numbers that the portal and the server's code share, so that a browser reads as much of a file and finds as much.

`portal/src/fingerprint/limits.ts` from `stillmine.fingerprint`, `portal/src/try/region_numbers.ts` from `stillmine.matching`. Numbers that
only the browser has stand where they are used.

    python tools/portal_limits.py [--check]
"""

import argparse
import sys
from pathlib import Path

from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS, DEFAULT_MEDIA_LIMITS
from stillmine.fingerprint.moving.video import MERGED_DISTANCE_BITS
from stillmine.fingerprint.picture.jpeg import MIN_PIXELS_PER_WINDOW, SHRINKS, WINDOWS
from stillmine.fingerprint.picture.region_views import COUNTS
from stillmine.fingerprint.sound.audio import MINIMUM_CHANGE, MINIMUM_LEVEL, MINIMUM_VALUES
from stillmine.fingerprint.sound.channels import SILENCED
from stillmine.fingerprint.structure.film_behind import MAX_FILMS
from stillmine.fingerprint.structure.signatures import START_BYTES
from stillmine.matching import region_frames, region_look, region_refine, region_values, region_vote

SOURCE = Path(__file__).resolve().parent.parent / "portal/src"

Value = float | tuple[float, ...] | tuple[tuple[float, ...], ...]
Numbers = dict[str, tuple[str, Value]]
"""A comment and a value by name."""

LIMITS: Numbers = {
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
    "SHRINKS": ("By how much a picture may be decoded smaller, the most first.", tuple(SHRINKS)),
}

REGION_NUMBERS: Numbers = {
    "VIEWS": ("Pixels of each view that is asked about first, and how many regions of it.", tuple(COUNTS.items())),
    "SMALL_SIDE": ("Root of the area, in pixels, to which pictures are scaled.", region_frames.SMALL_SIDE),
    "ANGLES": ("Of a whole turn.", region_frames.ANGLES),
    "PLACES": ("Of width and height, in which a region's centre is counted.", region_values.PLACES),
    "RADIUS_UNIT": ("In pixels: what a radius byte of 0 stands for.", region_values.RADIUS_UNIT),
    "RADII_A_DOUBLING": ("", region_values.RADII_A_DOUBLING),
    "NEAREST_DEPTH": ("What a map divides by at a place that is looked at: more than this.", region_frames.NEAREST_DEPTH),
    "MAXIMUM_PAIRS": ("Of the vote, nearest first.", region_vote.MAXIMUM_PAIRS),
    "ENOUGH_PAIRS": ("No further place is tried once so many agree on one.", region_vote.ENOUGH_PAIRS),
    "MAXIMUM_GROUPS": ("", region_vote.MAXIMUM_GROUPS),
    "CENTRE_ERROR": ("Of the query region's radius.", region_vote.CENTRE_ERROR),
    "AREA_RATIO": ("Between the area that one pair expects of another and the area it has, either way.", region_vote.AREA_RATIO),
    "TURN_COSINE": ("Of the angle between the expected direction and the one it has.", region_vote.TURN_COSINE),
    "STRETCH": ("Largest part of stretching, of turning and scaling.", region_vote.STRETCH),
    "GUIDED_DISTANCE": ("Bits in which a region may differ that is where it should be.", region_refine.GUIDED_DISTANCE),
    "MINIMUM_VOTED": ("Different regions that agree in the vote are a candidate.", region_refine.MINIMUM_VOTED),
    "MINIMUM_SUPPORT": ("Where none do: so many that lie where one pair says.", region_refine.MINIMUM_SUPPORT),
    "MAXIMUM_GUIDED": ("Pairs looked at, nearest in bits first.", region_refine.MAXIMUM_GUIDED),
    "ROUNDS": ("How far from where it should be, in radii, a region may lie, in each round.", region_refine.ROUNDS),
    "PERSPECTIVE_FROM_ROUND": ("", region_refine.PERSPECTIVE_FROM_ROUND),
    "PERSPECTIVE_PAIRS": ("Without so many stored regions the map stays affine.", region_refine.PERSPECTIVE_PAIRS),
    "GUIDED_AREA_RATIO": ("", region_refine.GUIDED_AREA_RATIO),
    "AXES_WEIGHT": ("Of what a region's size and direction say, beside what its centre says.", region_refine.AXES_WEIGHT),
    "USUAL_ERROR": ("In radii; what lies further off counts less and less.", region_refine.USUAL_ERROR),
    "REWEIGHTED": ("Steps of fitting.", region_refine.REWEIGHTED),
    "FLATNESS": ("How much is paid, in radii, for perspective that no region asks for.", region_refine.FLATNESS),
    "LARGEST_MOVE": ("How far a refined map may move the regions of the vote, in radii.", region_refine.LARGEST_MOVE),
    "LARGEST_CHANGE": ("How often it may change their area, either way.", region_refine.LARGEST_CHANGE),
    "THERE_BITS": ("Up to this a region is there,", region_look.THERE_BITS),
    "MISSING_BITS": ("from this on it is missing, between them it is there in part.", region_look.MISSING_BITS),
    "AGREEING_BITS": ("Up to this it counts as one that agrees.", region_look.AGREEING_BITS),
    "MATCH_EVIDENCE": ("For a match: the least share times spread,", region_look.MATCH_EVIDENCE),
    "MATCH_AGREEING": ("the least number of regions that agree,", region_look.MATCH_AGREEING),
    "MATCH_APART": ("and of those that lie apart.", region_look.MATCH_APART),
    "PART_SHARE": ("For a person to look at: the least share,", region_look.PART_SHARE),
    "FEW_SHARE": ("that where fewer agree,", region_look.FEW_SHARE),
    "FEW_AGREEING": ("and their least number.", region_look.FEW_AGREEING),
    "SMALLEST_RADIUS": ("In pixels, below which a place says nothing.", region_look.SMALLEST_RADIUS),
    "OUTSIDE": ("Part of its radius by which a place may reach beyond the picture.", region_look.OUTSIDE),
    "STEPS": ("Of width and height, in a frame as the kernel takes it: six numbers of 16 bits.", region_look.STEPS),
    "MOST_STEPS": ("", region_look.MOST_STEPS),
    "CELLS": ("By as many, into which a stored picture is divided to measure areas.", region_look.CELLS),
}

FILES: dict[str, tuple[str, str, Numbers]] = {
    "fingerprint/limits.ts": ("How much of a file is looked at, and where its fingerprint ends", "stillmine.fingerprint", LIMITS),
    "try/region_numbers.ts": ("When regions lie alike, and when a copy is found by them", "stillmine.matching", REGION_NUMBERS),
}
"""Below portal/src: what the numbers say, where they come from, and they."""


def literal(value: Value) -> str:
    """Return a value as TypeScript writes it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(literal, value))}]"
    return f"{int(value) if value == int(value) else value:_}"


def document(says: str, origin: str, numbers: Numbers) -> str:
    """Return a whole file."""
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "/*",
        f" * {says}: the server's own numbers.",
        f" * Made by tools/portal_limits.py from {origin}; change it there and run the tool.",
        " */",
        "",
    ]
    for name, (comment, value) in numbers.items():
        lines += [f"/** {comment} */"] if comment else []
        lines.append(f"export const {name} = {literal(value)}{' as const' if isinstance(value, tuple) else ''};")
    return "\n".join([*lines, ""])


def main() -> None:
    """Write the files, or with --check exit 1 where one differs from what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 on a difference")
    is_check = parser.parse_args().check
    for name, parts in FILES.items():
        target = SOURCE / name
        if not is_check:
            target.write_text(document(*parts), encoding="utf-8")
        elif not target.exists() or target.read_text(encoding="utf-8") != document(*parts):
            sys.exit(f"portal/src/{name} differs: run python tools/portal_limits.py")


if __name__ == "__main__":
    main()
