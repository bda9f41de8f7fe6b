# SPDX-License-Identifier: Apache-2.0
"""Webhooks: what happens to a match is told at least once, signed, to whatever target; none keeps an upload waiting."""

import base64
import hashlib
import hmac
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.store.schema import FILE_NAME
from stillmine.partner.store.webhooks import MAXIMUM_TRIES, WebhookQueue
from stillmine.partner.webhooks.sending import Sender, WebhookChoice, Webhooks
from stillmine.partner.webhooks.signing import PREVIOUS, SECRET_FILE, webhook_secrets
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, Health, Review
from stillmine.wire.webhook import Webhook, WebhookType
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers, Partner, Run
from tests.partner.service_client import running
from tests.partner.test_partner_service import wait_until

FILE = b"any file, also one that can't be read"
DELAYS = [5, 30, 120, 600, 3600, *[3600] * 72]


class Target:
    """A platform that is told: `answers` says what it does with each request, 200 afterwards."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int | str | Callable[[], None]] = []
        self.let_go = threading.Event()
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                target.seen.append(({name.lower(): value for name, value in self.headers.items()}, body))
                answer = target.answers.pop(0) if target.answers else 200
                if callable(answer):
                    answer()
                elif answer == "hang":
                    target.let_go.wait(60)
                elif answer != "reset":
                    self.send_response(int(answer))
                    self.send_header("Location", "/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_values: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/told?by=us"

    def told(self) -> list[Webhook]:
        return [msgspec.json.decode(body, type=Webhook) for _, body in self.seen]

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.seen]


@pytest.fixture
def target() -> Iterator[Target]:
    target = Target()
    thread = threading.Thread(target=target.server.serve_forever, daemon=True)
    thread.start()
    yield target
    target.let_go.set()
    target.server.shutdown()
    target.server.server_close()


@pytest.fixture
def queue(partner: Partner, home: Path, target: Target, exchange: FakeExchange) -> Iterator[WebhookQueue]:
    """Of a partner whose list holds a file twice."""
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    exchange.add("g", sha256(FILE).digest(), Kind.SHA256)
    partner.sync.run()
    with closing(WebhookQueue(home)) as queue:
        queue.aim(target.url)
        yield queue


@pytest.fixture
def sender(queue: WebhookQueue, home: Path, target: Target, clock: Clock) -> Sender:
    return sender_to(target, queue, home, clock)


def sender_to(target: Target, queue: WebhookQueue, home: Path, clock: Clock, answer_seconds: float = 10) -> Sender:
    choice = WebhookChoice(target.url, is_inside_allowed=True)
    return Sender(queue, choice.target(), webhook_secrets(home, None, Numbers()), clock, answer_seconds)


def send_all(sender: Sender) -> None:
    while sender.send_next():
        pass


def decide(partner: Partner, match_id: str, number: int = 1) -> None:
    partner.store.record_review(bytes.fromhex(match_id), Review(1, Decision.REMOVED), number.to_bytes(16), 7)


def test_a_match_its_decision_and_its_withdrawal_are_told_once_each(
    partner: Partner, sender: Sender, target: Target, exchange: FakeExchange
) -> None:
    matches = partner.screen(FILE, content_id="post 7").matches
    send_all(sender)
    partner.screen(FILE, content_id="post 7")
    send_all(sender)
    assert [one.type for one in target.told()] == [WebhookType.FOUND] * 2, "the same upload again is no news"
    assert {one.data.match_id for one in target.told()} == {match.match_id for match in matches}
    assert {(one.data.content_id, one.data.decision) for one in target.told()} == {("post 7", None)}

    decide(partner, matches[0].match_id)
    decide(partner, matches[0].match_id, 2)
    send_all(sender)
    assert [(one.type, one.data.decision) for one in target.told()[2:]] == [(WebhookType.DECIDED, Decision.REMOVED)] * 2

    exchange.withdraw("f")
    partner.sync.run()
    send_all(sender)
    assert [(one.type, one.data.is_withdrawn) for one in target.told()[4:]] == [(WebhookType.WITHDRAWN, True)]
    assert len(set(target.ids())) == len(target.ids()) == 5


def test_an_upload_that_matches_nothing_any_more_is_told(partner: Partner, sender: Sender, target: Target) -> None:
    partner.screen(FILE, content_id="post 7")
    (upload_id,) = sqlite3.connect(partner.home / FILE_NAME).execute("SELECT upload_id FROM uploads").fetchone()
    partner.store.note_no_match(upload_id)
    partner.store.note_no_match(upload_id)
    send_all(sender)
    assert [one.type for one in target.told()] == [WebhookType.FOUND] * 2 + [WebhookType.WITHDRAWN] * 2


def test_no_fingerprint_and_no_distance_is_told(partner: Partner, sender: Sender, target: Target, home: Path) -> None:
    partner.screen(FILE)
    send_all(sender)
    ids = [row[0].hex() for row in sqlite3.connect(home / FILE_NAME).execute("SELECT id FROM fingerprints")]
    assert len(ids) == 2
    for headers, body in target.seen:
        said = str(headers).encode() + body
        assert not any(word.encode() in said for word in [*ids, sha256(FILE).hexdigest(), "distance_bits"])
        assert set(headers) == {
            *("host", "user-agent", "content-type", "content-length", "webhook-id", "webhook-timestamp", "webhook-signature")
        }


def test_it_is_signed_and_while_secrets_change_by_both(
    partner: Partner, queue: WebhookQueue, target: Target, home: Path, clock: Clock
) -> None:
    old = sender_to(target, queue, home, clock)
    partner.screen(FILE)
    assert old.send_next()
    (home / SECRET_FILE).rename(home / (SECRET_FILE + PREVIOUS))
    new = sender_to(target, queue, home, clock)
    (home / SECRET_FILE).write_text("whsec_" + base64.b64encode(b"k" * 32).decode())
    new = sender_to(target, queue, home, clock)
    assert new.send_next()
    secrets = [(home / name).read_text().strip() for name in (SECRET_FILE, SECRET_FILE + PREVIOUS)]
    for (headers, body), signing in zip(target.seen, (secrets[1:], secrets), strict=True):
        assert headers["webhook-timestamp"] == str(int(clock().timestamp()))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in signing]
        made = ["v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
        assert headers["webhook-signature"].split(" ") == made
    assert (home / (SECRET_FILE + PREVIOUS)).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "whsec_" + base64.b64encode(b"k" * 23).decode(), "A" * 44])
def test_what_is_no_secret_is_refused(home: Path, secret: str) -> None:
    (home / SECRET_FILE).touch(0o600)
    (home / SECRET_FILE).write_text(secret)
    with pytest.raises(NotConfiguredError, match=SECRET_FILE):
        webhook_secrets(home, None, Numbers())


@pytest.mark.parametrize("answer", [500, 302, 304, 404, "reset", "hang"])
def test_what_was_not_taken_is_tried_again_under_the_same_id(
    partner: Partner, queue: WebhookQueue, target: Target, home: Path, clock: Clock, answer: int | str
) -> None:
    partner.screen(FILE)
    hasty = sender_to(target, queue, home, clock, answer_seconds=0.5 if answer == "hang" else 10)
    target.answers = [answer]
    assert hasty.send_next() is False
    problem = queue.health().problem
    assert problem == (f"status {answer}" if isinstance(answer, int) else problem)
    assert problem is not None
    send_all(hasty)
    assert len(target.seen) == 2, "the other one does not wait for it"
    clock.move(4)
    assert hasty.send_next() is None
    clock.move(1)
    assert hasty.send_next()
    assert target.ids()[0] == target.ids()[2] != target.ids()[1]
    assert (queue.health().waiting, queue.health().problem) == (0, None)


def test_after_three_days_it_has_failed_and_can_be_sent_again(
    partner: Partner, queue: WebhookQueue, sender: Sender, target: Target, clock: Clock, run: Run
) -> None:
    partner.screen(FILE)
    assert sender.send_next()
    target.answers = [500] * MAXIMUM_TRIES
    for seconds in [*DELAYS, 0]:
        assert sender.send_next() is False
        clock.move(seconds - 1)
        assert sender.send_next() is None
        clock.move(1)
    clock.move(10_000_000)
    assert sender.send_next() is None
    assert (queue.health().waiting, queue.health().failed) == (0, 1)
    shown = run("webhooks").output
    assert "0 waiting, 1 failed, 0 not queued; last try: status 500" in shown
    assert f"match id {target.told()[-1].data.match_id}" in shown
    assert run("webhooks", "--retry").exit_code == 0
    assert sender.send_next()
    assert queue.health().failed == 0


def test_410_stops_until_somebody_says_otherwise(
    partner: Partner, queue: WebhookQueue, sender: Sender, target: Target, clock: Clock, run: Run
) -> None:
    partner.screen(FILE)
    target.answers = [410]
    assert sender.send_next() is False
    clock.move(100_000)
    assert sender.send_next() is None
    assert queue.health().is_switched_off
    queue.aim(target.url)
    assert queue.health().is_switched_off, "a restart alone changes nothing"
    assert "switched off" in run("webhooks").output
    assert run("webhooks", "--retry", "--json").exit_code == 0
    send_all(sender)
    assert (len(target.seen), queue.health().waiting) == (3, 0), "nothing was lost"
    target.answers = [410]
    partner.screen(FILE, content_id="another")
    assert sender.send_next() is False
    queue.aim("https://new.example/")
    assert not queue.health().is_switched_off


def test_without_an_address_nothing_is_queued_and_what_waits_stays(partner: Partner, queue: WebhookQueue, target: Target) -> None:
    partner.screen(FILE)
    queue.aim(None)
    partner.screen(FILE, content_id="another")
    health = queue.health()
    assert (health.waiting, health.not_queued) == (2, 0)


def test_the_queue_has_an_end_and_keeps_the_oldest(partner: Partner, queue: WebhookQueue, home: Path) -> None:
    with closing(sqlite3.connect(home / FILE_NAME, isolation_level=None)) as db:
        db.execute("UPDATE webhook SET held = 99999")
        partner.screen(FILE)
        assert queue.health().not_queued == 1
        db.execute("UPDATE webhook SET held = 1")
    due = queue.next_due(0)
    assert due is not None
    queue.delivered(due.place)
    assert queue.health().waiting == 0


def test_what_is_forgotten_is_not_told(partner: Partner, queue: WebhookQueue, sender: Sender) -> None:
    (first, _) = partner.screen(FILE).matches
    decide(partner, first.match_id)
    assert queue.health().waiting == 4
    assert partner.store.forget_matches(8) == 1
    assert queue.health().waiting == 0
    assert sender.send_next() is None


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from stillmine.partner.store.webhooks import WebhookQueue
from stillmine.partner.webhooks.sending import Sender, WebhookChoice
from stillmine.partner.webhooks.signing import webhook_secrets
home = Path(sys.argv[1])
queue = WebhookQueue(home)
target = WebhookChoice(sys.argv[2], is_inside_allowed=True).target()
sender = Sender(queue, target, webhook_secrets(home, None, lambda count: bytes(count)), lambda: datetime(2030, 1, 1, tzinfo=UTC))
print("ready", flush=True)
sys.stdin.readline()
sender.send_next()
print("noted", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("step", ["before it sends", "before it notes", "afterwards"])
def test_a_sender_that_is_killed_loses_nothing_and_repeats_the_id(
    partner: Partner, queue: WebhookQueue, sender: Sender, target: Target, home: Path, step: str
) -> None:
    """Killed before it sends, after the target has everything and before that is noted, and after that."""
    partner.screen(FILE)
    command = [sys.executable, "-c", KILLED, str(home), target.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
        assert killed.stdin is not None
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"ready\n"
        if step == "before it notes":
            target.answers = [lambda: os.kill(killed.pid, signal.SIGKILL)]
        if step != "before it sends":
            killed.stdin.write(b"\n")
            killed.stdin.flush()
        if step == "afterwards":
            assert killed.stdout.readline() == b"noted\n"
        if step != "before it notes":
            killed.kill()
        assert killed.wait(60) == -signal.SIGKILL
    assert queue.health().waiting == (1 if step == "afterwards" else 2)
    send_all(sender)
    assert queue.health().waiting == 0
    times = sorted(target.ids().count(one) for one in set(target.ids()))
    assert times == ([1, 2] if step == "before it notes" else [1, 1])


@pytest.mark.parametrize(
    ("url", "is_inside_allowed"),
    [("", True), ("platform.example", True), ("ftp://platform.example", True), ("https://u@platform.example", True), ("http://x", False)],
)
def test_what_is_no_target_is_refused(url: str, is_inside_allowed: bool) -> None:
    with pytest.raises(NotConfiguredError, match="--webhook"):
        WebhookChoice(url, is_inside_allowed).target()


def test_a_target_inside_needs_a_word(partner: Partner, queue: WebhookQueue, target: Target, home: Path, clock: Clock) -> None:
    partner.screen(FILE)
    url = target.url.replace("http://", "https://")
    sender = Sender(queue, WebhookChoice(url).target(), webhook_secrets(home, None, Numbers()), clock)
    assert sender.send_next() is False
    assert queue.health().problem == "url_not_allowed"
    public = Sender(queue, WebhookChoice("http://93.184.216.34/", True).target(), webhook_secrets(home, None, Numbers()), clock)
    assert public.send_next() is False
    assert queue.health().problem == "url_not_allowed"
    assert target.seen == []


def test_a_service_tells_and_a_target_that_hangs_keeps_no_upload_and_no_review_waiting(
    home: Path, exchange: FakeExchange, clock: Clock, target: Target
) -> None:
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    choice = WebhookChoice(target.url, is_inside_allowed=True)
    target.answers = ["hang"]
    application = build_service(home, SETTINGS, sync_every_seconds=0.2, threads=1, surroundings=surroundings, webhook=choice)
    with running(application) as client:
        client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
        wait_until(lambda: client.get("/health").status_code == 200)
        (match,) = client.post("/screen", FILE).json()["matches"]
        wait_until(lambda: len(target.seen) == 1)
        review = b'{"version":1,"decision":"removed"}'
        assert client.post(f"/matches/{match['match_id']}/review", review).status_code == 204
        assert client.post("/screen", FILE).json()["outcome"] == "match"
        health = msgspec.json.decode(client.get("/health").content, type=Health)
        assert health.webhooks is not None
        assert health.webhooks.waiting == 2
        target.let_go.set()
        wait_until(lambda: client.get("/health").json()["webhooks"]["problem"] is not None)
        clock.move(3600)
        wait_until(lambda: len(target.seen) == 3)
        assert target.told()[-1].data.decision is Decision.REMOVED


def test_a_service_without_webhooks_says_so(home: Path, clock: Clock) -> None:
    webhooks = Webhooks(home, None, clock, Numbers())
    webhooks.start()
    assert webhooks.health() is None
    webhooks.stop()
    assert not (home / SECRET_FILE).exists()
