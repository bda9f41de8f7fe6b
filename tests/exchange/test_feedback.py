# SPDX-License-Identifier: Apache-2.0
"""Reports of partners, and how a person sees them."""

from datetime import timedelta

import pytest

from stillmine.wire.feedback import NotRemovedReason
from tests.exchange.exchange_parts import START_MINUTE, Clock, PartnerClient, Phone, code, feedback_on

DAY = START_MINUTE.date()
LATER = DAY + timedelta(days=1)


@pytest.fixture
def entry(phone: Phone, partner: PartnerClient) -> str:
    """The id by which the partner knows the case's fingerprint."""
    phone.open(1)
    partner.sync()
    return next(iter(partner.entries))


def test_found_keeps_its_first_time_and_the_latest_decision_counts(phone: Phone, partner: PartnerClient, entry: str, clock: Clock) -> None:
    partner.report(feedback_on(entry, 1), feedback_on(entry, 2, "not_removed", "not_the_same"))
    (status,) = phone.show().fingerprints[0].partners
    assert (status.found_on, status.removed_on, status.not_removed_on) == (DAY, None, DAY)
    assert status.not_removed_reason is NotRemovedReason.NOT_THE_SAME
    clock.forward(days=1)
    partner.report(feedback_on(entry, 3), feedback_on(entry, 4, "removed"))
    (status,) = phone.show().fingerprints[0].partners
    assert (status.found_on, status.removed_on, status.not_removed_on, status.not_removed_reason) == (DAY, LATER, None, None)


def test_the_same_feedback_id_changes_nothing(phone: Phone, partner: PartnerClient, entry: str, clock: Clock) -> None:
    assert partner.report(feedback_on(entry, 1)) == {"accepted": 1, "repeated": 0, "unknown": []}
    before = phone.show()
    clock.forward(days=1)
    again = partner.report(feedback_on(entry, 1, "removed"), feedback_on(entry, 1))
    assert again == {"accepted": 0, "repeated": 2, "unknown": []}
    assert phone.show() == before


def test_within_one_message_the_first_of_two_same_ids_counts(phone: Phone, partner: PartnerClient, entry: str) -> None:
    receipt = partner.report(feedback_on(entry, 1, "removed"), feedback_on(entry, 1, "found"))
    assert receipt == {"accepted": 1, "repeated": 1, "unknown": []}
    (status,) = phone.show().fingerprints[0].partners
    assert (status.found_on, status.removed_on) == (None, DAY)


def test_unknown_ids_are_listed_and_the_others_taken(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient, entry: str
) -> None:
    other_partner.sync()
    foreign = next(iter(other_partner.entries))
    own_id = phone.show().fingerprints[0].id
    receipt = partner.report(feedback_on(foreign, 1), feedback_on("0" * 32, 2), feedback_on(own_id, 3), feedback_on(entry, 4))
    assert (receipt["accepted"], receipt["repeated"]) == (1, 0)
    assert sorted(receipt["unknown"]) == sorted([foreign, "0" * 32, own_id])


def test_a_report_whose_nearest_is_unknown_is_one_of_the_next(phone: Phone, partner: PartnerClient, entry: str) -> None:
    report = {**feedback_on("0" * 32, 1, "removed"), "near": ["1" * 32, entry, "2" * 32]}
    assert partner.report(report) == {"accepted": 1, "repeated": 0, "unknown": []}
    assert partner.report(report) == {"accepted": 0, "repeated": 1, "unknown": []}
    assert phone.show().fingerprints[0].partners[0].removed_on == DAY


def test_two_partners_may_use_the_same_feedback_id(phone: Phone, partner: PartnerClient, other_partner: PartnerClient, entry: str) -> None:
    other_partner.sync()
    partner.report(feedback_on(entry, 1))
    other_partner.report(feedback_on(next(iter(other_partner.entries)), 1, "removed"))
    forum, social = phone.show().fingerprints[0].partners
    assert (forum.found_on, forum.removed_on) == (None, DAY)
    assert (social.found_on, social.removed_on) == (DAY, None)


def test_feedback_on_a_withdrawn_fingerprint_is_taken(phone: Phone, partner: PartnerClient, entry: str) -> None:
    phone.withdraw()
    assert partner.report(feedback_on(entry, 1))["accepted"] == 1
    assert phone.show().fingerprints[0].partners[0].found_on == DAY


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "removed", "reason": "not_intimate"},
        {"outcome": "not_removed"},
        {"outcome": "not_removed", "reason": "because"},
        {"outcome": "liked"},
        {"feedback_id": "short"},
        {"feedback_id": "ab" * 16 + "\n"},  # one sign more than the columns of PostgreSQL hold
        {"upload_token": "ab" * 16 + "\n"},
        {"fingerprint_id": "G" * 32},
        {"comment": "free text"},
    ],
)
def test_malformed_feedback_takes_nothing_of_the_message(
    phone: Phone, partner: PartnerClient, entry: str, wrong: dict[str, object]
) -> None:
    good = feedback_on(entry, 1)
    body = {"version": 1, "feedback": [good, {**feedback_on(entry, 2), **wrong}]}
    answer = partner.web.post("/api/v1/feedback", json=body, headers=partner.headers)
    assert code(answer) == (400, "malformed_message")
    assert phone.show().fingerprints[0].partners[0].found_on is None


def test_more_than_a_thousand_at_once_are_refused(partner: PartnerClient, entry: str) -> None:
    reports = [feedback_on(entry, number) for number in range(1001)]
    body = {"version": 1, "feedback": reports}
    answer = partner.web.post("/api/v1/feedback", json=body, headers=partner.headers)
    assert code(answer) == (400, "malformed_message")
    assert partner.report(*reports[:1000])["accepted"] == 1000
