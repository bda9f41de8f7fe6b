# SPDX-License-Identifier: Apache-2.0
"""The one file in a `multipart/form-data` body, taken out as it streams by: many HTTP clients send files so.

Only the plain case is read: one part, which is a file, sent as it is. Anything else is refused in words, never screened as if the form
were the file. Names in the form are looked at for nothing and kept nowhere.
"""

from email import message_from_bytes
from email.message import Message
from enum import Enum, auto

from stillmine.partner.ground.errors import MultipartUnsupportedError

MAXIMUM_HEAD_BYTES = 8 * 1024
MAXIMUM_BOUNDARY_BYTES = 70
"""RFC 2046."""

_LINE = b"\r\n"
_PLAIN = frozenset({"", "binary", "8bit", "7bit"})
_UNCHANGED = frozenset({"", "identity"})


class _Place(Enum):
    START = auto()
    HEAD = auto()
    DATA = auto()
    END = auto()


def boundary_of(content_type: str) -> bytes:
    """Return what separates the parts; raises MultipartUnsupportedError."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary.isascii():
        raise MultipartUnsupportedError
    if not 1 <= len(boundary) <= MAXIMUM_BOUNDARY_BYTES:
        raise MultipartUnsupportedError
    return boundary.encode()


class SinglePart:
    """Give it the body piece by piece, and it gives the file piece by piece; it holds no more than a head or a boundary."""

    def __init__(self, boundary: bytes) -> None:
        self._opening = b"--" + boundary + _LINE
        self._closing = _LINE + b"--" + boundary
        self._held = bytearray()
        self._place = _Place.START

    def take(self, data: bytes) -> bytes:
        """Return the file's bytes in the next piece of the body; raises MultipartUnsupportedError."""
        self._held += data
        if self._place is _Place.END:
            self._take_end()
            return b""
        if self._place is _Place.START:
            self._take_opening()
        if self._place is _Place.HEAD:
            self._take_head()
        return self._take_data() if self._place is _Place.DATA else b""

    def finish(self) -> None:
        """Say that the body ends here; raises MultipartUnsupportedError if the file was not whole by then."""
        if self._place is not _Place.END:
            raise MultipartUnsupportedError

    def _take_opening(self) -> None:
        if not self._opening.startswith(self._held[: len(self._opening)]):
            raise MultipartUnsupportedError
        if len(self._held) >= len(self._opening):
            del self._held[: len(self._opening)]
            self._place = _Place.HEAD

    def _take_head(self) -> None:
        end = self._held.find(2 * _LINE)
        if end < 0:
            if len(self._held) > MAXIMUM_HEAD_BYTES:
                raise MultipartUnsupportedError
            return
        _require_plain_file(message_from_bytes(bytes(self._held[:end])))
        del self._held[: end + 2 * len(_LINE)]
        self._place = _Place.DATA

    def _take_data(self) -> bytes:
        end = self._held.find(self._closing)
        if end < 0:
            data = bytes(self._held[: max(0, len(self._held) - len(self._closing) + 1)])
        elif len(self._held) < end + len(self._closing) + 2:
            data = bytes(self._held[:end])
        elif self._held[end + len(self._closing) :].startswith(b"--"):
            data = bytes(self._held[:end])
            self._place = _Place.END
            del self._held[: end + len(self._closing) + 2]
            self._take_end()
            return data
        else:
            raise MultipartUnsupportedError  # a second part
        del self._held[: len(data)]
        return data

    def _take_end(self) -> None:
        """After the last boundary nothing may come but the end of its line: another reader might take it for a second file."""
        if self._held.strip(b" \t\r\n"):
            raise MultipartUnsupportedError
        self._held.clear()


def _require_plain_file(head: Message) -> None:
    is_file = head.get_content_disposition() == "form-data" and head.get_filename() is not None
    encodings = [str(encoding).strip().lower() for encoding in head.get_all("content-transfer-encoding", [])]
    is_plain = _PLAIN.issuperset(encodings) and _UNCHANGED.issuperset(str(one).lower() for one in head.get_all("content-encoding", []))
    if not is_file or not is_plain or head.get_content_maintype() == "multipart":
        raise MultipartUnsupportedError
