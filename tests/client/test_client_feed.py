# SPDX-License-Identifier: Apache-2.0
"""Feed, snapshot, feedback and submissions against the fake exchange, through either client."""

from collections.abc import Callable

import httpx
import pytest

from stillmine.client import ExchangeAnswerError, ExchangeSettings, calls
from stillmine.client.http import Requests
from stillmine.client.time_limits import TimeLimits
from stillmine.wire.case import FingerprintState
from stillmine.wire.case_key import Secret
from stillmine.wire.codec import decode, encode
from stillmine.wire.errors import (
    ExchangeUnreachableError,
    FeedCursorInvalidError,
    MalformedMessageError,
    PartnerKeyUnknownError,
    StillmineError,
)
from stillmine.wire.feed import FeedEntry
from stillmine.wire.feedback import Feedback, FeedbackReceipt, Outcome
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.partner_errors import ListNotGivenError
from stillmine.wire.snapshot import FeedSnapshotCutError, FeedSnapshotDamagedError
from stillmine.wire.submission import SubmissionReceipt, SubmitFingerprints, WithdrawalReceipt, WithdrawSubmissions
from stillmine.wire.vote import Vote, VoteKind
from tests.client.client_parts import KEY, Client, ClientOf, streamed
from tests.partner.fake_exchange import REPORTS, SNAPSHOT, FakeExchange

ID = "ab" * 16
ROOT = ExchangeSettings("https://exchange.example", Secret(KEY.encode()))


@pytest.fixture
def connected(client_of: ClientOf, exchange: FakeExchange) -> Client:
    """A client of the fake exchange."""
    return client_of(exchange.transport().handler, ROOT)


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange(page_entries=2)


def test_a_feed_is_followed_to_its_end_and_acknowledged(connected: Client, exchange: FakeExchange) -> None:
    for number in range(5):
        exchange.add(f"f{number}", bytes([number]) * 32)
    exchange.withdraw("f1")
    cursor: str | None = None
    entries: list[FeedEntry] = []
    has_more = True
    while has_more:
        page = connected.feed_page(cursor)
        entries += page.entries
        cursor, has_more = page.cursor, page.has_more
    assert cursor is not None
    connected.acknowledge(cursor)
    assert [entry.state for entry in entries].count(FingerprintState.ACTIVE) == 4
    assert exchange.acknowledged == [exchange.cursor()]
    with pytest.raises(FeedCursorInvalidError):
        connected.feed_page("nonsense")


def test_who_erased_the_list_says_so(connected: Client, exchange: FakeExchange) -> None:
    exchange.scopes = ["ask", "feedback"]
    connected.acknowledge_erased()
    assert exchange.acknowledged == ["erased"]


def test_an_exchange_may_be_silent_before_a_snapshot_for_as_long_as_it_puts_a_million_on_record() -> None:
    requests = Requests(ROOT, TimeLimits(silence_seconds=10, snapshot_silence_seconds=120))
    read = [requests.of(call).extensions["timeout"]["read"] for call in (calls.snapshot(), calls.feed_page(None))]
    assert read == [120, 10]


def test_a_snapshot_is_read_block_by_block(connected: Client, exchange: FakeExchange) -> None:
    exchange.has_snapshot = True
    for number in range(5):
        exchange.add(f"f{number}", bytes([number]) * 32)
    with connected.snapshot() as snapshot:
        assert snapshot is not None
        assert (snapshot.head.active, snapshot.head.cursor) == (5, exchange.cursor())
        assert {value for block in snapshot.blocks() for value in block.values} == set(exchange.active().values())


def test_there_may_be_no_snapshot(connected: Client, exchange: FakeExchange) -> None:
    with connected.snapshot() as snapshot:
        assert snapshot is None


def read_whole(client: Client) -> None:
    with client.snapshot() as snapshot:
        assert snapshot is not None
        list(snapshot.blocks())


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda data: data[:-1], FeedSnapshotCutError),
        (lambda data: b"", FeedSnapshotCutError),
        (lambda data: data + b"x", FeedSnapshotDamagedError),
        (lambda data: b"<html>", FeedSnapshotDamagedError),
        (lambda data: data[:40] + b"\xff" + data[41:], FeedSnapshotDamagedError),
    ],
)
def test_a_snapshot_that_is_not_whole(
    connected: Client, exchange: FakeExchange, change: Callable[[bytes], bytes], error: type[StillmineError]
) -> None:
    exchange.has_snapshot = True
    exchange.add("f", bytes(32))
    exchange.answers[SNAPSHOT] = httpx.Response(200, content=change(exchange.whole_snapshot()))
    with pytest.raises(error):
        read_whole(connected)


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (403, encode(ListNotGivenError().message()), ListNotGivenError),
        (500, b"", ExchangeUnreachableError),
        (302, b"", ExchangeAnswerError),
    ],
)
def test_a_snapshot_that_is_refused(client_of: ClientOf, status: int, content: bytes, error: type[StillmineError]) -> None:
    with pytest.raises(error), client_of(lambda request: streamed(status, content)).snapshot():
        pytest.fail("there is none")


def test_feedback_and_votes_come_with_a_receipt(connected: Client, exchange: FakeExchange) -> None:
    assert connected.submit_feedback([Feedback(ID, ID, Outcome.FOUND)]) == FeedbackReceipt(1, 0, [])
    assert connected.submit_feedback([Feedback(ID, ID, Outcome.FOUND)]) == FeedbackReceipt(0, 1, [])
    assert connected.submit_votes([Vote(ID, ID, VoteKind.AGREE)]) == FeedbackReceipt(1, 0, [])


@pytest.mark.parametrize("receipt", [FeedbackReceipt(0, 0, []), FeedbackReceipt(2, 0, []), FeedbackReceipt(1, 0, [ID])])
def test_a_receipt_that_does_not_account_for_each_is_none(connected: Client, exchange: FakeExchange, receipt: FeedbackReceipt) -> None:
    exchange.answers = dict.fromkeys(REPORTS, httpx.Response(200, content=encode(receipt)))
    with pytest.raises(ExchangeAnswerError):
        connected.submit_feedback([Feedback(ID, ID, Outcome.FOUND)])
    with pytest.raises(ExchangeAnswerError):
        connected.submit_votes([Vote(ID, ID, VoteKind.AGREE)])


def test_a_lost_receipt_is_asked_for_again_with_the_same_ids(connected: Client, exchange: FakeExchange) -> None:
    exchange.lost_answers.add("/api/v1/feedback")
    with pytest.raises(ExchangeUnreachableError):
        connected.submit_feedback([Feedback(ID, ID, Outcome.FOUND)])
    assert len(exchange.feedback) == 1
    assert len(exchange.requests) == 2


def test_fingerprints_are_handed_in_and_taken_back(client_of: ClientOf) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/withdraw"):
            return streamed(200, encode(WithdrawalReceipt(1, 0, decode(request.content, WithdrawSubmissions).fingerprint_ids)))
        return streamed(200, encode(SubmissionReceipt(len(decode(request.content, SubmitFingerprints).fingerprints), 0, [ID])))

    client = client_of(answer)
    assert client.submit([Fingerprint(Kind.MD5, ID, 100)]) == SubmissionReceipt(1, 0, [ID])
    assert client.take_back([ID]) == WithdrawalReceipt(1, 0, [ID])


def test_a_key_that_is_not_known(client_of: ClientOf, exchange: FakeExchange) -> None:
    other = ExchangeSettings("https://exchange.example", Secret(b"smk_01234567_" + b"B" * 43))
    with pytest.raises(PartnerKeyUnknownError):
        client_of(exchange.transport().handler, other).feed_page(None)


def test_too_much_at_once_is_refused_by_the_exchange_in_its_own_code(client_of: ClientOf) -> None:
    client = client_of(lambda request: streamed(400, encode(MalformedMessageError("feedback: at most 5000").message())))
    with pytest.raises(MalformedMessageError):
        client.submit_feedback([Feedback(ID, ID, Outcome.FOUND)])
