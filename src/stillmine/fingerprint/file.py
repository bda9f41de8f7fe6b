# SPDX-License-Identifier: Apache-2.0
"""One file of any kind to all its fingerprints: what the command line prints and what a case would hold.

Joins the parts; no algorithm. What a file allows is told by its bytes, never by its name. Must never drop silently what could
not be made: it is in `left_out`.
"""

from dataclasses import dataclass
from pathlib import Path

from stillmine.fingerprint.audio import SoundFingerprint, fingerprint_sound
from stillmine.fingerprint.container import open_source
from stillmine.fingerprint.errors import FileTooLargeError, FileUnreadableError, MediaError, TruncatedImageError
from stillmine.fingerprint.exact import ExactDigests, exact_digests
from stillmine.fingerprint.guard import guarded
from stillmine.fingerprint.image import ImageFingerprint, fingerprint_image
from stillmine.fingerprint.limits import DEFAULT_LIMITS, Limits
from stillmine.fingerprint.media_errors import SoundTooShortError, SoundWithoutDetailError
from stillmine.fingerprint.media_limits import DEFAULT_MEDIA_LIMITS, MediaLimits
from stillmine.fingerprint.sniff import FileType, sniff_file
from stillmine.fingerprint.video import VideoFingerprint, fingerprint_video
from stillmine.fingerprint.vpdq_text import write_vpdq
from stillmine.wire.fingerprint import FULL_QUALITY, Fingerprint, Kind


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
    """Return all fingerprints of a file; raises a MediaError where there is none but digests.

    If `is_asking`, frames are given in every turn, and of a picture whose pixels are missing in part the rest counts.
    """
    file_type = sniff_file(path, media_limits)
    with open_source(path, media_limits.max_file_bytes) as stream:
        digests = exact_digests(stream, media_limits)
    if file_type in (FileType.IMAGE, FileType.UNKNOWN):  # of an unknown file the image part says best what is wrong
        image = fingerprint_image(_read(path, limits), limits, is_asking=is_asking)
        return FileFingerprints(file_type, digests, image, left_out=_missing(image))
    if file_type is FileType.ANIMATED_IMAGE:
        return _fingerprint_animation(path, digests, limits, media_limits, is_asking)
    if file_type is FileType.VIDEO:
        return _fingerprint_video(path, digests, media_limits, is_asking)
    try:
        return FileFingerprints(file_type, digests, sound=fingerprint_sound(path, media_limits))
    except (SoundTooShortError, SoundWithoutDetailError) as error:  # nothing is wrong with the file: its digests are all there is
        return FileFingerprints(file_type, digests, left_out=(error.code,))


def _fingerprint_animation(
    path: Path, digests: ExactDigests, limits: Limits, media_limits: MediaLimits, is_asking: bool
) -> FileFingerprints:
    """Its first frame as a picture, all of them as a video: copies of either kind circulate."""
    image = fingerprint_image(_read(path, limits), limits, is_asking=is_asking)
    missing = _missing(image)
    try:
        with guarded():
            video = fingerprint_video(path, media_limits, is_asking=is_asking)
    except MediaError as error:
        return FileFingerprints(FileType.ANIMATED_IMAGE, digests, image, left_out=(*missing, error.code))
    return FileFingerprints(FileType.ANIMATED_IMAGE, digests, image, video, left_out=missing)


def _missing(image: ImageFingerprint) -> tuple[str, ...]:
    return (TruncatedImageError.code,) if image.lacks_pixels else ()


def _fingerprint_video(path: Path, digests: ExactDigests, limits: MediaLimits, is_asking: bool) -> FileFingerprints:
    """Its pictures and its sound: copies of one circulate with the other exchanged."""
    video = fingerprint_video(path, limits, is_asking=is_asking)
    if not video.has_sound:
        return FileFingerprints(FileType.VIDEO, digests, video=video)
    try:
        with guarded():
            return FileFingerprints(FileType.VIDEO, digests, video=video, sound=fingerprint_sound(path, limits))
    except MediaError as error:
        return FileFingerprints(FileType.VIDEO, digests, video=video, left_out=(error.code,))


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
