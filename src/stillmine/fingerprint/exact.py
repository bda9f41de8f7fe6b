# SPDX-License-Identifier: Apache-2.0
"""The digests that recognise identical files: SHA-256, and MD5 for partners whose systems hold nothing else.

One pass over a stream, memory that does not grow with the file. MD5 can be forged on purpose; it must never be taken as proof that
two files are the same.
"""

import hashlib
from dataclasses import dataclass, field
from typing import BinaryIO

from stillmine.fingerprint.ground.errors import EmptyFileError, FileUnreadableError, MediaDeadlineError, MediaFileTooLargeError
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS, MediaLimits, TimeLeft, no_deadline

_READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ExactDigests:
    """SHA-256 (32 bytes) and MD5 (16 bytes) of a whole file, and its length in bytes."""

    sha256: bytes = field(repr=False)
    md5: bytes = field(repr=False)
    size_bytes: int


def exact_digests(
    stream: BinaryIO,
    limits: MediaLimits = DEFAULT_MEDIA_LIMITS,
    *,
    is_time_left: TimeLeft = no_deadline,
) -> ExactDigests:
    """Return the digests of what is left of a stream; it need not be seekable and is not closed.

    Raises EmptyFileError, MediaFileTooLargeError, FileUnreadableError, MediaDeadlineError.
    """
    sha256 = hashlib.sha256()
    md5 = hashlib.md5(usedforsecurity=False)
    size_bytes = 0
    while block := _read(stream):
        if not is_time_left():
            raise MediaDeadlineError
        size_bytes += len(block)
        if size_bytes > limits.max_file_bytes:
            raise MediaFileTooLargeError(f"at most {limits.max_file_bytes} bytes")
        sha256.update(block)
        md5.update(block)
    if not size_bytes:
        raise EmptyFileError
    return ExactDigests(sha256.digest(), md5.digest(), size_bytes)


def _read(stream: BinaryIO) -> bytes:
    try:
        return stream.read(_READ_BYTES)
    except OSError:
        raise FileUnreadableError from None
