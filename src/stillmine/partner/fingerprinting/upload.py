# SPDX-License-Identifier: Apache-2.0
"""An upload while it is screened: bytes that can be handed to another process, and are gone when this one ends.

Up to `BYTES_IN_MEMORY` they stay in memory. A larger upload goes to a file without a name, mode 0600, in the home folder: no one can
open it, a crash leaves nothing behind, and the disk it passes through is the one that holds the list. Never logged, never named.
"""

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from stillmine.fingerprint import FileTooLargeError

BYTES_IN_MEMORY = 64 * 1024 * 1024
"""Every picture that is read at all is smaller: spec/fingerprint.md."""

MAXIMUM_UPLOAD_BYTES = 512 * 1024 * 1024


class OpenFile(Protocol):
    """Something that can be read from its beginning through a descriptor."""

    def fileno(self) -> int: ...


class Upload:
    """Bytes as they arrive. Close it, or use it in a `with`, and they are gone."""

    def __init__(self, folder: Path, bytes_in_memory: int = BYTES_IN_MEMORY, maximum_bytes: int = MAXIMUM_UPLOAD_BYTES) -> None:
        """`folder` is where a large upload is kept, without a name."""
        self._folder = folder
        self._bytes_in_memory = bytes_in_memory
        self._maximum_bytes = maximum_bytes
        self._file: BinaryIO = os.fdopen(os.memfd_create("upload", os.MFD_CLOEXEC), "w+b", buffering=0)
        self._is_in_memory = True
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None) -> None:
        self.close()

    @property
    def will_reach_disk(self) -> bool:
        """Whether what comes next is written to a disk, which may block."""
        return not self._is_in_memory

    def write(self, part: bytes) -> None:
        """Take the next bytes; raises FileTooLargeError, and then holds nothing."""
        if self.size + len(part) > self._maximum_bytes:
            self._file.truncate(0)
            raise FileTooLargeError(f"at most {self._maximum_bytes} bytes")
        if self._is_in_memory and self.size + len(part) > self._bytes_in_memory:
            self._move_to_disk()
        _write_whole(self._file, part)
        self.size += len(part)

    def fileno(self) -> int:
        """Return the descriptor to hand on; whoever reads starts at the beginning by itself."""
        return self._file.fileno()

    def close(self) -> None:
        """Let go of the bytes, and take them from a worker that a stranger took over and that would keep them."""
        if not self._file.closed:
            self._file.truncate(0)
            self._file.close()

    def _move_to_disk(self) -> None:
        file: BinaryIO = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 (closed by `close`)
        place = 0
        while part := os.pread(self._file.fileno(), 1024 * 1024, place):
            _write_whole(file, part)
            place += len(part)
        self._file.close()
        self._file, self._is_in_memory = file, False


def _write_whole(file: BinaryIO, part: bytes) -> None:
    """An unbuffered file may take less than it was given."""
    rest = memoryview(part)
    while rest:
        rest = rest[file.write(rest) :]
