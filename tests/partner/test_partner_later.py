# SPDX-License-Identifier: Apache-2.0
"""An answer later: what was accepted is answered, whatever happens meanwhile, and keeps nobody waiting who is answered at once."""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from starlette.requests import Request

from stillmine.partner.ground.errors import ScreeningNotFoundError, StoreUnreadableError
from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.later import later as later_file
from stillmine.partner.later.later import BYTES_AT_ONCE, UPLOADS_AT_ONCE, Later
from stillmine.partner.screening.screening import Screening
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.service.preference import preference_of
from stillmine.partner.store import screenings as screenings_file
from stillmine.partner.store.schema import FILE_NAME
from stillmine.partner.store.screenings import KEPT_MINUTES, KeptScreenings, not_screened
from stillmine.partner.store.webhooks import WebhookQueue
from stillmine.wire.codec import decode
from stillmine.wire.door_errors import BusyError
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import KeptScreening, ScreeningStatus, ScreenOutcome, ScreenResult
from stillmine.wire.webhook import ScreeningWebhook
from tests import plain_http
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers, Run
from tests.partner.service_client import ServiceClient, running
from tests.partner.test_partner_doors import service
from tests.partner.test_partner_service import refusal, wait_until

FILE = b"any file, also one that can't be read"
LATER = {"Prefer": "respond-async", "Stillmine-Content-Id": "post 7"}
RESULT = ScreenResult(ScreenOutcome.NO_MATCH, [], None, content_id="post 7")


@pytest.fixture
def platform(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[ServiceClient]:
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    outside = Surroundings(clock=clock, random_bytes=os.urandom, transport=exchange.transport())
    with running(build_service(home, SETTINGS, 0.2, 1, outside)) as client:
        client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
        wait_until(lambda: client.get("/health").status_code == 200)
        yield client


class Gate:
    """Holds screenings of uploads back until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, holds: Callable[[str | None], bool] = lambda _content_id: True) -> None:
        self.is_open = threading.Event()
        self.reached = threading.Event()
        screen = Screening.screen_upload

        def held(screening: Screening, file: object, uploader: str | None = None, content_id: str | None = None) -> ScreenResult:
            if holds(content_id):
                self.reached.set()
                assert self.is_open.wait(60)
            return screen(screening, file, uploader, content_id)  # type: ignore[arg-type]

        monkeypatch.setattr(Screening, "screen_upload", held)


def accepted(answer: httpx.Response) -> KeptScreening:
    assert answer.status_code == 202, answer.text
    said = decode(answer.content, KeptScreening)
    assert answer.headers["location"] == f"/screenings/{said.screening_id}"
    assert answer.headers["preference-applied"] == "respond-async"
    return said


def finished(client: ServiceClient, screening_id: str) -> KeptScreening:
    wait_until(lambda: client.get(f"/screenings/{screening_id}").status_code == 200)
    return decode(client.get(f"/screenings/{screening_id}").content, KeptScreening)


def test_what_was_accepted_is_answered_as_if_it_were_answered_at_once(platform: ServiceClient, home: Path) -> None:
    with closing(WebhookQueue(home)) as queue:
        queue.aim("https://platform.example/")
        said = accepted(platform.post("/screen", FILE, LATER))
        assert (said.status, said.content_id, said.result) == (ScreeningStatus.ACCEPTED, "post 7", None)
        kept = finished(platform, said.screening_id)
        at_once = decode(platform.post("/screen", FILE, {"Stillmine-Content-Id": "post 7"}).content, ScreenResult)
        assert kept.result is not None
        assert replace(kept.result, synced_at=None) == replace(at_once, synced_at=None)
        assert at_once.outcome is ScreenOutcome.MATCH
        told = []
        while due := queue.next_due(0):
            told.append(due.webhook)
            queue.delivered(due.place)
    assert [one.type for one in told] == ["match.found", "screen.finished"]
    assert isinstance(told[1], ScreeningWebhook)
    assert told[1].data == kept


def test_an_upload_waits_without_keeping_another_waiting(platform: ServiceClient, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    gate = Gate(monkeypatch, lambda content_id: content_id == "post 7")
    later = [accepted(platform.post("/screen", FILE, LATER)) for _ in range(40)]
    assert gate.reached.wait(60)
    assert platform.get(f"/screenings/{later[0].screening_id}").status_code == 202
    assert platform.post("/screen", FILE).json()["outcome"] == "match"
    assert not [file for file in home.iterdir() if FILE in file.read_bytes()], "nothing of an upload has a name"
    gate.is_open.set()
    assert {finished(platform, one.screening_id).status for one in later} == {ScreeningStatus.FINISHED}


def test_what_is_answered_in_time_is_answered_at_once_and_not_kept(platform: ServiceClient, home: Path) -> None:
    answer = platform.post("/screen", FILE, {"Prefer": "respond-async, wait=60"})
    assert (answer.status_code, answer.json()["outcome"]) == (200, "match")
    with closing(sqlite3.connect(home / FILE_NAME)) as db:
        assert db.execute("SELECT count(*) FROM screenings").fetchone() == (0,)


def test_what_is_not_answered_in_time_is_accepted(platform: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    said = accepted(platform.post("/screen", FILE, {"Prefer": "respond-async, wait=1"}))
    gate.is_open.set()
    assert finished(platform, said.screening_id).result is not None


def test_fingerprints_hooks_and_what_is_too_large_are_answered_at_once(platform: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"version":1,"fingerprints":[{"kind":"sha256","value":"%s","quality":100}]}' % sha256(FILE).hexdigest().encode()
    assert platform.post("/screen", body, {**LATER, "Content-Type": "application/json"}).status_code == 200
    assert platform.post("/screen/hook", FILE, LATER).status_code == 451
    monkeypatch.setattr("stillmine.partner.service.bodies.MAXIMUM_UPLOAD_BYTES", 10)
    answer = platform.post("/screen", FILE, LATER)
    assert (answer.status_code, answer.json()["reason"]) == (200, "file_too_large")


def test_what_nobody_accepted_is_not_found(platform: ServiceClient) -> None:
    for word in ("0" * 32, "x", "0" * 31, "G" * 32):
        refusal(platform.get(f"/screenings/{word}"), 404, "screening_not_found")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], (False, 0)),
        (["respond-async"], (True, 0)),
        (["Respond-Async; x=1 , WAIT = 10"], (True, 10)),
        (["return=minimal", 'respond-async, wait="7"'], (True, 7)),
        (["respond-async, wait=3, wait=9"], (True, 3)),
        (["respond-async, wait=999999"], (True, 60)),
        (["respond-async, wait=-1, wait"], (True, 0)),
        (["wait=10"], (False, 10)),
        (["respond-asynchronously"], (False, 0)),
    ],
)
def test_which_preferences_are_understood(headers: list[str], expected: tuple[bool, int]) -> None:
    request = Request({"type": "http", "headers": [(b"prefer", header.encode()) for header in headers]})
    assert preference_of(request) == expected


def test_a_service_that_stops_says_that_it_interrupted_what_it_owed(
    home: Path, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later_file, "STOP_SECONDS", 0.2)
    gate = Gate(monkeypatch)
    outside = Surroundings(clock=clock, random_bytes=os.urandom, transport=exchange.transport())
    with closing(WebhookQueue(home)) as queue:
        with running(build_service(home, SETTINGS, 0.2, 1, outside)) as client:
            queue.aim("https://platform.example/")
            client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
            wait_until(lambda: client.get("/health").status_code == 200)
            said = accepted(client.post("/screen", FILE, LATER))
            assert gate.reached.wait(60)
        gate.is_open.set()
        due = queue.next_due(0)
    assert due is not None
    assert isinstance(due.webhook, ScreeningWebhook)
    assert due.webhook.data.screening_id == said.screening_id
    assert due.webhook.data.result == not_screened("interrupted", "post 7")


def test_a_service_that_is_killed_says_so_when_it_is_back(home: Path, exchange: FakeExchange) -> None:
    slow = "from stillmine.partner.screening.screening import Screening\nimport time\nScreening.screen_upload = lambda *_: time.sleep(600)"
    large = FILE * 100_000
    with exchange.serving() as url:
        with service(home, url, more=slow) as port:
            headers = {"Authorization": f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"}
            answer = plain_http.post(
                f"http://127.0.0.1:{port}/screen", content=large, headers={**headers, **LATER}, timeout=60, trust_env=False
            )
            said = accepted(answer)
        assert sum(file.stat().st_size for file in home.iterdir()) < len(large), "killed, and nothing of the upload is left"
        with service(home, url) as port:
            place = f"http://127.0.0.1:{port}/screenings/{said.screening_id}"
            kept = decode(plain_http.get(place, headers=headers, trust_env=False).content, KeptScreening)
    assert (kept.status, kept.content_id) == (ScreeningStatus.FINISHED, "post 7")
    assert kept.result == not_screened("interrupted", "post 7")


@pytest.fixture
def kept(home: Path) -> Iterator[KeptScreenings]:
    with closing(KeptScreenings(home)) as kept:
        yield kept


def with_later(kept: KeptScreenings, clock: Clock, use: Callable[[Later], Awaitable[None]]) -> None:
    """Use what answers later on an event loop, with one turn; it is not stopped, so that the store stays open."""

    async def go() -> None:
        await use(Later(kept, 1, clock, Numbers()))

    asyncio.run(go())


def test_the_room_has_an_end_and_is_given_back(kept: KeptScreenings, clock: Clock) -> None:
    async def use(later: Later) -> None:
        seats = [later.seat() for _ in range(UPLOADS_AT_ONCE)]
        with pytest.raises(BusyError):
            later.seat()
        with seats[0] as seat:
            await seat.hold(BYTES_AT_ONCE)
            with pytest.raises(BusyError):
                await seats[1].hold(1)
        await seats[1].hold(1)
        later.seat()
        later.take_no_more()
        with seats[2], pytest.raises(BusyError):
            later.seat()

    with_later(kept, clock, use)


def test_busy_workers_are_asked_again(kept: KeptScreenings, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later_file, "BUSY_SECONDS", 0.01)
    tries = iter([True, True, False])

    def screen() -> ScreenResult:
        if next(tries):
            raise BusyError
        return RESULT

    async def use(later: Later) -> None:
        assert await later.answer(lambda: later.in_turn(screen), "post 7", 60) == RESULT
        monkeypatch.setattr(later_file, "BUSY_FOR_SECONDS", 0.0)
        never = await later.answer(lambda: later.in_turn(busy), "post 7", 60)
        assert never == not_screened("busy", "post 7", BusyError.retry_after_seconds)

    def busy() -> ScreenResult:
        raise BusyError

    with_later(kept, clock, use)


def test_whatever_goes_wrong_is_an_answer_that_says_nothing_of_the_upload(
    kept: KeptScreenings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> ScreenResult:
        raise ValueError("secret of the upload")

    async def use(later: Later) -> None:
        assert await later.answer(work, None, 60) == not_screened("internal_error", None)

    with_later(kept, clock, use)
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_a_store_that_takes_nothing_promises_nothing_and_loses_nothing(
    kept: KeptScreenings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later_file, "STORE_SECONDS", 0.01)
    accept, finish = kept.accept, kept.finish
    is_full = True

    def full(*values: object) -> object:
        if is_full:
            raise StoreUnreadableError
        return finish(*values)  # type: ignore[arg-type]

    async def work() -> ScreenResult:
        await asyncio.sleep(0.01)
        return RESULT

    async def use(later: Later) -> None:
        nonlocal is_full
        monkeypatch.setattr(kept, "accept", full)
        assert await later.answer(work, "post 7", 0) == RESULT, "it waits for the answer instead"
        monkeypatch.setattr(kept, "accept", accept)
        monkeypatch.setattr(kept, "finish", full)
        said = await later.answer(work, "post 7", 0)
        assert isinstance(said, KeptScreening)
        await asyncio.sleep(0.1)
        assert (await later.one(bytes.fromhex(said.screening_id))).status is ScreeningStatus.ACCEPTED
        is_full = False
        until = time.monotonic() + 60
        while (await later.one(bytes.fromhex(said.screening_id))).result != RESULT:
            assert time.monotonic() < until
            await asyncio.sleep(0.01)

    with_later(kept, clock, use)


def test_what_was_owed_is_answered_though_the_store_is_written_to_meanwhile(
    kept: KeptScreenings, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.accept(b"f" * 16, "post 7", 100)
    wrote = []

    def answered(code: str, content_id: str | None) -> ScreenResult:
        another = sqlite3.connect(home / FILE_NAME, timeout=0.01, isolation_level=None)  # as following the exchange is
        with closing(another), suppress(sqlite3.OperationalError):  # it has to wait
            another.execute("UPDATE webhook SET problem = 'another'")
            wrote.append(True)
        return not_screened(code, content_id)

    monkeypatch.setattr(screenings_file, "not_screened", answered)
    assert kept.interrupt(300) == 1
    assert not wrote
    assert kept.one(b"f" * 16).status is ScreeningStatus.FINISHED


def test_what_was_owed_is_answered_once_the_store_takes_it_and_nothing_is_promised_before(
    kept: KeptScreenings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later_file, "STORE_SECONDS", 0.01)
    kept.accept(b"f" * 16, "post 7", 100)
    interrupt, is_full = kept.interrupt, True

    def full(minute: int) -> int:
        if is_full:
            raise StoreUnreadableError
        return interrupt(minute)

    async def work() -> ScreenResult:
        await asyncio.sleep(0.01)
        return RESULT

    async def use(later: Later) -> None:
        nonlocal is_full
        monkeypatch.setattr(kept, "interrupt", full)
        await later.start()
        assert await later.answer(work, "post 8", 0) == RESULT, "it waits for the answer: an upload of now must not count as one of then"
        assert (await later.one(b"f" * 16)).status is ScreeningStatus.ACCEPTED
        is_full = False
        until = time.monotonic() + 60
        while (await later.one(b"f" * 16)).result != not_screened("interrupted", "post 7"):
            assert time.monotonic() < until
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert isinstance(await later.answer(work, "post 8", 0), KeptScreening)

    with_later(kept, clock, use)


def test_answers_are_forgotten_after_a_week_and_the_oldest_of_too_many(
    kept: KeptScreenings, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stillmine.partner.store.screenings.MAXIMUM_KEPT", 3)
    ids = [number.to_bytes(16) for number in range(6)]
    with closing(WebhookQueue(home)) as queue:
        queue.aim("https://platform.example/")
        for screening_id in ids:
            kept.accept(screening_id, None, 100)
            if screening_id != ids[0]:
                kept.finish(screening_id, RESULT, 100)
        kept.accept(b"f" * 16, None, 100)
        assert kept.one(ids[0]).status is ScreeningStatus.ACCEPTED, "what is owed is never forgotten"
        for screening_id in ids[1:4]:
            with pytest.raises(ScreeningNotFoundError):
                kept.one(screening_id)
        assert queue.health().waiting == 2
        kept.finish(ids[4], not_screened("busy", None), 200)
        assert kept.one(ids[4]).result == RESULT, "the first answer counts"
        kept.forget(100 + KEPT_MINUTES)
        assert kept.one(ids[5]).result == RESULT
        kept.forget(101 + KEPT_MINUTES)
        assert queue.health().waiting == 0
    assert kept.interrupt(300) == 2
    assert kept.interrupt(300) == 0


def test_a_screening_that_could_not_be_told_is_named_as_one(kept: KeptScreenings, home: Path, run: Run) -> None:
    with closing(WebhookQueue(home)) as queue:
        queue.aim("https://platform.example/")
        kept.accept(b"f" * 16, None, 100)
        kept.finish(b"f" * 16, RESULT, 100)
        due = queue.next_due(0)
        assert due is not None
        for _ in range(78):
            queue.tried(due.place, 0, "status 500")
    shown = run("webhooks")
    assert f"screening id {(b'f' * 16).hex()}" in shown.output
