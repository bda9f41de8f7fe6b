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
