# SPDX-License-Identifier: Apache-2.0
"""Older content of a running service: what remembers, what looks again, and the thread that does it.

Whatever goes wrong in the thread is logged sparingly and tried again: it must never end it, and never concern an upload that comes.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from stillmine.partner.older.days import Days, erase_days
from stillmine.partner.older.deletions import Deletions
from stillmine.partner.older.handed_over import HandedOver, Taken
from stillmine.partner.older.keys import older_key
from stillmine.partner.older.looking import AGAIN_SECONDS, Kept, Looking, Ways
from stillmine.partner.older.quota import RESERVE_PERCENT, Quota
from stillmine.partner.older.remembering import Remembering
from stillmine.partner.older.tidying import Tidying
from stillmine.partner.older.waiting import opened, waiting_key
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.upload_tokens import UploadIdentity, UploadTokens
from stillmine.partner.store.older import OlderNotes
from stillmine.serving.sparing_log import SparingLog
from stillmine.wire.ask import ExchangeStatus
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import MalformedMessageError, StillmineError
from stillmine.wire.screen import OlderHealth

TIDY_SECONDS = 60.0
SYNC_SECONDS = 5.0
STOP_SECONDS = 3.0
LOW_PRIORITY = 10

log = logging.getLogger("stillmine.partner")


@dataclass(frozen=True, slots=True)
class OlderChoice:
    """For how many days uploads are remembered; no key file: the one in the home folder."""

    days: int
    key_file: Path | None = None
    reserve_percent: int = RESERVE_PERCENT


class OlderSize(NamedTuple):
    """How much is remembered, since when, and how many uploads could not be since the start."""

    uploads: int
    bytes: int
    oldest_seconds: int
    not_remembered: int


class OlderContent:
    """Older content of one service. Safe to use from several threads."""

    def __init__(
        self,
        home: Path,
        choice: OlderChoice | None,
        token_key: Secret,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Without a choice nothing is remembered, and what was is destroyed; raises NotConfiguredError, StoreUnreadableError, OSError.

        `clock` returns UTC, `monotonic` counts seconds.
        """
        self._choice = choice
        self._clock = clock
        self._notes = OlderNotes(home)
        self._notes.want(is_wanted=choice is not None)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="older", daemon=True)
        self._syncs = threading.Thread(target=self._sync, name="older-sync", daemon=True)
        self._log = SparingLog(log)
        self._looking: Looking | None = None
        self._handed_over: HandedOver | None = None
        self.waiting_key: Secret | None = None
        """Under which instances that follow seal what they hand over; None where nothing is remembered."""
        self._monotonic = monotonic
        self._tidy_due = 0.0
        if choice is None:
            erase_days(home)
            return
        tokens = UploadTokens(token_key, clock, is_older=True)
        key = older_key(home, choice.key_file, random_bytes)
        self._kept = Kept(Days(home, choice.days, key, clock, random_bytes), self._notes, Deletions(self._notes, tokens, clock), tokens)
        self._remembering = Remembering(self._kept.days.append, self._kept.deletions.second_after, clock)
        self._tidying = Tidying(self._kept, clock)
        self.waiting_key = waiting_key(key)

    @property
    def remembers(self) -> bool:
        """Whether anything is remembered."""
        return self._choice is not None

    def remember(self, made: Made, identity: UploadIdentity) -> None:
        """Remember an upload, before it is looked up."""
        if self._choice is not None:
            self._remembering.remember(made, identity)

    def delete(self, content_id: str) -> None:
        """Delete what is remembered under the platform's word for it; raises StoreUnreadableError."""
        if self._choice is not None:
            self._kept.deletions.delete(content_id)
            self._remembering.forget_recent()

    def take(self, content: bytes, followers_second: int, is_list_as_at: Callable[[str], bool]) -> Taken:
        """Remember what a follower remembered; raises as `HandedOver.take` does, and MalformedMessageError. One thread at a time calls it.

        `followers_second` is what its clock says now, in Unix seconds; `is_list_as_at` whether the list is what it was at a position.
        Where nothing is remembered here, nothing is of this.
        """
        if self.waiting_key is None or self._handed_over is None:
            return Taken(0, 0)
        handed = opened(content, self.waiting_key)
        if handed is None:
            raise MalformedMessageError("uploads")
        return self._handed_over.take(handed, followers_second, is_list_as_at)

    def list_changed(self) -> None:
        """Say that what the list brought is searched for in uploads that come from now on."""
        if self._looking is not None:
            self._looking.list_changed()

    def looks_with(self, screening: Screening, ways: Ways, status: Callable[[], ExchangeStatus | None]) -> None:
        """Say how uploads are looked up again; `status` returns what the exchange said last."""
        if self._choice is not None:
            quota = Quota(status, self._choice.reserve_percent)
            self._looking = Looking(self._kept, screening, ways, quota, self._clock, stopping=self._stopping, monotonic=self._monotonic)
            self._handed_over = HandedOver(self._kept, self._remembering, screening, ways, self._clock)

    def start(self) -> None:
        """Begin to look."""
        if self._looking is not None:
            self._thread.start()
            self._syncs.start()

    def stop(self) -> None:
        """Look no more; what is under way is begun anew after the next start."""
        self._stopping.set()
        for thread in (self._thread, self._syncs):
            if thread.ident is not None:
                thread.join(STOP_SECONDS)
        if self._choice is not None:
            self._kept.days.close()
        if not self._thread.is_alive():
            self._notes.close()

    def health(self) -> OlderHealth | None:
        """Return how it stands, None where nothing is remembered."""
        if self._choice is None or self._looking is None:
            return None
        return OlderHealth(
            days=self._choice.days,
            uploads=self._kept.days.uploads(),
            not_remembered=self._remembering.not_remembered,
            waiting=self._notes.waiting(),
            delay_hours=self._looking.delay_hours(),
        )

    def size(self) -> OlderSize | None:
        """Return how much is remembered, None where nothing is."""
        if self._choice is None:
            return None
        size = self._kept.days.size()
        age = 0 if size.oldest is None else max(0, int((self._clock() - size.oldest.moment).total_seconds()))
        return OlderSize(size.uploads, size.bytes, age, self._remembering.not_remembered)

    def fingerprints_waiting(self) -> int:
        """Return how many fingerprints are still to be looked for; raises StoreUnreadableError."""
        return self._notes.waiting()

    def delay_hours(self) -> int | None:
        """Return after how many hours at most asking finds what is remembered, None where nothing is asked; raises StoreUnreadableError."""
        return None if self._looking is None else self._looking.delay_hours()

    def work(self) -> float:
        """Tidy and look, once; return in how many seconds to come again."""
        if self._looking is None:
            return AGAIN_SECONDS
        self._tidying.tidy()
        return self._looking.look()

    def _run(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW_PRIORITY)  # of this thread alone, where the system knows that
        while not self._stopping.is_set():
            self._stopping.wait(self._try())

    def _try(self) -> float:
        try:
            if self._monotonic() < self._tidy_due and self._looking is not None:
                return self._looking.look()
            self._tidy_due = self._monotonic() + TIDY_SECONDS
            return self.work()
        except StillmineError as error:
            self._log.say(f"older content waits [{error.code}]")
        except Exception as error:
            # No message: it could hold what was remembered.
            self._log.say(f"older content waits: {type(error).__name__}")
        return AGAIN_SECONDS

    def _sync(self) -> None:
        while not self._stopping.wait(SYNC_SECONDS):
            self._kept.days.sync()
