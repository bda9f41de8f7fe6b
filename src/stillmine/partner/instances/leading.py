# SPDX-License-Identifier: Apache-2.0
"""What a leader answers its followers, HTTP left out.

A follower is written down before an answer gives it a lease. Must never answer a position that it does not know as in step.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from stillmine.partner.ground.errors import InstanceVersionError, StoreUnreadableError
from stillmine.partner.instances.copies import Copies
from stillmine.partner.instances.messages import (
    INSTANCES_VERSION,
    HandOver,
    LeaderStanding,
    Record,
    Recorded,
    RecordedMatch,
    Step,
    StepAnswer,
    TakenOver,
    Versioned,
    Welcome,
)
from stillmine.partner.screening.recording import MAXIMUM_MATCHES
from stillmine.partner.store.store import Store
from stillmine.wire.case_key import Secret
from stillmine.wire.codec import decode

LOOK_SECONDS = 0.05
"""How often a step that waits looks whether anything changed."""

Message = TypeVar("Message", bound=object)


TakesUploads = Callable[[bytes, int, Callable[[str], bool]], tuple[int, int]]
"""Remembers what a follower hands over; returns how many uploads, and how many can't be remembered."""


class Leading:
    """The leader's side for one store. Its coroutines run on one event loop."""

    def __init__(
        self,
        store: Store,
        copies: Copies,
        standing: Callable[[], LeaderStanding],
        welcome: Welcome,
        feedback_is_waiting: Callable[[], None] = lambda: None,
        *,
        take: TakesUploads,
    ) -> None:
        """`standing` says how uploads are looked up now; `welcome` is what a follower is told first; `take` remembers uploads."""
        self._store = store
        self._copies = copies
        self._standing = standing
        self._feedback_is_waiting = feedback_is_waiting
        self.welcome = welcome
        self._take = take
        self._taking = asyncio.Lock()

    async def step(self, step: Step) -> StepAnswer:
        """Answer where a follower stands, at once if anything changed since; raises BusyError, StoreUnreadableError."""
        if self._copies.log.since(step.position) is None or step.position is None:
            return StepAnswer(INSTANCES_VERSION, False, self._copies.log.position, [], await run_in_threadpool(self._standing))
        await run_in_threadpool(self._copies.followers.note, step.instance, step.position, step.waiting)
        first = await run_in_threadpool(self._standing)
        looks = int(step.wait_seconds / LOOK_SECONDS)
        while (found := self._copies.log.since(step.position)) is not None and not found.changes and looks > 0:
            looks -= 1
            await asyncio.sleep(LOOK_SECONDS)
            if looks % 10 == 0 and _is_news(first, await run_in_threadpool(self._standing)):
                break
        # In this order: what the standing calls synced is in the changes that are read after it.
        now = await run_in_threadpool(self._standing)
        found = self._copies.log.since(step.position)
        if found is None:
            return StepAnswer(INSTANCES_VERSION, False, self._copies.log.position, [], now)
        return StepAnswer(INSTANCES_VERSION, True, found.position, found.changes, now, found.has_more)

    def note(self, uploads: Sequence[bytes]) -> None:
        """Note that these uploads match nothing; raises StoreUnreadableError."""
        for upload_id in uploads:
            self._store.note_no_match(upload_id)

    def record(self, record: Record) -> Recorded:
        """Record what an upload matched, and return what of it counts; raises StoreUnreadableError."""
        matches = self._store.record_upload(record.upload, MAXIMUM_MATCHES, record.minute)
        if matches:
            self._feedback_is_waiting()
        return Recorded(INSTANCES_VERSION, [RecordedMatch(one.match_id, one.is_flagged, one.decision) for one in matches])

    async def remember(self, message: HandOver) -> TakenOver:
        """Remember what a follower screened, one file of one follower at a time: no more of the threads that screen uploads is taken.

        Raises BusyError, StoreUnreadableError, MalformedMessageError.
        """
        async with self._taking:
            try:
                taken = await run_in_threadpool(self._take, message.uploads, message.second, self._copies.are_as_at)
            except OSError as error:
                raise StoreUnreadableError("older") from error
        return TakenOver(INSTANCES_VERSION, *taken)

    def list_parts(self) -> Iterator[bytes]:
        """Return the whole list, part by part; raises StoreUnreadableError."""
        return self._copies.on_disk.opened()

    def leave(self, instance: str) -> None:
        """Wait for this follower no longer."""
        self._copies.followers.leave(instance)


def welcome(exchange_url: str, service_key: Secret, upload_token_key: Secret) -> Welcome:
    """Return what a follower is told first."""
    return Welcome(INSTANCES_VERSION, exchange_url, bytes(service_key).decode("ascii"), bytes(upload_token_key).decode("ascii"))


def decode_of_version(body: bytes, message: type[Message], maximum_bytes: int) -> Message:
    """Return a follower's message; raises InstanceVersionError for one of another version, whatever else it holds, or as `decode` does."""
    if decode(body, Versioned, maximum_bytes).version != INSTANCES_VERSION:
        raise InstanceVersionError
    return decode(body, message, maximum_bytes)


def _is_news(before: LeaderStanding, now: LeaderStanding) -> bool:
    """Whether a follower should know at once; when the list was synced it hears soon enough."""
    return (before.way, before.refused, before.is_list_too_old) != (now.way, now.refused, now.is_list_too_old)
