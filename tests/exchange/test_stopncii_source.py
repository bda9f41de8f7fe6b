# SPDX-License-Identifier: Apache-2.0
"""A partner's source of the type `stopncii` beside this exchange's own face: what is listed, withdrawn and reported by value."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import wsgi_application
from stillmine.partner.following.reporting import Reporting
from stillmine.partner.listing.index import loaded_index
from stillmine.partner.sources.stopncii import ByValue, StopNciiSync
from stillmine.partner.sources.stopncii_client import StopNciiServer, StopNciiSettings
from stillmine.partner.store.matches import FoundMatch, FoundUpload
from stillmine.partner.store.several import SeveralStores
from stillmine.partner.store.store import Store
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import PartnerKeyUnknownError
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, MatchClass, Review
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, ticking, value


class Source:
    """The parts of one such source over two stores."""

    def __init__(self, folder: Path, transport: httpx.BaseTransport, key: str, clock: Clock, page_records: int = 800) -> None:
        for name in ("home", "ncii"):
            (folder / name).mkdir(mode=0o700)
        self.store, self.listed = Store(folder / "home"), Store(folder / "ncii")
        settings = StopNciiSettings("https://exchange.example/stopncii/v1", Secret(key.encode()), Secret(key.encode()))
        self.server = StopNciiServer(settings, transport, page_records=page_records)
        self.index = loaded_index(self.listed)
        self.sync = StopNciiSync(self.server, self.listed, self.index.follow, clock)
        self.reporting = Reporting(ByValue(self.server, self.listed), self.store, source="ncii")
        self.matches = SeveralStores(self.store, {"ncii": self.listed})

    def values(self) -> list[str]:
        self.sync.follow()
        found = sorted(value.hex() for _, _, value in self.listed.active())
        assert len(found) == len(self.index)
        return found

    def close(self) -> None:
        self.server.close()
        self.store.close()
        self.listed.close()


@pytest.fixture
def transport(exchange: Context) -> httpx.WSGITransport:
    return httpx.WSGITransport(ticking(exchange, wsgi_application(exchange)), raise_app_exceptions=True)


@pytest.fixture
def source(partner: PartnerClient, transport: httpx.WSGITransport, clock: Clock, tmp_path: Path) -> Iterator[Source]:
    parts = Source(tmp_path, transport, partner.key, clock)
    yield parts
    parts.close()


def test_what_people_protect_and_take_back_is_followed(source: Source, phone: Phone, other_phone: Phone, clock: Clock) -> None:
    phone.open(1, 2)
    other_phone.open(2, 3)
    assert source.values() == sorted(value(number) for number in (1, 2, 3))
    clock.forward(minutes=1)
    phone.withdraw()
    assert source.values() == sorted([value(2), value(3)]), "what two people protect stays while one of them does"
    clock.forward(minutes=1)
    other_phone.withdraw()
    assert source.values() == []
    clock.forward(minutes=1)
    assert source.values() == [], "a later fetch brings nothing back"


def test_more_than_a_page(partner: PartnerClient, transport: httpx.WSGITransport, phone: Phone, clock: Clock, tmp_path: Path) -> None:
    phone.open(*range(1, 6))
    source = Source(tmp_path, transport, partner.key, clock, page_records=2)
    assert source.values() == sorted(value(number) for number in range(1, 6))
    source.close()


def test_found_and_removed_reach_the_person(source: Source, phone: Phone) -> None:
    phone.open(1)
    source.values()
    ((id, kind, _),) = source.listed.active()
    assert kind is Kind.PDQ
    match = FoundMatch(b"m" * 16, id, kind, MatchClass.NEAR, None, None, source="ncii")
    source.matches.record_upload(FoundUpload(b"u" * 16, b"t" * 16, [match]), 20, 7)
    source.store.record_review(b"m" * 16, Review(1, Decision.REMOVED), b"r" * 16, 8)
    assert source.reporting.send() == (2, 0)
    from stillmine.exchange.rows.feedback import Report

    assert sorted(Report.objects.values_list("outcome", flat=True)) == ["found", "removed"]


def test_a_key_that_is_none_is_refused(transport: httpx.WSGITransport, clock: Clock, tmp_path: Path) -> None:
    stranger = Source(tmp_path, transport, "smk_01234567_" + "A" * 43, clock)
    with pytest.raises(PartnerKeyUnknownError):
        stranger.values()
    stranger.close()
