# SPDX-License-Identifier: Apache-2.0
"""Feedback: every match and every review arrives once, whatever is lost, and nothing waits for an unrelated fault."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from stillmine.client.errors import ExchangeAnswerError
from stillmine.wire.errors import ExchangeUnreachableError, MalformedMessageError
from stillmine.wire.feedback import MAXIMUM_FEEDBACK_PER_MESSAGE, Outcome
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, Review
from stillmine.wire.vote import VoteKind, VoteReason
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock, Partner

FEED, FEEDBACK, VOTES = "/api/v1/feed", "/api/v1/feedback", "/api/v1/votes"
REMOVED = Review(1, Decision.REMOVED)
AGREED = Review(1, Decision.REMOVED, vote=VoteKind.AGREE)
DISAGREED = Review(1, Decision.REMOVED, vote=VoteKind.DISAGREE, vote_reason=VoteReason.NOT_INTIMATE)
VALUE = bytes(range(32))


@pytest.fixture
def synced(partner: Partner, exchange: FakeExchange) -> Partner:
    exchange.add("f", VALUE)
    partner.sync.run()
    return partner


def screen(partner: Partner, content_id: str | None = None) -> str:
    """Screen one upload that matches; return the match id."""
    result = partner.screening.screen_fingerprints([Fingerprint(Kind.PDQ, VALUE.hex(), 90)], content_id=content_id)
    return result.matches[0].match_id


def test_found_then_decision_arrive_in_order(synced: Partner, exchange: FakeExchange) -> None:
    match_id = screen(synced)
    synced.store.record_review(bytes.fromhex(match_id), REMOVED, b"r" * 16, 50)
    report = synced.sync.run()
    assert (report.feedback_sent, report.feedback_unknown) == (2, 0)
    assert [taken.outcome for taken in exchange.feedback.values()] == [Outcome.FOUND, Outcome.REMOVED]
    assert {taken.fingerprint_id for taken in exchange.feedback.values()} == {exchange.id_of("f")}
    assert synced.sync.run().feedback_sent == 0


def test_lost_receipt_repeats_the_same_ids(synced: Partner, exchange: FakeExchange, open_partner: Callable[[], Partner]) -> None:
    screen(synced)
    exchange.lost_answers.add(FEEDBACK)
    with pytest.raises(ExchangeUnreachableError):
        synced.sync.run()
    assert len(exchange.feedback) == 1
    exchange.lost_answers.clear()
    restarted = open_partner()
    assert restarted.sync.run().feedback_sent == 1
    assert len(exchange.feedback) == 1
    assert restarted.store.counts().waiting_feedback == 0


def test_more_than_a_message_holds_goes_in_several(synced: Partner, exchange: FakeExchange) -> None:
    match_id = bytes.fromhex(screen(synced))
    for number in range(MAXIMUM_FEEDBACK_PER_MESSAGE + 5):
        synced.store.record_review(match_id, REMOVED, number.to_bytes(15) + b"r", 50)
    synced.sync.run()
    assert len(exchange.feedback) == MAXIMUM_FEEDBACK_PER_MESSAGE + 6
    assert exchange.requests.count(f"POST {FEEDBACK}") == 2


def test_unknown_ids_are_dropped_with_a_count(synced: Partner, exchange: FakeExchange, caplog: pytest.LogCaptureFixture) -> None:
    screen(synced, "upload 1")
    screen(synced, "upload 2")
    exchange.unknown_ids.add(exchange.id_of("f"))
    report = synced.sync.run()
    assert (report.feedback_sent, report.feedback_unknown) == (0, 2)
    assert synced.store.counts().waiting_feedback == 0
    assert "2 reports" in caplog.text
    assert exchange.id_of("f") not in caplog.text


@pytest.mark.parametrize(("fault", "left"), [(None, 0), (httpx.Response(500), 1)])
def test_feedback_goes_out_although_the_feed_cannot_be_read_and_what_failed_first_is_named(
    home: Path, exchange: FakeExchange, clock: Clock, fault: httpx.Response | None, left: int
) -> None:
    exchange.add("f", VALUE)
    partner = AskingPartner(home, exchange, clock)
    partner.round()
    assert partner.screen_values(VALUE).matches
    clock.move(15)
    exchange.answers[FEED] = httpx.Response(200, content=b"nonsense")
    if fault is not None:
        exchange.answers[FEEDBACK] = fault
    assert partner.round() is None
    assert (partner.problem, partner.store.counts().waiting_feedback) == ("exchange_answer_unreadable", left)
    partner.close()


@pytest.mark.parametrize("answer", [httpx.Response(400, json={"code": "malformed_message", "message": "x"}), httpx.Response(500)])
def test_refused_feedback_is_kept(synced: Partner, exchange: FakeExchange, answer: httpx.Response) -> None:
    screen(synced)
    exchange.answers[FEEDBACK] = answer
    with pytest.raises((MalformedMessageError, ExchangeUnreachableError)):
        synced.sync.run()
    assert synced.store.counts().waiting_feedback == 1


def test_feedback_on_a_withdrawn_fingerprint_is_still_sent(synced: Partner, exchange: FakeExchange) -> None:
    match_id = screen(synced)
    exchange.withdraw("f")
    synced.sync.run()
    synced.store.record_review(bytes.fromhex(match_id), REMOVED, b"r" * 16, 50)
    assert synced.sync.run().feedback_sent == 1


def test_votes_arrive_in_order_after_the_decision(synced: Partner, exchange: FakeExchange) -> None:
    match_id = bytes.fromhex(screen(synced))
    synced.store.record_review(match_id, AGREED, b"1" * 16, 50)
    synced.store.record_review(match_id, DISAGREED, b"2" * 16, 50)
    assert synced.store.counts().waiting_feedback == 5
    assert synced.sync.run().feedback_sent == 5
    assert [(vote.vote, vote.reason) for vote in exchange.votes.values()] == [
        (VoteKind.AGREE, None),
        (VoteKind.DISAGREE, VoteReason.NOT_INTIMATE),
    ]
    assert {vote.fingerprint_id for vote in exchange.votes.values()} == {exchange.id_of("f")}
    assert exchange.requests.index(f"POST {FEEDBACK}") < exchange.requests.index(f"POST {VOTES}")
    assert synced.sync.run().feedback_sent == 0


def test_a_vote_whose_receipt_is_lost_is_sent_again_with_its_id(synced: Partner, exchange: FakeExchange) -> None:
    synced.store.record_review(bytes.fromhex(screen(synced)), AGREED, b"1" * 16, 50)
    exchange.lost_answers.add(VOTES)
    with pytest.raises(ExchangeUnreachableError):
        synced.sync.run()
    exchange.lost_answers.clear()
    assert synced.sync.run().feedback_sent == 1
    assert len(exchange.votes) == 1
    assert synced.store.counts().waiting_feedback == 0


def test_a_vote_that_is_refused_keeps_no_report_back(synced: Partner, exchange: FakeExchange) -> None:
    synced.store.record_review(bytes.fromhex(screen(synced)), AGREED, b"1" * 16, 50)
    exchange.answers[VOTES] = httpx.Response(404)
    with pytest.raises(ExchangeAnswerError):
        synced.sync.run()
    assert len(exchange.feedback) == 2
    assert synced.store.counts().waiting_feedback == 1
