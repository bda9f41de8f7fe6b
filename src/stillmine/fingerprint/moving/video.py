# SPDX-License-Identifier: Apache-2.0
"""Video file to `vpdq`: the PDQ of the picture on screen each second, with quality and time. Contract: spec/video.md.

Holds the values. Animated pictures are videos too. What could not be read is said in the result, never hidden. Must never
keep a picture after the call.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from stillmine.fingerprint.container.opening import MediaSource, open_source
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS, MediaLimits, TimeLeft, no_deadline
from stillmine.fingerprint.moving.sampling import Sample, sample_video
from stillmine.fingerprint.moving.stills import Still
from stillmine.fingerprint.picture.image import distance_bits

MERGED_DISTANCE_BITS = 4
"""Neighbours this near to the first of a run are one frame with a span. Chosen by measurement: spec/video.md."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One PDQ hash (32 bytes), and the first and the last sampled second at which the picture looked like that.

    `turned` are the hashes of the picture in all eight turns, in the order of VARIANTS, if they were asked for.
    """

    pdq: bytes = field(repr=False)
    quality: int
    start_seconds: float
    end_seconds: float
    turned: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class VideoFingerprint:
    """Frames with detail in the order of time; none if nothing in the video has enough of it.

    `is_truncated`: the file is damaged or ends early, this is what could be read. `is_limited`: the file goes on
    longer than is read. Width and height are those of the upright picture in pixels, bars included. `tracks` of moving pictures are in
    the file, of which this is one.
    """

    frames: tuple[Frame, ...]
    duration_seconds: float
    width: int
    height: int
    is_truncated: bool
    is_limited: bool
    has_sound: bool
    tracks: int = 1
    has_unknown_edits: bool = False
    """Nobody knows which parts are shown, so all was read. For asking only: nothing of it may be stored."""
    stills: tuple[Still, ...] = ()
    """Every different picture that was looked at, whole and without what is around it, if asked for: for comparing with stills."""


def fingerprint_video(
    source: MediaSource,
    limits: MediaLimits = DEFAULT_MEDIA_LIMITS,
    *,
    is_time_left: TimeLeft = no_deadline,
    samples_per_second: int = 1,
    is_asking: bool = False,
    track: int = 0,
) -> VideoFingerprint:
    """Return the fingerprint of a video file or an animated picture, of `track` 0 what players show; raises a MediaError.

    A case holds one sample a second. More of them are for asking: a trimmed copy is sampled at other instants. So are the hashes of
    every turn (`is_asking`): a copy may be mirrored. So are `stills`: those samples, and pictures between them.
    """
    with open_source(source, limits.max_file_bytes) as stream:
        sampled = sample_video(stream, limits, is_time_left, samples_per_second, is_asking=is_asking, track=track)
    return VideoFingerprint(
        frames=merge_samples(sampled.samples, samples_per_second),
        duration_seconds=sampled.duration_seconds,
        width=sampled.width,
        height=sampled.height,
        is_truncated=sampled.is_truncated,
        is_limited=sampled.is_limited,
        has_sound=sampled.has_sound,
        tracks=sampled.tracks,
        has_unknown_edits=sampled.has_unknown_edits,
        stills=sampled.stills,
    )


def merge_samples(samples: Sequence[Sample], samples_per_second: int, max_distance_bits: int = MERGED_DISTANCE_BITS) -> tuple[Frame, ...]:
    """Return runs of neighbours that are equal, each with the hash of its first; a gap in time ends a run."""
    runs: list[list[Sample]] = []
    for sample in samples:
        if runs and runs[-1][-1].last + 1 == sample.first and distance_bits(runs[-1][0].pdq, sample.pdq) <= max_distance_bits:
            runs[-1].append(sample)
        else:
            runs.append([sample])
    return tuple(
        Frame(run[0].pdq, run[0].quality, run[0].first / samples_per_second, run[-1].last / samples_per_second, run[0].turned)
        for run in runs
    )
