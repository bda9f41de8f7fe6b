# SPDX-License-Identifier: Apache-2.0
"""Uploads without end to a platform's service, and what each must be answered: which photographs are protected changes meanwhile.

An answer is wrong only where it was certain before the upload was sent and until it was answered: while a photograph becomes protected, or
is taken back, either answer is right. What was clear when it was asked about may be told for a minute more, with that time. Whatever is
drawn comes from a number, so that a soak can be had again.
"""

import io
import random
import socket
import threading
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple

import httpx
from PIL import Image, ImageOps

from stillmine.partner.asking.clear_memory import KEPT_SECONDS
from stillmine.wire import codec
from stillmine.wire.screen import Decision, Review, ScreenOutcome, ScreenResult
from tests import plain_http
from tests.journey.parties import Service

MALFORMED, SENT_AGAIN = 0.05, 0.15
"""Shares of all uploads."""
KEPT_FOR_LATER = 200
ANSWERED_SECONDS = 30.0
"""An upload takes no longer from being looked up to being answered, on a machine that is very busy."""
SLOW_CLIENTS = 40


class State(Enum):
    """What is certain of a photograph."""

    PROTECTED = ScreenOutcome.MATCH
    FREE = ScreenOutcome.NO_MATCH
    CHANGING = None


class Photograph:
    """One photograph, what is certain of it, and since which change."""

    def __init__(self, name: str, data: bytes, state: State) -> None:
        self.name, self.data = name, data
        self._image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        self._now = (state, 0)
        self.since = datetime.now(UTC)
        """When it became so; whoever asks now is told what holds since then, or says an earlier time."""

    @property
    def now(self) -> tuple[State, int]:
        """The state, and how often it changed: two looks that are equal say that it was so all the time between."""
        return self._now

    def become(self, state: State) -> None:
        self._now = (state, self._now[1] + 1)
        self.since = datetime.now(UTC)

    def copy(self, draw: random.Random) -> bytes:
        """Return a copy that nobody sent before: smaller, mirrored at times, in another quality."""
        share = draw.uniform(0.5, 1.0)
        made = self._image.resize((round(self._image.width * share), round(self._image.height * share)), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        (ImageOps.mirror(made) if draw.random() < 0.3 else made).save(buffer, "JPEG", quality=draw.randrange(65, 93))
        return buffer.getvalue()


class Sent(NamedTuple):
    """An upload that may be sent again."""

    photograph: Photograph
    data: bytes
    content_id: str


def _is_remembered(sent: Sent, result: ScreenResult) -> bool:
    """Whether it was clear before its photograph was protected, and says so: a service may remember that for a minute (spec/partner.md)."""
    if result.outcome is not ScreenOutcome.NO_MATCH or result.synced_at is None:
        return False
    age = datetime.now(UTC) - result.synced_at
    return result.synced_at <= sent.photograph.since and age <= timedelta(seconds=KEPT_SECONDS + ANSWERED_SECONDS)


class Uploads:
    """Threads that upload to one service until told to stop, decide about what matched, and hold every answer against what is certain."""

    def __init__(self, service: Service, photographs: list[Photograph], threads: int, seed: int) -> None:
        self._service, self._photographs = service, photographs
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(random.Random(f"{seed}-{number}"),)) for number in range(threads)]
        self._lock = threading.Lock()
        self._kept: list[Sent] = []
        self._made = 0
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.match_ids: defaultdict[str, set[str]] = defaultdict(set)
        """Of each content id, of all times that it was sent."""
        self.decided: set[str] = set()
        """Matches whose decision the service took."""

    def __enter__(self) -> "Uploads":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self, draw: random.Random) -> None:
        with plain_http.Client(base_url=self._service.url, headers=self._service.key_header(), timeout=150) as client:
            while not self._stopped.is_set():
                try:
                    self._upload(client, draw)
                except Exception as error:  # a thread that ended would only make the soak easier
                    self.wrong.append(f"{type(error).__name__}: {error}")
                    time.sleep(1)

    def _upload(self, client: httpx.Client, draw: random.Random) -> None:
        chosen = draw.random()
        if chosen < MALFORMED:
            self._send_malformed(client, draw)
        elif chosen < MALFORMED + SENT_AGAIN and self._kept:
            with self._lock:
                sent = draw.choice(self._kept)
            self._send(client, sent)
        else:
            photograph = draw.choice(self._photographs)
            sent = Sent(photograph, photograph.copy(draw), self._new_id())
            with self._lock:
                self._kept = [*self._kept[-KEPT_FOR_LATER:], sent]
            self._send(client, sent)

    def _new_id(self) -> str:
        with self._lock:
            self._made += 1
            return f"upload-{self._made}"

    def _send(self, client: httpx.Client, sent: Sent) -> None:
        before = sent.photograph.now
        result = self._answered(client, sent.data, sent.content_id)
        if result is None:
            return
        certain = before[0].value if before == sent.photograph.now else None
        if certain is not None and result.outcome not in (certain, ScreenOutcome.NOT_SCREENED) and not _is_remembered(sent, result):
            self.wrong.append(f"{sent.content_id}, {sent.photograph.name}, which is {before[0].name}: {result.outcome}")
        with self._lock:
            self.match_ids[sent.content_id] |= {match.match_id for match in result.matches}
        for match in result.matches:
            if result.not_recorded is None:
                self._decide(client, match.match_id)

    def _send_malformed(self, client: httpx.Client, draw: random.Random) -> None:
        """A cut copy of anything, or noise: it may match, and is never called clear where it is not whole."""
        photograph = draw.choice(self._photographs)
        data = photograph.copy(draw)
        data = data[: draw.randrange(1, len(data) - 200)] if draw.random() < 0.7 else draw.randbytes(draw.randrange(1, 20_000))
        result = self._answered(client, data, None)
        if result is not None and result.outcome is ScreenOutcome.NO_MATCH:
            self.wrong.append(f"a file of {len(data)} bytes that is none was called clear")

    def _answered(self, client: httpx.Client, data: bytes, content_id: str | None) -> ScreenResult | None:
        """Return the answer; None where the service asked to come again."""
        headers = {} if content_id is None else {"Stillmine-Content-Id": content_id}
        answer = client.post("/screen", content=data, headers=headers)
        if answer.status_code == 503:
            self._count("busy")
            time.sleep(0.5)
            return None
        assert answer.status_code == 200, answer.text
        result = codec.decode(answer.content, ScreenResult)
        self._count(result.outcome if result.reason is None else f"{result.outcome} {result.reason}")
        return result

    def _decide(self, client: httpx.Client, match_id: str) -> None:
        """Decide once about a match; what the service did not take is decided when the upload is sent again."""
        with self._lock:
            if match_id in self.decided:
                return
            self.decided.add(match_id)
        content = codec.encode(Review(version=1, decision=Decision.REMOVED))
        answer = client.post(f"/matches/{match_id}/review", content=content, headers={"Content-Type": "application/json"})
        if answer.status_code != 204:
            with self._lock:
                self.decided.remove(match_id)
        if answer.status_code not in (204, 503):
            self.wrong.append(f"a decision was answered {answer.status_code}")

    def _count(self, word: str) -> None:
        with self._lock:
            self.answers[word] += 1


class SlowClients:
    """Clients that send a byte a second of an upload that they never end; whoever is hung up on comes again."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "SlowClients":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        lines = [f"{name}: {text}" for name, text in self._service.key_header().items()]
        head = "\r\n".join(["POST /screen HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 1000000", *lines, "", ""]).encode()
        held: list[socket.socket] = []
        while not self._stopped.wait(1):
            held = [one for one in held if _took(one, b"x")]
            while len(held) < SLOW_CLIENTS and not self._stopped.is_set():
                try:
                    one = socket.create_connection(("127.0.0.1", self._service.port), timeout=5)
                except OSError:
                    break
                held += [one] if _took(one, head) else []
        for one in held:
            one.close()


def _took(connection: socket.socket, data: bytes) -> bool:
    """Send, and say whether the other end still listens."""
    try:
        connection.settimeout(0)
        try:
            if not connection.recv(1024):
                raise ConnectionResetError
        except BlockingIOError:
            pass  # it has said nothing
        connection.settimeout(5)
        connection.sendall(data)
    except OSError:
        connection.close()
        return False
    return True
