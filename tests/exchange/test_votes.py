# SPDX-License-Identifier: Apache-2.0
"""Votes of partners: one that counts for each partner and fingerprint, changeable, none lost, none counted twice."""

from datetime import timedelta

import pytest

from stillmine.wire.case import PartnerStatus
from stillmine.wire.vote import VoteKind, VoteReason
from tests.exchange.exchange_parts import START_MINUTE, Clock, PartnerClient, Phone, code, vote_on


@pytest.fixture
def entry(phone: Phone, partner: PartnerClient) -> str:
    """The id by which the partner knows the case's fingerprint."""
    phone.open(1)
    partner.sync()
    return next(iter(partner.entries))


def seen(status: PartnerStatus) -> tuple[object, object, object]:
    return status.vote, status.vote_reason, status.voted_on


def test_the_latest_vote_counts_and_the_earlier_is_kept(phone: Phone, partner: PartnerClient, entry: str, clock: Clock) -> None:
    from stillmine.exchange.rows.feedback import Vote

    assert seen(phone.show().fingerprints[0].partners[0]) == (None, None, None)
    assert partner.vote(vote_on(entry, 1, "disagree", "not_intimate")) == {"accepted": 1, "repeated": 0, "unknown": []}
    assert seen(phone.show().fingerprints[0].partners[0]) == (VoteKind.DISAGREE, VoteReason.NOT_INTIMATE, START_MINUTE.date())
    clock.forward(days=1)
    partner.vote(vote_on(entry, 2))
    assert seen(phone.show().fingerprints[0].partners[0]) == (VoteKind.AGREE, None, START_MINUTE.date() + timedelta(days=1))
    kept = Vote.objects.order_by("id").values_list("vote", "received_at")
    assert list(kept) == [("disagree", START_MINUTE), ("agree", START_MINUTE + timedelta(days=1))]


def test_a_vote_that_arrives_again_late_does_not_undo_a_change(phone: Phone, partner: PartnerClient, entry: str) -> None:
    first = vote_on(entry, 1)
    partner.vote(first)
    partner.vote(vote_on(entry, 2, "disagree", "lawful_publication"))
    assert partner.vote(first) == {"accepted": 0, "repeated": 1, "unknown": []}
    assert seen(phone.show().fingerprints[0].partners[0])[:2] == (VoteKind.DISAGREE, VoteReason.LAWFUL_PUBLICATION)


def test_within_one_message_the_last_vote_counts_and_of_one_id_the_first(phone: Phone, partner: PartnerClient, entry: str) -> None:
    receipt = partner.vote(vote_on(entry, 1, "disagree", "not_the_same"), vote_on(entry, 2), vote_on(entry, 2, "disagree", "not_intimate"))
    assert receipt == {"accepted": 2, "repeated": 1, "unknown": []}
    assert phone.show().fingerprints[0].partners[0].vote is VoteKind.AGREE


def test_each_partner_has_its_own_vote_and_its_own_ids(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient, entry: str
) -> None:
    other_partner.sync()
    foreign = next(iter(other_partner.entries))
    receipt = partner.vote(vote_on(foreign, 1), vote_on(phone.show().fingerprints[0].id, 2), vote_on(entry, 3))
    assert (receipt["accepted"], len(receipt["unknown"])) == (1, 2)
    other_partner.vote(vote_on(foreign, 3, "disagree", "not_against_rules"))
    forum, social = phone.show().fingerprints[0].partners
    assert (forum.vote, social.vote) == (VoteKind.DISAGREE, VoteKind.AGREE)


def test_a_vote_changes_no_state_and_is_taken_after_a_withdrawal(phone: Phone, partner: PartnerClient, entry: str) -> None:
    partner.vote(vote_on(entry, 1, "disagree", "not_intimate"))
    assert phone.show().fingerprints[0].state == "active"
    phone.withdraw()
    assert partner.vote(vote_on(entry, 2))["accepted"] == 1
    assert phone.show().fingerprints[0].partners[0].vote is VoteKind.AGREE


@pytest.mark.parametrize(
    "wrong",
    [
        {"vote": "agree", "reason": "not_intimate"},
        {"vote": "disagree"},
        {"vote": "disagree", "reason": "other"},
        {"vote": "disagree", "reason": "already_gone"},
        {"vote": "found"},
        {"vote_id": "short"},
        {"fingerprint_id": "G" * 32},
        {"comment": "free text"},
    ],
)
def test_a_malformed_vote_takes_nothing_of_the_message(phone: Phone, partner: PartnerClient, entry: str, wrong: dict[str, object]) -> None:
    body = {"version": 1, "votes": [vote_on(entry, 1), {**vote_on(entry, 2), **wrong}]}
    assert code(partner.web.post("/api/v1/votes", json=body, headers=partner.headers)) == (400, "malformed_message")
    assert phone.show().fingerprints[0].partners[0].vote is None


def test_a_thousand_at_once_and_no_more(partner: PartnerClient, entry: str) -> None:
    votes = [vote_on(entry, number) for number in range(1001)]
    answer = partner.web.post("/api/v1/votes", json={"version": 1, "votes": votes}, headers=partner.headers)
    assert code(answer) == (400, "malformed_message")
    assert partner.vote(*votes[:1000])["accepted"] == 1000
