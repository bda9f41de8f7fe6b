# SPDX-License-Identifier: Apache-2.0
"""The keys of the day, opened: they wrap data keys, and are destroyed a day later, and with them every copy of what was erased.

They are held in memory while the file has them, and never printed. Which of them wraps is said by the database (`wrapping.py`), so that a
process that has not read the newest file yet can't use one that is about to go.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from stillmine.exchange.keys.day_file import DayFile, DayKeyLine
from stillmine.exchange.keys.ring import KeyEncryptionKeys
from stillmine.exchange.keys.seal import KEY_BYTES, Cell, RandomBytes, open_sealed, seal
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import KeysMissingError


class _Read(NamedTuple):
    """Lines and the file's state when they were read; `opened` fills as keys are asked for."""

    state: object
    lines: dict[str, DayKeyLine]
    opened: dict[str, Secret]


class DayKeys:
    """Those of one home."""

    def __init__(self, home: Path, keys: KeyEncryptionKeys) -> None:
        self.file = DayFile(home)
        self._keys = keys
        self._read: _Read | None = None

    def key(self, key_id: str) -> Secret:
        """Return one key; raises KeysMissingError where it, its file or its key-encryption key is not at hand, SealedValueError."""
        read = self._now()
        if key_id not in read.lines:
            raise KeysMissingError(
                f"{self.file.path} lacks the key of the day {key_id}, under which data keys are wrapped. Is it this database's own file, "
                "and the newest? It is in no backup: docs/operators.md, “Keys”. Nothing was changed"
            )
        line = read.lines[key_id]
        key_encryption_key = self._keys.key(line.wrapped_by)  # asked for each time: without it nothing opens, here neither
        if key_id not in read.opened:
            read.opened[key_id] = Secret(open_sealed(key_encryption_key, line.wrapped_key, _cell(key_id)))
        return read.opened[key_id]

    def lines(self) -> dict[str, DayKeyLine]:
        """Return the lines of the file as they are now; raises KeysMissingError."""
        return self._now().lines

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Keep keys from being destroyed while something reads for long; waits until nobody changes them."""
        with self.file.lock(waits=True):
            yield

    def new_line(self, random_bytes: RandomBytes) -> tuple[str, DayKeyLine]:
        """Return a new key's id and line, under the newest key-encryption key. Raises KeysMissingError."""
        ring = self._keys.ring()
        key_id = random_bytes(4).hex()
        sealed = seal(ring.keys[ring.newest], random_bytes(KEY_BYTES), _cell(key_id), random_bytes)
        return key_id, DayKeyLine(ring.newest, sealed)

    def _now(self) -> _Read:
        read, state = self._read, self.file.state()
        if read is None or state is None or read.state != state:
            lines = self.file.read()
            # What is gone from the file is forgotten here too.
            kept = {key_id: key for key_id, key in read.opened.items() if key_id in lines} if read else {}
            read = self._read = _Read(state, lines, kept)
        return read


def _cell(key_id: str) -> Cell:
    return Cell("day.keys", "key", key_id)
