# SPDX-License-Identifier: Apache-2.0
"""What screening costs a partner: a worker's whole job for each sort of file, pictures beside a crowd of animations, and false matches.

`jobs` and `crowd` compare two states of the program by being run in a checkout of each, in turn. Media are this repository's, or
those of the folder STILLMINE_MEDIA. Must never be a test: a busy machine would make it fail.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from matching_data import Rows, kept_pairs, real_hashes, realistic
from measuring import LARGER_MEDIA, machine
from PIL import Image

from stillmine.matching.kinds import FingerprintIndex
from stillmine.partner.fingerprinting.file_fingerprints import fingerprints_of
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.fingerprinting.worker_messages import FilmFrames, Job, JobResult
from stillmine.wire.door_errors import BusyError
from stillmine.wire.kinds import MINIMUM_QUALITY

ROOT = Path(__file__).resolve().parents[1]
MEDIA = LARGER_MEDIA or ROOT / "tests" / "media"
sys.path.insert(0, str(ROOT))
from tests.partner.moving_media import video_file  # noqa: E402 (after the path is set)

SECONDS = 600
SIZE = (1366, 1200)


def photographs() -> list[Image.Image]:
    """Return the repository's photographs."""
    return [Image.open(path).convert("RGB") for path in sorted((ROOT / "media" / "clothing").glob("*.jpg"))[:8]]


def animation(pictures: int, side: int, form: str) -> bytes:
    """Return an animated picture whose pictures all differ."""
    sources = photographs()
    shown = [sources[step % 8].resize((side, side)).rotate(step // 8).quantize(64, dither=Image.Dither.NONE) for step in range(pictures)]
    stream = io.BytesIO()
    shown[0].save(stream, form, save_all=True, append_images=shown[1:], duration=66)
    return stream.getvalue()


def saved(image: Image.Image, form: str) -> bytes:
    """Return a picture as a file."""
    stream = io.BytesIO()
    image.save(stream, form)
    return stream.getvalue()


def files() -> Iterator[tuple[str, bytes]]:
    """Give a file of each sort that is timed."""
    sources = photographs()
    photograph = sources[0].resize(SIZE)
    opaque = photograph.convert("RGBA")
    transparent = opaque.copy()
    transparent.putalpha(photograph.convert("L"))
    yield "photograph, 1366 x 1200, JPEG", saved(photograph, "JPEG")
    yield "1366 x 1200, PNG with an alpha channel, opaque", saved(opaque, "PNG")
    yield "1366 x 1200, PNG, transparent", saved(transparent, "PNG")
    yield "animated GIF, 500 x 500, 90 pictures", animation(90, 500, "GIF")
    yield "animated WebP of the same", animation(90, 500, "WEBP")
    yield "1280 x 720, H.264, 20 s", video_file(sources[:5], 4, "libx264", (1280, 720))
    yield "854 x 480, MPEG-4, 20 s", video_file(sources[:5], 4, "mpeg4", (854, 480))
    yield "one colour, 854 x 480, MPEG-4, 20 s", video_file([Image.new("RGB", (854, 480), "grey")], 20, "mpeg4", (854, 480))


def job(data: bytes) -> JobResult:
    """Do a worker's whole job."""
    return list(fingerprints_of(io.BytesIO(data), Job(takes_long=True, seconds=SECONDS, cpu_seconds=SECONDS)))[-1]


def print_jobs(repeats: int) -> None:
    """Print processor time for each sort of file: the least of some runs, as other work on the machine only ever adds."""
    sys.stdout.write("| file | processor time, ms |\n|---|---:|\n")
    for name, data in files():
        job(data)
        sys.stdout.write(f"| {name} | {min(_processor_milliseconds(lambda: job(data)) for _ in range(repeats)):.0f} |\n")  # noqa: B023 (called before the loop goes on)
        sys.stdout.flush()


def _processor_milliseconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return (time.process_time() - start) * 1000


def print_crowd(animations: int, pictures: int) -> None:
    """Print how long pictures take, one after the other, alone and beside so many animations of 400 pictures that keep coming."""
    fingerprinter = Fingerprinter(min(4, os.cpu_count() or 1))
    fingerprinter.start()
    fingerprinter.check_sandbox()
    photograph, crowd = saved(photographs()[0], "JPEG"), animation(400, 500, "GIF")
    sys.stdout.write("| pictures | p50, ms | p99, ms | most, ms | left out |\n|---|---:|---:|---:|---:|\n")
    _print_pictures("alone", fingerprinter, photograph, pictures)
    is_over = threading.Event()

    def keep_coming() -> None:
        while not is_over.is_set():
            try:
                screened(fingerprinter, crowd)
            except BusyError:
                time.sleep(1)

    with ThreadPoolExecutor(animations) as threads:
        for _ in range(animations):
            threads.submit(keep_coming)
        time.sleep(2)
        _print_pictures(f"beside {animations} animations", fingerprinter, photograph, pictures)
        is_over.set()
        fingerprinter.close()


def _print_pictures(name: str, fingerprinter: Fingerprinter, photograph: bytes, number: int) -> None:
    times, left_out = [], 0
    for _ in range(number):
        start = time.monotonic()
        left_out += bool(screened(fingerprinter, photograph).left_out)
        times.append((time.monotonic() - start) * 1000)
    times.sort()
    most = times[min(number - 1, number * 99 // 100)]
    sys.stdout.write(f"| {name} | {statistics.median(times):.0f} | {most:.0f} | {times[-1]:.0f} | {left_out} of {number} |\n")
    sys.stdout.flush()


def screened(fingerprinter: Fingerprinter, data: bytes) -> JobResult:
    """Have a worker read a file; raises BusyError."""
    with Upload(Path("/")) as upload:
        upload.write(data)
        return fingerprinter.fingerprints(upload)


def print_false_matches(folder: Path, hashes: Path, values: int) -> None:
    """Print how many stills and pictures of a folder are within 31 bits of strangers' values: none should be.

    Pictures are compared with values drawn like real ones, as the real ones may be of the same pictures; what moves with both.
    """
    rng = np.random.default_rng(1)
    real = real_hashes(hashes)
    drawn = realistic(kept_pairs())(rng, values)
    of_strangers, of_all = index_of(drawn), index_of(drawn if real is None else np.concatenate([drawn, real]))
    read = asked = matched = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        made = job(path.read_bytes())
        frames = [(frame.hashes, frame.quality) for film in made.of(FilmFrames) for frame in film.frames]
        shown = [*frames, *((picture.hashes, picture.quality) for picture in (*made.pictures, *made.stills))]
        good = [hashes for hashes, quality in shown if quality >= MINIMUM_QUALITY]
        index = of_strangers if made.pictures else of_all
        found = index.pictures.search_variants([value for hashes in good for value in hashes])
        read, asked, matched = read + 1, asked + len(good), matched + len(found)
        if found:
            sys.stdout.write(f"{path.name}: {[near.distance_bits for near in found]}\n")
    sys.stdout.write(f"{asked} pictures of {read} files, in eight turns, against {values} drawn values")
    sys.stdout.write(f" (of videos also {0 if real is None else len(real)} real ones): {matched} matches\n")


def index_of(values: Rows) -> FingerprintIndex:
    """Return an index of (n, 32) values."""
    index = FingerprintIndex()
    index.pictures.add_many(np.random.default_rng(2).bytes(16 * len(values)), values.tobytes())
    return index


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["jobs", "crowd", "false-matches"])
    parser.add_argument("--repeats", type=int, default=3, help="of each job")
    parser.add_argument("--animations", type=int, default=64)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=MEDIA, help="whose files are compared")
    parser.add_argument("--hashes", type=Path, default=MEDIA / "real_pdq.txt", help="real ones, one in hexadecimal on each line")
    parser.add_argument("--values", type=int, default=100_000, help="drawn like real ones, beside the real ones")
    arguments = parser.parse_args()
    sys.stdout.write(f"{machine()}; load {os.getloadavg()[0]:.1f} at the start\n\n")
    if arguments.what == "jobs":
        print_jobs(arguments.repeats)
    elif arguments.what == "crowd":
        print_crowd(arguments.animations, arguments.pictures)
    else:
        print_false_matches(arguments.folder, arguments.hashes, arguments.values)
    sys.stdout.write(f"\nLoad {os.getloadavg()[0]:.1f} at the end.\n")


if __name__ == "__main__":
    main()
