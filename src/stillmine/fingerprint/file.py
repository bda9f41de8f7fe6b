# SPDX-License-Identifier: Apache-2.0
"""One file of any kind to all its fingerprints: what the command line prints and what a case would hold.

Joins the parts; no algorithm. What a file allows is told by its bytes, never by its name. Must never drop silently what could
not be made: it is in `left_out`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from stillmine.fingerprint.container.opening import MediaSource, open_source
from stillmine.fingerprint.container.sniff import FileType, sniff_file
from stillmine.fingerprint.exact import ExactDigests, exact_digests
from stillmine.fingerprint.ground.errors import (
    FileTooLargeError,
    FileUnreadableError,
    FurtherFilmsError,
    FurtherPicturesError,
    FurtherSoundsError,
    MediaError,
    SoundEditsError,
    SoundTooShortError,
    SoundUnsupportedError,
    SoundWithoutDetailError,
    TruncatedImageError,
    VideoEditsError,
    VideoUnsupportedError,
)
from stillmine.fingerprint.ground.guard import guarded
from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS, DEFAULT_MEDIA_LIMITS, Limits, MediaLimits
from stillmine.fingerprint.moving.video import VideoFingerprint, fingerprint_video
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.fingerprint.picture.image import ImageFingerprint, distance_bits, fingerprint_image
from stillmine.fingerprint.picture.stored_pictures import StoredPicture, stored_pictures
from stillmine.fingerprint.sound.audio import SoundFingerprint, count_sound_tracks, fingerprint_sound
from stillmine.fingerprint.structure.film_behind import films_behind
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import FULL_QUALITY, MAXIMUM_DISTANCE_BITS, Kind


@dataclass(frozen=True, slots=True)
class FileFingerprints:
    """What was made of one file. `left_out` says by error code what could not be made of it."""

    file_type: FileType
    digests: ExactDigests
    image: ImageFingerprint | None = None
    video: VideoFingerprint | None = None
    sound: SoundFingerprint | None = None
    left_out: tuple[str, ...] = ()

    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """Return them in the form in which a case holds them, whatever their quality."""
        made = []
        if self.image is not None:
            made.append(Fingerprint(Kind.PDQ, self.image.text, self.image.quality))
        if self.video is not None and self.video.frames:
            made.append(Fingerprint(Kind.VPDQ, write_vpdq(self.video.frames), max(frame.quality for frame in self.video.frames)))
        if self.sound is not None:
            made.append(Fingerprint(Kind.CHROMAPRINT, self.sound.text, FULL_QUALITY))
        made.append(Fingerprint(Kind.SHA256, self.digests.sha256.hex(), FULL_QUALITY))
        made.append(Fingerprint(Kind.MD5, self.digests.md5.hex(), FULL_QUALITY))
        return tuple(made)


@guarded()
def fingerprint_file(
    path: Path, limits: Limits = DEFAULT_LIMITS, media_limits: MediaLimits = DEFAULT_MEDIA_LIMITS, *, is_asking: bool = False
) -> FileFingerprints:
    """Return all fingerprints of a file; raises a MediaError if there is none but digests.

    If `is_asking`, frames are given in every turn, and of a picture whose pixels are missing in part the rest counts.
    """
    file_type = sniff_file(path, media_limits)
    with open_source(path, media_limits.max_file_bytes) as stream:
        digests = exact_digests(stream, media_limits)
    if file_type in (FileType.IMAGE, FileType.UNKNOWN):  # of an unknown file the image part says best what is wrong
        image, left_out = _fingerprint_still(path, limits, is_asking)
        return FileFingerprints(file_type, digests, image, left_out=left_out)
    if file_type is FileType.MOTION_PHOTO:
        return _fingerprint_motion_photo(path, digests, limits, media_limits, is_asking)
    if file_type is FileType.ANIMATED_IMAGE:
        return _fingerprint_animation(path, digests, limits, media_limits, is_asking)
    if file_type is FileType.VIDEO:
        return _fingerprint_video(path, digests, media_limits, is_asking)
    try:
        sound, left_out = _fingerprint_sound(path, media_limits, is_asking)
        return FileFingerprints(file_type, digests, sound=sound, left_out=left_out)
    except (
        SoundTooShortError,
        SoundWithoutDetailError,
        SoundUnsupportedError,
    ) as error:  # nothing is wrong with the file: its digests are all there is
        return FileFingerprints(file_type, digests, left_out=(error.code,))


def _fingerprint_still(path: Path, limits: Limits, is_asking: bool) -> tuple[ImageFingerprint, tuple[str, ...]]:
    """What is shown first, which is all that a case holds of a still file; of other pictures in it, whether it finds their copies too."""
    data = _read(path, limits)
    image = fingerprint_image(data, limits, is_asking=is_asking)
    missing = (TruncatedImageError.code,) if image.lacks_pixels else ()
    pictures, has_more = stored_pictures(data, limits)
    is_whole = not has_more and all(_is_found_by(image, picture, limits) for picture in pictures[1:])
    return image, missing if is_whole else (*missing, FurtherPicturesError.code)


def _is_found_by(image: ImageFingerprint, picture: StoredPicture, limits: Limits) -> bool:
    try:
        other = fingerprint_image(picture.data, limits, picture.place)
    except MediaError:
        return False
    return distance_bits(image.pdq, other.pdq) <= MAXIMUM_DISTANCE_BITS


def _fingerprint_motion_photo(
    path: Path, digests: ExactDigests, limits: Limits, media_limits: MediaLimits, is_asking: bool
) -> FileFingerprints:
    """The photograph as a picture, the film that belongs to it as a video."""
    image: ImageFingerprint | None = None
    try:
        image, left_out = _fingerprint_still(path, limits, is_asking)
    except MediaError as error:
        left_out = (error.code,)
    with open_source(path, media_limits.max_file_bytes) as stream:
        films = films_behind(stream, limits.max_file_bytes)
    if len(films) > 1:
        left_out = (*left_out, FurtherFilmsError.code)
    try:
        with guarded():
            film = _fingerprint_video(films[0], digests, media_limits, is_asking)
    except MediaError as error:
        if image is None:
            raise
        return FileFingerprints(FileType.MOTION_PHOTO, digests, image, left_out=(*left_out, error.code))
    return replace(film, file_type=FileType.MOTION_PHOTO, image=image, left_out=(*left_out, *film.left_out))


def _fingerprint_animation(
    path: Path, digests: ExactDigests, limits: Limits, media_limits: MediaLimits, is_asking: bool
) -> FileFingerprints:
    """Its first frame as a picture, all of them as a video: copies of either kind circulate."""
    image, left_out = _fingerprint_still(path, limits, is_asking)
    try:
        with guarded():
            video = fingerprint_video(path, media_limits, is_asking=is_asking)
    except MediaError as error:
        return FileFingerprints(FileType.ANIMATED_IMAGE, digests, image, left_out=(*left_out, error.code))
    return FileFingerprints(FileType.ANIMATED_IMAGE, digests, image, video, left_out=left_out)


def _fingerprint_video(source: MediaSource, digests: ExactDigests, limits: MediaLimits, is_asking: bool) -> FileFingerprints:
    """Its pictures and its sound: copies of one circulate with the other exchanged."""
    try:
        video = fingerprint_video(source, limits, is_asking=is_asking)
    except VideoUnsupportedError as error:
        return FileFingerprints(FileType.VIDEO, digests, left_out=(error.code,))
    made = FileFingerprints(FileType.VIDEO, digests, video=video, left_out=tuple(_left_out_of(video)))
    if not video.has_sound:
        return made
    try:
        with guarded():
            sound, left_out = _fingerprint_sound(source, limits, is_asking)
            return replace(made, sound=sound, left_out=(*made.left_out, *left_out))
    except MediaError as error:
        return replace(made, left_out=(*made.left_out, error.code))


def _left_out_of(video: VideoFingerprint) -> Iterator[str]:
    if video.has_unknown_edits:
        yield VideoEditsError.code
    if video.tracks > 1:
        yield FurtherFilmsError.code


def _fingerprint_sound(source: MediaSource, limits: MediaLimits, is_asking: bool) -> tuple[SoundFingerprint, tuple[str, ...]]:
    """What players play, which is all that a case holds of a file's sound, and what of it is left out."""
    sound = fingerprint_sound(source, limits, is_asking=is_asking)
    unknown = (SoundEditsError.code,) if sound.has_unknown_edits else ()
    return sound, (*unknown, FurtherSoundsError.code) if count_sound_tracks(source, limits) > 1 else unknown


def _read(path: Path, limits: Limits) -> bytes:
    """The whole of a picture's file; nothing larger than is read anyway."""
    try:
        with path.open("rb") as stream:
            data = stream.read(limits.max_file_bytes + 1)
    except OSError:
        raise FileUnreadableError from None
    if len(data) > limits.max_file_bytes:
        raise FileTooLargeError(f"at most {limits.max_file_bytes} bytes")
    return data
