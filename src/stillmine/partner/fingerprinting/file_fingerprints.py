# SPDX-License-Identifier: Apache-2.0
"""What a worker makes of one file: what it is by its content, its digests, then all that this content allows.

Runs in a worker process only, because it reads strangers' files. Digests come first and on their own, so that an identical copy is found
even if the file then breaks its decoder. Must never write, log or keep anything of the file.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import BinaryIO, NamedTuple

import msgspec

from stillmine.fingerprint import DEFAULT_LIMITS, FileTooLargeError, MediaError, QueryVariant
from stillmine.fingerprint.container.covers import cover_pictures
from stillmine.fingerprint.container.sniff import FileType, sniff_file
from stillmine.fingerprint.exact import exact_digests
from stillmine.fingerprint.gives import Part, Reader, Subject, finding_of, finding_of_picture, is_given, is_sound_read, parts_read
from stillmine.fingerprint.ground.errors import (
    DecoderFailedError,
    FurtherFilmsError,
    FurtherPicturesError,
    FurtherSoundsError,
    MediaFileTooLargeError,
    NoSoundError,
    SoundEditsError,
    SoundTooShortError,
    SoundUnreadableError,
    SoundWithoutDetailError,
    VideoEditsError,
    VideoUnreadableError,
)
from stillmine.fingerprint.ground.guard import guarded
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS, MediaLimits
from stillmine.fingerprint.moving.stills import MAXIMUM_STILLS
from stillmine.fingerprint.moving.video import VideoFingerprint, fingerprint_video
from stillmine.fingerprint.picture.decode import Decoded, decode_image
from stillmine.fingerprint.picture.query import FileQuery, query_pictures
from stillmine.fingerprint.sound.audio import SoundFingerprint, count_sound_tracks, fingerprint_sound
from stillmine.fingerprint.structure.film_behind import films_behind
from stillmine.partner.fingerprinting.budget import estimated_seconds, limits_within_budget
from stillmine.partner.fingerprinting.picture_regions import NumberedBase, numbered_base, place_hashes, regions_of
from stillmine.partner.fingerprinting.worker_messages import (
    LONG_MEDIA,
    MAXIMUM_REGION_PICTURES,
    UPLOAD_FRAMES_PER_SECOND,
    Digest,
    FilmFrames,
    Job,
    JobResult,
    Media,
    Picture,
    PlacesWanted,
    Sound,
    TurnedFrame,
)
from stillmine.partner.ground.errors import TooMuchToDecodeError
from stillmine.wire.errors import QualityTooLowError, StillmineError
from stillmine.wire.kinds import MINIMUM_QUALITY, Kind
from stillmine.wire.screen import RegionsChoice, Undone

MAX_FILMS = 3
"""Of one upload, those without detail among them. Two hours each still fit into an result."""

VIDEO_SOUND_LIMITS = replace(DEFAULT_MEDIA_LIMITS, max_sound_seconds=DEFAULT_MEDIA_LIMITS.max_video_seconds)
"""A video is listened to for as long as it is looked at; a case's text form holds less."""

MAX_SOUNDS = 4
"""Tracks of one film or sound."""

SHARE_OF_TIME = 0.9
"""A decoder is asked to end by itself before the service ends it, so that what it has read is not lost."""

_MEDIA = {
    FileType.IMAGE: Media.IMAGE,
    FileType.ANIMATED_IMAGE: Media.ANIMATION,
    FileType.MOTION_PHOTO: Media.MOTION_PHOTO,
    FileType.VIDEO: Media.VIDEO,
    FileType.AUDIO: Media.SOUND,
    FileType.UNKNOWN: Media.UNKNOWN,
}

_TYPES = {media: file_type for file_type, media in _MEDIA.items()}

TimeLeft = Callable[[], bool]


def fingerprints_of(file: BinaryIO, job: Job) -> Iterator[JobResult]:
    """Yield what the file is, then its digests, then all of its fingerprints."""
    until = time.monotonic() + job.seconds * SHARE_OF_TIME

    def is_time_left() -> bool:
        return time.monotonic() < until

    result = JobResult(Media.UNKNOWN)
    if job.places is not None:
        yield _hashed_places(file, job.places)
        return
    try:
        result = _told_apart(file)
        if result.media in LONG_MEDIA and not job.takes_long:
            yield msgspec.structs.replace(result, is_final=True, work_seconds=estimated_seconds(result.media, file))
            return
        file.seek(0)
        digests = exact_digests(file, is_time_left=is_time_left)
        result = result.plus([Digest(Kind.SHA256, digests.sha256), Digest(Kind.MD5, digests.md5)])
        yield result
    except StillmineError as error:
        yield _final(_without(result, error))
        return
    bases: list[NumberedBase] | None = None if job.regions is RegionsChoice.OFF else []
    with_bases: dict[Part, _Maker] = {Part.STILL: partial(_with_picture, bases=bases), Part.FRAMES: partial(_with_frames, bases=bases)}
    makers = {**_MAKERS, **with_bases}
    for part in parts_read(Reader.UPLOAD, _TYPES[result.media]):
        file.seek(0)
        try:
            with guarded(MemoryError):
                result = makers[part](file, result, is_time_left)
        except StillmineError as error:
            result = _without(result, error)
    if bases:
        yield result  # what is compared by its values is known, however long regions take
        result = result.plus(regions_of(bases, job.regions, is_time_left))
    yield _final(result)


def _hashed_places(file: BinaryIO, wanted: PlacesWanted) -> JobResult:
    """The hashes at places of a picture that was read before."""
    result = JobResult(Media.IMAGE)
    try:
        with guarded(MemoryError):
            file.seek(0)
            return _final(result.plus([place_hashes(file.read(DEFAULT_LIMITS.max_file_bytes + 1), wanted)]))
    except StillmineError as error:
        return _final(_without(result, error))


def _told_apart(file: BinaryIO) -> JobResult:
    """Say what the file is; where that broke a decoder its digests are still to be had."""
    try:
        with guarded(MemoryError):
            return JobResult(_MEDIA[sniff_file(file)])
    except DecoderFailedError as error:
        return _without(JobResult(Media.UNKNOWN), error)


def _with_picture(file: BinaryIO, result: JobResult, _is_time_left: TimeLeft, bases: list[NumberedBase] | None = None) -> JobResult:
    data = file.read(DEFAULT_LIMITS.max_file_bytes + 1)
    if len(data) > DEFAULT_LIMITS.max_file_bytes:
        raise FileTooLargeError

    def look(number: int, decoded: Decoded) -> None:
        if bases is not None and number < MAXIMUM_REGION_PICTURES:
            bases.append(numbered_base(number, decoded))

    asked = query_pictures(data, look=look)
    return msgspec.structs.replace(result.plus(_pictures(asked)), left_out=[*result.left_out, *asked.left_out])


def _with_covers(file: BinaryIO, result: JobResult, _is_time_left: TimeLeft) -> JobResult:
    """Players show them; one without detail leaves nothing out, as there is the film or the sound."""
    covers, has_more = cover_pictures(file)
    if has_more:
        result = _without(result, FurtherPicturesError())
    for cover in covers:
        try:
            asked = query_pictures(cover)
        except MediaError as error:
            result = _without(result, error)
            continue
        good = [
            picture
            for picture in _pictures(asked, is_numbered=False)
            if is_given(Reader.UPLOAD, Subject.STILL, finding_of_picture(picture.quality))
        ]
        result = msgspec.structs.replace(result.plus(good), left_out=[*result.left_out, *asked.left_out])
    return result


def _pictures(asked: FileQuery, *, is_numbered: bool = True) -> list[Picture]:
    """Of each picture the eight turns of the whole, then those of each part; numbered are the first pictures of the file itself."""
    pictures = []
    for query in asked.queries:
        by_part: dict[tuple[str, ...], list[QueryVariant]] = {}
        for variant in query.variants:
            by_part.setdefault(variant.undone, []).append(variant)
        number = query.number if is_numbered and query.number < MAXIMUM_REGION_PICTURES else None
        for undone, variants in by_part.items():
            words = [Undone(word) for word in undone]
            pictures.append(Picture([variant.pdq for variant in variants], variants[0].quality, words, None, number, variants[0].box))
    return pictures


def _with_frames(file: BinaryIO, result: JobResult, is_time_left: TimeLeft, bases: list[NumberedBase] | None = None) -> JobResult:
    if result.media is Media.ANIMATION and bases is not None:
        bases += _base_of_first(file)
        file.seek(0)
    return _with_tracks(file, result, limits_within_budget(result.media, file), is_time_left)


def _base_of_first(file: BinaryIO) -> list[NumberedBase]:
    """What regions are found in of the picture that an animation shows first; nothing where that can't be read by itself."""
    try:
        with guarded(MemoryError):
            return [numbered_base(0, decode_image(file.read(DEFAULT_LIMITS.max_file_bytes + 1), DEFAULT_LIMITS, is_asking=True))]
    except StillmineError:
        return []


def _with_films(file: BinaryIO, result: JobResult, is_time_left: TimeLeft) -> JobResult:
    """The films that belong to a still picture, with their sound."""
    limits = limits_within_budget(result.media, file)
    for film in films_behind(file):
        try:
            with guarded(MemoryError):
                result = _with_whole_film(BytesIO(film), result, limits, is_time_left)
        except MediaError as error:
            result = _without(result, error)
    return result


def _with_whole_film(film: BinaryIO, result: JobResult, limits: MediaLimits, is_time_left: TimeLeft) -> JobResult:
    """Its pictures and its sound; phones put sound alone behind a picture, too."""
    try:
        result = _with_tracks(film, result, limits, is_time_left)
    except MediaError as error:
        if not is_sound_read(Reader.UPLOAD, FileType.MOTION_PHOTO, finding_of(error)):
            raise
        with_sound = _with_sound_of_video(film, result, is_time_left)
        if with_sound is result:
            raise VideoUnreadableError from None
        return with_sound
    return _with_sound_of_video(film, result, is_time_left)


def _with_tracks(file: BinaryIO, result: JobResult, limits: MediaLimits, is_time_left: TimeLeft) -> JobResult:
    """Each track of moving pictures that a player can show, the default one first."""
    track, tracks = 0, 1
    while track < tracks:
        if result.films_read == MAX_FILMS:
            return _without(result, FurtherFilmsError())
        result = msgspec.structs.replace(result, films_read=result.films_read + 1)
        try:
            video = fingerprint_video(
                file, limits, is_time_left=is_time_left, samples_per_second=UPLOAD_FRAMES_PER_SECOND, is_asking=True, track=track
            )
        except MediaError as error:
            if track == 0:
                raise
            result = _without(result, error)
        else:
            result, tracks = _with_film(result, video, limits), video.tracks
        track += 1
    is_flat = not result.of(FilmFrames) and not result.stills and all(picture.quality < MINIMUM_QUALITY for picture in result.pictures)
    return _without(result, QualityTooLowError()) if is_flat and not result.left_out else result


def _with_film(result: JobResult, video: VideoFingerprint, limits: MediaLimits) -> JobResult:
    frames, stills = _frames(video), _stills(video)
    places = MAXIMUM_STILLS - len(result.stills)
    result = result.plus([*([FilmFrames(frames)] if frames else []), *stills[:places]])
    result = _without(result, VideoEditsError()) if video.has_unknown_edits else result
    damage = VideoUnreadableError() if video.is_truncated else None
    too_much = MediaFileTooLargeError() if limits == DEFAULT_MEDIA_LIMITS else TooMuchToDecodeError()
    return _as_far_as_read(result, video.is_limited or len(stills) > places, damage, too_much)


def _with_sound(file: BinaryIO, result: JobResult, is_time_left: TimeLeft) -> JobResult:
    """Every track of sound; raises why where none of them can be compared."""
    heard = _heard(file, DEFAULT_MEDIA_LIMITS, is_time_left)
    if not heard.sounds:
        raise (heard.broken + heard.empty)[0]
    for sound in heard.sounds:
        damage = SoundUnreadableError() if sound.is_truncated else None
        result = _as_far_as_read(result, sound.is_limited, damage, MediaFileTooLargeError())
    return _with_sounds(result, file, heard)


def _with_sound_of_video(file: BinaryIO, result: JobResult, is_time_left: TimeLeft) -> JobResult:
    """A video is known by its frames; that it has no sound or little of it leaves nothing out."""
    heard = _heard(file, VIDEO_SOUND_LIMITS, is_time_left)
    for sound in heard.sounds:
        result = _as_far_as_read(result, sound.is_limited, None, MediaFileTooLargeError())
    return _with_sounds(result, file, heard) if heard.sounds or heard.broken else result


class _Heard(NamedTuple):
    """The tracks of sound, the default one first; what is wrong with those that tell too little, and with those that can't be read."""

    sounds: list[SoundFingerprint]
    empty: list[MediaError]
    broken: list[MediaError]


def _heard(file: BinaryIO, limits: MediaLimits, is_time_left: TimeLeft) -> _Heard:
    heard = _Heard([], [], [])
    for track in range(min(max(1, count_sound_tracks(file)), MAX_SOUNDS)):
        try:
            with guarded(MemoryError):
                heard.sounds.append(fingerprint_sound(file, limits, is_time_left=is_time_left, is_asking=True, track=track))
        except (NoSoundError, SoundTooShortError, SoundWithoutDetailError) as error:
            heard.empty.append(error)
        except MediaError as error:
            heard.broken.append(error)
    return heard


def _with_sounds(result: JobResult, file: BinaryIO, heard: _Heard) -> JobResult:
    for error in heard.broken:
        result = _without(result, error)
    if not heard.sounds:
        return result
    result = result.plus(Sound(list(sound.values)) for sound in heard.sounds if sound.values)
    result = _without(result, SoundEditsError()) if any(sound.has_unknown_edits for sound in heard.sounds) else result
    return _without(result, FurtherSoundsError()) if count_sound_tracks(file) > MAX_SOUNDS else result


def _as_far_as_read(result: JobResult, is_limited: bool, damage: StillmineError | None, too_much: StillmineError) -> JobResult:
    """Say that the rest of the file was not compared, and why."""
    if is_limited:
        return _without(result, too_much)
    return result if damage is None else _without(result, damage)


def _frames(video: VideoFingerprint) -> list[TurnedFrame]:
    """A run of equal frames is its first and its last, as in the text form."""
    frames = []
    for frame in video.frames:
        frames.append(TurnedFrame(list(frame.turned), frame.quality, frame.start_seconds))
        if frame.end_seconds > frame.start_seconds:
            frames.append(TurnedFrame(list(frame.turned), frame.quality, frame.end_seconds))
    return frames


def _stills(video: VideoFingerprint) -> list[Picture]:
    """What is among the frames already is looked up with these."""
    frames = {frame.pdq for frame in video.frames}
    return [
        Picture(list(still.hashes), still.quality, [Undone(word) for word in still.undone], (still.start_seconds, still.end_seconds))
        for still in video.stills
        if still.hashes[0] not in frames
    ]


def _without(result: JobResult, error: StillmineError) -> JobResult:
    return msgspec.structs.replace(result, left_out=[*result.left_out, error.code])


def _final(result: JobResult) -> JobResult:
    return msgspec.structs.replace(result, is_final=True)


_Maker = Callable[[BinaryIO, JobResult, TimeLeft], JobResult]

_MAKERS: dict[Part, _Maker] = {
    Part.STILL: _with_picture,
    Part.FRAMES: _with_frames,
    Part.FILMS_BEHIND: _with_films,
    Part.COVERS: _with_covers,
    Part.SOUND_OF_FILM: _with_sound_of_video,
    Part.SOUND: _with_sound,
}
"""What is made of each part."""
