# SPDX-License-Identifier: Apache-2.0
"""The device against the server on more media, and on a file of two gigabytes."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.more_media import SMALL, larger_media
from tests.portal.device_engine import Engine, distance_bits, seconds_of
from tests.portal.test_device_files import FRAME_BITS, FRAMES_THAT_AGREE, PICTURE_BITS, bit_error_rate, server_values

pytestmark = pytest.mark.long

BOTH = pytest.mark.parametrize(
    "media", [pytest.param(lambda: SMALL, id="small"), pytest.param(larger_media, id="larger", marks=pytest.mark.larger_media)]
)
UNRELATED_BITS = 64
LARGE_BYTES = 2 * 1024**3
MOST_GROWTH_KIB = 400 * 1024
"""Of all of the browser's processes; the file has two million."""


@BOTH
def test_clips_come_out_as_on_the_server(engine: Engine, media: Callable[[], Path]) -> None:
    files = sorted(file for kind in ("mp4", "mkv") for file in media().glob(f"video/*/*.{kind}"))
    distances: list[int] = []
    for file in files:
        [made] = engine.make(file)
        expected = server_values(file)
        assert made.values["md5"] == expected["md5"]
        if "vpdq" in made.values and "vpdq" in expected:
            ours, theirs = seconds_of(made.values["vpdq"]), seconds_of(expected["vpdq"])
            distances += [distance_bits(ours[second], theirs[second]) for second in theirs if second in ours]
        if "chromaprint" in made.values:
            assert bit_error_rate(made.values["chromaprint"], expected["chromaprint"]) <= 0.03, file.name
    assert sum(bits <= FRAME_BITS for bits in distances) >= FRAMES_THAT_AGREE * len(distances) > 0
    assert max(distances) < UNRELATED_BITS


@BOTH
def test_sounds_come_out_as_on_the_server(engine: Engine, media: Callable[[], Path]) -> None:
    files = sorted(file for kind in ("wav", "ogg", "mp3") for file in media().glob(f"audio/*/*.{kind}"))
    assert files
    for file in files:
        [made] = engine.make(file)
        expected = server_values(file)
        assert ("chromaprint" in made.values) == ("chromaprint" in expected), file.name
        if "chromaprint" in expected:
            assert bit_error_rate(made.values["chromaprint"], expected["chromaprint"]) <= 0.002, file.name


@BOTH
def test_heic_comes_out_as_on_the_server(engine: Engine, media: Callable[[], Path]) -> None:
    files = sorted(media().glob("photos/heif/heif*/*.hei[cf]"))
    assert files
    for file in files:
        [made] = engine.make(file)
        if "pdq" in made.values:
            assert distance_bits(made.values["pdq"], server_values(file)["pdq"]) <= PICTURE_BITS, file.name


def resident_kib() -> int:
    """Memory of all processes of browsers that are running."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if "chrom" in lines["Name"]:
            total += int(lines.get("RssAnon", "0 kB").split()[0])
    return total


@contextmanager
def watched_memory() -> Iterator[list[int]]:
    """Collect what the browser takes while something runs."""
    seen = [resident_kib()]
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.05):
            seen.append(resident_kib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()


def test_a_video_of_two_gigabytes_takes_little_memory(engine: Engine, root: Path, tmp_path: Path) -> None:
    """Its pictures are those of a clip; behind them the file goes on with an unused box, written sparsely."""
    clip = root / "media/video/sky.mp4"
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:
        file.write(clip.read_bytes() + b"\0\0\0\1free" + (LARGE_BYTES + 16).to_bytes(8))
        file.truncate(file.tell() + LARGE_BYTES)
    engine.make(clip)
    with watched_memory() as seen:
        [made] = engine.make(large)
    with large.open("rb") as file:
        assert made.values["md5"] == hashlib.file_digest(file, "md5").hexdigest()
    ours, theirs = seconds_of(made.values["vpdq"]), seconds_of(server_values(clip)["vpdq"])
    assert max(distance_bits(ours[second], theirs[second]) for second in theirs) <= FRAME_BITS
    assert made.notes == ["video_has_no_sound"]
    assert max(seen) - seen[0] < MOST_GROWTH_KIB, [seen[0], max(seen)]
