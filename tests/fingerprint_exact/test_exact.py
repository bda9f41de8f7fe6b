# SPDX-License-Identifier: Apache-2.0
"""Exact digests: the known ones, in one pass, of streams that can't be turned back, within limits."""

import hashlib
import io
from typing import BinaryIO, cast

import pytest

from stillmine.fingerprint.exact import exact_digests
from stillmine.fingerprint.ground.errors import EmptyFileError, FileUnreadableError, MediaDeadlineError, MediaFileTooLargeError
from stillmine.fingerprint.ground.limits import MediaLimits


class OneWay(io.RawIOBase):
    """Gives few bytes at a time and can't be turned back, like a connection."""

    def __init__(self, data: bytes) -> None:
        self._rest = data
        self.largest_wish = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self.largest_wish = max(self.largest_wish, len(self._rest) if size < 0 else size)
        given, self._rest = self._rest[: min(size, 1000)], self._rest[min(size, 1000) :]
        return given


class Broken(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        raise OSError("a name that must not be repeated")


def test_known_digests() -> None:
    made = exact_digests(io.BytesIO(b"abc"))
    assert made.sha256.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert made.md5.hex() == "900150983cd24fb0d6963f7d28e17f72"
    assert made.size_bytes == 3


def test_one_pass_in_bounded_pieces() -> None:
    data = bytes(range(256)) * 12_345
    stream = OneWay(data)
    made = exact_digests(cast(BinaryIO, stream))
    assert (made.sha256, made.md5) == (hashlib.sha256(data).digest(), hashlib.md5(data).digest())
    assert made.size_bytes == len(data)
    assert stream.largest_wish <= 1024 * 1024


def test_limits_and_errors() -> None:
    with pytest.raises(EmptyFileError):
        exact_digests(io.BytesIO())
    assert exact_digests(io.BytesIO(b"1234"), MediaLimits(max_file_bytes=4)).size_bytes == 4
    with pytest.raises(MediaFileTooLargeError):
        exact_digests(io.BytesIO(b"12345"), MediaLimits(max_file_bytes=4))
    with pytest.raises(MediaDeadlineError):
        exact_digests(io.BytesIO(b"12345"), is_time_left=lambda: False)
    with pytest.raises(FileUnreadableError) as caught:
        exact_digests(cast(BinaryIO, Broken()))
    assert "name" not in str(caught.value)
