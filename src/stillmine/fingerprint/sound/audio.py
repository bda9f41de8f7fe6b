# SPDX-License-Identifier: Apache-2.0
"""Sound to `chromaprint`: 32 bits about eight times a second. Sound files and the sound of videos. Contract: spec/audio.md.

Holds the values and joins decoder and library. Sound without detail is refused: its fingerprint would match other quiet sound.
Must never keep a sample after the call.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from stillmine.fingerprint.container.edited_tracks import open_track
from stillmine.fingerprint.container.opening import MediaSource, UnopenableError, open_container, open_source
from stillmine.fingerprint.ground.errors import (
    NoSoundError,
    SoundEditsError,
    SoundTooShortError,
    SoundUnreadableError,
    SoundUnsupportedError,
    SoundWithoutDetailError,
)
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS, MediaLimits, TimeLeft, no_deadline
from stillmine.fingerprint.sound.chromaprint_library import SAMPLE_RATE, VALUE_SECONDS, Pcm, Values, chromaprint_text, chromaprint_values
from stillmine.fingerprint.sound.decode import SoundReader, heard_streams
from stillmine.fingerprint.structure.declared_size import is_shorter_than_declared
from stillmine.fingerprint.structure.signatures import Family

MINIMUM_VALUES = 36
"""Shorter sound (about 7 seconds) has too few values: noise then matches other noise by chance. Measured: spec/audio.md."""

MINIMUM_CHANGE = 0.02
"""Share of bits that differ between neighbouring values on average; silence, hum and tones lie below."""

MINIMUM_LEVEL = 10
"""Of 32767, root mean square: quieter than this (-70 dB) only the noise of a converter is left."""


_ERRORS = {Family.CONTAINER: SoundUnreadableError, Family.OTHER_SOUND: SoundUnsupportedError}
"""By what the first bytes of a file say that can't be opened."""


@dataclass(frozen=True, slots=True)
class SoundFingerprint:
    """The values of a sound, 32 bits each, one each VALUE_SECONDS.

    `duration_seconds` is what was listened to. `is_truncated`: the file is damaged or ends early. `is_limited`: the
    file goes on longer than is listened to. `has_unknown_edits`: nobody knows which parts are heard, so it is all; for asking only.
    """

    values: tuple[int, ...] = field(repr=False)
    duration_seconds: float
    is_truncated: bool
    is_limited: bool
    has_unknown_edits: bool = False

    @property
    def text(self) -> str:
        """AcoustID's compressed form, as `fpcalc` prints it; raises AudioLibraryMissingError."""
        return chromaprint_text(np.array(self.values, dtype=np.uint32))


def fingerprint_sound(
    source: MediaSource,
    limits: MediaLimits = DEFAULT_MEDIA_LIMITS,
    *,
    is_time_left: TimeLeft = no_deadline,
    is_asking: bool = False,
    track: int = 0,
) -> SoundFingerprint:
    """Return the fingerprint of a sound file or of a video's sound, of `track` 0 what players play; raises a MediaError.

    Where an edit list can't be followed, only who `is_asking` gets one.
    """
    how = _How(limits, is_time_left, track, is_asking)
    with open_source(source, limits.max_file_bytes) as stream:
        try:
            values, level, reader = _listen(stream, how)
            if (channel := reader.meter.needed_channel) is not None:
                values, level, reader = _listen(stream, how, channel)
        except UnopenableError as error:
            raise _ERRORS.get(error.family, NoSoundError) from None
        is_truncated = reader.is_truncated or (not reader.is_limited and is_shorter_than_declared(stream))
    if level.root_mean_square < MINIMUM_LEVEL:
        raise SoundWithoutDetailError
    if len(values) < MINIMUM_VALUES:
        raise SoundTooShortError(f"at least {(MINIMUM_VALUES - 1) * VALUE_SECONDS + 2.75:.1f} seconds")
    if change_of(values) < MINIMUM_CHANGE:
        raise SoundWithoutDetailError
    return SoundFingerprint(tuple(values.tolist()), reader.samples / SAMPLE_RATE, is_truncated, reader.is_limited, reader.has_unknown_edits)


def count_sound_tracks(source: MediaSource, limits: MediaLimits = DEFAULT_MEDIA_LIMITS) -> int:
    """Return how many tracks of sound a file has; 0 where it can't be opened."""
    with open_source(source, limits.max_file_bytes) as stream:
        try:
            with open_container(stream, limits) as container:
                return len(heard_streams(container))
        except UnopenableError:
            return 0


@dataclass(frozen=True, slots=True)
class _How:
    """What every hearing of one file has in common."""

    limits: MediaLimits
    is_time_left: TimeLeft
    track: int
    is_asking: bool


def _listen(stream: BinaryIO, how: _How, channel: int | None = None) -> tuple[Values, "_Level", SoundReader]:
    """Hear a file once, all channels mixed or one of them alone."""
    level = _Level()
    with ExitStack() as opened:
        found = open_track(opened, stream, how.limits, heard_streams, track=how.track, refusal=None if how.is_asking else SoundEditsError())
        reader = SoundReader(found.container, how.limits, how.is_time_left, channel, how.track, parts=found.parts)
        reader.has_unknown_edits = found.has_unknown_edits
        return chromaprint_values(level.listen(reader.blocks())), level, reader


def change_of(values: Values) -> float:
    """Return the share of bits in which neighbouring values differ, 0 to 1; 0 for fewer than two."""
    if len(values) < 2:
        return 0.0
    return float(np.bitwise_count(values[1:] ^ values[:-1]).mean()) / 32


class _Level:
    """Measures how loud blocks are while they pass."""

    def __init__(self) -> None:
        self._sum = 0
        self._count = 0

    @property
    def root_mean_square(self) -> float:
        return float((self._sum / self._count) ** 0.5) if self._count else 0.0

    def listen(self, blocks: Iterator[Pcm]) -> Iterator[Pcm]:
        for block in blocks:
            wide = block.astype(np.int64)
            self._sum += int(np.dot(wide, wide))
            self._count += block.size
            yield block
