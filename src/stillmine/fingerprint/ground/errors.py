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
    sentence = "This file is larger than is read here. Save the picture smaller and use that copy; its fingerprint is nearly the same."


class NotAnImageError(MediaError):
    code = "not_an_image"
    status = 415
    sentence = (
        "This file is no picture, video or sound that can be read. Choose a JPEG, PNG, WebP, HEIC, AVIF, GIF or TIFF, an MP4 or an MP3."
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
    sentence = "This picture has more pixels than are read here. Save it smaller and use that copy; its fingerprint is nearly the same."


class ImageTooSmallError(MediaError):
    code = "image_too_small"
    status = 422
    sentence = "This picture is too small to be recognised again. Use a larger copy of it, at least 5 pixels on each side."


class DecoderFailedError(MediaError):
    code = "decoder_failed"
    status = 422
    sentence = "The decoder of this file failed in a way that nobody foresaw. Use another copy, or save it in another format first."


class FurtherPicturesError(MediaError):
    code = "further_pictures"
    status = 422
    sentence = "This file holds more pictures than were looked at. Save each of them as a file of its own, and use those."


class DecoderDiedError(MediaError):
    code = "decoder_died"
    status = 422
    sentence = "Reading this file ended its decoder, so it was left out. Use another copy, or save it in another format first."


class MediaFileTooLargeError(MediaError):
    code = "media_file_too_large"
    status = 413
    sentence = "This file is larger than is read here. Save the video smaller or cut it into parts, and use those."


class NotAVideoError(MediaError):
    code = "not_a_video"
    status = 415
    sentence = (
        "There are no moving pictures in this video file that can be read. Choose an MP4, MOV, MKV, WebM, AVI, TS, FLV, WMV or animated "
        "picture file."
    )


class VideoUnreadableError(MediaError):
    code = "video_unreadable"
    status = 422
    sentence = "This video ends before its first picture or is damaged. Copy it again from where it came from, or use another copy."


class VideoUnsupportedError(MediaError):
    code = "video_format_unsupported"
    status = 415
    sentence = (
        "This video is of a kind that can't be read yet: only identical files can be recognised. Save it as MP4 and use that as well."
    )


class VideoEditsError(VideoUnsupportedError):
    code = "video_edits_unsupported"
    sentence = (
        "This video was cut in a way that can't be followed here: only identical files can be recognised. Save it anew from what was used "
        "to cut it, and use that as well."
    )


class VideoTooLargeError(MediaError):
    code = "video_too_large"
    status = 413
    sentence = "This video has more pixels than are read here. Save it smaller and use that copy; its fingerprint is nearly the same."


class FurtherFilmsError(MediaError):
    code = "further_films"
    status = 422
    sentence = "This file holds more than one film, and not all of them were looked at. Save each as a file of its own, and use those."


class FurtherSoundsError(MediaError):
    code = "further_sounds"
    status = 422
    sentence = "This file holds more than one track of sound, and not all were listened to. Save each as a file of its own, and use those."


class MediaDeadlineError(MediaError):
    code = "media_deadline"
    status = 503
    sentence = "Reading this file took longer than allowed, so it was not looked at. Try again later, or use a shorter copy."


class NoSoundError(MediaError):
    code = "no_sound"
    status = 415
    sentence = "There is no sound in this file that can be read. Choose a sound file or a video with sound."


class SoundUnreadableError(MediaError):
    code = "sound_unreadable"
    status = 422
    sentence = "This sound ends before it begins or is damaged. Copy it again from where it came from, or use another copy."


class SoundUnsupportedError(MediaError):
    code = "sound_format_unsupported"
    status = 415
    sentence = (
        "This sound is of a kind that can't be read yet: only identical files can be recognised. Save it as MP3 and use that as well."
    )


class SoundEditsError(SoundUnsupportedError):
    code = "sound_edits_unsupported"
    sentence = (
        "This sound was cut in a way that can't be followed here: only identical files can be recognised. Save it anew from what was used "
        "to cut it, and use that as well."
    )


class SoundTooShortError(MediaError):
    code = "sound_too_short"
    status = 422
    sentence = "This sound is too short to be recognised again. Use a longer copy; only identical files of this one can be recognised."


class SoundWithoutDetailError(MediaError):
    code = "sound_without_detail"
    status = 422
    sentence = "This sound is silent or hardly changes, so copies can't be told from other sounds. Only identical files can be recognised."


class AudioLibraryMissingError(MediaError):
    code = "audio_library_missing"
    status = 500
    sentence = (
        "Sound needs the library Chromaprint. Install it (Debian: `libchromaprint1`) and try again; pictures and videos work without it."
    )
