# SPDX-License-Identifier: Apache-2.0
"""Why a video or a sound gave no fingerprint, in words that say what to do next.

Must never repeat anything of the file: no name, no title, no decoder's message (those quote file contents).
"""

from stillmine.fingerprint.errors import MediaError


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
