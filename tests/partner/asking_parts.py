# SPDX-License-Identifier: Apache-2.0
"""A partner that follows its exchange as the service does, without HTTP service, thread and worker process, on a clock set by hand."""

from pathlib import Path

from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.listing.sync import SyncReport
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import Surroundings, connected
from stillmine.partner.service.standing import Standing
from stillmine.partner.store.store import Store
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import StillmineError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Health, RegionsChoice, ScreenResult
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, InThisProcess, Numbers


class AskingPartner:
    """Everything between a home folder and a fake exchange; `round` does what the service's thread does."""

    def __init__(
        self,
        home: Path,
        exchange: FakeExchange,
        clock: Clock,
        choice: WayChoice = WayChoice.AUTO,
        regions: RegionsChoice = RegionsChoice.OFF,
    ) -> None:
        self.home = home
        self.store = Store(home)
        surroundings = Surroundings(clock, Numbers(), clock.seconds, exchange.transport())
        self.parts = connected(self.store, SETTINGS, choice, surroundings, sync_every_seconds=15, regions=regions)
        self.problem: str | None = None
        self.standing = Standing(
            self.store,
            home,
            use=lambda: self.parts.way.use,
            following=self.parts.following,
            clock=clock,
            last_problem=lambda: self.problem,
            is_list_too_old=self.parts.age.is_too_old,
        )
        tokens = UploadTokens(Secret(b"smu_of_tests"), clock)
        self.screening = Screening(self.store, self.parts.sources, InThisProcess(), tokens, clock=clock)
        self.parts.asking.start()

    def round(self) -> SyncReport | None:
        """Follow the exchange once; None where that failed, and `problem` says why."""
        try:
            report = self.parts.following.run()
        except StillmineError as error:
            self.problem = error.code
            return None
        self.problem = None
        return report

    def screen(self, data: bytes, uploader: str | None = None, content_id: str | None = None) -> ScreenResult:
        """Screen the bytes of a file."""
        with Upload(self.home) as upload:
            upload.write(data)
            return self.screening.screen_upload(upload, uploader, content_id)

    def screen_values(self, *values: bytes) -> ScreenResult:
        """Screen pictures of which only the fingerprints are sent."""
        fingerprints = [Fingerprint(Kind.PDQ, value.hex(), 90) for value in values]
        at_once = self.screening.clear_at_once(fingerprints, None, None)
        result = self.screening.screen_fingerprints(fingerprints)
        assert at_once in (None, result), "whatever is answered at once is what a thread answers"
        return result

    def health(self) -> Health:
        return self.standing.health()

    def close(self) -> None:
        self.screening.close()
        self.store.close()
