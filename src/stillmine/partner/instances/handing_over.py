# SPDX-License-Identifier: Apache-2.0
"""What a follower remembers of its uploads, and the thread that hands it over to the leader.

An upload waits on this disk, sealed, from before it is looked up until the leader has it; while the leader is away, and over a restart.
Must never hold up an answer, nor keep anything where the leader remembers nothing.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from stillmine.partner.ground.errors import LeaderAwayError
from stillmine.partner.instances.followed import Followed
from stillmine.partner.instances.leader import Leader
from stillmine.partner.older.block import Row
from stillmine.partner.older.remembered import Remembered
from stillmine.partner.older.remembering import Remembering
from stillmine.partner.older.waiting import WaitingUploads
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.upload_tokens import UploadIdentity
from stillmine.serving.sparing_log import SparingLog
from stillmine.wire.errors import MalformedMessageError, MessageTooLargeError, StillmineError

TURN_SECONDS = 1.0
AGAIN_SECONDS = 3.0
"""After the leader did not take it."""

SYNC_EVERY = 5
"""Turns."""

STOP_SECONDS = 3.0

log = logging.getLogger("stillmine.partner")


class HandingOver:
    """What one follower remembers. Safe to use from several threads."""

    def __init__(self, waiting: WaitingUploads, leader: Leader, followed: Followed, clock: Callable[[], datetime]) -> None:
        """`clock` returns UTC."""
        self._waiting = waiting
        self._leader = leader
        self._followed = followed
        self._clock = clock
        self._remembering = Remembering(self._append, lambda _content_id, second: second, clock, most_recent=0)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="handing-over", daemon=True)
        self._log = SparingLog(log)

    @property
    def waiting(self) -> int:
        """How many uploads are yet to be handed over."""
        return self._waiting.uploads

    @property
    def not_remembered(self) -> int:
        """How many uploads could not be remembered since the start."""
        return self._remembering.not_remembered

    def remember(self, made: Made, identity: UploadIdentity) -> None:
        """Remember an upload, before it is looked up."""
        if self._followed.waiting_key() is not None:
            self._remembering.remember(made, identity)

    def start(self) -> None:
        """Begin to hand over."""
        self._thread.start()

    def stop(self) -> None:
        """Hand over what waits, if the leader takes it at once; the rest waits for the next start."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)
        if not self._thread.is_alive():
            self._turn(is_everything=True)
        self._waiting.close()

    def _append(self, one: Remembered, row: Row) -> None:  # noqa: ARG002 (the leader reads it out of its row)
        key = self._followed.waiting_key()
        if key is None:
            raise OSError("nothing is remembered")
        self._waiting.append(row, key, self._followed.position or "")

    def _run(self) -> None:
        turn = 0
        while not self._stopping.is_set():
            turn += 1
            if turn % SYNC_EVERY == 0:
                self._waiting.sync()
            is_done = self._turn()
            self._stopping.wait(TURN_SECONDS if is_done else AGAIN_SECONDS)

    def _turn(self, *, is_everything: bool = False) -> bool:
        """Hand over what is due; return whether nothing went wrong."""
        try:
            self._drop()
            while self._hand_over(is_everything=is_everything):
                pass
        except LeaderAwayError:
            return False  # the thread that follows it says so
        except StillmineError as error:
            self._log.say(f"what was screened here is not remembered yet [{error.code}]")
            return False
        except Exception as error:
            # No message: it could hold what was remembered.
            self._log.say(f"what was screened here is not remembered yet: {type(error).__name__}")
            return False
        return True

    def _drop(self) -> None:
        is_unwanted = self._followed.is_told and self._followed.waiting_key() is None
        dropped = self._waiting.drop_all() if is_unwanted else self._waiting.drop_old()
        self._lose(dropped, "waited for too long, or the leader remembers none")

    def _hand_over(self, *, is_everything: bool) -> bool:
        """Hand over one file; return whether there was one and it is settled."""
        file = self._waiting.oldest(is_everything=is_everything)
        if file is None:
            return False
        try:
            taken = self._leader.remember(file.content, int(self._clock().timestamp()))
            lost = taken.not_remembered
        except (MalformedMessageError, MessageTooLargeError):
            lost = 1  # at least: no leader will take it
        self._waiting.destroy(file.number)
        self._lose(lost, "could not be opened, or came too late")
        return True

    def _lose(self, uploads: int, why: str) -> None:
        if uploads:
            self._remembering.lost(uploads)
            log.error("%d uploads that were screened here are not remembered: they %s", uploads, why)
