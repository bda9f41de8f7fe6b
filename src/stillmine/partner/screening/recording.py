# SPDX-License-Identifier: Apache-2.0
"""Keep what matched: in the store, and in memory while the store takes nothing, so that no match is lost to a full disk.

What is found is answered whether it can be kept or not. Must never answer less than was found because the store is out of order, and
never hold more of it in memory than is said here.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from stillmine.partner.ground.errors import LeaderAwayError, StoreUnreadableError
from stillmine.partner.store.matches import FoundMatch, FoundUpload
from stillmine.serving.sparing_log import SparingLog

MAXIMUM_MATCHES = 20
"""So many are shown to a reviewer."""

MAXIMUM_WAITING = 1000
"""Uploads whose matches wait in memory."""

MAXIMUM_WAITING_MATCHES = 100_000
"""Of all these uploads together: some 50 MB."""

log = logging.getLogger("stillmine.partner")


SOME_WAITING = 20
"""Recorded with the next match; the rest by whoever looks after the service, so that no upload waits for all of them."""


class KeepsMatches(Protocol):
    """Where matches are kept: a store, or several lists and one. Each method raises StoreUnreadableError."""

    def record_upload(self, upload: FoundUpload, kept: int, minute: int) -> list[FoundMatch]: ...

    def still_active(self, upload: FoundUpload) -> list[FoundMatch]: ...

    def note_no_match(self, upload_id: bytes) -> None: ...

    def note_no_match_at_once(self, upload_id: bytes) -> bool: ...


class Kept(NamedTuple):
    """What matches now, and the code of why it is not recorded, None where it is."""

    matches: list[FoundMatch]
    not_recorded: str | None = None


class Recording:
    """Records for one store. Safe to use from several threads."""

    def __init__(self, store: KeepsMatches, clock: Callable[[], datetime], feedback_is_waiting: Callable[[], None] = lambda: None) -> None:
        """`clock` returns UTC; `feedback_is_waiting` is called after a match queued feedback."""
        self._store = store
        self._clock = clock
        self._feedback_is_waiting = feedback_is_waiting
        self._waiting: dict[bytes, tuple[FoundUpload, int]] = {}
        self._guard = threading.Lock()
        self._log = SparingLog(log)

    @property
    def waiting(self) -> int:
        """How many uploads have matches that wait in memory."""
        return len(self._waiting)

    def keep(self, upload: FoundUpload) -> Kept:
        """Record what is still active and return it."""
        minute = int(self._clock().timestamp()) // 60
        try:
            matches = self._store.record_upload(upload, MAXIMUM_MATCHES, minute)
        except StoreUnreadableError as error:
            matches = self._still_active(upload)
            if matches:
                self._remember(upload, minute, error)
            return Kept(matches, error.code)
        with self._guard:
            self._waiting.pop(upload.upload_id, None)
        if matches:
            self._feedback_is_waiting()
        self.record_waiting(SOME_WAITING)
        return Kept(matches)

    def record_waiting(self, at_most: int = MAXIMUM_WAITING) -> int:
        """Record what waits, as of the minute in which it matched; return how many uploads could be recorded."""
        recorded = 0
        while recorded < at_most and (first := self._first()) is not None:
            upload, minute = first
            try:
                matches = self._store.record_upload(upload, MAXIMUM_MATCHES, minute)
            except StoreUnreadableError:
                break
            with self._guard:
                self._waiting.pop(upload.upload_id, None)
            recorded += 1
            if matches:
                self._feedback_is_waiting()
        if recorded:
            log.info("%d uploads that matched while the store took nothing are recorded now", recorded)
        return recorded

    def _first(self) -> tuple[FoundUpload, int] | None:
        with self._guard:
            return next(iter(self._waiting.values()), None)

    def _still_active(self, upload: FoundUpload) -> list[FoundMatch]:
        """What of it is active by the store; where that can't be read either, all that was found a moment ago."""
        try:
            return self._store.still_active(upload)
        except StoreUnreadableError:
            return list(upload.matches)

    def _remember(self, upload: FoundUpload, minute: int, error: StoreUnreadableError) -> None:
        with self._guard:
            held = sum(len(one.matches) for one, _ in self._waiting.values())
            if len(self._waiting) < MAXIMUM_WAITING and held + len(upload.matches) <= MAXIMUM_WAITING_MATCHES:
                self._waiting.setdefault(upload.upload_id, (upload, minute))
        why = "the leader does not answer" if isinstance(error, LeaderAwayError) else "is the disk of the home folder full?"
        self._log.say(f"a match was answered and could not be recorded: {why} [{error.code}]")
