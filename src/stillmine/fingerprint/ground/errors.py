# SPDX-License-Identifier: Apache-2.0
"""Why a file gave no fingerprint, in words that say what to do next.

Must never repeat anything of the file: no name, no decoder's message (those quote file contents).
"""

from stillmine.wire.errors import StillmineError


class MediaError(StillmineError):
    """Root of everything that can be wrong with a file; never raised itself."""


class EmptyFileError(MediaError):
    code = "empty_file"
    status = 422
    sentence = "This file is empty. Copy it again from where it came from, or choose another one."


class FileUnreadableError(MediaError):
    code = "file_unreadable"
    status = 422
    sentence = "This file can't be opened. Check that it exists, is a file, and may be read."


class FileTooLargeError(MediaError):
    code = "file_too_large"
    status = 413
    sentence = (
        "This file is too large to be read here. Save a smaller copy of the picture and use that; its fingerprint is almost the same."
    )


class NotAnImageError(MediaError):
    code = "not_an_image"
    status = 415
    sentence = (
        "This file is not a picture, video or sound that can be read. Choose a JPEG, PNG, WebP, HEIC, AVIF, GIF or TIFF, an MP4 or an MP3."
    )


class UnsupportedImageError(MediaError):
    code = "image_format_unsupported"
    status = 415
    sentence = "This kind of file can't be read yet. Save the picture as JPEG or PNG, or take a screenshot of it, and use that."


class TruncatedImageError(MediaError):
    code = "truncated_image"
    status = 422
    sentence = "This picture file ends early or is damaged. Copy it again from where it came from, or use another copy."


class ImageTooLargeError(MediaError):
    code = "image_too_large"
    status = 413
    sentence = "This picture has too many pixels to be read here. Save a smaller copy and use that; its fingerprint is almost the same."


class ImageTooSmallError(MediaError):
    code = "image_too_small"
    status = 422
    sentence = "This picture is too small to be recognised again. Use a larger copy of it, at least 5 pixels on each side."


class DecoderFailedError(MediaError):
    code = "decoder_failed"
    status = 422
    sentence = "The decoder failed unexpectedly on this file. Use another copy, or save it in another format first."


class FurtherPicturesError(MediaError):
    code = "further_pictures"
    status = 422
    sentence = "This file contains more pictures than were looked at. Save each of them as a separate file, and use those."


class DecoderDiedError(MediaError):
    code = "decoder_died"
    status = 422
    sentence = "This file crashed its decoder, so it was left out. Use another copy, or save it in another format first."


class MediaFileTooLargeError(MediaError):
    code = "media_file_too_large"
    status = 413
    sentence = "This file is too large to be read here. Save the video in a smaller size or cut it into parts, and use those."


class NotAVideoError(MediaError):
    code = "not_a_video"
    status = 415
    sentence = "This file contains no video that can be read. Choose an MP4, MOV, MKV, WebM, AVI, TS, FLV, WMV or animated picture file."


class VideoUnreadableError(MediaError):
    code = "video_unreadable"
    status = 422
    sentence = "This video is damaged or ends before its first picture. Copy it again from where it came from, or use another copy."


class VideoUnsupportedError(MediaError):
    code = "video_format_unsupported"
    status = 415
    sentence = "This video format can't be read yet: only identical files can be recognised. Save it as MP4 and use that as well."


class VideoEditsError(VideoUnsupportedError):
    code = "video_edits_unsupported"
    sentence = (
        "This video was cut in a way that can't be followed here: only identical files can be recognised. Save it again from the "
        "program that was used to cut it, and use that as well."
    )


class VideoTooLargeError(MediaError):
    code = "video_too_large"
    status = 413
    sentence = "This video has too many pixels to be read here. Save a smaller copy and use that; its fingerprint is almost the same."


class FurtherFilmsError(MediaError):
    code = "further_films"
    status = 422
    sentence = "This file contains more than one film, and not all of them were looked at. Save each as a separate file, and use those."


class FurtherSoundsError(MediaError):
    code = "further_sounds"
    status = 422
    sentence = (
        "This file contains more than one sound track, and not all of them were compared. Save each as a separate file, and use those."
    )


class MediaDeadlineError(MediaError):
    code = "media_deadline"
    status = 503
    sentence = "Reading this file took longer than allowed, so it was not looked at. Try again later, or use a shorter copy."


class NoSoundError(MediaError):
    code = "no_sound"
    status = 415
    sentence = "This file contains no sound that can be read. Choose a sound file or a video with sound."


class SoundUnreadableError(MediaError):
    code = "sound_unreadable"
    status = 422
    sentence = "This sound is damaged or ends before it begins. Copy it again from where it came from, or use another copy."


class SoundUnsupportedError(MediaError):
    code = "sound_format_unsupported"
    status = 415
    sentence = "This sound format can't be read yet: only identical files can be recognised. Save it as MP3 and use that as well."


class SoundEditsError(SoundUnsupportedError):
    code = "sound_edits_unsupported"
    sentence = (
        "This sound was cut in a way that can't be followed here: only identical files can be recognised. Save it again from the "
        "program that was used to cut it, and use that as well."
    )


class SoundTooShortError(MediaError):
    code = "sound_too_short"
    status = 422
    sentence = "This sound is too short to be recognised again. Use a longer copy; only identical files of this one can be recognised."


class SoundWithoutDetailError(MediaError):
    code = "sound_without_detail"
    status = 422
    sentence = (
        "This sound is silent or hardly changes, so its copies can't be told from other sounds. Only identical files can be recognised."
    )


class AudioLibraryMissingError(MediaError):
    code = "audio_library_missing"
    status = 500
    sentence = (
        "Sound needs the library Chromaprint. Install it (Debian: `libchromaprint1`) and try again; pictures and videos work without it."
    )
