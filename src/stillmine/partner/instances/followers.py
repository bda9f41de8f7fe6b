# SPDX-License-Identifier: Apache-2.0
"""Who follows, where each stands, and until when it may answer: so that a withdrawal is acknowledged when all have let go.

Their names are written down before the first step of each is answered, so that a leader that starts again waits for them. One that is
silent is forgotten, so that a dead one blocks nobody.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.instances.messages import FORGOTTEN_SECONDS, InstanceName
from stillmine.wire.door_errors import BusyError

FILE_NAME = "followers.json"
MAXIMUM_FOLLOWERS = 256

log = logging.getLogger("stillmine.partner")

_NAMES = msgspec.json.Decoder(list[InstanceName])


@dataclass(slots=True)
class _Follower:
    position: str | None
    """None: not since this leader started."""
    silent_from: float
    waiting: int = 0
    """Uploads that it has yet to hand over."""


class FollowersSeen(NamedTuple):
    """How many follow and how many of those are behind; how long the one was silent that was for longest; uploads to be handed over."""

    follow: int
    behind: int
    silent_seconds: float
    waiting: int


class Followers:
    """The followers of one leader. Safe to use from several threads."""

    def __init__(self, folder: Path, monotonic: Callable[[], float], forgotten_seconds: float = FORGOTTEN_SECONDS) -> None:
        """`monotonic` counts seconds, also those in which the machine sleeps."""
        self._path = folder / FILE_NAME
        self._monotonic = monotonic
        self._forgotten_seconds = forgotten_seconds
        self._lock = threading.Lock()
        # Guarded by the lock.
        self._all = {name: _Follower(None, monotonic()) for name in self._written_down()}

    def __len__(self) -> int:
        with self._lock:
            self._forget_silent()
            return len(self._all)

    def note(self, name: str, position: str, waiting: int = 0) -> None:
        """Note where a follower stood when its step came, and how many uploads it has yet to hand over.

        Raises BusyError where there are too many, StoreUnreadableError.
        """
        with self._lock:
            now = self._monotonic()
            if name not in self._all:
                self._forget_silent()
                if len(self._all) >= MAXIMUM_FOLLOWERS:
                    raise BusyError
                self._write_down([*self._all, name])
                log.info("an instance follows: %d now", len(self._all) + 1)
            self._all[name] = _Follower(position, now, waiting)

    def leave(self, name: str) -> None:
        """Wait for it no longer: it answers nothing more."""
        with self._lock:
            if self._all.pop(name, None) is not None:
                self._cross_out()
                log.info("an instance has left: %d follow", len(self._all))

    def are_all_at(self, position: str) -> bool:
        """Whether everyone who may answer now stands there."""
        with self._lock:
            self._forget_silent()
            return all(one.position == position for one in self._all.values())

    def seen(self, position: str) -> FollowersSeen:
        """Return how they stand beside this position."""
        with self._lock:
            self._forget_silent()
            now, everyone = self._monotonic(), list(self._all.values())
        return FollowersSeen(
            len(everyone),
            sum(one.position != position for one in everyone),
            max((now - one.silent_from for one in everyone), default=0.0),
            sum(one.waiting for one in everyone),
        )

    def _forget_silent(self) -> None:
        now = self._monotonic()
        silent = [name for name, one in self._all.items() if now - one.silent_from > self._forgotten_seconds]
        for name in silent:
            del self._all[name]
        if silent:
            log.warning("%d instances are silent and forgotten; %d follow", len(silent), len(self._all))
            self._cross_out()

    def _cross_out(self) -> None:
        with suppress(StoreUnreadableError):  # a name too many only makes the next start wait
            self._write_down(self._all)

    def _written_down(self) -> list[str]:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreUnreadableError(FILE_NAME) from error
        try:
            return _NAMES.decode(data)
        except msgspec.DecodeError:
            return [""]  # whoever that was

    def _write_down(self, names: Iterable[str]) -> None:
        """Write the file whole or not at all."""
        new = self._path.with_suffix(".new")
        try:
            with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
                file.write(msgspec.json.encode(list(names)))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise StoreUnreadableError(FILE_NAME) from error
