# SPDX-License-Identifier: Apache-2.0
"""How long a moving file is thought to take, and how much of it is decoded at most: numbers of spec/screen.md.

Runs in a worker process, on headers that may lie. What is over the budget is left out and said so: never `no_match`.
"""

import math
import os
from dataclasses import replace
from io import BytesIO
from typing import BinaryIO

from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS, MediaLimits
from stillmine.fingerprint.moving.work import Work, animation_work, sound_seconds, together, video_work
from stillmine.fingerprint.structure.film_behind import films_behind
from stillmine.partner.fingerprinting.worker_messages import Media

ANIMATION_PIXELS_PER_SECOND = 33_000_000
"""Measured from 31 (lossless WebP) to 137 million (a GIF's empty pictures), hashes of every different picture included."""

ANIMATION_BUDGET_PIXELS = 1_000_000_000
"""Half a minute by that measure: 480 pictures of 1920 x 1080, or 4,000 of 500 x 500."""

VIDEO_PIXELS_PER_SECOND = 250_000_000
"""Of one processor; measured from 250 (HEVC) to 600 million."""

VIDEO_BUDGET_SECONDS = 80.0
"""By that measure, with all processors: a video's deadline with a reserve."""

SOUND_SPEED = 150
"""Times as fast as it plays."""

_PROCESSORS = os.cpu_count() or 1


def estimated_seconds(media: Media, file: BinaryIO) -> float:
    """Return how long a file is thought to take; infinite if its headers don't say."""
    if media is Media.SOUND:
        seconds = sound_seconds(file)
        return math.inf if seconds is None else min(seconds, DEFAULT_MEDIA_LIMITS.max_sound_seconds) / SOUND_SPEED
    work = _work(media, file)
    return math.inf if work.pixels is None else work.pixels / _pixels_per_second(media)


def limits_within_budget(media: Media, file: BinaryIO) -> MediaLimits:
    """Return how much of an animated picture or a video is read; for a video within the budget the usual limits."""
    if media is Media.ANIMATION:
        # Counted while they are decoded, whatever the headers say.
        return replace(DEFAULT_MEDIA_LIMITS, max_animation_pixels=ANIMATION_BUDGET_PIXELS)
    work = _work(media, file)
    if work.pixels is None or work.seconds is None:
        return DEFAULT_MEDIA_LIMITS
    share = VIDEO_BUDGET_SECONDS * _pixels_per_second(media) / max(1, work.pixels)
    if share >= 1:
        return DEFAULT_MEDIA_LIMITS
    return replace(DEFAULT_MEDIA_LIMITS, max_video_seconds=max(1, int(work.seconds * share)))


def _work(media: Media, file: BinaryIO) -> Work:
    if media is Media.ANIMATION:
        return animation_work(file)
    if media is Media.MOTION_PHOTO:
        return together([video_work(BytesIO(film)) for film in films_behind(file)])
    return video_work(file)


def _pixels_per_second(media: Media) -> int:
    return ANIMATION_PIXELS_PER_SECOND if media is Media.ANIMATION else VIDEO_PIXELS_PER_SECOND * _PROCESSORS
