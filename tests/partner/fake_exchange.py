# SPDX-License-Identifier: Apache-2.0
"""A small exchange made of wire messages, for tests of the partner alone.

It shows the newest state of each fingerprint in order of change, as spec/feed.md says, and remembers what it was told. Faults are
switched on by attributes. It can be reached as an httpx transport, or over real HTTP for tests with a process.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import msgspec

from stillmine.matching.kinds import FingerprintIndex
from stillmine.wire.ask import Answer, AskAnswer, AskQuery, ExchangeStatus, IndexState, Outcome, decode_ask, encode_answer, tags_of
from stillmine.wire.ask_errors import IndexLoadingError, QuotaUsedUpError
from stillmine.wire.ask_regions import MAXIMUM_REGIONS_ASK_BYTES, RegionsAnswer, RegionsAsk, RegionsLook, encode_regions_answer
from stillmine.wire.case import FingerprintState
from stillmine.wire.codec import decode, encode
from stillmine.wire.errors import (
    FeedCursorForeignError,
    FeedCursorInvalidError,
    MalformedMessageError,
    NotFoundError,
    PartnerKeyUnknownError,
    StillmineError,
)
from stillmine.wire.feed import AcknowledgeFeed, FeedEntry, FeedPage
from stillmine.wire.feedback import Feedback, FeedbackReceipt, SubmitFeedback
from stillmine.wire.kinds import Kind, value_bytes
from stillmine.wire.partner_errors import ListNotGivenError, ListStillGivenError, ScopeMissingError
from stillmine.wire.snapshot import SnapshotBlock, SnapshotHead, SnapshotWriter
from stillmine.wire.vote import SubmitVotes, Vote
from tests.partner.fake_regions import FakeRegions

ASK = "/api/v1/ask"
REGIONS = "/api/v1/ask/regions"
LOOK = "/api/v1/ask/regions/look"
FEED = "/api/v1/feed"
SNAPSHOT = "/api/v1/feed/snapshot"
STATUS = "/api/v1/status"
FEEDBACK = "/api/v1/feedback"
REPORTS = (FEEDBACK, "/api/v1/votes")
KEY = "smk_01234567_" + "A" * 43


class FakeExchange:
    """`page_entries` is the size of a page; the attributes named `…_fails` are faults."""

    def __init__(self, page_entries: int = 1000) -> None:
        self.page_entries = page_entries
        self.epoch = "a"
        self.acknowledged: list[str] = []
        self.feedback: dict[str, Feedback] = {}
        self.votes: dict[str, Vote] = {}
        self.requests: list[str] = []
        self.unknown_ids: set[str] = set()
        self.has_snapshot = False
        self.snapshot: bytes | None = None
        """Sent instead of a right one."""
        self.answers: dict[str, httpx.Response | Exception] = {}
        """A fault by path: answered or raised instead."""
        self.lost_answers: set[str] = set()
        """Paths whose request is taken, but whose answer is lost."""
        self.scopes = ["ask", "feedback", "list", "submit"]
        self.index = IndexState.READY
        self.queries_today = 0
        self.queries_a_day = 1_000_000
        self.asks: list[list[AskQuery]] = []
        """The queries of each ask that was answered."""
        self.regions: FakeRegions | None = None
        """Answers asks about regions; without it this exchange is of before there were any."""
        self.knows_older = True
        """Whether it knows reports about what was uploaded before; one of before there were any refuses the field."""
        self.url = ""
        """The address, while it serves."""
        self._sequence = 0
        self._newest: dict[str, tuple[int, FeedEntry]] = {}

    def add(self, name: str, value: bytes, kind: Kind = Kind.PDQ, quality: int = 100) -> str:
        """Add or reactivate a fingerprint of a kind whose text is hex digits; return its id for this partner."""
        return self.add_text(name, kind, value.hex(), quality)

    def add_text(self, name: str, kind: Kind, value: str, quality: int = 100) -> str:
        """Add or reactivate a fingerprint of any kind; return its id for this partner."""
        return self._change(name, FeedEntry(self.id_of(name), kind, FingerprintState.ACTIVE, value, quality))

    def withdraw(self, name: str, state: FingerprintState = FingerprintState.WITHDRAWN) -> str:
        """Put a tombstone in place of a fingerprint."""
        return self._change(name, FeedEntry(self.id_of(name), self._newest[self.id_of(name)][1].kind, state))

    def flag(self, name: str) -> None:
        """Say that an operator was asked to look at it; it stays as it is."""
        self._change(name, msgspec.structs.replace(self._newest[self.id_of(name)][1], is_flagged=True))

    def start_over(self) -> None:
        """Forget everything, as an exchange restored from nothing: no cursor of before is valid."""
        self._newest.clear()
        self.epoch += "a"

    def active(self) -> dict[bytes, bytes]:
        """Return what a partner must match now."""
        return {bytes.fromhex(entry.id): bytes.fromhex(entry.value) for _, entry in self._newest.values() if entry.value is not None}

    def cursor(self) -> str:
        """Return the cursor at the feed's end."""
        return f"{self.epoch}.{self._sequence}"

    def id_of(self, name: str) -> str:
        """Return the opaque id of a name, another one after `start_over`."""
        return hashlib.sha256(f"{self.epoch}/{name}".encode()).hexdigest()[:32]

    def transport(self) -> httpx.MockTransport:
        """Return this exchange as a transport."""
        return httpx.MockTransport(self._answer)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve over real HTTP; yields the address."""
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = httpx.Request(self.command, f"http://127.0.0.1{self.path}", headers=dict(self.headers), content=body)
                answer = exchange._answer(request)
                self.send_response(answer.status_code)
                self.send_header("Content-Length", str(len(answer.read())))
                self.end_headers()
                self.wfile.write(answer.content)

            do_POST = do_GET  # noqa: N815 (http.server's word)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self.url
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _change(self, name: str, entry: FeedEntry) -> str:
        self._sequence += 1
        self._newest[self.id_of(name)] = (self._sequence, entry)
        return entry.id

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == SNAPSHOT and not self.has_snapshot:
            return _streamed(404, encode(NotFoundError().message()))
        self.requests.append(f"{request.method} {path}")
        fault = self.answers.get(path)
        if isinstance(fault, Exception):
            raise fault
        if fault is not None:
            return _streamed(fault.status_code, fault.content, fault.headers)
        try:
            answer = self._taken(request)
        except StillmineError as error:
            return _streamed(error.status, encode(error.message()), _retry_after(error))
        if path in self.lost_answers:
            raise httpx.ReadError("lost")
        if isinstance(answer, bytes):
            return _streamed(200, answer)
        return _streamed(204, b"") if answer is None else _streamed(200, encode(answer))

    def _taken(self, request: httpx.Request) -> msgspec.Struct | bytes | None:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            raise PartnerKeyUnknownError
        path = request.url.path
        if path == STATUS:
            behind = 0 if self.index is IndexState.READY else None
            return ExchangeStatus(1, self.index, behind, self.queries_today, self.queries_a_day, sorted(self.scopes))
        if path == ASK:
            return encode_answer(AskAnswer(1, self._answered(decode_ask(request.content).queries)))
        if path in (REGIONS, LOOK):
            return encode_regions_answer(self._looked(path, request.content))
        return self._reported(path, request.content) if path in REPORTS else self._listed(path, request)

    def _listed(self, path: str, request: httpx.Request) -> msgspec.Struct | bytes | None:
        said = decode(request.content, AcknowledgeFeed) if path == "/api/v1/feed/acknowledgements" else None
        if ("list" in self.scopes) is (said is not None and said.is_erased):
            raise ListStillGivenError if "list" in self.scopes else ListNotGivenError
        if said is not None:
            self.acknowledged.append(said.cursor or "erased")
            return None
        if path == SNAPSHOT:
            return self.snapshot or self.whole_snapshot()
        return self._page(request.url.params.get("cursor"), int(request.url.params.get("limit", 500)))

    def _reported(self, path: str, content: bytes) -> FeedbackReceipt:
        if "feedback" not in self.scopes:
            raise ScopeMissingError("scope: feedback")
        if path == FEEDBACK:
            return self._take_feedback(decode(content, SubmitFeedback))
        votes = {vote.vote_id: vote for vote in decode(content, SubmitVotes).votes}
        repeated = len(votes.keys() & self.votes.keys())
        self.votes |= votes
        return FeedbackReceipt(accepted=len(votes) - repeated, repeated=repeated, unknown=[])

    def _answered(self, queries: list[AskQuery]) -> list[Answer]:
        """Answer as an exchange does, from an index made for this request: never from one that lags."""
        if "ask" not in self.scopes:
            raise ScopeMissingError("scope: ask")
        if self.index is not IndexState.READY:
            raise IndexLoadingError
        if self.queries_today + len(queries) > self.queries_a_day:
            raise QuotaUsedUpError
        self.queries_today += len(queries)
        self.asks.append(queries)
        index = FingerprintIndex()
        entries = {bytes.fromhex(entry.id): entry for _, entry in self._newest.values() if entry.value is not None}
        for own, entry in entries.items():
            index.add(own, entry.kind, value_bytes(entry.kind, entry.value or ""))
        answers = []
        for query in queries:
            found = index.ask(query.kind, value_bytes(query.kind, query.value), 1, is_turned=not query.as_it_is)
            tags = tags_of(is_synthetic=False, is_flagged=bool(found) and entries[found[0].id].is_flagged)
            answers.append(Answer(Outcome.MATCH, found[0].id.hex(), tags) if found else Answer())
        return answers

    def _looked(self, path: str, content: bytes) -> RegionsAnswer:
        if self.regions is None:
            raise NotFoundError
        if "ask" not in self.scopes:
            raise ScopeMissingError("scope: ask")
        if path == LOOK:
            self.queries_today += 1
            return self.regions.look(decode(content, RegionsLook, MAXIMUM_REGIONS_ASK_BYTES))
        message = decode(content, RegionsAsk, MAXIMUM_REGIONS_ASK_BYTES)
        if self.queries_today + len(message.views) > self.queries_a_day:
            raise QuotaUsedUpError
        self.queries_today += len(message.views)
        return self.regions.ask(message)

    def whole_snapshot(self) -> bytes:
        """Return everything active, one fingerprint in a block."""
        writer = SnapshotWriter()
        active = [entry for _, entry in self._newest.values() if entry.value is not None]
        parts = [writer.head(SnapshotHead(self.cursor(), len(active)))]
        for entry in active:
            value = value_bytes(entry.kind, entry.value or "")
            parts.append(writer.block(SnapshotBlock(entry.kind, bytes.fromhex(entry.id), bytes([entry.quality or 0]), [value])))
        return b"".join([*parts, writer.end()])

    def _take_feedback(self, message: SubmitFeedback) -> FeedbackReceipt:
        if not self.knows_older and any(report.is_older for report in message.feedback):
            raise MalformedMessageError
        unknown = sorted({report.fingerprint_id for report in message.feedback} & self.unknown_ids)
        taken = {report.feedback_id: report for report in message.feedback if report.fingerprint_id not in self.unknown_ids}
        repeated = len(taken.keys() & self.feedback.keys())
        self.feedback |= taken
        return FeedbackReceipt(accepted=len(taken) - repeated, repeated=repeated, unknown=unknown)

    def _page(self, cursor: str | None, limit: int) -> FeedPage:
        after = 0
        if cursor is not None:
            epoch, _, number = cursor.partition(".")
            if not number.isdecimal():
                raise FeedCursorInvalidError
            if epoch != self.epoch:
                raise FeedCursorForeignError
            after = int(number)
        waiting = sorted((sequence, entry) for sequence, entry in self._newest.values() if sequence > after)
        page = waiting[: min(limit, self.page_entries)]
        reached = page[-1][0] if page else after
        return FeedPage(1, [entry for _, entry in page], f"{self.epoch}.{reached}", len(page) < len(waiting))


def _streamed(status: int, content: bytes, headers: httpx.Headers | None = None) -> httpx.Response:
    """An answer that is not read yet, as from a network."""
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))


def _retry_after(error: StillmineError) -> httpx.Headers:
    return httpx.Headers({} if error.retry_after_seconds is None else {"Retry-After": str(error.retry_after_seconds)})
