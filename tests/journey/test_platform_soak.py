# SPDX-License-Identifier: Apache-2.0
"""Everything that goes wrong at a platform, all at once and for long: no answer is wrong, no decision is lost, memory stays as it is.

    STILLMINE_SOAK_MINUTES=30 STILLMINE_SOAK_OUT=soak.json \
        pytest -m long -o faulthandler_timeout=3600 tests/journey/test_platform_soak.py

Two services, one with the list and one that asks, behind one exchange: altered copies and harmless photographs, some sent again, some
malformed; forty clients that send a byte a second at each; workers killed; the exchange stopped and killed, away for seconds; people who
take back what they protected, and others who protect it anew. `bench/soak_chart.py` draws what was written.
"""

import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from stillmine.demo.person import Person, fingerprints_of
from stillmine.wire.errors import StillmineError
from stillmine.wire.screen import ScreenOutcome
from tests.journey.memory import children_of, held_mb
from tests.journey.parties import Exchange, Party, Service, wait_until
from tests.journey.soaking import Photograph, SlowClients, State, Uploads

pytestmark = pytest.mark.long

MINUTES = float(os.environ.get("STILLMINE_SOAK_MINUTES", "2"))
SEED = 20261202
THREADS = 3
LOOK_SECONDS = 5.0
WORKER_KILLED_EVERY, EXCHANGE_FAILS_EVERY, SOMEBODY_CHANGES_EVERY = 20.0, 75.0, 45.0
PROTECTED = ("skimage/rocket.jpg", "skimage/chelsea.png", "clothing/boots.jpg", "clothing/dress.jpg", "clothing/trainers.jpg")
FREE = ("exif_orientation/Landscape_1.jpg", "clothing/coat.jpg", "clothing/hat.jpg", "clothing/jumper.jpg", "clothing/shirt.jpg")
MAY_GROW_MB = 30.0
SETTLED_SHARE = 1 / 3
"""Of a soak: until then caches fill and workers load what they need."""


class Soak:
    """What runs, and what is noted of it."""

    def __init__(self, folder: Path, root: Path, stack: ExitStack) -> None:
        self._stack = stack
        self.draw = random.Random(SEED)
        self.exchange = stack.enter_context(Exchange(folder, None))
        self.exchange.start()
        self.protected = [_photograph(root, name, State.CHANGING) for name in PROTECTED]
        self.photographs = [*self.protected, *(_photograph(root, name, State.FREE) for name in FREE)]
        self.people: dict[str, Person] = {}
        self.services = [self._service(folder, "list", "off"), self._service(folder, "ask", "all")]
        self.looks: list[dict[str, object]] = []
        self.faults: list[tuple[float, str]] = []
        self.let_go_seconds: list[float] = []
        self.began = time.monotonic()

    def _service(self, folder: Path, way: str, regions: str) -> Service:
        key = self.exchange.add_partner(f"Example {way}", "--way", way)
        service = self._stack.enter_context(Service(folder, way, self.exchange.url, key))
        service.start("--regions", regions)
        return service

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.began

    def protect(self, photograph: Photograph) -> None:
        """Somebody opens a case; it is certain once both services say so."""
        photograph.become(State.CHANGING)
        person = self._stack.enter_context(Person(self.exchange.url, self.draw.randbytes(10)))
        person.open_case(fingerprints_of(photograph.data))
        self.people[photograph.name] = person
        self._wait_for(photograph, ScreenOutcome.MATCH)
        photograph.become(State.PROTECTED)

    def take_back(self, photograph: Photograph) -> None:
        photograph.become(State.CHANGING)
        self.people.pop(photograph.name).withdraw_case()
        began = time.monotonic()
        self._wait_for(photograph, ScreenOutcome.NO_MATCH)
        self.let_go_seconds.append(time.monotonic() - began)
        photograph.become(State.FREE)

    def _wait_for(self, photograph: Photograph, outcome: ScreenOutcome) -> None:
        for service in self.services:
            wait_until(lambda service=service: service.screen(photograph.copy(self.draw)).outcome is outcome, 0.5)  # type: ignore[misc]

    def look(self, uploads: list[Uploads]) -> None:
        """Note how much is held in memory and how much was answered."""
        held = {party.home.name: _held(party) for party in (self.exchange, *self.services)}
        self.looks.append({"second": round(self.seconds, 1), "answers": sum(one.answers.total() for one in uploads), "held_mb": held})

    def fail_exchange(self) -> None:
        """Stop or kill it, and start it some seconds later."""
        is_killed = self.draw.random() < 0.5
        self.faults.append((self.seconds, "exchange killed" if is_killed else "exchange stopped"))
        (self.exchange.kill if is_killed else self.exchange.stop)()
        time.sleep(self.draw.uniform(1, 10))
        self.exchange.start()

    def kill_worker(self) -> None:
        service = self.draw.choice(self.services)
        assert service.process is not None
        workers = children_of(service.process.pid)
        if workers:
            self.faults.append((self.seconds, f"worker of `{service.home.name}` killed"))
            with suppress(ProcessLookupError):  # it has ended by itself
                os.kill(self.draw.choice(workers), signal.SIGKILL)

    def change(self) -> None:
        """Somebody takes back, or somebody protects what was taken back."""
        photograph = self.draw.choice(self.protected)
        state, _ = photograph.now
        with suppress(StillmineError):
            (self.take_back if state is State.PROTECTED else self.protect)(photograph)

    def until(self, end: float) -> None:
        """Make faults until so many seconds have gone; the exchange never fails while somebody changes their case."""
        due = {self.kill_worker: 5.0, self.fail_exchange: 30.0, self.change: 10.0}
        every = {
            self.kill_worker: WORKER_KILLED_EVERY,
            self.fail_exchange: EXCHANGE_FAILS_EVERY,
            self.change: SOMEBODY_CHANGES_EVERY,
        }
        while self.seconds < end:
            for fault, second in list(due.items()):
                if self.seconds >= second:
                    fault()
                    due[fault] = self.seconds + every[fault] * self.draw.uniform(0.7, 1.3)
            time.sleep(0.2)


def _photograph(root: Path, name: str, state: State) -> Photograph:
    return Photograph(name, (root / "media" / name).read_bytes(), state)


def _held(party: Party) -> dict[str, float]:
    """Return what the process that serves holds, and what its workers do, in MiB."""
    if party.process is None or party.process.poll() is not None:
        return {}
    children = children_of(party.process.pid)
    return {"main": round(held_mb([party.process.pid]), 1), "others": round(held_mb(children), 1)}


@pytest.fixture
def soak(system_folder: Path, root: Path) -> Iterator[Soak]:
    with ExitStack() as stack:
        yield Soak(system_folder, root, stack)


def test_nothing_is_wrong_or_lost_while_everything_fails(soak: Soak) -> None:
    for photograph in soak.protected:
        soak.protect(photograph)
    stopped = threading.Event()
    with ExitStack() as at_work:
        uploads = [
            at_work.enter_context(Uploads(one, soak.photographs, THREADS, SEED + number)) for number, one in enumerate(soak.services)
        ]
        for service in soak.services:
            at_work.enter_context(SlowClients(service))
        looking = threading.Thread(target=_look_until, args=(soak, uploads, stopped))
        looking.start()
        try:
            soak.until(60 * MINUTES)
        finally:
            stopped.set()
            looking.join()
    for service in soak.services:
        wait_until(lambda service=service: service.health().waiting_feedback == 0)  # type: ignore[misc]
    _write_down(soak, uploads)
    assert [one.wrong for one in uploads] == [[], []]
    for service, one in zip(soak.services, uploads, strict=True):
        _assert_one_match_for_an_upload(one)
        _assert_all_decisions_arrived(soak.exchange, service, one)
        assert "Traceback" not in service.written()
    if MINUTES >= 10:
        _assert_memory_is_flat(soak)


def _look_until(soak: Soak, uploads: list[Uploads], stopped: threading.Event) -> None:
    while not stopped.wait(LOOK_SECONDS):
        soak.look(uploads)


def _assert_one_match_for_an_upload(uploads: Uploads) -> None:
    """However often it was sent; one that was sent while its photograph was taken back and protected anew has one of each case."""
    many = [content_id for content_id, ids in uploads.match_ids.items() if len(ids) > 2]
    assert many == []
    assert uploads.decided


def _assert_all_decisions_arrived(exchange: Exchange, service: Service, uploads: Uploads) -> None:
    with closing(sqlite3.connect(exchange.home / "exchange.sqlite3")) as db:
        (arrived,) = db.execute(
            "SELECT count(DISTINCT feedback_id) FROM feedback_report JOIN partners_partner partner ON partner.id = partner_id "
            "WHERE outcome = 'removed' AND NOT is_beside AND partner.name = ?",
            [f"Example {service.home.name}"],
        ).fetchone()
    assert arrived == len(uploads.decided)


def _assert_memory_is_flat(soak: Soak) -> None:
    settled = soak.looks[int(len(soak.looks) * SETTLED_SHARE) :]
    for name in ("list", "ask"):
        for part in ("main", "others"):
            held = [look["held_mb"][name].get(part, 0.0) for look in settled]  # type: ignore[index]
            quarter = len(held) // 4
            first, last = _middle(held[:quarter]), _middle(held[-quarter:])
            assert last <= first + MAY_GROW_MB, f"{name}, {part}: {first} MiB, then {last}"


def _middle(numbers: list[float]) -> float:
    return sorted(numbers)[len(numbers) // 2]


def _write_down(soak: Soak, uploads: list[Uploads]) -> None:
    path = os.environ.get("STILLMINE_SOAK_OUT")
    if path is None:
        return
    found = {
        "minutes": MINUTES,
        "looks": soak.looks,
        "faults": soak.faults,
        "let_go_seconds": soak.let_go_seconds,
        "answers": {service.home.name: one.answers for service, one in zip(soak.services, uploads, strict=True)},
        "decisions": {service.home.name: len(one.decided) for service, one in zip(soak.services, uploads, strict=True)},
        "wrong": [one.wrong for one in uploads],
    }
    Path(path).write_text(json.dumps(found, indent=1))
