# SPDX-License-Identifier: Apache-2.0
"""Sound: our values against the field's own tool, which altered copies are found, how short a clip may be, and what matches wrongly.

Copies are made here from every sound given; strangers are all other pairs, except the same recording in two files ("name.hq.ogg" and
"name.ogg"). Must never leave out an edit because it looks bad.

    python bench/audio.py [FILE or FOLDER …]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import av
import numpy as np

from stillmine.fingerprint.audio import fingerprint_sound
from stillmine.fingerprint.audio_compare import compare_sounds
from stillmine.fingerprint.errors import MediaError

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "fingerprint_audio"))
from sound_clips import RATE, Samples, cut, encode_sound, noisy, samples_of  # noqa: E402

SUFFIXES = {".ogg", ".mp3", ".wav", ".flac", ".m4a", ".opus", ".mp4"}
CLIP_SECONDS = (3, 4, 5, 6, 8, 10, 15, 20, 30)
CLIPS_EACH = 4


def faster(samples: Samples, factor: float) -> Samples:
    """Played faster, pitch included."""
    return np.interp(np.arange(0, len(samples) - 1, factor), np.arange(len(samples)), samples).astype(np.float32)


def mixed(samples: Samples, decibels: float) -> Samples:
    """With a steady chord that many decibels below it, as music laid under it would be."""
    at = np.arange(len(samples)) / RATE
    chord = sum(np.sin(2 * np.pi * tone * at) for tone in (220.0, 277.2, 329.6)) / 3
    level = float(np.sqrt(np.mean(samples**2))) * 10 ** (-decibels / 20) * 2**0.5
    return np.clip(samples + chord * level, -1, 1).astype(np.float32)


EDITS: dict[str, Callable[[Samples], bytes]] = {
    "mp3 128": lambda s: encode_sound(s, "mp3", "libmp3lame", 128_000),
    "mp3 64": lambda s: encode_sound(s, "mp3", "libmp3lame", 64_000),
    "mp3 32": lambda s: encode_sound(s, "mp3", "libmp3lame", 32_000),
    "opus 32": lambda s: encode_sound(s, "ogg", "libopus", 32_000, 48_000),
    "opus 16": lambda s: encode_sound(s, "ogg", "libopus", 16_000, 48_000),
    "aac 48": lambda s: encode_sound(s, "mp4", "aac", 48_000),
    "amr 12": lambda s: encode_sound(s, "amr", "libopencore_amrnb", 12_200, 8_000),
    "8 kHz": lambda s: encode_sound(s, rate=8_000),
    "20 dB quieter": lambda s: encode_sound(s * 0.1),
    "clipped": lambda s: encode_sound(np.clip(s * 4, -1, 1)),
    "noise -20 dB": lambda s: encode_sound(noisy(s, 20)),
    "noise -10 dB": lambda s: encode_sound(noisy(s, 10)),
    "noise -5 dB": lambda s: encode_sound(noisy(s, 5)),
    "noise 0 dB": lambda s: encode_sound(noisy(s, 0)),
    "chord -10 dB": lambda s: encode_sound(mixed(s, 10)),
    "chord 0 dB": lambda s: encode_sound(mixed(s, 0)),
    "first 1.3 s cut": lambda s: encode_sound(s[round(1.3 * RATE) :]),
    "middle half": lambda s: encode_sound(cut(s, len(s) / RATE / 4, len(s) / RATE / 2)),
    "1 % faster": lambda s: encode_sound(faster(s, 1.01)),
    "3 % faster": lambda s: encode_sound(faster(s, 1.03)),
    "10 % faster": lambda s: encode_sound(faster(s, 1.1)),
}


def files(paths: Iterable[Path]) -> list[Path]:
    found = []
    for path in paths:
        found += sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES) if path.is_dir() else [path]
    return found


def print_peer(path: Path, values: tuple[int, ...], milliseconds: float) -> None:
    """One line: equal to `fpcalc` or in how many bits not, and both times. Its time holds the start of a process."""
    tool = shutil.which("fpcalc")
    if tool is None:
        print(f"{path.name[:44]:44} {len(values):6} {milliseconds:8.0f}  fpcalc is not installed")
        return
    start = time.perf_counter()
    printed = subprocess.run([tool, "-raw", "-plain", "-length", "0", str(path)], capture_output=True, text=True, check=False).stdout
    theirs_milliseconds = (time.perf_counter() - start) * 1000
    theirs = np.array([int(value) for value in printed.strip().split(",") if value], dtype=np.uint32)
    ours = np.array(values, dtype=np.uint32)
    if len(ours) != len(theirs):
        print(f"{path.name[:44]:44} {len(values):6} other length: {len(theirs)}")
        return
    bits = int(np.bitwise_count(ours ^ theirs).sum())
    says = "equal" if not bits else f"{bits} of {32 * len(ours)} bits differ"
    print(f"{path.name[:44]:44} {len(values):6} {milliseconds:8.0f} {theirs_milliseconds:8.0f}  {says}")


def values_of(source: Path | bytes) -> tuple[int, ...] | None:
    try:
        return fingerprint_sound(source).values
    except MediaError:
        return None


def recording(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, default=[ROOT / "media" / "audio"])
    arguments = parser.parse_args()
    originals: dict[str, tuple[int, ...]] = {}
    sources: dict[str, Samples] = {}
    print(f"PyAV {av.__version__}\n{'file':44} {'values':>6} {'ours ms':>8} {'fpcalc':>8}")
    for path in files(arguments.paths):
        start = time.perf_counter()
        values = values_of(path)
        if values is None:
            print(f"{path.name[:44]:44} refused")
            continue
        print_peer(path, values, (time.perf_counter() - start) * 1000)
        originals[path.name], sources[path.name] = values, samples_of(path)
    print_edits(originals, sources)
    print_clips(originals, sources)


def print_edits(originals: dict[str, tuple[int, ...]], sources: dict[str, Samples]) -> None:
    print(f"\n{'edit':20} {'found':>9} {'wrong':>11} {'bit errors':>11}  not found (share of bits that differ)")
    for edit, make in EDITS.items():
        found, wrong, pairs, rates, lost = 0, 0, 0, [], []
        for name, samples in sources.items():
            values = values_of(make(samples))
            if values is None:
                lost.append(f"{name[:18]} (refused)")
                continue
            own = compare_sounds(values, originals[name])
            found += own.is_match
            lost += [] if own.is_match else [f"{name[:18]} ({own.bit_error_rate or 0:.2f})"]
            rates.append(own.bit_error_rate or 0.0)
            strangers = [other for other in originals if recording(other) != recording(name)]
            wrong += sum(compare_sounds(values, originals[other]).is_match for other in strangers)
            pairs += len(strangers)
        print(f"{edit:20} {found:4}/{len(sources):<4} {wrong:5}/{pairs:<5} {np.mean(rates) if rates else 0:11.3f}  {', '.join(lost)}")


def print_clips(originals: dict[str, tuple[int, ...]], sources: dict[str, Samples]) -> None:
    """Clips of the beginning, the end and between, as MP3 at 64 kbit/s, looked for in the whole sounds."""
    print(f"\n{'clip seconds':>12} {'found':>10} {'refused':>8} {'wrong':>12}")
    for seconds in CLIP_SECONDS:
        counts: dict[str, int] = defaultdict(int)
        for name, samples in sources.items():
            rest = len(samples) / RATE - seconds
            for place in np.linspace(0, rest, CLIPS_EACH) if rest > 0 else ():
                counts["clips"] += 1
                values = values_of(encode_sound(cut(samples, float(place), seconds), "mp3", "libmp3lame", 64_000))
                if values is None:
                    counts["refused"] += 1
                    continue
                counts["found"] += compare_sounds(values, originals[name]).is_match
                for other, stored in originals.items():
                    if recording(other) != recording(name):
                        counts["pairs"] += 1
                        counts["wrong"] += compare_sounds(values, stored).is_match
        print(f"{seconds:12} {counts['found']:5}/{counts['clips']:<4} {counts['refused']:8} {counts['wrong']:6}/{counts['pairs']:<5}")


if __name__ == "__main__":
    main()
