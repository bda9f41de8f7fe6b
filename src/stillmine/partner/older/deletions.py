# SPDX-License-Identifier: Apache-2.0
"""What the platform deleted: remembered uploads under its word for them, until then, are never looked at again.

In memory and in the store, as keyed marks; the files are swept later. Must never let a deleted upload be reported.
"""

import threading
from collections.abc import Callable
from datetime import datetime

from stillmine.partner.older.remembered import Remembered
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.store.older import OlderNotes


class Deletions:
    """The deletions of one service. Safe to use from several threads."""

    def __init__(self, notes: OlderNotes, tokens: UploadTokens, clock: Callable[[], datetime]) -> None:
        """`clock` returns UTC; raises StoreUnreadableError."""
        self._notes = notes
        self._tokens = tokens
        self._clock = clock
        self._guard = threading.Lock()
        self._until = notes.deleted()

    def __len__(self) -> int:
        return len(self._until)

    def delete(self, content_id: str) -> None:
        """Delete what was remembered under this word until now; raises StoreUnreadableError, and then nothing is deleted."""
        mark, second = self._tokens.content_mark(content_id), int(self._clock().timestamp())
        self._notes.delete(mark, second)
        with self._guard:
            self._until[mark] = max(second, self._until.get(mark, second))

    def is_deleted(self, remembered: Remembered) -> bool:
        """Return whether it was deleted after it came."""
        if not self._until:
            return False
        with self._guard:
            until = self._until.get(self._tokens.content_mark(remembered.content_id))
        return until is not None and remembered.second <= until

    def second_after(self, content_id: str, second: int) -> int:
        """Return the second of an upload that comes now: after what was deleted under the same word in this very second."""
        if not self._until:
            return second
        with self._guard:
            until = self._until.get(self._tokens.content_mark(content_id))
        return second if until is None else max(second, until + 1)

    def swept(self, day: int, before_second: int) -> None:
        """Say that what was deleted before that second is in no file any more; raises StoreUnreadableError."""
        self._notes.swept(day, before_second)
        with self._guard:
            self._until = {mark: until for mark, until in self._until.items() if until >= before_second}
