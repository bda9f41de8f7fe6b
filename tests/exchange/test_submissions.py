# SPDX-License-Identifier: Apache-2.0
"""What partners hand in: who is given it, who can take it back, what is refused; natively and in StopNCII's v1 shape."""

from typing import Any

import httpx
import pytest

from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, value

MD5 = "0123456789abcdef" * 2


def record(hash_value: str, feedback: str | None = "Blocked", signal_type: str = "ImagePDQ", **more: object) -> dict[str, object]:
    said = [] if feedback is None else [{"feedbackValue": feedback, "tags": ["a tag"]}]
    return {"lastModtimestamp": 1, "signalType": signal_type, "hashValue": hash_value, "CSPFeedbacks": said, **more}


def submit_hashes(partner: PartnerClient, *records: dict[str, object], count: int | None = None) -> httpx.Response:
    body = {"count": len(records) if count is None else count, "hashRecords": records}
    return partner.web.post("/stopncii/v1/SubmitHashes", json=body, headers=partner.stopncii_headers)


def submit(partner: PartnerClient, *values: str, quality: int = 90) -> dict[str, Any]:
    fingerprints = [{"kind": "pdq", "value": text, "quality": quality} for text in values]
    answer = partner.web.post("/api/v1/submissions", json={"version": 1, "fingerprints": fingerprints}, headers=partner.headers)
    assert answer.status_code == 200, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


def withdraw(partner: PartnerClient, *ids: str) -> dict[str, Any]:
    answer = partner.web.post("/api/v1/submissions/withdraw", json={"version": 1, "fingerprint_ids": ids}, headers=partner.headers)
    assert answer.status_code == 200, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


def listed(partner: PartnerClient) -> list[str]:
    partner.sync()
    return partner.active_values()


def test_what_is_handed_in_goes_to_list_partners_and_back_again(partner: PartnerClient, other_partner: PartnerClient) -> None:
    receipt = submit(partner, value(1), value(2), value(1))
    assert (receipt["accepted"], receipt["repeated"]) == (2, 1)
    first, second, again = receipt["fingerprint_ids"]
    assert first == again != second
    assert listed(partner) == listed(other_partner) == sorted([value(1), value(2)])
    assert partner.entries[first].value == value(1)
    assert submit(partner, value(2))["fingerprint_ids"] == [second]
    assert withdraw(partner, first, first, "0" * 32) == {"withdrawn": 1, "repeated": 0, "unknown": ["0" * 32]}
    assert withdraw(partner, first, second) == {"withdrawn": 1, "repeated": 1, "unknown": []}
    assert listed(partner) == listed(other_partner) == []


def test_a_case_of_a_partner_ends_with_its_last_fingerprint(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.cases import Case

    ids = submit(partner, *[value(number) for number in range(301)])["fingerprint_ids"]
    assert Case.objects.filter(state="open").count() == 2
    withdraw(partner, ids[300])
    assert Case.objects.filter(state="open").count() == 1
    withdraw(partner, *ids)
    assert Case.objects.filter(state="withdrawn").count() == 2


def test_nobody_else_takes_it_back(partner: PartnerClient, other_partner: PartnerClient, phone: Phone) -> None:
    (entry_id,) = submit(partner, value(1))["fingerprint_ids"]
    other_partner.sync()
    theirs = next(iter(other_partner.entries))
    assert withdraw(other_partner, entry_id, theirs)["unknown"] == [entry_id, theirs]
    assert submit_hashes(other_partner, record(value(1), "Withdrawn")).json()["withdrawn"] == 0
    assert listed(partner) == [value(1)]


def test_a_persons_fingerprint_is_never_touched_by_a_partner(partner: PartnerClient, phone: Phone) -> None:
    """The same value twice: the partner's own goes, the person's stays."""
    phone.post("case", {**_opening(value(1))})
    partner.sync()
    (persons,) = partner.entries
    assert withdraw(partner, persons)["unknown"] == [persons]
    submit(partner, value(1))
    assert submit_hashes(partner, record(value(1), "Withdrawn")).json()["withdrawn"] == 1
    assert listed(partner) == [value(1)]
    assert phone.show().state.value == "open"


def _opening(text: str) -> dict[str, object]:
    adult = {"role": "person", "is_adult_now": True, "was_adult_then": True}
    return {"version": 1, "statement": adult, "fingerprints": [{"kind": "pdq", "value": text, "quality": 90}]}


def test_handing_it_in_again_starts_the_term_anew(exchange: Context, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    submit(partner, value(1))
    clock.forward(days=700)
    assert submit(partner, value(1))["repeated"] == 1
    clock.forward(days=60)
    assert run_upkeep(exchange)["cases expired"] == 0
    clock.forward(days=700)
    assert run_upkeep(exchange)["cases expired"] == 1
    assert listed(partner) == []


def test_revoking_a_partner_withdraws_what_it_handed_in(exchange: Context, partner: PartnerClient, other_partner: PartnerClient) -> None:
    from stillmine.exchange.partners.actions import revoke_partner

    submit(partner, value(1))
    submit(other_partner, value(2))
    revoke_partner(exchange, "Example Social")
    assert listed(other_partner) == [value(2)]


def test_there_is_a_limit_and_nothing_is_stored_over_it(exchange: Context, partner: PartnerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.exchange.submissions import actions

    monkeypatch.setattr(actions, "MAXIMUM_SUBMITTED_PER_PARTNER", 2)
    submit(partner, value(1))
    assert code(submit_hashes(partner, record(value(2)), record(value(3)))) == (422, "too_many_submissions")
    assert listed(partner) == [value(1)]
    taking_one_back = [record(value(1), "Withdrawn"), *(record(value(number)) for number in (2, 3, 4))]
    assert code(submit_hashes(partner, *taking_one_back)) == (422, "too_many_submissions")
    assert listed(partner) == [value(1)]
    assert submit_hashes(partner, *taking_one_back[:3]).json() == {"count": 3, "accepted": 2, "repeated": 0, "withdrawn": 1}
    assert submit_hashes(partner, record(value(1)), *(record(value(number), "Withdrawn") for number in (2, 3))).status_code == 200
    ids = submit(partner, value(1))["fingerprint_ids"]
    withdraw(partner, *ids)
    assert submit_hashes(partner, record(value(2)), record(value(3))).status_code == 200


@pytest.mark.parametrize("prefix", ["", "StopNCIISignalType."])
def test_both_spellings_of_both_signal_types(partner: PartnerClient, other_partner: PartnerClient, prefix: str) -> None:
    answer = submit_hashes(partner, record(value(1).upper(), signal_type=f"{prefix}ImagePDQ"), record(MD5, signal_type=f"{prefix}VideoMD5"))
    assert answer.json() == {"count": 2, "accepted": 2, "repeated": 0, "withdrawn": 0}
    other_partner.sync()
    found = {(entry.kind.value, entry.value, entry.quality) for entry in other_partner.entries.values()}
    assert found == {("pdq", value(1), 50), ("md5", MD5, 100)}
    assert submit_hashes(partner, record(value(1))).json()["repeated"] == 1


@pytest.mark.parametrize(
    "taken_back", [record(value(1), "Withdrawn"), record(value(1), "Deleted"), record(value(1), hashStatus="Withdrawn")]
)
def test_taking_back_in_that_shape(partner: PartnerClient, other_partner: PartnerClient, taken_back: dict[str, object]) -> None:
    submit_hashes(partner, record(value(1)))
    assert listed(other_partner) == [value(1)]
    assert submit_hashes(partner, taken_back).json() == {"count": 1, "accepted": 0, "repeated": 0, "withdrawn": 1}
    assert submit_hashes(partner, taken_back).json()["withdrawn"] == 0
    assert listed(other_partner) == []


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (record(value(1), signal_type="VideoTMK"), (422, "kind_not_accepted")),
        (record(value(1), signal_type="StopNCIISignalType.Text"), (422, "kind_not_accepted")),
        (record(value(1), signal_type="pdq"), (422, "kind_not_accepted")),
        (record(value(1)[1:]), (422, "fingerprint_malformed")),
        (record(MD5), (422, "fingerprint_malformed")),
        (record("0" * 64), (422, "fingerprint_flat")),
        (record("f" * 64), (422, "fingerprint_flat")),
        (record(value(1), "NotBlocked"), (422, "submission_not_decided")),
        (record(value(1), "PendingReview"), (422, "submission_not_decided")),
        (record(value(1), None), (422, "submission_not_decided")),
        (record(value(1), "Never"), (400, "malformed_message")),
        (record(value(1), caseNumbers={}), (400, "malformed_message")),
        (record(""), (400, "malformed_message")),
    ],
)
def test_one_bad_record_refuses_the_message_and_is_named(partner: PartnerClient, bad: dict[str, object], expected: tuple[int, str]) -> None:
    answer = submit_hashes(partner, record(value(9)), bad)
    assert code(answer) == expected
    assert "hashRecords[" in answer.json()["detail"]
    assert listed(partner) == []


@pytest.mark.parametrize("count", [0, 2])
def test_the_count_has_to_fit(partner: PartnerClient, count: int) -> None:
    assert code(submit_hashes(partner, record(value(1)), count=count)) == (400, "malformed_message")
    assert code(submit_hashes(partner)) == (400, "malformed_message")


@pytest.mark.parametrize(("quality", "expected"), [(49, (422, "quality_too_low")), (101, (400, "malformed_message"))])
def test_natively_the_quality_is_said_and_counts(partner: PartnerClient, quality: int, expected: tuple[int, str]) -> None:
    body = {"version": 1, "fingerprints": [{"kind": "pdq", "value": value(1), "quality": quality}]}
    assert code(partner.web.post("/api/v1/submissions", json=body, headers=partner.headers)) == expected


def test_no_case_key_opens_a_partners_case(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.cases import Case

    submit(partner, value(1))
    case = Case.objects.get()
    for token in ("0" * 64, case.token_hash):
        answer = partner.web.get("/api/v1/case", headers={"Authorization": f"Case {case.case_id}.{token}"})
        assert code(answer) == (404, "case_not_found")


def test_the_same_submission_at_once_is_stored_once(exchange: Context, partner: PartnerClient) -> None:
    from tests.exchange.test_concurrency import at_once

    receipts = at_once(exchange, *[lambda: submit(partner, value(1), value(2))] * 4)
    assert sorted(receipt["accepted"] for receipt in receipts) == [0, 0, 0, 2]
    assert len({tuple(receipt["fingerprint_ids"]) for receipt in receipts}) == 1


def test_submitting_needs_its_scope(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.partners.actions import add_key

    reporter = PartnerClient(partner.web, add_key(exchange, "Example Social", [Scope.FEEDBACK])[1])
    assert code(submit_hashes(reporter, record(value(1)))) == (403, "scope_missing")
