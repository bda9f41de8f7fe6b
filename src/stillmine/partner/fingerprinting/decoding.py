# SPDX-License-Identifier: Apache-2.0
"""What a worker makes of one file: what it is by its content, its digests, then all that this content allows.

Runs in a worker process only, because it reads strangers' files. Digests come first and on their own, so that an identical copy is found
even if the file then breaks its decoder. Must never write, log or keep anything of the file.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from typing import BinaryIO, NamedTuple

import msgspec

from stillmine.fingerprint import DEFAULT_LIMITS, FileTooLargeError, MediaError, QueryVariant
from stillmine.fingerprint.audio import SoundFingerprint, count_sound_tracks, fingerprint_sound
from stillmine.fingerprint.covers import cover_pictures
from stillmine.fingerprint.errors import DecoderFailedError, FurtherPicturesError
from stillmine.fingerprint.exact import exact_digests
from stillmine.fingerprint.film_behind import films_behind
from stillmine.fingerprint.guard import guarded
from stillmine.fingerprint.media_errors import (
    FurtherFilmsError,
    FurtherSoundsError,
    MediaFileTooLargeError,
    NoSoundError,
    NotAVideoError,
    SoundEditsError,
    SoundTooShortError,
    SoundUnreadableError,
    SoundWithoutDetailError,
    VideoEditsError,
    VideoUnreadableError,
)
from stillmine.fingerprint.media_limits import DEFAULT_MEDIA_LIMITS, MediaLimits
from stillmine.fingerprint.query import FileQuery, query_pictures
from stillmine.fingerprint.sniff import FileType, sniff_file
from stillmine.fingerprint.stills import MAXIMUM_STILLS
from stillmine.fingerprint.video import VideoFingerprint, fingerprint_video
from stillmine.partner.fingerprinting.budget import estimated_seconds, limits_within_budget
from stillmine.partner.fingerprinting.worker_messages import LONG_MEDIA, UPLOAD_FRAMES_PER_SECOND, Answer, Frame, Job, Media, Picture
from stillmine.partner.ground.errors import TooMuchToDecodeError
from stillmine.wire.errors import QualityTooLowError, StillmineError
from stillmine.wire.fingerprint import MINIMUM_QUALITY
from stillmine.wire.screen import Undone

MAX_FILMS = 3
"""Of one upload, those without detail among them. Two hours each still fit into an answer."""

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

TimeLeft = Callable[[], bool]


def fingerprints_of(file: BinaryIO, job: Job) -> Iterator[Answer]:
    """Yield what the file is, then its digests, then all of its fingerprints."""
    until = time.monotonic() + job.seconds * SHARE_OF_TIME

    def is_time_left() -> bool:
        return time.monotonic() < until

    answer = Answer(Media.UNKNOWN)
    try:
        answer = _told_apart(file)
        if answer.media in LONG_MEDIA and not job.takes_long:
            yield msgspec.structs.replace(answer, is_final=True, work_seconds=estimated_seconds(answer.media, file))
            return
        file.seek(0)
        digests = exact_digests(file, is_time_left=is_time_left)
        answer = msgspec.structs.replace(answer, sha256=digests.sha256, md5=digests.md5)
        yield answer
    except StillmineError as error:
        yield _final(_without(answer, error))
        return
    for make in _MAKERS[answer.media]:
        file.seek(0)
        try:
            with guarded(MemoryError):
                answer = make(file, answer, is_time_left)
        except StillmineError as error:
            answer = _without(answer, error)
    yield _final(answer)


def _told_apart(file: BinaryIO) -> Answer:
    """Say what the file is; where that broke a decoder its digests are still to be had."""
    try:
        with guarded(MemoryError):
            return Answer(_MEDIA[sniff_file(file)])
    except DecoderFailedError as error:
        return _without(Answer(Media.UNKNOWN), error)


def _with_picture(file: BinaryIO, answer: Answer, _is_time_left: TimeLeft) -> Answer:
    data = file.read(DEFAULT_LIMITS.max_file_bytes + 1)
    if len(data) > DEFAULT_LIMITS.max_file_bytes:
        raise FileTooLargeError
    asked = query_pictures(data)
    return msgspec.structs.replace(answer, pictures=_pictures(asked), left_out=[*answer.left_out, *asked.left_out])


def _with_covers(file: BinaryIO, answer: Answer, _is_time_left: TimeLeft) -> Answer:
    """Players show them; one without detail leaves nothing out, as there is the film or the sound."""
    covers, has_more = cover_pictures(file)
    if has_more:
        answer = _without(answer, FurtherPicturesError())
    for cover in covers:
        try:
            asked = query_pictures(cover)
        except MediaError as error:
            answer = _without(answer, error)
            continue
        good = [picture for picture in _pictures(asked) if picture.quality >= MINIMUM_QUALITY]
        answer = msgspec.structs.replace(answer, pictures=[*answer.pictures, *good], left_out=[*answer.left_out, *asked.left_out])
    return answer


def _pictures(asked: FileQuery) -> list[Picture]:
    """Of each picture the eight turns of the whole, then those of each part."""
    pictures = []
    for query in asked.queries:
        by_part: dict[tuple[str, ...], list[QueryVariant]] = {}
        for variant in query.variants:
            by_part.setdefault(variant.undone, []).append(variant)
        for undone, variants in by_part.items():
            pictures.append(Picture([variant.pdq for variant in variants], variants[0].quality, [Undone(word) for word in undone]))
    return pictures


def _with_frames(file: BinaryIO, answer: Answer, is_time_left: TimeLeft) -> Answer:
    return _with_tracks(file, answer, limits_within_budget(answer.media, file), is_time_left)


def _with_films(file: BinaryIO, answer: Answer, is_time_left: TimeLeft) -> Answer:
    """The films that belong to a still picture, with their sound."""
    limits = limits_within_budget(answer.media, file)
    for film in films_behind(file):
        try:
            with guarded(MemoryError):
                answer = _with_whole_film(BytesIO(film), answer, limits, is_time_left)
        except MediaError as error:
            answer = _without(answer, error)
    return answer


def _with_whole_film(film: BinaryIO, answer: Answer, limits: MediaLimits, is_time_left: TimeLeft) -> Answer:
    """Its pictures and its sound; phones put sound alone behind a picture, too."""
    try:
        answer = _with_tracks(film, answer, limits, is_time_left)
    except NotAVideoError:
        with_sound = _with_sound_of_video(film, answer, is_time_left)
        if with_sound is answer:
            raise VideoUnreadableError from None
        return with_sound
    return _with_sound_of_video(film, answer, is_time_left)


def _with_tracks(file: BinaryIO, answer: Answer, limits: MediaLimits, is_time_left: TimeLeft) -> Answer:
    """Each track of moving pictures that a player can show, the default one first."""
    track, tracks = 0, 1
    while track < tracks:
        if answer.films_read == MAX_FILMS:
            return _without(answer, FurtherFilmsError())
        answer = msgspec.structs.replace(answer, films_read=answer.films_read + 1)
        try:
            video = fingerprint_video(
                file, limits, is_time_left=is_time_left, samples_per_second=UPLOAD_FRAMES_PER_SECOND, is_asking=True, track=track
            )
        except MediaError as error:
            if track == 0:
                raise
            answer = _without(answer, error)
        else:
            answer, tracks = _with_film(answer, video, limits), video.tracks
        track += 1
    is_flat = not answer.films and not answer.stills and all(picture.quality < MINIMUM_QUALITY for picture in answer.pictures)
    return _without(answer, QualityTooLowError()) if is_flat and not answer.left_out else answer


def _with_film(answer: Answer, video: VideoFingerprint, limits: MediaLimits) -> Answer:
    films = [*answer.films, _frames(video)]
    stills = [*answer.stills, *_stills(video)]
    answer = msgspec.structs.replace(answer, frames=films[0], further_films=films[1:], stills=stills[:MAXIMUM_STILLS])
    answer = _without(answer, VideoEditsError()) if video.has_unknown_edits else answer
    damage = VideoUnreadableError() if video.is_truncated else None
    too_much = MediaFileTooLargeError() if limits == DEFAULT_MEDIA_LIMITS else TooMuchToDecodeError()
    return _as_far_as_read(answer, video.is_limited or len(stills) > MAXIMUM_STILLS, damage, too_much)


def _with_sound(file: BinaryIO, answer: Answer, is_time_left: TimeLeft) -> Answer:
    """Every track of sound; raises why where none of them can be compared."""
    heard = _heard(file, DEFAULT_MEDIA_LIMITS, is_time_left)
    if not heard.sounds:
        raise (heard.broken + heard.empty)[0]
    for sound in heard.sounds:
        damage = SoundUnreadableError() if sound.is_truncated else None
        answer = _as_far_as_read(answer, sound.is_limited, damage, MediaFileTooLargeError())
    return _with_sounds(answer, file, heard)


def _with_sound_of_video(file: BinaryIO, answer: Answer, is_time_left: TimeLeft) -> Answer:
    """A video is known by its frames; that it has no sound or little of it leaves nothing out."""
    heard = _heard(file, VIDEO_SOUND_LIMITS, is_time_left)
    for sound in heard.sounds:
        answer = _as_far_as_read(answer, sound.is_limited, None, MediaFileTooLargeError())
    return _with_sounds(answer, file, heard) if heard.sounds or heard.broken else answer


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


def _with_sounds(answer: Answer, file: BinaryIO, heard: _Heard) -> Answer:
    for error in heard.broken:
        answer = _without(answer, error)
    if not heard.sounds:
        return answer
    values = [*answer.sounds, *(list(sound.values) for sound in heard.sounds)]
    answer = msgspec.structs.replace(answer, sound=values[0], further_sounds=values[1:])
    answer = _without(answer, SoundEditsError()) if any(sound.has_unknown_edits for sound in heard.sounds) else answer
    return _without(answer, FurtherSoundsError()) if count_sound_tracks(file) > MAX_SOUNDS else answer


def _as_far_as_read(answer: Answer, is_limited: bool, damage: StillmineError | None, too_much: StillmineError) -> Answer:
    """Say that the rest of the file was not compared, and why."""
    if is_limited:
        return _without(answer, too_much)
    return answer if damage is None else _without(answer, damage)


def _frames(video: VideoFingerprint) -> list[Frame]:
    """A run of equal frames is its first and its last, as in the text form."""
    frames = []
    for frame in video.frames:
        frames.append(Frame(list(frame.turned), frame.quality, frame.start_seconds))
        if frame.end_seconds > frame.start_seconds:
            frames.append(Frame(list(frame.turned), frame.quality, frame.end_seconds))
    return frames


def _stills(video: VideoFingerprint) -> list[Picture]:
    """What is among the frames already is looked up with these."""
    frames = {frame.pdq for frame in video.frames}
    return [
        Picture(list(still.hashes), still.quality, [Undone(word) for word in still.undone], (still.start_seconds, still.end_seconds))
        for still in video.stills
        if still.hashes[0] not in frames
    ]


def _without(answer: Answer, error: StillmineError) -> Answer:
    return msgspec.structs.replace(answer, left_out=[*answer.left_out, error.code])


def _final(answer: Answer) -> Answer:
    return msgspec.structs.replace(answer, is_final=True)


_Maker = Callable[[BinaryIO, Answer, TimeLeft], Answer]

_MAKERS: dict[Media, tuple[_Maker, ...]] = {
    Media.IMAGE: (_with_picture,),
    Media.UNKNOWN: (_with_picture,),
    Media.ANIMATION: (_with_picture, _with_frames),
    Media.MOTION_PHOTO: (_with_picture, _with_films),
    Media.VIDEO: (_with_frames, _with_covers, _with_sound_of_video),
    Media.SOUND: (_with_sound, _with_covers),
}
"""What is made of each sort. An unknown file is tried as a picture, whose part says what is wrong with it."""
