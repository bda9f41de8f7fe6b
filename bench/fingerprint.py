# SPDX-License-Identifier: Apache-2.0
"""Every kind of fingerprint against its named peer in one run: pictures, video, sound, exact digests.

Prints the sections of docs/performance.md on speed, in its form, with machine and versions. `--distances FOLDER` prints instead how
far smaller and luma-only decoding moves the hashes of JPEGs. Must never be a test: only the ratios mean anything elsewhere.

    python bench/fingerprint.py [--only pictures|video|sound|exact …] [--videos FILE or FOLDER …]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import av
from measuring import LARGER_MEDIA, machine, versions
from picture_speed import print_distances, print_pictures
from sound_speed import print_exact, print_sound
from video_speed import print_video

ROOT = Path(__file__).resolve().parents[1]
VIDEOS = [ROOT / "media" / "video", *([LARGER_MEDIA / "video"] if LARGER_MEDIA else [])]
PARTS = ("pictures", "video", "sound", "exact")


def print_heading(title: str, note: str, *names: str) -> None:
    """Print the head of a section: when, on what, and how."""
    day = time.strftime("%d %B %Y").lstrip("0")
    ffmpeg = f", FFmpeg {av.ffmpeg_version_info}" if "av" in names else ""
    sys.stdout.write(f"\n## {title} ({day})\n\n{machine()}, {versions('stillmine', *names)}{ffmpeg}.\n{note} `bench/fingerprint.py`.\n")
    sys.stdout.flush()


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--repeats", type=int, default=15, help="of pictures; of the others a third")
    parser.add_argument("--seconds", type=int, default=20, help="length of the video clips that are made")
    parser.add_argument("--videos", type=Path, nargs="*", default=VIDEOS)
    parser.add_argument("--distances", type=Path, nargs="+", metavar="FOLDER")
    wanted = parser.parse_args()
    if wanted.distances:
        print_distances(wanted.distances)
        return 0
    few = max(2, wanted.repeats // 3)
    if "pictures" in wanted.only:
        note = f"Median of {wanted.repeats} runs each, in turn, milliseconds; one core, baseline x86-64 build."
        print_heading("Pictures", note, "pdqhash", "threatexchange", "pillow", "pillow-heif", "numpy")
        print_pictures(wanted.repeats)
    if "video" in wanted.only:
        print_heading("Video", f"Best of {few} runs each, in turn, milliseconds; all cores.", "vpdq", "av", "numpy")
        print_video(wanted.videos, wanted.seconds, few)
    if "sound" in wanted.only:
        print_heading("Sound", f"Best of {few} runs each, in turn, milliseconds.", "av", "numpy")
        print_sound(few)
    if "exact" in wanted.only:
        print_heading("Exact digests", f"Best of {few} runs each, in turn, milliseconds.")
        print_exact(few)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
