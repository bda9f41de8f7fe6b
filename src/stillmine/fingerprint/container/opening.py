# SPDX-License-Identifier: Apache-2.0
"""Opens a file of a stranger for demuxing, and nothing but that file.

FFmpeg knows playlists that name other files and addresses, and guesses from file names. An attacker must reach neither: only
the demuxer that belongs to the first bytes is used, the bytes come through an object without a name, and opening anything
else is refused. What a decoder says is never repeated.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn

import av
from av.container import InputContainer

from stillmine.fingerprint.ground.errors import EmptyFileError, FileUnreadableError, MediaFileTooLargeError
from stillmine.fingerprint.ground.limits import MediaLimits
from stillmine.fingerprint.structure.signatures import START_BYTES, VIDEO_DEMUXERS, Family, demuxers_of, family_of

MediaSource = BinaryIO | bytes | Path
"""Streams must be seekable; they are read from their beginning and not closed."""

_READ_BYTES = 256 * 1024
_ALL_OF_TRACKS = {"ignore_editlist": "1"}


class UnopenableError(Exception):
    """No demuxer of ours can read the file; callers say so in the words of their kind. `family` is what its first bytes say."""

    def __init__(self, family: Family, *, is_video_container: bool = False) -> None:
        super().__init__()
        self.family = family
        self.is_video_container = is_video_container


class _Nameless:
    """A stream without the attributes that FFmpeg would guess from.

    Raises nothing: PyAV prints, with a traceback, each exception that it can't hand on.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.tell = stream.tell
        self.has_failed = False

    def read(self, size: int) -> bytes:
        """Return b"" where nothing can be read; `has_failed` says that this was not the end."""
        try:
            return self._stream.read(size)
        except (OSError, ValueError):
            self.has_failed = True
            return b""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Return the place, or -1 if there is none: damaged headers name any number."""
        try:
            return self._stream.seek(offset, whence)
        except (OSError, ValueError):
            return -1


@contextmanager
def open_source(source: MediaSource, max_file_bytes: int) -> Iterator[BinaryIO]:
    """Give a seekable stream at its beginning; raises EmptyFileError, FileUnreadableError, MediaFileTooLargeError."""
    if isinstance(source, Path):
        try:
            stream: BinaryIO = source.open("rb")
        except OSError:
            raise FileUnreadableError from None
        with stream:
            yield _checked(stream, max_file_bytes)
    elif isinstance(source, bytes):
        yield _checked(io.BytesIO(source), max_file_bytes)
    else:
        yield _checked(source, max_file_bytes)


def _checked(stream: BinaryIO, max_file_bytes: int) -> BinaryIO:
    try:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
    except OSError:
        raise FileUnreadableError from None
    if size == 0:
        raise EmptyFileError
    if size > max_file_bytes:
        raise MediaFileTooLargeError(f"at most {max_file_bytes} bytes")
    return stream


def decoder_pixels(limits: MediaLimits) -> int:
    """Return the limit for decoders, which count the padding of their blocks too."""
    return limits.max_pixels * 5 // 4 + 256 * 256


def decoder_options(limits: MediaLimits) -> dict[str, str]:
    """Return what every decoder of pictures is opened with."""
    return {"max_pixels": str(decoder_pixels(limits))}


def _refuse(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    del url, flags, options
    raise PermissionError


@contextmanager
def open_container(stream: BinaryIO, limits: MediaLimits, *, ignores_edits: bool = False) -> Iterator[InputContainer]:
    """Give the demuxed file, of an MP4 or MOV all that its tracks hold if `ignores_edits`; raises UnopenableError, FileUnreadableError."""
    stream.seek(0)
    start = stream.read(START_BYTES)
    stream.seek(0)
    family, demuxers = family_of(start), demuxers_of(start)
    if family is not Family.CONTAINER:
        raise UnopenableError(family)
    nameless = _Nameless(stream)
    try:
        container = av.open(
            nameless,
            mode="r",
            format=None if "," in demuxers else demuxers,
            container_options={
                "format_whitelist": demuxers,
                "max_streams": str(limits.max_streams),
                **(_ALL_OF_TRACKS if ignores_edits else {}),
            },
            options=decoder_options(limits),
            metadata_errors="ignore",
            buffer_size=_READ_BYTES,
            io_open=_refuse,
        )
    except Exception:  # on hostile headers demuxers raise nearly anything
        if nameless.has_failed:
            raise FileUnreadableError from None
        raise UnopenableError(family, is_video_container=demuxers in VIDEO_DEMUXERS) from None
    with container:
        try:
            yield container
        finally:
            if nameless.has_failed:
                raise FileUnreadableError from None
