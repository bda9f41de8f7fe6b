# SPDX-License-Identifier: Apache-2.0
"""How long a video or a sound takes to be looked up among many, beside `threatexchange`'s VPDQIndex, on one core, in one run.

The lists are made here: frames and values that change as real ones do, a title that one video in ten begins with. Every query is an altered
copy, so recall is counted too; what real edits do is `bench/robustness.py`'s. Must never be a test.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import metadata, util
from typing import Any

import numpy as np
from measuring import machine
from numpy.typing import NDArray

from stillmine.matching.sound import SoundIndex, matched_sound_spans
from stillmine.matching.sound_alignment import VALUES_PER_SECOND
from stillmine.matching.video import VideoIndex
from stillmine.wire.vpdq import VideoFrame, format_vpdq

SECONDS = 60
QUERY_SECONDS = 20
BITS_CHANGED = 24
SOUNDS_IN_TURN = 200
"""Comparing with each sound in turn is measured on so many and multiplied."""

Lookup = Callable[[], bool]
"""Looks one query up; returns whether the right one was found and no other."""


def make_videos(random: np.random.Generator, count: int) -> list[list[VideoFrame]]:
    """Return videos of a frame a second, each some ten bits from the one before, with a cut every ten seconds."""
    title = [random.bytes(32)] * 3
    videos = []
    for number in range(count):
        frames = list(title) if number % 10 == 0 else []
        while len(frames) < SECONDS:
            frames.append(random.bytes(32) if len(frames) % 10 == 0 else changed(random, frames[-1], 10))
        videos.append([VideoFrame(frame, 90, float(second)) for second, frame in enumerate(frames)])
    return videos


def changed(random: np.random.Generator, value: bytes, bits: int) -> bytes:
    """Return 32 bytes with so many bits changed."""
    mask = sum(1 << int(place) for place in random.choice(256, bits, replace=False))
    return (int.from_bytes(value) ^ mask).to_bytes(32)


def make_sound(random: np.random.Generator, seconds: float) -> NDArray[np.uint32]:
    """Return values of which each differs from the one before in up to five bits."""
    length = round(seconds * VALUES_PER_SECOND)
    flips = np.zeros(length, dtype=np.uint32)
    for _ in range(5):
        flips ^= np.where(random.random(length) < 0.5, np.uint32(1) << random.integers(0, 32, length, dtype=np.uint32), np.uint32(0))
    flips[0] = random.integers(0, 2**32, dtype=np.uint32)
    return np.bitwise_xor.accumulate(flips)


def id_of(number: int) -> bytes:
    return number.to_bytes(16)


def finds_video(index: VideoIndex, copy: Sequence[VideoFrame], number: int) -> bool:
    return [match.id for match in index.search(copy)] == [id_of(number)]


def peer_finds(peer: Any, text: str, number: int) -> bool:
    return [match.metadata for match in peer.query(text)] == [number]


def finds_sound(index: SoundIndex, copy: NDArray[np.uint32], number: int) -> bool:
    return [match.id for match in index.search(copy.tolist())] == [id_of(number)]


def finds_in_turn(sounds: Sequence[NDArray[np.uint32]], copy: NDArray[np.uint32], number: int) -> bool:
    return [place for place, held in enumerate(sounds) if matched_sound_spans(copy, held)] == [number]


def video_lookups(
    random: np.random.Generator, videos: Sequence[list[VideoFrame]], queries: int
) -> tuple[list[Lookup], list[Lookup] | None]:
    """Return the same look-ups for ours and for the peer, which is None where it is not installed."""
    index = VideoIndex()
    for number, video in enumerate(videos):
        index.add(id_of(number), video)
    peer: Any = importlib.import_module("threatexchange.extensions.vpdq.vpdq_index").VPDQIndex() if util.find_spec("vpdq") else None
    if peer is not None:
        for number, video in enumerate(videos):
            peer.add(format_vpdq(video), number)
    ours: list[Lookup] = []
    theirs: list[Lookup] = []
    for number in random.choice(len(videos), queries, replace=False).tolist():
        first = int(random.integers(0, SECONDS - QUERY_SECONDS))
        cut = videos[number][first : first + QUERY_SECONDS]
        copy = [VideoFrame(changed(random, frame.pdq, BITS_CHANGED), 90, frame.seconds - first) for frame in cut]
        ours.append(partial(finds_video, index, copy, number))
        theirs.append(partial(peer_finds, peer, format_vpdq(copy), number))
    return ours, theirs if peer is not None else None


def sound_lookups(random: np.random.Generator, sounds: Sequence[NDArray[np.uint32]], queries: int) -> tuple[list[Lookup], list[Lookup]]:
    """Return the same look-ups in the index, and one after the other in some of the sounds."""
    index = SoundIndex()
    for number, sound in enumerate(sounds):
        index.add(id_of(number), sound.tolist())
    ours: list[Lookup] = []
    in_turn: list[Lookup] = []
    length = round(QUERY_SECONDS * VALUES_PER_SECOND)
    for number in random.choice(SOUNDS_IN_TURN, min(queries, SOUNDS_IN_TURN), replace=False).tolist():
        first = int(random.integers(0, len(sounds[number]) - length))
        noise = random.integers(0, 2**32, (3, length), dtype=np.uint32)
        copy = sounds[number][first : first + length] ^ np.bitwise_and.reduce(noise)
        ours.append(partial(finds_sound, index, copy, number))
        in_turn.append(partial(finds_in_turn, sounds[:SOUNDS_IN_TURN], copy, number))
    return ours, in_turn


def measure(lookups: Sequence[Lookup]) -> tuple[list[float], int]:
    """Return milliseconds of each, sorted, and how many were right."""
    times, right = [], 0
    for lookup in lookups:
        start = time.perf_counter()
        right += lookup()
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times), right


def row(name: str, lookups: Sequence[Lookup], ours: float | None = None, multiplied: float = 1.0) -> float:
    """Print a row; returns the median in milliseconds."""
    times, right = measure(lookups)
    median, slow = statistics.median(times) * multiplied, times[min(len(times) - 1, len(times) * 99 // 100)] * multiplied
    ratio = "" if ours is None else f"{median / ours:.0f}x"
    sys.stdout.write(f"| {name} | {median:.1f} | {slow:.1f} | {ratio} | {right} of {len(times)} |\n")
    sys.stdout.flush()
    return median


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=10_000, help="videos, and sounds")
    parser.add_argument("--queries", type=int, default=100)
    wanted = parser.parse_args()
    random = np.random.default_rng(1)
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("stillmine", "threatexchange", "numpy"))
    sys.stdout.write(f"{machine()}, {versions}. {wanted.count} of {SECONDS} s each; queries are cuts of {QUERY_SECONDS} s, altered.\n\n")
    sys.stdout.write("| looked up | p50, ms | p99, ms | ours is faster | found, and nothing else |\n|---|---:|---:|---:|---:|\n")
    ours, theirs = video_lookups(random, make_videos(random, wanted.count), wanted.queries)
    median = row("video, stillmine", ours)
    if theirs is None:
        sys.stdout.write("| video, threatexchange: `vpdq` is not installed | | | | |\n")
    else:
        row("video, threatexchange VPDQIndex", theirs, median)
    in_index, in_turn = sound_lookups(random, [make_sound(random, SECONDS) for _ in range(wanted.count)], wanted.queries)
    median = row("sound, stillmine", in_index)
    row(f"sound, each in turn (from {SOUNDS_IN_TURN})", in_turn[:10], median, wanted.count / SOUNDS_IN_TURN)


if __name__ == "__main__":
    main()
