# SPDX-License-Identifier: Apache-2.0
"""One file of any kind to all its fingerprints: what the command line prints and what a case would hold.

Joins the parts; no algorithm. What a file allows is told by its bytes, never by its name. Must never drop silently what could
not be made: it is in `left_out`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from stillmine.fingerprint.container.opening import MediaSource, open_source
from stillmine.fingerprint.container.sniff import FileType, sniff_file
from stillmine.fingerprint.exact import ExactDigests, exact_digests
from stillmine.fingerprint.gives import (
    Finding,
    Part,
    Reader,
    Subject,
    are_regions_read,
    finding_of,
    finding_of_picture,
    is_refused,
    is_sound_read,
    kinds_given,
    parts_read,
)
from stillmine.fingerprint.ground.errors import (
    FileTooLargeError,
    FileUnreadableError,
    FurtherFilmsError,
    FurtherPicturesError,
    FurtherSoundsError,
    MediaError,
    SoundEditsError,
    TruncatedImageError,
    VideoEditsError,
)
from stillmine.fingerprint.ground.guard import guarded
from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS, DEFAULT_MEDIA_LIMITS, Limits, MediaLimits
from stillmine.fingerprint.moving.video import VideoFingerprint, fingerprint_video
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.fingerprint.picture.decode import decode_image
from stillmine.fingerprint.picture.enrolled import enrolled_regions
from stillmine.fingerprint.picture.image import ImageFingerprint, distance_bits, fingerprint_decoded, fingerprint_image
from stillmine.fingerprint.picture.stored_pictures import StoredPicture, stored_pictures
from stillmine.fingerprint.sound.audio import SoundFingerprint, count_sound_tracks, fingerprint_sound
from stillmine.fingerprint.structure.film_behind import films_behind
from stillmine.wire.base64url import base64url_text
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import FULL_QUALITY, MAXIMUM_DISTANCE_BITS, Kind


@dataclass(frozen=True, slots=True)
class FileFingerprints:
    """What was made of one file. `left_out` says by error code what could not be made of it."""

    file_type: FileType
    digests: ExactDigests
    image: ImageFingerprint | None = None
    regions: bytes | None = None
    """None where the picture has too few, or is flat."""
    video: VideoFingerprint | None = None
    sound: SoundFingerprint | None = None
    left_out: tuple[str, ...] = ()

    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """Return them in the form in which a case holds them, whatever their quality."""
        return tuple(self._fingerprint(kind) for kind in kinds_given(Reader.CASE, self.file_type, self.found()))

    def found(self) -> dict[Subject, Finding]:
        """Return what was found of each part that could be read."""
        found = {}
        if self.image is not None:
            still = found[Subject.STILL] = finding_of_picture(self.image.quality)
            if are_regions_read(Reader.CASE, still):
                found[Subject.REGIONS] = Finding.FEW if self.regions is None else Finding.GOOD
        if self.video is not None:
            found[Subject.MOVING] = Finding.GOOD if self.video.frames else Finding.FLAT
        if self.sound is not None:
            found[Subject.SOUND] = Finding.GOOD
        return found

    def without(self, *codes: str) -> "FileFingerprints":
        """Return it with more that was left out."""
        return replace(self, left_out=(*self.left_out, *codes))

    def _fingerprint(self, kind: Kind) -> Fingerprint:
        if kind is Kind.PDQ and self.image is not None:
            return Fingerprint(kind, self.image.text, self.image.quality)
        if kind is Kind.REGIONS and self.regions is not None:
            return Fingerprint(kind, base64url_text(self.regions), FULL_QUALITY)
        if kind is Kind.VPDQ and self.video is not None:
            return Fingerprint(kind, write_vpdq(self.video.frames), max(frame.quality for frame in self.video.frames))
        if kind is Kind.CHROMAPRINT and self.sound is not None:
            return Fingerprint(kind, self.sound.text, FULL_QUALITY)
        digest = self.digests.md5 if kind is Kind.MD5 else self.digests.sha256
        return Fingerprint(kind, digest.hex(), FULL_QUALITY)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a file is read. `source` holds what moves or sounds: the file itself, or the film behind its picture."""

    path: Path
    source: MediaSource
    limits: Limits
    media_limits: MediaLimits
    is_asking: bool


@guarded()
def fingerprint_file(
    path: Path, limits: Limits = DEFAULT_LIMITS, media_limits: MediaLimits = DEFAULT_MEDIA_LIMITS, *, is_asking: bool = False
) -> FileFingerprints:
    """Return all fingerprints of a file; raises a MediaError if there are only digests.

    If `is_asking`, frames are given in every turn, and of a picture whose pixels are missing in part the rest counts.
    """
    file_type = sniff_file(path, media_limits)
    with open_source(path, media_limits.max_file_bytes) as stream:
        made = FileFingerprints(file_type, exact_digests(stream, media_limits))
    reading = _Reading(path, path, limits, media_limits, is_asking)
    errors: dict[Subject, Finding] = {}
    for part in parts_read(Reader.CASE, file_type):
        if part is Part.FILMS_BEHIND:
            reading, made = _with_film_of(reading, made)
        for make, subject in _MAKERS[part]:
            try:
                made = make(reading, made)
            except MediaError as error:
                errors[subject] = finding_of(error)
                if is_refused(Reader.CASE, file_type, errors):
                    raise
                made = made.without(error.code)
    return made


def _with_still(reading: _Reading, made: FileFingerprints) -> FileFingerprints:
    """What is shown first, which is all that a case holds of a still file; of other pictures in it, whether it finds their copies too."""
    limits = reading.limits
    data = _read(reading.path, limits)
    decoded = decode_image(data, limits, is_asking=reading.is_asking)
    image = fingerprint_decoded(decoded)
    are_wanted = are_regions_read(Reader.CASE, finding_of_picture(image.quality)) and not image.lacks_pixels
    regions = enrolled_regions(decoded, image.pdq) if are_wanted else None
    missing = (TruncatedImageError.code,) if image.lacks_pixels else ()
    pictures, has_more = stored_pictures(data, limits)
    is_whole = not has_more and all(_is_found_by(image, picture, limits) for picture in pictures[1:])
    return replace(made, image=image, regions=regions).without(*missing, *(() if is_whole else (FurtherPicturesError.code,)))


def _is_found_by(image: ImageFingerprint, picture: StoredPicture, limits: Limits) -> bool:
    try:
        other = fingerprint_image(picture.data, limits, picture.place)
    except MediaError:
        return False
    return distance_bits(image.pdq, other.pdq) <= MAXIMUM_DISTANCE_BITS


def _with_film_of(reading: _Reading, made: FileFingerprints) -> tuple[_Reading, FileFingerprints]:
    """The first film that belongs to a photograph is read as a video."""
    with open_source(reading.path, reading.media_limits.max_file_bytes) as stream:
        films = films_behind(stream, reading.limits.max_file_bytes)
    return replace(reading, source=films[0]), made.without(FurtherFilmsError.code) if len(films) > 1 else made


def _with_frames(reading: _Reading, made: FileFingerprints) -> FileFingerprints:
    """What moves: copies of an animated picture circulate as either kind, those of a video with another sound."""
    with guarded():
        video = fingerprint_video(reading.source, reading.media_limits, is_asking=reading.is_asking)
    is_of_tracks = made.file_type is not FileType.ANIMATED_IMAGE
    return replace(made, video=video).without(*(_left_out_of(video) if is_of_tracks else ()))


def _left_out_of(video: VideoFingerprint) -> Iterator[str]:
    if video.has_unknown_edits:
        yield VideoEditsError.code
    if video.tracks > 1:
        yield FurtherFilmsError.code


def _with_sound_of_film(reading: _Reading, made: FileFingerprints) -> FileFingerprints:
    moving = made.found().get(Subject.MOVING, Finding.NONE)
    has_sound = made.video is not None and made.video.has_sound
    return _with_sound(reading, made) if has_sound and is_sound_read(Reader.CASE, made.file_type, moving) else made


def _with_sound(reading: _Reading, made: FileFingerprints) -> FileFingerprints:
    """What players play, which is all that a case holds of a file's sound, and what of it is left out."""
    source, limits = reading.source, reading.media_limits
    with guarded():
        sound = fingerprint_sound(source, limits, is_asking=reading.is_asking)
        unknown = (SoundEditsError.code,) if sound.has_unknown_edits else ()
        further = (FurtherSoundsError.code,) if count_sound_tracks(source, limits) > 1 else ()
    return replace(made, sound=sound).without(*unknown, *further)


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


_Maker = Callable[[_Reading, FileFingerprints], FileFingerprints]

_MAKERS: dict[Part, tuple[tuple[_Maker, Subject], ...]] = {
    Part.STILL: ((_with_still, Subject.STILL),),
    Part.FRAMES: ((_with_frames, Subject.MOVING),),
    Part.FILMS_BEHIND: ((_with_frames, Subject.MOVING), (_with_sound_of_film, Subject.SOUND)),
    Part.SOUND_OF_FILM: ((_with_sound_of_film, Subject.SOUND),),
    Part.SOUND: ((_with_sound, Subject.SOUND),),
}
"""What is made of each part, and of what an error there is."""
