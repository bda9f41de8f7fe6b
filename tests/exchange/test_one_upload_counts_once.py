# SPDX-License-Identifier: Apache-2.0
"""The partner's own service beside an exchange: one upload that is screened sixty times counts as one, sixty uploads as sixty."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from stillmine.client import Exchange, ExchangeSettings
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import wsgi_application
from stillmine.partner.asking.queries import queries_of
from stillmine.partner.fingerprinting.upload import OpenFile
from stillmine.partner.fingerprinting.worker_messages import JobResult, PlacesWanted
from stillmine.partner.following.reporting import Reporting
from stillmine.partner.listing.index import loaded_index
from stillmine.partner.listing.look_up import ListWay
from stillmine.partner.listing.sync import Sync
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import one_source
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.screening.way import LookedUp, Way
from stillmine.partner.store.store import Store
from stillmine.wire.ask import Outcome
from stillmine.wire.case_key import Secret
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import RegionsChoice, ScreenMatch
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, ticking
from tests.exchange.test_uploads_counted import counted

VALUE = sha256(b"a file").hexdigest()
TURNED = [sha256(b"turn %d" % turn).hexdigest() for turn in range(8)]
"""A picture in its eight orientations, which nobody has protected: nine queries carry the token of one upload."""

SIXTY = 60


class NoFiles:
    """These uploads are fingerprints."""

    def fingerprints(self, _file: OpenFile, _regions: RegionsChoice = RegionsChoice.OFF) -> JobResult:
        raise AssertionError

    def hash_places(self, _file: OpenFile, _wanted: PlacesWanted, _seconds: float) -> JobResult:
        raise AssertionError


class Asking:
    """A way that asks with the service's own queries, without its lanes and its memory."""

    def __init__(self, client: Exchange, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock

    def require_use(self) -> None: ...

    def as_of(self) -> datetime:
        return self._clock()

    def look_up(self, upload: Made, token: bytes, _withdrawn: Collection[bytes] = ()) -> LookedUp:
        asked = queries_of(upload)
        answers = self._client.ask([one.query(token.hex()) for one in asked])
        told = zip(asked, answers, strict=True)
        return LookedUp([one.candidate(answer) for one, answer in told if answer.outcome is Outcome.MATCH], [], self._clock())

    def close(self) -> None: ...


class Kit:
    """The parts of one partner's service, with one of its ways."""

    def __init__(self, store: Store, way: Way, reporting: Reporting, clock: Clock) -> None:
        self._reporting = reporting
        self._tokens = UploadTokens(Secret(b"smu_of_tests"), clock)
        self._screening = Screening(store, one_source(way), NoFiles(), self._tokens, clock=clock)

    def screen(self, content_id: str | None, uploader: str | None = None) -> ScreenMatch:
        """Screen the upload and send what is to be reported; return its match."""
        made_there = [Fingerprint(Kind.SHA256, VALUE, 100), *(Fingerprint(Kind.PDQ, turned, 90) for turned in TURNED)]
        (match,) = self._screening.screen_fingerprints(made_there, uploader, content_id).matches
        self._reporting.send()
        return match


class Whole(httpx.BaseTransport):
    """Reads each answer in the thread that asks: a list is read ahead in another, whose database connection nobody would close."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.read()))


@pytest.fixture
def counting(exchange: Context, monkeypatch: pytest.MonkeyPatch) -> httpx.BaseTransport:
    """The exchange with a setting so high that half of it, which one partner counts for at most, is more than is screened here."""
    from stillmine.exchange.quarantine import weighing
    from stillmine.exchange.quarantine.found import count_uploads

    monkeypatch.setattr(weighing, "count_uploads", lambda tx, found, by, _limit: count_uploads(tx, found, by, 1000))
    return Whole(httpx.WSGITransport(ticking(exchange, wsgi_application(exchange)), raise_app_exceptions=True))


@pytest.fixture(params=["list", "ask"])
def kit(
    request: pytest.FixtureRequest,
    phone: Phone,
    partner: PartnerClient,
    counting: httpx.BaseTransport,
    follower: Callable[[], None],
    clock: Clock,
    tmp_path: Path,
) -> Iterator[Kit]:
    """A kit that is in step with an exchange on which a person has protected the file."""
    phone.open(fingerprints=[{"kind": "sha256", "value": VALUE, "quality": 100}])
    follower()
    settings = ExchangeSettings("https://exchange.example", Secret(partner.key.encode()))
    store, client = Store(tmp_path), Exchange(settings, counting)
    index = loaded_index(store)
    if request.param == "list":
        Sync(client, store, index.follow, clock).follow()
        way: Way = ListWay(store, index, threads=1)
    else:
        way = Asking(client, clock)
    yield Kit(store, way, Reporting(client, store), clock)
    way.close()
    client.close()
    store.close()


@pytest.mark.parametrize("content_id", ["post 7", None])
def test_one_upload_is_one_however_often_it_is_screened(kit: Kit, content_id: str | None) -> None:
    ids = {kit.screen(content_id).match_id for _ in range(SIXTY)}
    assert (len(ids), [uploads for uploads, _ in counted()]) == (1, [1])


def test_sixty_uploads_are_sixty(kit: Kit) -> None:
    ids = {kit.screen(f"post {number}", f"account {number}").match_id for number in range(SIXTY)}
    assert (len(ids), [uploads for uploads, _ in counted()]) == (SIXTY, [SIXTY])


def test_one_account_that_posts_one_file_sixty_times_counts_as_one(kit: Kit) -> None:
    """Each post is reviewed by itself; nobody can call an operator by posting again."""
    ids = {kit.screen(f"post {number}", "account 1").match_id for number in range(SIXTY)}
    assert (len(ids), [uploads for uploads, _ in counted()]) == (SIXTY, [1])


def test_a_retry_after_midnight_is_the_same_match(kit: Kit, clock: Clock, request: pytest.FixtureRequest) -> None:
    before = kit.screen("post 7")
    clock.forward(days=1)
    assert kit.screen("post 7").match_id == before.match_id
    is_asking = "ask" in request.node.name
    assert [uploads for uploads, _ in counted()] == ([1, 1] if is_asking else [1]), "asked about on two days, reported on one"
