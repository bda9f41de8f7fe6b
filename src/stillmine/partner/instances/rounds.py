# SPDX-License-Identifier: Apache-2.0
"""The thread that keeps a follower in step with its leader.

One failed step must never end it: whatever happens is kept as an error code, logged once, and tried again. The lease is renewed only after
what an answer said is done.
"""

import logging
import threading
from collections.abc import Callable

from stillmine.partner.instances.followed import Followed
from stillmine.partner.instances.leader import Leader
from stillmine.partner.instances.messages import INSTANCES_VERSION, POLL_SECONDS, Step
from stillmine.partner.listing.list_stream import ReadList
from stillmine.wire.errors import StillmineError

PAUSE_SECONDS = 0.5
"""After a failure: the leader may be starting."""

BEHIND_SECONDS = 0.05
"""After a fetch: what the store has just changed the leader tells in a moment."""

STOP_SECONDS = 3.0
"""How long a stop waits for a step; after that the thread ends with the process."""

log = logging.getLogger("stillmine.partner")


class FollowLeader:
    """Steps of one follower, one after the other."""

    def __init__(
        self,
        leader: Leader,
        followed: Followed,
        name: str,
        *,
        monotonic: Callable[[], float],
        use_changed: Callable[[], None],
        record_waiting: Callable[[], object],
        count_waiting: Callable[[], int] = lambda: 0,
    ) -> None:
        """`name` is 32 hexadecimal digits that no other instance has. After each step `use_changed` and `record_waiting` are called.

        `count_waiting` returns how many uploads are yet to be handed over to be remembered.
        """
        self._leader = leader
        self._followed = followed
        self._lease = followed.lease
        self._name = name
        self._monotonic = monotonic
        self._use_changed = use_changed
        self._record_waiting = record_waiting
        self._count_waiting = count_waiting
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow-leader", daemon=True)
        self.problem: str | None = None
        """The error code of the last step, None if it worked."""

    def start(self) -> None:
        """Begin at once."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more steps, hand over what waits, and say that this instance answers nothing more."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)
        self._record_waiting()
        try:
            self._leader.leave(self._name)
        except StillmineError as error:
            log.info("the leader does not hear that this instance stops [%s]", error.code)

    def step(self) -> None:
        """Take one step, and fetch the list where it says so; raises the StillmineError of what failed."""
        notes = self._followed.notes()
        wait_seconds = POLL_SECONDS if self._lease.is_live and self.problem is None else 0.0
        asked_second = self._monotonic()
        said = Step(INSTANCES_VERSION, self._name, self._followed.position, wait_seconds, notes, self._count_waiting())
        answer = self._leader.step(said)
        self._followed.told(notes)
        if not answer.is_in_step:
            self._fetch()
            self._stopping.wait(BEHIND_SECONDS)
            return
        for change in answer.changes:
            self._followed.follow(change)
        self._followed.position = answer.position
        self._followed.hear(answer.standing, is_whole=not answer.has_more)
        self._use_changed()
        self._lease.renew(asked_second)

    def _fetch(self) -> None:
        with self._leader.list_parts() as parts:
            read = ReadList(parts)
        self._followed.become(read)
        self._followed.position = f"{read.mark.hex()}.0"
        log.info("the list was fetched from the leader: %d fingerprints", len(read.index))

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._attempt()
            if self.problem is None:
                self._record_waiting()
            else:
                self._stopping.wait(PAUSE_SECONDS)

    def _attempt(self) -> None:
        try:
            self.step()
        except StillmineError as error:
            self._note(error.code, str(error))
        except Exception as error:
            # No traceback and no message: they could hold what was sent.
            self._note(StillmineError.code, type(error).__name__)
        else:
            self._note(None, "in step with the leader")

    def _note(self, problem: str | None, words: str) -> None:
        if problem != self.problem:
            log.log(logging.INFO if problem is None else logging.ERROR, "%s", words if problem is None else f"{words} [{problem}]")
        self.problem = problem
