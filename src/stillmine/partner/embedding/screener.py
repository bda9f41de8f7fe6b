# SPDX-License-Identifier: Apache-2.0
"""The service without its door: the same parts, answers, store and background work, called as a Python object.

The parts run on an event loop in a thread of their own; uploads are still read by worker processes. Must never answer differently from
`POST /screen`.
"""

import io
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from anyio.from_thread import start_blocking_portal
from starlette.routing import Route

from stillmine.fingerprint import FileTooLargeError
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.ground.home import prepare_home, sole_user
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import DEFAULT_THREADS, build_service
from stillmine.partner.service.room import MAXIMUM_REQUESTS_AT_ONCE, PATIENCE_SECONDS
from stillmine.partner.service.service import ServiceParts
from stillmine.partner.service.words import checked_uploader
from stillmine.partner.sources.chosen import chosen_sources
from stillmine.partner.store.matches import Wanted
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.screen import (
    MAXIMUM_MATCHES_PER_PAGE,
    Health,
    MatchPage,
    MatchState,
    RegionsChoice,
    Review,
    ScreenResult,
    require_content_id,
)

SYNC_EVERY_SECONDS = 15.0
LOOK_SECONDS = 0.2
_PART_BYTES = 1024 * 1024


class Reads(Protocol):
    """Something to read from, such as an open file or what a web framework calls an uploaded file."""

    def read(self, size: int, /) -> bytes | None: ...


File = bytes | bytearray | memoryview | Path | Reads
"""An upload: its bytes, where it lies, or something to read it from."""


class _Open(NamedTuple):
    parts: ServiceParts
    closing: ExitStack


class Screener:
    """A partner in this process: open it with `with`, or `open` and `close`. Safe to use from several threads once it is open."""

    def __init__(
        self,
        home: Path | str,
        exchange: str | None = None,
        key_file: Path | str | None = None,
        *,
        config: Path | str | None = None,
        way: WayChoice | str = WayChoice.AUTO,
        threads: int = DEFAULT_THREADS,
        require_sandbox: bool = False,
        regions: RegionsChoice | str = RegionsChoice.ALL,
        **more: Any,
    ) -> None:
        """`home` as for `stillmine partner serve`, which must not run with it; without `key_file`, STILLMINE_PARTNER_KEY is read.

        `config`: a file of several sources, instead of `exchange`, `key_file` and `way`.
        `more` goes to the service as it is put together: `kept_days`, `max_age_hours`, `surroundings`. Raises NotConfiguredError.
        """
        chosen = chosen_sources(_path(config), exchange, _path(key_file), WayChoice(way), RegionsChoice(regions))
        self._settings = chosen.settings
        self._home = Path(home).expanduser()
        self._options = {
            "threads": threads,
            "choice": chosen.way,
            "needs_sandbox": require_sandbox,
            "regions": chosen.regions,
            "policy": chosen.policy,
            "further": chosen.further,
            "sync_every_seconds": SYNC_EVERY_SECONDS,
            **more,
        }
        self._places = threading.BoundedSemaphore(MAXIMUM_REQUESTS_AT_ONCE)
        self._guard = threading.Lock()
        self._now_open: _Open | None = None

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None) -> None:
        self.close()

    def open(self) -> Self:
        """Take the home folder and start everything; raises HomeInUseError, NotConfiguredError, StoreUnreadableError."""
        with self._guard, ExitStack() as closing:
            if self._now_open is not None:
                return self
            home = prepare_home(self._home)
            closing.enter_context(sole_user(home))
            found: list[ServiceParts] = []
            application = build_service(home, self._settings, more_routes=lambda parts: _noted(parts, found), **self._options)
            portal = closing.enter_context(start_blocking_portal())
            lifespan = application.router.lifespan_context(application)
            closing.enter_context(portal.wrap_async_context_manager(lifespan))
            self._now_open = _Open(found[0], closing.pop_all())
        return self

    def close(self) -> None:
        """Take no more uploads, end the workers and let go of the home folder."""
        with self._guard:
            now_open, self._now_open = self._now_open, None
        if now_open is not None:
            now_open.closing.close()

    def wait_until_fresh(self, seconds: float) -> bool:
        """Wait until the exchange has answered and a list is synced, at most so long; return whether that is so."""
        until = time.monotonic() + seconds
        while not (is_fresh := self.health().is_fresh) and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        return is_fresh

    def screen(self, file: File, *, content_id: str | None = None, uploader: str | None = None) -> ScreenResult:
        """Screen an upload, as `POST /screen` does.

        Raises BusyError where as many are screened already, MalformedMessageError for words that are too long, OSError for a file that
        can't be read.
        """
        parts = self._parts
        content_id, uploader = _checked(content_id, uploader)
        with _Place(self._places), Upload(parts.home) as upload:
            try:
                _copy(file, upload)
            except (FileTooLargeError, StoreUnreadableError) as error:
                return parts.screening.not_screened(error.code, content_id)
            return parts.screening.screen_upload(upload, uploader, content_id)

    def screen_fingerprints(
        self, fingerprints: Sequence[Fingerprint], *, content_id: str | None = None, uploader: str | None = None
    ) -> ScreenResult:
        """Screen fingerprints of one upload; raises BusyError, MalformedMessageError."""
        content_id, uploader = _checked(content_id, uploader)
        with _Place(self._places):
            return self._parts.screening.screen_fingerprints(fingerprints, uploader, content_id)

    def matches(
        self,
        *,
        state: MatchState | str = MatchState.OPEN,
        content_id: str | None = None,
        limit: int = MAXIMUM_MATCHES_PER_PAGE,
        after: str | None = None,
    ) -> MatchPage:
        """Return a page of what matched, oldest first, as `GET /matches` does."""
        content_id, _ = _checked(content_id, None)
        return self._parts.store.matches(Wanted(MatchState(state), content_id, limit, after))

    def review(self, match_id: str, review: Review) -> None:
        """Keep what a reviewer decided, and report it; raises MatchNotFoundError."""
        self._parts.decide(match_id, review)

    def health(self) -> Health:
        """Return how it stands, as `GET /health` does."""
        return self._parts.standing.health()

    @property
    def _parts(self) -> ServiceParts:
        now_open = self._now_open
        if now_open is None:
            raise NotConfiguredError("Screener: not open; use it in a `with`, or call open() first")
        return now_open.parts


class _Place:
    """One of those that are screened at once; raises BusyError where none gets free."""

    def __init__(self, places: threading.BoundedSemaphore) -> None:
        self._places = places

    def __enter__(self) -> None:
        if not self._places.acquire(timeout=PATIENCE_SECONDS):
            raise BusyError

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None) -> None:
        self._places.release()


def _path(name: Path | str | None) -> Path | None:
    return None if name is None else Path(name)


def _noted(parts: ServiceParts, found: list[ServiceParts]) -> list[Route]:
    found.append(parts)
    return []


def _checked(content_id: str | None, uploader: str | None) -> tuple[str | None, str | None]:
    return None if content_id is None else require_content_id(content_id), checked_uploader(uploader)


def _copy(file: File, upload: Upload) -> None:
    if isinstance(file, Path):
        with file.open("rb") as opened:
            _copy(opened, upload)
        return
    source = io.BytesIO(file) if isinstance(file, bytes | bytearray | memoryview) else file
    while part := source.read(_PART_BYTES):
        upload.write(part)
    if part is None:
        raise BlockingIOError  # of a file that does not wait: more may come, and half an upload must not pass for all of it
