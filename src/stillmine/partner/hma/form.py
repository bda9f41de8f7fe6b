# SPDX-License-Identifier: Apache-2.0
"""A form with one file and words beside it, as HMA's clients send what goes into a bank; the file is taken out as it streams by.

Stricter than forms may be: whatever could be read in two ways is refused. It holds no more than a head, a boundary and the words.
"""

from email import message_from_bytes
from email.message import Message
from enum import Enum, auto

from stillmine.partner.ground.errors import MultipartUnsupportedError
from stillmine.partner.service.single_part import MAXIMUM_HEAD_BYTES

MAXIMUM_WORDS_BYTES = 8 * 1024
"""All words together."""

MAXIMUM_WORDS = 8

_LINE = b"\r\n"
_PLAIN = frozenset({"", "binary", "8bit", "7bit"})


class _Place(Enum):
    OPENING = auto()
    HEAD = auto()
    FILE = auto()
    WORD = auto()
    END = auto()


class FileForm:
    """Give it the body piece by piece, and it gives the file piece by piece; afterwards `words` has the rest by name."""

    def __init__(self, boundary: bytes) -> None:
        self._boundary = _LINE + b"--" + boundary
        self._held = bytearray(_LINE)  # the first boundary stands at the start of a line too
        self._place = _Place.OPENING
        self._name = ""
        self._has_file = False
        self.words: dict[str, str] = {}

    def take(self, data: bytes) -> bytes:
        """Return the file's bytes in the next piece of the body; raises MultipartUnsupportedError."""
        self._held += data
        file = bytearray()
        while self._step(file):
            pass
        return bytes(file)

    def finish(self) -> None:
        """Say that the body ends here; raises MultipartUnsupportedError if there was no whole file by then."""
        if self._place is not _Place.END or not self._has_file:
            raise MultipartUnsupportedError

    def _step(self, file: bytearray) -> bool:
        """Go on with what is held; return whether that led anywhere."""
        if self._place is _Place.HEAD:
            return self._take_head()
        if self._place is _Place.END:
            if self._held.strip(b" \t\r\n"):
                raise MultipartUnsupportedError
            self._held.clear()
            return False
        return self._take_to_boundary(file)

    def _take_to_boundary(self, file: bytearray) -> bool:
        at = self._held.find(self._boundary)
        end = at + len(self._boundary) + 2
        if at < 0 or len(self._held) < end:
            self._take_some(file, at if at >= 0 else max(0, len(self._held) - len(self._boundary) + 1))
            return False
        if self._place is _Place.OPENING and at:
            raise MultipartUnsupportedError
        follows = bytes(self._held[end - 2 : end])
        if follows not in (_LINE, b"--"):
            raise MultipartUnsupportedError
        self._take_some(file, at, is_whole=True)
        del self._held[: len(self._boundary) + 2]
        self._place = _Place.HEAD if follows == _LINE else _Place.END
        return True

    def _take_some(self, file: bytearray, size: int, *, is_whole: bool = False) -> None:
        """Take so much of a part; of a word only when it is whole."""
        if self._place is _Place.FILE:
            file += self._held[:size]
            del self._held[:size]
        elif size + sum(map(len, self.words.values())) > MAXIMUM_WORDS_BYTES:
            raise MultipartUnsupportedError
        elif is_whole and self._place is _Place.WORD:
            self._keep_word(bytes(self._held[:size]))
            del self._held[:size]

    def _keep_word(self, data: bytes) -> None:
        if self._name in self.words or len(self.words) >= MAXIMUM_WORDS:
            raise MultipartUnsupportedError
        try:
            self.words[self._name] = data.decode()
        except UnicodeDecodeError:
            raise MultipartUnsupportedError from None

    def _take_head(self) -> bool:
        end = self._held.find(2 * _LINE)
        if end < 0:
            if len(self._held) > MAXIMUM_HEAD_BYTES:
                raise MultipartUnsupportedError
            return False
        head = message_from_bytes(bytes(self._held[:end]))
        del self._held[: end + 2 * len(_LINE)]
        self._name = _plain_name(head)
        is_file = head.get_filename() is not None
        if is_file and self._has_file:
            raise MultipartUnsupportedError  # which of the two was meant?
        self._has_file = self._has_file or is_file
        self._place = _Place.FILE if is_file else _Place.WORD
        return True


def _plain_name(head: Message) -> str:
    """Return the name of a part that is sent as it is; raises MultipartUnsupportedError."""
    name = head.get_param("name", header="content-disposition")
    encodings = [str(encoding).strip().lower() for encoding in head.get_all("content-transfer-encoding", [])]
    is_plain = _PLAIN.issuperset(encodings) and not head.get_all("content-encoding") and head.get_content_maintype() != "multipart"
    if head.get_content_disposition() != "form-data" or not isinstance(name, str) or not is_plain:
        raise MultipartUnsupportedError
    return name
