# SPDX-License-Identifier: Apache-2.0
"""The hash of each sampled picture of a video, without the black bars that are there the whole time.

Where the bars end is known only after the last picture. Pictures are hashed within what is known so far and the first few are
kept; those that were hashed within too little or too much are hashed again, from memory or by reading the file a second time. Bars
that end are the usual reason, so beside a trimmed picture the whole one is hashed. The result is the same either way.

Must never keep a picture after the call.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from av.container import InputContainer

from stillmine.fingerprint.container.edited_tracks import open_track
from stillmine.fingerprint.container.opening import UnopenableError, open_container
from stillmine.fingerprint.container.sniff import FileType, sniff_stream
from stillmine.fingerprint.ground.errors import NotAVideoError, VideoEditsError, VideoUnreadableError, VideoUnsupportedError
from stillmine.fingerprint.ground.limits import MediaLimits, TimeLeft
from stillmine.fingerprint.ground.turns import exchanges_sides, variants_after
from stillmine.fingerprint.moving.animation import AnimationReader
from stillmine.fingerprint.moving.bars import BarFinder, Bounds
from stillmine.fingerprint.moving.edits import EditedVideoReader
from stillmine.fingerprint.moving.frames import ShownFrame, Track, VideoReader, shown_streams
from stillmine.fingerprint.moving.groups import DependentGroupError
from stillmine.fingerprint.moving.stills import Still, Stills
from stillmine.fingerprint.picture.image import VARIANTS, fingerprint_pixels
from stillmine.fingerprint.picture.query import TurnedHashes
from stillmine.fingerprint.structure.declared_size import is_shorter_than_declared
from stillmine.fingerprint.structure.signatures import START_BYTES, Family, family_of
from stillmine.wire.kinds import MINIMUM_QUALITY

MAX_HELD_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """The upright hash of a picture that is on screen from sample `first` to sample `last`; those of its eight turns, if asked for."""

    pdq: bytes
    quality: int
    first: int
    last: int
    turned: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class SampledVideo:
    """Samples with detail in the order of time, and what the reader learned of the file."""

    samples: tuple[Sample, ...]
    duration_seconds: float
    width: int
    height: int
    is_truncated: bool
    is_limited: bool
    has_sound: bool
    tracks: int
    has_unknown_edits: bool
    stills: tuple[Still, ...] = ()
    """Every different picture that was looked at, if asked for."""


class Reader(Protocol):
    """What a video file and an animated picture have in common; the attributes are whole after `frames()` has ended."""

    is_truncated: bool
    is_limited: bool
    tracks: int
    has_unknown_edits: bool

    @property
    def has_sound(self) -> bool: ...

    @property
    def duration_seconds(self) -> float: ...

    def frames(self) -> Iterator[ShownFrame]: ...


@dataclass(slots=True)
class _Hashed:
    """A sample and the part of the picture that it was made of; that of the whole picture; the picture as long as it is kept."""

    sample: Sample
    size: tuple[int, int]
    bounds: Bounds
    whole: Sample
    kept: ShownFrame | None


def sample_video(
    stream: BinaryIO, limits: MediaLimits, is_time_left: TimeLeft, samples_per_second: int, *, is_asking: bool = False, track: int = 0
) -> SampledVideo:
    """Return the sampled hashes of a video's track or an animated picture, in every turn if `is_asking`; raises a MediaError."""
    how = _How(limits, is_time_left, samples_per_second, is_asking, track)
    try:
        return _sample(stream, how, is_side_by_side=True)
    except DependentGroupError:
        return _sample(stream, how, is_side_by_side=False)


@dataclass(frozen=True, slots=True)
class _How:
    """What every reading of one file has in common."""

    limits: MediaLimits
    is_time_left: TimeLeft
    samples_per_second: int
    is_asking: bool
    track: int


def _sample(stream: BinaryIO, how: _How, *, is_side_by_side: bool) -> SampledVideo:
    bars: dict[tuple[int, int], BarFinder] = {}
    stills = Stills() if how.is_asking else None
    with _open_reader(stream, how, is_side_by_side, with_cuts=how.is_asking) as reader:
        hasher = _Hasher(bars, is_learning=True, is_asking=how.is_asking, stills=stills)
        hasher.take_all(reader)
    if not hasher.is_settled():
        with _open_reader(stream, how, is_side_by_side, with_cuts=False) as reader:
            hasher = _Hasher(bars, is_learning=False, is_asking=how.is_asking)
            hasher.take_all(reader)
    if not hasher.hashed:
        raise VideoUnreadableError
    return SampledVideo(
        samples=tuple(entry.sample for entry in hasher.hashed if entry.sample.quality >= MINIMUM_QUALITY),
        duration_seconds=reader.duration_seconds,
        width=hasher.upright_size[0],
        height=hasher.upright_size[1],
        is_truncated=reader.is_truncated or (not reader.is_limited and is_shorter_than_declared(stream)),
        is_limited=reader.is_limited or (stills is not None and stills.is_limited),
        has_sound=reader.has_sound,
        tracks=reader.tracks,
        has_unknown_edits=reader.has_unknown_edits,
        stills=stills.found() if stills is not None else (),
    )


@contextmanager
def _open_reader(stream: BinaryIO, how: _How, is_side_by_side: bool, *, with_cuts: bool) -> Iterator[Reader]:
    limits = how.limits
    stream.seek(0)
    if family_of(stream.read(START_BYTES)) in (Family.ANIMATABLE_PICTURE, Family.PICTURE):
        if sniff_stream(stream, limits) is not FileType.ANIMATED_IMAGE:
            raise NotAVideoError
        yield AnimationReader(stream, limits, how.is_time_left, how.samples_per_second, is_asking=with_cuts)
        return
    try:
        with ExitStack() as opened:
            found = open_track(opened, stream, limits, shown_streams, track=how.track, refusal=None if how.is_asking else VideoEditsError())

            def open_again() -> InputContainer:
                """Read the head of the file once more, between two reads of the first one."""
                place = stream.tell()
                try:
                    return opened.enter_context(open_container(stream, limits, ignores_edits=found.ignores_edits))
                finally:
                    stream.seek(place)

            if found.parts:
                yield EditedVideoReader(
                    found.container,
                    limits,
                    how.is_time_left,
                    how.samples_per_second,
                    track=how.track,
                    parts=found.parts,
                    with_cuts=with_cuts,
                )
                return
            track = Track(how.track, open_again if is_side_by_side else None)
            reader = VideoReader(found.container, limits, how.is_time_left, how.samples_per_second, track, with_cuts=with_cuts)
            reader.has_unknown_edits = found.has_unknown_edits
            yield reader
    except UnopenableError as error:
        if error.family is Family.OTHER_VIDEO:
            raise VideoUnsupportedError from None
        raise (VideoUnreadableError if error.is_video_container else NotAVideoError) from None


class _Hasher:
    """Hashes the pictures of one reading; those between two samples go to `stills` only."""

    def __init__(self, bars: dict[tuple[int, int], BarFinder], *, is_learning: bool, is_asking: bool, stills: Stills | None = None) -> None:
        self._bars = bars
        self._is_learning = is_learning
        self._is_asking = is_asking
        self._stills = stills
        self._held_bytes = 0
        self.hashed: list[_Hashed] = []
        self.upright_size = (0, 0)

    def take_all(self, reader: Reader) -> None:
        for shown in reader.frames():
            if shown.is_sampled:
                self._take(shown)
            elif self._stills is not None:
                self._stills.take(shown)

    def is_settled(self) -> bool:
        """Hash again what is kept; whether every sample is now made of what is visible over the whole video."""
        for entry in self.hashed:
            final = self._bounds(entry.size)
            if entry.bounds.is_close_to(final, *entry.size):
                continue
            if final == Bounds(0, 0, *entry.size):
                entry.sample = entry.whole
            elif entry.kept is None:
                return False
            else:
                entry.sample = self._hash(entry.kept, final)
            entry.bounds = final
        for entry in self.hashed:
            entry.kept = None
        return True

    def _take(self, shown: ShownFrame) -> None:
        size = (shown.rgb.shape[1], shown.rgb.shape[0])
        if not self.hashed:
            self.upright_size = size[::-1] if exchanges_sides(shown.turn) else size
        bounds = self._bounds(size)
        sample = whole = self._hash(shown, bounds)
        if self._is_learning and bounds != Bounds(0, 0, *size):
            whole = self._hash(shown, Bounds(0, 0, *size))
        if self._stills is not None:
            self._stills.take(shown, TurnedHashes(whole.turned, whole.quality, ()))
        if self._is_learning and sample.quality >= MINIMUM_QUALITY:
            self._bars.setdefault(size, BarFinder(*size)).learn(shown.rgb)
            learned = self._bounds(size)
            if learned != bounds:
                bounds = learned
                sample = self._hash(shown, bounds)
        is_kept = self._is_learning and self._held_bytes + shown.rgb.nbytes <= MAX_HELD_BYTES
        self._held_bytes += shown.rgb.nbytes if is_kept else 0
        self.hashed.append(_Hashed(sample, size, bounds, whole, shown if is_kept else None))

    def _bounds(self, size: tuple[int, int]) -> Bounds:
        return self._bars[size].bounds() if size in self._bars else Bounds(0, 0, *size)

    def _hash(self, shown: ShownFrame, bounds: Bounds) -> Sample:
        part = bounds.of(shown.rgb)
        variants = len(VARIANTS) if self._is_asking or shown.turn != VARIANTS[0] else 1
        made = fingerprint_pixels(part, part.shape[1], part.shape[0], 3, variants=variants)
        turned = variants_after(shown.turn, made.variants) if self._is_asking else ()
        return Sample(made.variants[VARIANTS.index(shown.turn)], made.quality, shown.first, shown.last, turned)
