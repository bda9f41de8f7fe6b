# SPDX-License-Identifier: Apache-2.0
"""SubmitFeedback in StopNCII's v1 shape: the same reports as natively, by value, for what this partner was given and nothing else."""

from typing import Any

import httpx
import pytest

from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, value
from tests.exchange.test_submissions import record as submitted
from tests.exchange.test_submissions import submit_hashes


def post(partner: PartnerClient, *said: tuple[str, str]) -> httpx.Response:
    rows = [{"hashValue": text, "feedbackValue": spoken, "tags": ["a tag"]} for text, spoken in said]
    body = {"count": len(rows), "hashFeedbacks": rows}
    return partner.web.post("/stopncii/v1/SubmitFeedback", json=body, headers=partner.stopncii_headers)


def say(partner: PartnerClient, *said: tuple[str, str]) -> dict[str, int]:
    answer = post(partner, *said)
    assert answer.status_code == 200, answer.text
    receipt: dict[str, int] = answer.json()
    assert receipt.pop("count") == len(said)
    return {name: number for name, number in receipt.items() if number}


def shown(phone: Phone) -> dict[str, Any]:
    (status,) = phone.show().fingerprints[0].partners
    return {
        "found": status.found_on is not None,
        "removed": status.removed_on is not None,
        "not_removed": status.not_removed_reason and status.not_removed_reason.value,
    }


def test_each_value_becomes_its_outcome_and_repeating_changes_nothing(phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    partner.fetch_hashes()
    for spoken, expected in (
        ("PendingReview", {"found": True, "removed": False, "not_removed": None}),
        ("Blocked", {"found": True, "removed": True, "not_removed": None}),
        ("NotBlocked", {"found": True, "removed": False, "not_removed": "not_against_rules"}),
        ("Blocked", {"found": True, "removed": True, "not_removed": None}),
    ):
        assert say(partner, (value(1), spoken)) == {"accepted": 1}
        assert say(partner, (value(1).upper(), spoken)) == {"repeated": 1}
        assert shown(phone) == expected
    assert say(partner, (value(1), "PendingReview")) == {"repeated": 1}


@pytest.mark.parametrize("spoken", ["Unknown", "None", "QualityUnknown"])
def test_values_that_say_nothing_change_nothing(phone: Phone, partner: PartnerClient, spoken: str) -> None:
    phone.open(1)
    partner.fetch_hashes()
    assert say(partner, (value(1), spoken)) == {"ignored": 1}
    assert shown(phone) == {"found": False, "removed": False, "not_removed": None}


def test_only_what_was_given_to_this_partner_can_be_spoken_of(phone: Phone, partner: PartnerClient, other_partner: PartnerClient) -> None:
    phone.open(1)
    other_partner.fetch_hashes()
    assert say(partner, (value(1), "Blocked"), (value(2), "Blocked"), ("x", "Blocked")) == {"unknown": 3}
    partner.sync()
    assert say(partner, (value(1), "Blocked")) == {"accepted": 1}


def test_a_value_of_two_cases_is_told_to_both(phone: Phone, other_phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    other_phone.open(1)
    partner.fetch_hashes()
    assert say(partner, (value(1), "PendingReview")) == {"accepted": 2}
    assert shown(phone) == shown(other_phone) == {"found": True, "removed": False, "not_removed": None}


def test_a_match_after_the_withdrawal_is_a_report_of_its_own(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.rows.feedback import Report

    phone.open(1)
    partner.fetch_hashes()
    say(partner, (value(1), "PendingReview"))
    phone.withdraw()
    assert say(partner, (value(1), "PendingReview")) == {"accepted": 1}
    assert say(partner, (value(1), "PendingReview")) == {"repeated": 1}
    clock.forward(minutes=1)
    assert say(partner, (value(1), "PendingReview")) == {"accepted": 1}
    assert Report.objects.count() == 3


def test_the_same_feedback_at_once_is_one_report(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from tests.exchange.test_concurrency import at_once

    phone.open(1)
    partner.fetch_hashes()
    receipts = at_once(exchange, *[lambda: say(partner, (value(1), "Blocked"))] * 4)
    assert sum(receipt.get("accepted", 0) for receipt in receipts) == 1
    assert sum(receipt.get("repeated", 0) for receipt in receipts) == 3


def test_withdrawn_takes_back_what_the_partner_handed_in_and_nothing_else(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    from stillmine.exchange.partners.actions import add_key

    phone.open(1)
    submit_hashes(partner, submitted(value(7)))
    partner.fetch_hashes()
    reporter = PartnerClient(partner.web, add_key(exchange, "Example Social", [Scope.FEEDBACK])[1])
    assert code(post(reporter, (value(7), "Withdrawn"))) == (403, "scope_missing")
    assert say(other_partner, (value(7), "Withdrawn")) == {"unknown": 1}
    assert say(partner, (value(7), "Withdrawn"), (value(1), "Deleted")) == {"withdrawn": 1, "unknown": 1}
    other_partner.sync()
    assert other_partner.active_values() == [value(1)]


@pytest.mark.parametrize(
    "body",
    [
        {"count": 1, "hashFeedbacks": []},
        {"count": 2, "hashFeedbacks": [{"hashValue": "0", "feedbackValue": "Blocked"}]},
        {"count": 1, "hashFeedbacks": [{"hashValue": "0", "feedbackValue": "blocked"}]},
        {"count": 1, "hashFeedbacks": [{"hashValue": "0", "feedbackValue": "Blocked", "tags": "x"}]},
        {"count": 1, "hashFeedbacks": [{"hashValue": "0", "feedbackValue": "Blocked", "note": "x"}]},
    ],
)
def test_a_message_that_is_not_as_specified(partner: PartnerClient, body: dict[str, object]) -> None:
    answer = partner.web.post("/stopncii/v1/SubmitFeedback", json=body, headers=partner.stopncii_headers)
    assert code(answer) == (400, "malformed_message")
