# SPDX-License-Identifier: Apache-2.0
"""A partner that remembers its uploads, without HTTP service, thread and worker process, on a clock set by hand."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.older.older_content import OlderChoice, OlderContent
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import Policy
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import Surroundings, connected
from stillmine.partner.service.looking_again import let_look_again
from stillmine.partner.store.matches import Wanted
from stillmine.partner.store.store import Store
from stillmine.wire.case_key import Secret
from stillmine.wire.screen import KeptMatch, MatchState, OlderHealth, RegionsChoice, ScreenResult
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, InThisProcess

HOUR, DAY = 3600, 86_400
TWO_DAYS = OlderChoice(2)


class RememberingPartner:
    """Everything between a home folder and a fake exchange; opened again it is a restart after a crash."""

    def __init__(
        self,
        home: Path,
        exchange: FakeExchange,
        clock: Clock,
        choice: OlderChoice | None = TWO_DAYS,
        way: WayChoice = WayChoice.AUTO,
    ) -> None:
        self.home = home
        self.exchange = exchange
        self.store = Store(home)
        surroundings = Surroundings(clock, os.urandom, clock.seconds, exchange.transport())
        token_key = Secret(b"smu_of_tests")
        self.older = OlderContent(home, choice, token_key, clock, os.urandom, monotonic=clock.seconds)
        self.parts = connected(self.store, SETTINGS, way, surroundings, regions=RegionsChoice.OFF, list_changed=self.older.list_changed)
        tokens = UploadTokens(token_key, clock)
        self.screening = Screening(self.store, self.parts.sources, InThisProcess(), tokens, clock=clock, remember=self.older.remember)
        ways = (self.parts.way, self.parts.listing, self.parts.asking)
        let_look_again(self.older, self.screening, self.parts.following, ways, (Policy(), self.store, None))
        self.parts.asking.start()
        self.clock = clock

    def round(self) -> None:
        """Follow the exchange once."""
        self.clock.move(16)
        self.parts.following.run()

    def work(self) -> None:
        """Tidy, and look for whatever is due."""
        while self.older.work() == 0:
            pass

    def screen(self, data: bytes, content_id: str | None = "post 7") -> ScreenResult:
        """Screen the bytes of a file."""
        with Upload(self.home) as upload:
            upload.write(data)
            return self.screening.screen_upload(upload, "account 1", content_id)

    def kept(self) -> list[KeptMatch]:
        """All matches."""
        return self.store.matches(Wanted(MatchState.ALL)).matches

    def health(self) -> OlderHealth:
        health = self.older.health()
        assert health is not None
        return health

    def close(self) -> None:
        self.older.stop()
        self.screening.close()
        self.parts.close()
        self.store.close()


def written(home: Path) -> bytes:
    """Return the bytes of every file below a home folder."""
    return b"".join(path.read_bytes() for path in files(home))


def files(home: Path) -> Iterator[Path]:
    """Return every file below a home folder."""
    return (path for path in sorted(home.rglob("*")) if path.is_file())


def newcomers(home: Path) -> int:
    """Return how many fingerprints are still to be looked for."""
    with sqlite3.connect(home / "partner.sqlite3") as database:
        return int(database.execute("SELECT count(*) FROM older_newcomers").fetchone()[0])
