# SPDX-License-Identifier: Apache-2.0
"""How many requests with a body are worked on at once, and how much of those that still come is held: both are memory.

A body takes a place when it is whole, so clients that send slowly hold bytes and no place. Only where many bytes are held already, or
many of one body, it takes its place while it comes. Used on one event loop.
"""

import asyncio
from types import TracebackType
from typing import Protocol, Self

from stillmine.partner.fingerprinting.upload import BYTES_IN_MEMORY
from stillmine.wire.door_errors import BusyError

MAXIMUM_REQUESTS_AT_ONCE = 32
"""Of those with a body: an upload may take 64 MiB of memory while it is read. More connections may be open."""

PATIENCE_SECONDS = 3.0
"""For a place among them; then 503 `busy`."""

COMING_BYTES = 256 * 1024 * 1024
"""Of bodies that come and have no place yet, all together."""


class Holds(Protocol):
    """Makes room for the bytes of a body as they come."""

    async def hold(self, size: int) -> None: ...


class Room:
    """The room of one service."""

    def __init__(self, patience_seconds: float, coming_bytes: int = COMING_BYTES) -> None:
        self._places = asyncio.Semaphore(MAXIMUM_REQUESTS_AT_ONCE)
        self._patience_seconds = patience_seconds
        self._places_taken = 0
        self._all_bytes = self._bytes_left = coming_bytes

    @property
    def places_taken(self) -> int:
        """How many requests are worked on."""
        return self._places_taken

    @property
    def coming_bytes(self) -> int:
        """How much is held of bodies that have no place yet."""
        return self._all_bytes - self._bytes_left

    def guest(self) -> "Guest":
        """Return what one request takes and gives back: use it in a `with`."""
        return Guest(self)

    async def take_place(self) -> None:
        """Wait for a place; raises BusyError."""
        if not self._places.locked():
            await self._places.acquire()  # at once: a timer for each request would be the larger part of it
        else:
            await self._wait_for_place()
        self._places_taken += 1

    async def _wait_for_place(self) -> None:
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise BusyError from None

    def give_place_back(self) -> None:
        """Let the next one in."""
        self._places.release()
        self._places_taken -= 1

    def take_bytes(self, size: int) -> bool:
        """Count some more of what comes; False where there is no room for it."""
        if size > self._bytes_left:
            return False
        self._bytes_left -= size
        return True

    def give_bytes_back(self, size: int) -> None:
        """Forget what was counted."""
        self._bytes_left += size


class Guest:
    """One request: what it holds of the room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._has_place = False
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None) -> None:
        self._room.give_bytes_back(self._bytes)
        if self._has_place:
            self._room.give_place_back()

    async def hold(self, size: int) -> None:
        """Hold so much more of the body; raises BusyError where that needs a place and there is none."""
        if self._has_place:
            return
        if self._bytes + size <= BYTES_IN_MEMORY and self._room.take_bytes(size):
            self._bytes += size
        else:
            await self.take_place()

    async def take_place(self) -> None:
        """Be one of those that are worked on; raises BusyError."""
        if not self._has_place:
            await self._room.take_place()
            self._has_place = True
            self._room.give_bytes_back(self._bytes)
            self._bytes = 0
