# SPDX-License-Identifier: Apache-2.0
"""Sound against `fpcalc`, and exact digests against reading a file once for each, in one run.

A part of `bench/fingerprint.py`; which altered sounds are found is `bench/sound_robustness.py`'s. Must never leave out a format because it
looks bad.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measuring import milliseconds

from stillmine.fingerprint.exact import exact_digests
from stillmine.fingerprint.sound.audio import fingerprint_sound

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.fingerprint_audio.sound_clips import encode_sound, samples_of  # noqa: E402 (after the path is set)

FORMATS: tuple[tuple[str, str, str, str, int, int], ...] = (
    ("MP3, 128 kbit/s", "mp3", "mp3", "libmp3lame", 128_000, 44_100),
    ("AAC in MP4, 128 kbit/s", "m4a", "mp4", "aac", 128_000, 44_100),
    ("Opus in Ogg, 32 kbit/s", "ogg", "ogg", "libopus", 32_000, 48_000),
    ("FLAC", "flac", "flac", "flac", 0, 44_100),
    ("WAV", "wav", "wav", "pcm_s16le", 0, 44_100),
)
SECONDS = (30, 300)
EXACT_MEGABYTES = (1, 64)


def print_sound(repeats: int) -> None:
    """Print a line for each format and length."""
    whole = np.concatenate([samples_of(path) for path in sorted((ROOT / "media" / "audio").glob("*.mp3"))])
    tool = shutil.which("fpcalc")
    sys.stdout.write("\n| seconds | format | ours, ms | fpcalc, ms | faster | bits that differ |\n|---:|---|---:|---:|---:|---:|\n")
    with tempfile.TemporaryDirectory() as folder:
        for seconds in SECONDS:
            samples = np.resize(whole, seconds * 44_100)
            for name, suffix, form, codec, bit_rate, rate in FORMATS:
                path = Path(folder) / f"{seconds}.{suffix}"
                path.write_bytes(encode_sound(samples, form, codec, bit_rate, rate))
                sys.stdout.write(f"| {seconds} | {name} | {_sound_line(path, tool, repeats)} |\n")
                sys.stdout.flush()
    if tool is None:
        sys.stdout.write("\n`fpcalc` is not installed here.\n")
        return
    starting = min(milliseconds(lambda: _printed(tool, "-version")) for _ in range(repeats))
    sys.stdout.write(f"\n`fpcalc`'s time holds the start of its process, {starting:.0f} ms.\n")


def _sound_line(path: Path, tool: str | None, repeats: int) -> str:
    ours = np.array(fingerprint_sound(path).values, dtype=np.uint32)
    if tool is None:
        return f"{min(milliseconds(lambda: fingerprint_sound(path)) for _ in range(repeats)):.0f} | – | – | –"
    arguments = (tool, "-raw", "-plain", "-length", "0", str(path))
    theirs = np.array([int(value) for value in _printed(*arguments).strip().split(",") if value], dtype=np.uint32)
    spent = _in_turn(repeats, lambda: fingerprint_sound(path), lambda: _printed(*arguments))
    bits = f"{int(np.bitwise_count(ours ^ theirs).sum())} of {32 * len(ours)}" if len(ours) == len(theirs) else "another length"
    return f"{spent[0]:.0f} | {spent[1]:.0f} | {spent[1] / spent[0]:.1f}x | {bits}"


def print_exact(repeats: int) -> None:
    """Print a line for each size."""
    sys.stdout.write("\n| size | ours, one pass, ms | `hashlib`, a pass each, ms | faster |\n|---:|---:|---:|---:|\n")
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in EXACT_MEGABYTES:
            path = Path(folder) / "file"
            path.write_bytes(bytes(range(256)) * (megabytes * 4096))
            ours, theirs = _in_turn(repeats, lambda: _ours(path), lambda: _a_pass_each(path))  # noqa: B023 (called before the loop goes on)
            sys.stdout.write(f"| {megabytes} MiB | {ours:.1f} | {theirs:.1f} | {theirs / ours:.1f}x |\n")
    sys.stdout.write("\nThe limit is SHA-256 and MD5 themselves.\n")


def _ours(path: Path) -> None:
    with path.open("rb") as stream:
        exact_digests(stream)


def _a_pass_each(path: Path) -> None:
    for name in ("sha256", "md5"):
        with path.open("rb") as stream:
            hashlib.file_digest(stream, name)


def _in_turn(repeats: int, *calls: Callable[[], object]) -> list[float]:
    best = [float("inf")] * len(calls)
    for _ in range(repeats):
        best = [min(least, milliseconds(call)) for least, call in zip(best, calls, strict=True)]
    return best


def _printed(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
